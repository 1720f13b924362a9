//! Progress on standard error, for people, when something takes over two seconds.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Shows what part is done, from two seconds on and not too often.
pub struct Progress {
    what: &'static str,
    started: Instant,
    shown: Option<Instant>,
}

impl Progress {
    /// Nothing is shown yet.
    pub fn new(what: &'static str) -> Progress {
        Progress {
            what,
            started: Instant::now(),
            shown: None,
        }
    }

    /// Tells that this part, 0 to 1, is done.
    pub fn at(&mut self, part: f64) {
        let due = match self.shown {
            None => self.started.elapsed() >= Duration::from_secs(2),
            Some(shown) => shown.elapsed() >= Duration::from_millis(500),
        };
        if due && io::stderr().is_terminal() {
            // A terminal that cannot be written to is no reason to stop.
            let _ = write!(io::stderr(), "\r{} {:3.0} %", self.what, 100.0 * part);
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
