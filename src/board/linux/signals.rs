//! Signals that end the program, within a time limit.
//!
//! Bela's tools send SIGINT or SIGTERM, and SIGKILL 200 ms later. Rust programs ignore
//! SIGPIPE: writing to a closed pipe fails with an error.

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

/// Most time from a signal to the end of the process, even if a thread hangs: just less
/// than Bela's tools wait.
pub const TIME_LIMIT: Duration = Duration::from_millis(185);

/// Notes terminating signals until the program ends; clones share the note.
#[derive(Clone, Debug)]
pub struct Signals(Arc<AtomicUsize>);

impl Signals {
    /// Notes signals and starts the watchdog, which ends a process that is still running
    /// [`TIME_LIMIT`] after a signal, with the exit code 128 plus the signal as shells do. Must be
    /// called once, before other threads start.
    ///
    /// # Errors
    /// Fails if the system lacks resources.
    pub fn watch() -> io::Result<Signals> {
        Signals::watch_with_limit(TIME_LIMIT)
    }

    /// Like [`Signals::watch`], with another time limit.
    ///
    /// # Errors
    /// Fails if the system lacks resources.
    pub fn watch_with_limit(limit: Duration) -> io::Result<Signals> {
        let received = Arc::new(AtomicUsize::new(0));
        let (mut woken, wake) = UnixStream::pair()?;
        for signal in terminating() {
            // Handlers run in this order: the signal is noted before the watchdog wakes.
            flag::register_usize(signal, Arc::clone(&received), signal as usize)?;
            low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        let noted = Arc::clone(&received);
        spawn("gb-watchdog", Role::Watchdog, move || {
            // Only signal handlers write to the pipe, and they never close it.
            if woken.read_exact(&mut [0]).is_err() {
                return;
            }
            thread::sleep(limit);
            let signal = noted.load(Ordering::Acquire);
            // SAFETY: ends the process at once, without running destructors.
            unsafe { libc::_exit(128 + signal as libc::c_int) }
        })?;
        Ok(Signals(received))
    }

    /// Returns the last terminating signal, if one was received; to be polled.
    pub fn received(&self) -> Option<i32> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            signal => Some(signal as i32),
        }
    }
}
