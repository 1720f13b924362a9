//! The time limit after a signal, measured in sleeps instead of the computer's time.
//!
//! On a busy computer, a program that ends in time ends late. Its sleeps are what it decides
//! itself: those of the main thread and of the audio thread, which follow one another at the
//! end. Here, the watchdog ends the program if they exceed its limit together, at any load.

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The watchdog's limit in nanoseconds, once it has started.
static LIMIT: AtomicU64 = AtomicU64::new(u64::MAX);
/// Nanoseconds slept since then, and in the sleep before.
static SLEPT: AtomicU64 = AtomicU64::new(0);

fn is_selected() -> bool {
    static SELECTED: OnceLock<bool> = OnceLock::new();
    *SELECTED.get_or_init(|| std::env::var_os("I2C_DOUBLE_LIMIT").is_some_and(|by| by == "sleeps"))
}

/// Counts a sleep that begins on this thread, in nanoseconds. Returns true if it is the
/// watchdog's and has ended; the caller sleeps otherwise.
pub fn count(duration: u64) -> bool {
    if !is_selected() {
        return false;
    }
    match thread_name().trim_ascii_end() {
        b"gb-watchdog" => {
            LIMIT.store(duration, Ordering::SeqCst);
            wait_until(|| SLEPT.load(Ordering::SeqCst) >= duration);
            return true;
        }
        // This thread sleeps only at its end, which a signal has brought about.
        b"bela-audio" => wait_until(|| LIMIT.load(Ordering::SeqCst) != u64::MAX),
        _ if super::is_main() => {}
        _ => return false,
    }
    let limit = LIMIT.load(Ordering::SeqCst);
    if limit == u64::MAX {
        // The watchdog may be about to start.
        SLEPT.store(duration, Ordering::SeqCst);
    } else if SLEPT.fetch_add(duration, Ordering::SeqCst) + duration >= limit {
        // The watchdog ends the program.
        wait_until(|| false);
    }
    false
}

fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        // Unlike the functions for sleeping, this one is the C library's.
        // SAFETY: without files, no pointer is used.
        unsafe { libc::poll(ptr::null_mut(), 0, 1) };
    }
}

fn thread_name() -> [u8; 16] {
    let mut name = [0; 16];
    // SAFETY: writes at most 16 bytes, with a null at the end.
    unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    name.map(|byte| if byte == 0 { b' ' } else { byte })
}
