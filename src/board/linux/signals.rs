//! Signals that end the program, in time.
//!
//! Bela's tools send SIGINT or SIGTERM, and SIGKILL 200 ms later. SIGPIPE is
//! ignored by every Rust program: a reader that has gone is an error of the write.

#![allow(unsafe_code)]

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::{flag, low_level};

use super::realtime::spawn;
use crate::runtime::signals::terminating;
use crate::spawn::Role;

/// From a signal to the end, at most: what hangs does not hold it up.
const GRACE: Duration = Duration::from_millis(150);

/// Watches for signals, for as long as the program lasts.
#[derive(Clone, Debug)]
pub struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// From now on a signal is noted, and 150 ms later the process is gone: by
    /// itself, or with the exit code 128 and the signal, as shells have it. To be
    /// called once, before other threads start.
    ///
    /// # Errors
    /// When the system has no means for it left.
    pub fn watch() -> io::Result<Signals> {
        let received = Arc::new(AtomicUsize::new(0));
        let (mut woken, wake) = UnixStream::pair()?;
        for signal in terminating() {
            // The note before the call.
            flag::register_usize(signal, Arc::clone(&received), signal as usize)?;
            low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        let noted = Arc::clone(&received);
        spawn("gb-watchdog", Role::Watchdog, move || {
            // Nothing but a signal writes, and the handlers never close.
            if woken.read_exact(&mut [0]).is_err() {
                return;
            }
            thread::sleep(GRACE);
            let signal = noted.load(Ordering::Acquire);
            // SAFETY: ends the process at once, without anyone's last words.
            unsafe { libc::_exit(128 + signal as libc::c_int) }
        })?;
        Ok(Signals(received))
    }

    /// The signal that has asked for the end, if one has; to be polled.
    pub fn received(&self) -> Option<i32> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            signal => Some(signal as i32),
        }
    }
}
