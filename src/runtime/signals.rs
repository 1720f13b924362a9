//! Signals that request the end of the program.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr;

use libc::{SIGALRM, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Returns the signals that request the end. SIGHUP, which a closed terminal sends, is
/// one of them unless the program was started with SIGHUP ignored (`nohup`).
pub fn terminating() -> impl Iterator<Item = libc::c_int> {
    let counts = |signal: &libc::c_int| *signal != SIGHUP || !is_ignored(SIGHUP);
    [SIGINT, SIGTERM, SIGHUP].into_iter().filter(counts)
}

/// Returns the signals that end a program unless it handles them, without those that it was
/// started to ignore.
pub fn ending() -> impl Iterator<Item = libc::c_int> {
    [
        SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ,
    ]
    .into_iter()
    .filter(|signal| !is_ignored(*signal))
}

/// Returns whether the program was started with a signal ignored.
fn is_ignored(signal: libc::c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: with no new action, this only writes the current one.
    let result = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: the action was written if the call has succeeded.
    result == 0 && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}
