//! What every board shares: the threads around the audio callback, and the same work
//! in virtual time.

pub mod analog_inputs;
pub mod controller;
pub mod parts;
pub mod scheduler;
/// Signals that end the program.
#[cfg(unix)]
pub mod signals;
pub mod sound;
pub mod threads;

/// Returns the time of a frame in nanoseconds, at a rate in Hz.
pub fn nanoseconds(frames: u64, rate: u32) -> u64 {
    let rate = u64::from(rate);
    frames / rate * 1_000_000_000 + frames % rate * 1_000_000_000 / rate
}
