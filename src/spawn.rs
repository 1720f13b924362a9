//! Threads by their role, so that each board can give them its own priorities, and services,
//! whose threads go on after a panic.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};
use std::time::Duration;

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
    /// Draws waveforms; may be delayed.
    Drawing,
    /// Trains a network; may be delayed, and needs a deep stack.
    Training,
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

/// Number of panics after which a service is started again. A bug that panics at every start
/// must not keep the processor busy or fill the log.
const RESTARTS: u32 = 8;
/// Pause before the first restart; each later one is twice as long, and the last 1.28 s.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Returns the body of a service's thread: it runs the service until that returns, and again
/// after each of the first panics. What the service owns must be usable after a panic. The
/// panic after the last restart ends the thread.
pub fn service(name: &'static str, run: impl FnMut() + Send + 'static) -> Task {
    Box::new(move || run_with_restarts(name, run, thread::sleep))
}

fn run_with_restarts(name: &str, mut run: impl FnMut(), mut pause: impl FnMut(Duration)) {
    for restart in 0..RESTARTS {
        if catch_unwind(AssertUnwindSafe(&mut run)).is_ok() {
            return;
        }
        log::error!(
            "{name} has failed and starts again ({} of {RESTARTS})",
            restart + 1
        );
        pause(FIRST_PAUSE * 2u32.pow(restart));
    }
    run();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_goes_on_after_a_panic_until_it_returns() {
        let (mut runs, mut pauses) = (0, Vec::new());
        let service = || {
            runs += 1;
            assert_eq!(runs, 3, "an injected panic");
        };
        run_with_restarts("gb-test", service, |pause| pauses.push(pause));
        assert_eq!(
            (runs, &pauses[..]),
            (3, &[FIRST_PAUSE, 2 * FIRST_PAUSE][..])
        );
    }

    #[test]
    fn a_service_that_always_panics_ends_after_its_restarts() {
        let (mut runs, mut pauses) = (0, Vec::new());
        let service = || {
            runs += 1;
            panic!("an injected panic");
        };
        let ended = catch_unwind(AssertUnwindSafe(|| {
            run_with_restarts("gb-test", service, |pause| pauses.push(pause));
        }));
        assert!(ended.is_err());
        assert_eq!((runs, pauses.len() as u32), (RESTARTS + 1, RESTARTS));
        assert_eq!(pauses.last(), Some(&Duration::from_millis(1280)));
    }
}
