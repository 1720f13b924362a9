//! Ctrl-C and its like, as a wish to end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the end was asked for by a signal.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on the first signal is noted, and the next one ends the process
    /// at once, with the exit code 128 and the signal, as shells have it. Where
    /// there are no such signals, none is noted.
    ///
    /// # Errors
    /// When the system has no means for it left.
    pub fn watch() -> io::Result<Interrupt> {
        let received = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        for signal in crate::runtime::signals::wanted() {
            use signal_hook::flag;
            // The end before the note, so that it is for the next one.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&received))?;
            flag::register(signal, Arc::clone(&received))?;
        }
        Ok(Interrupt(received))
    }

    /// Whether one has come; to be polled.
    pub fn received(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
