//! Linux for boards: the I2C bus, MIDI devices, time, real-time threads, signals, the PRU's
//! memory, and a lock against a second instance.
//!
//! Each file wraps a few system calls and knows nothing of the instrument. None of it is
//! for the audio thread.

mod clock;
mod i2c;
mod instance;
mod midi;
mod pru;
mod realtime;
mod signals;

pub use clock::SystemClock;
pub use i2c::{BusError, HotplugBus};
pub use instance::{ClaimError, Instance};
pub use midi::MidiFiles;
pub use pru::{MappedPru, PruMapError};
pub use realtime::{RealTimeError, keep_heap, lock_memory, spawn, touch_stack};
pub use signals::{Signals, TIME_LIMIT};
