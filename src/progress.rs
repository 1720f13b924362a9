//! Progress on standard error for anything that takes over two seconds.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Shows the progress of a task, starting after two seconds, twice a second.
pub struct Progress {
    what: &'static str,
    started: Instant,
    shown: Option<Instant>,
}

impl Progress {
    /// Starts the clock; shows nothing yet.
    pub fn new(what: &'static str) -> Progress {
        Progress {
            what,
            started: Instant::now(),
            shown: None,
        }
    }

    /// Reports the part that is done, 0.0 to 1.0.
    pub fn at(&mut self, part: f64) {
        self.show(format_args!("{:3.0} %", 100.0 * part));
    }

    /// Reports the seconds so far, if nobody knows how long the task will take.
    pub fn elapsed(&mut self) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.show(format_args!("{seconds:3.0} s"));
    }

    /// Reports a state in words, each time of the same length.
    pub fn show(&mut self, state: fmt::Arguments) {
        let due = match self.shown {
            None => self.started.elapsed() >= Duration::from_secs(2),
            Some(shown) => shown.elapsed() >= Duration::from_millis(500),
        };
        if due && io::stderr().is_terminal() {
            // A closed terminal is not a reason to stop.
            let _ = write!(io::stderr(), "\r{} {state}", self.what);
            self.shown = Some(Instant::now());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = writeln!(io::stderr());
        }
    }
}
