//! Threads by their role, so that each board can give them its own priorities.

use std::io;
use std::thread::{self, JoinHandle};

/// Purpose of a thread, which decides its priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Ends the program on a signal; runs for microseconds.
    Watchdog,
    /// Reads the sensor and draws the display.
    Panel,
    /// Receives MIDI.
    Midi,
    /// Applies commands and builds programs.
    Instrument,
    /// Files and network; may be delayed.
    Background,
    /// Compiles expressions: may be delayed, and needs a deep stack.
    Jobs,
}

/// The body of a thread.
pub type Task = Box<dyn FnOnce() + Send>;

/// Starts a named thread in a role.
pub type Spawn = fn(&'static str, Role, Task) -> io::Result<JoinHandle<()>>;

/// Starts a thread with the system's defaults in any role.
///
/// # Errors
/// Fails if the system cannot start a thread.
pub fn spawn_plainly(name: &'static str, _: Role, task: Task) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.into()).spawn(task)
}
