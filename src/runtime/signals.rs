//! The signals that ask for an end.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Those that count. A terminal that goes sends SIGHUP, which counts the same
/// unless whoever started the program has it ignored (`nohup`).
pub fn wanted() -> impl Iterator<Item = libc::c_int> {
    let counts = |signal: &libc::c_int| *signal != SIGHUP || !is_ignored(SIGHUP);
    [SIGINT, SIGTERM, SIGHUP].into_iter().filter(counts)
}

/// Whether whoever started the program has a signal ignored.
fn is_ignored(signal: libc::c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: changes nothing, and writes what there is.
    let asked = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: written, as it has succeeded.
    asked == 0 && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}
