//! Ctrl-C and similar signals, as a request to end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that is set when a signal requests the end.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Starts to watch for signals. The first one sets the flag; the second one ends the
    /// process at once, with 128 plus its number as exit code, as shells expect. On
    /// systems without signals the flag is never set.
    ///
    /// # Errors
    /// Fails if the system cannot register a handler.
    pub fn watch() -> io::Result<Interrupt> {
        let received = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        for signal in crate::runtime::signals::terminating() {
            use signal_hook::flag;
            // Registered before the flag is set, so that only the second signal ends.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&received))?;
            flag::register(signal, Arc::clone(&received))?;
        }
        Ok(Interrupt(received))
    }

    /// Returns whether a signal has arrived.
    pub fn received(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
