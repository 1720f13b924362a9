//! What boards need of Linux: the bus, time, real-time threads, signals, and to
//! be the only one.
//!
//! Each file wraps a handful of system calls and knows nothing of the instrument.
//! None of it is for the audio thread.

mod clock;
mod i2c;
mod instance;
mod pru;
mod realtime;
mod signals;

pub use clock::SystemClock;
pub use i2c::{BusError, LateBus};
pub use instance::{Instance, Occupied};
pub use pru::MappedPru;
pub use realtime::{keep_heap, lock_memory, spawn, touch_stack};
pub use signals::Signals;
