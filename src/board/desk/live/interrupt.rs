//! Ctrl-C and similar signals, as a request to end the session.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Starts to watch for signals, and returns a flag that the first one sets. The second one
/// ends the process at once, with 128 plus its number as exit code, as shells expect. On
/// systems without signals the flag is never set.
///
/// # Errors
/// Fails if the system cannot register a handler.
pub fn watch_signals() -> io::Result<Arc<AtomicBool>> {
    let received = Arc::<AtomicBool>::default();
    #[cfg(unix)]
    for signal in crate::runtime::signals::terminating() {
        use signal_hook::flag;
        // Registered before the flag is set, so that only the second signal ends.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&received))?;
        flag::register(signal, Arc::clone(&received))?;
    }
    Ok(received)
}
