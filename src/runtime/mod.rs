//! Everything that boards share: the threads around the audio callback, sessions in real
//! time, and the same work in virtual time.

pub mod analog_inputs;
pub mod batch;
pub mod controller;
pub mod midi;
pub mod parts;
pub mod scheduler;
#[cfg(not(target_arch = "wasm32"))]
pub mod session;
/// Signals that end the program.
#[cfg(unix)]
pub mod signals;
pub mod threads;

use crate::panel::EngineStatus;
use engine::Counters;

/// Returns the time of a frame in nanoseconds, at a rate in Hz.
pub fn nanoseconds(frames: u64, rate: u32) -> u64 {
    let rate = u64::from(rate);
    frames / rate * 1_000_000_000 + frames % rate * 1_000_000_000 / rate
}

/// Reads what the panel shows of the engine from its counters.
fn engine_status(counters: &Counters) -> EngineStatus {
    EngineStatus {
        time: counters.time(),
        load: counters.load(),
        input: counters.input(),
        late: counters.late(),
        by_pru: counters.last_offloaded(),
        missed: counters.missed(),
    }
}
