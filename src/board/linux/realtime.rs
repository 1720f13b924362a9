//! Threads that are on time: memory that stays, and priorities.
//!
//! The audio thread is Bela's, with Xenomai's priority 95, before all of Linux.

#![allow(unsafe_code)]

use std::hint::black_box;
use std::io;
use std::thread::{self, JoinHandle};

use crate::spawn::Role;

/// Stack of our threads, all of it locked in memory. Building a program keeps its
/// tables on the heap; what nests deeply has a thread for it.
fn stack_bytes(role: Role) -> usize {
    const SHALLOW: usize = 256 << 10;
    match role {
        Role::Jobs => SHALLOW + bytebeat::STACK_BYTES,
        _ => SHALLOW,
    }
}
/// What of it is touched before a thread works; the rest is for what should not
/// happen, such as telling of a panic.
const TOUCHED_BYTES: usize = 128 << 10;
/// Yields to the shell and the Bela IDE, too.
const NICE: libc::c_int = 10;

/// Linux' real-time priority (`SCHED_FIFO`) for a role, 1..=99; none is niced.
pub fn priority(role: Role) -> Option<i32> {
    match role {
        Role::Watchdog => Some(50),
        Role::Panel => Some(40),
        Role::Instrument => Some(30),
        Role::Background | Role::Jobs => None,
    }
}

/// Starts a thread with its name (at most 15 bytes are seen), a small stack, of which
/// some is touched, and its priority. Where Linux does not permit that, it is told,
/// and the thread runs like any other.
///
/// # Errors
/// When no thread can be started.
pub fn spawn<T: Send + 'static>(
    name: &'static str,
    role: Role,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let thread = thread::Builder::new()
        .name(name.into())
        .stack_size(stack_bytes(role));
    thread.spawn(move || {
        if let Err(error) = prioritise(role) {
            log::warn!("thread {name} runs without its priority: {error}");
        }
        touch_stack::<TOUCHED_BYTES>();
        work()
    })
}

/// Gives the calling thread its role's priority, whatever it has inherited.
fn prioritise(role: Role) -> Result<(), String> {
    let policy = match priority(role) {
        Some(_) => libc::SCHED_FIFO,
        None => libc::SCHED_OTHER,
    };
    let parameter = libc::sched_param {
        sched_priority: priority(role).unwrap_or(0),
    };
    // SAFETY: reads the parameter; 0 is the calling thread.
    let set = unsafe { libc::sched_setscheduler(0, policy, &raw const parameter) } != -1;
    // SAFETY: takes integers; on Linux, 0 is the calling thread.
    let niced =
        priority(role).is_some() || unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) } != -1;
    if set && niced {
        Ok(())
    } else {
        Err(refusal("run as root"))
    }
}

/// Locks all memory that there is and will be, so that no page is ever waited
/// for. After the audio was set up and before it starts.
///
/// # Errors
/// One sentence with the remedy, when Linux does not permit it: the instrument
/// plays all the same, with a click when memory is short.
pub fn lock_memory() -> Result<(), String> {
    // SAFETY: takes integers.
    match unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE) } {
        -1 => Err(format!(
            "memory is not locked: {}",
            refusal("run as root, or raise the limit `ulimit -l`")
        )),
        _ => Ok(()),
    }
}

/// Keeps freed memory for the next program that is built, instead of returning
/// it to Linux: a bend then finds memory that was used before, where new pages
/// would have to be cleared and locked one by one, for milliseconds on a slow
/// core. The heap is as large as it was at most. Before threads are started.
pub fn keep_heap() {
    // Another C library does as it does.
    #[cfg(target_env = "gnu")]
    // SAFETY: take integers, while there is one thread.
    unsafe {
        // No large block is mapped by itself, and the heap's end is not trimmed.
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
    }
}

/// Touches so many bytes of the calling thread's stack, which it must have.
#[inline(never)]
pub fn touch_stack<const BYTES: usize>() {
    let mut stack = [0u8; BYTES];
    black_box(&mut stack);
}

fn refusal(remedy: &str) -> String {
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES | libc::ENOMEM | libc::EAGAIN) => {
            format!("Linux does not permit it; {remedy}")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn status(field: &str) -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with(field));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.unwrap().parse().unwrap()
    }

    #[test]
    fn memory_is_locked_or_the_remedy_is_told() {
        match lock_memory() {
            Ok(()) => {
                assert!(status("VmLck:") > 0);
                // SAFETY: takes nothing; other tests want their memory back.
                unsafe { libc::munlockall() };
            }
            Err(problem) => assert!(problem.contains("ulimit -l"), "{problem}"),
        }
    }

    #[test]
    fn a_thread_has_its_name_and_priority_or_runs_without() {
        for role in [
            Role::Watchdog,
            Role::Panel,
            Role::Instrument,
            Role::Background,
            Role::Jobs,
        ] {
            let seen = spawn("gb-test", role, move || {
                // SAFETY: takes an integer; 0 is the calling thread.
                let policy = unsafe { libc::sched_getscheduler(0) };
                let permitted = prioritise(role).is_ok();
                (
                    thread::current().name() == Some("gb-test"),
                    policy,
                    permitted,
                )
            });
            let (named, policy, permitted) = seen.unwrap().join().unwrap();
            assert!(named);
            let first = priority(role).is_some() && permitted;
            assert_eq!(policy == libc::SCHED_FIFO, first, "{role:?}");
        }
    }

    #[test]
    fn the_workshop_compiles_the_deepest_expression() {
        let deepest = format!("t{}", "+t".repeat(499));
        let work = move || bytebeat::Expression::parse(&deepest).map(|tree| tree.compile(8));
        let compiled = spawn("gb-test", Role::Jobs, work).unwrap().join();
        assert!(compiled.unwrap().unwrap().is_ok());
    }

    #[test]
    fn the_order_of_the_threads_is_the_architectures() {
        let order = [Role::Instrument, Role::Panel, Role::Watchdog].map(priority);
        assert!(order.is_sorted());
        assert_eq!(priority(Role::Background), None);
    }
}
