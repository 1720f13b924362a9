//! Places to run: what gives audio, an I2C bus and time.

#[cfg(target_os = "linux")]
pub mod bela;
/// A board's self-test.
pub mod check;
/// What a board is, as its file says.
pub mod description;
/// The board without hardware.
pub mod desk;
/// Analog inputs, from the audio callback to the instrument.
pub mod inputs;
/// What boards need of Linux.
#[cfg(target_os = "linux")]
pub mod linux;
/// What an instrument is made of, whatever it is played on.
pub mod parts;
/// The signals that ask for an end.
#[cfg(unix)]
mod signals;
/// The threads around the audio callback.
pub mod threads;
/// Those threads as turns, where time is simulated or the board is offline.
pub mod turns;

/// The time of a frame, in nanoseconds.
fn nanoseconds(frames: u64, rate: u32) -> u64 {
    let rate = u64::from(rate);
    frames / rate * 1_000_000_000 + frames % rate * 1_000_000_000 / rate
}
