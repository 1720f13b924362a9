//! Priorities and locked memory, so that threads meet their deadlines.
//!
//! The audio thread is Bela's and runs under Xenomai with priority 95, above all Linux
//! threads.

#![allow(unsafe_code)]

use std::hint::black_box;
use std::io;
use std::thread::{self, JoinHandle};

use thiserror::Error;

use crate::spawn::Role;

/// Returns a thread's stack size in bytes, all of it locked in memory. Programs are built
/// on the heap; only jobs recurse deeply.
fn stack_bytes(role: Role) -> usize {
    const SHALLOW: usize = 256 << 10;
    match role {
        Role::Jobs | Role::Training => SHALLOW + bytebeat::STACK_BYTES,
        _ => SHALLOW,
    }
}
/// Bytes of stack that a thread touches before its work. The rest is a reserve for rare
/// cases such as reporting a panic.
const TOUCHED_BYTES: usize = 128 << 10;
/// Niceness of background threads, which yield to the shell and the Bela IDE, and of jobs,
/// which yield to everything.
const NICE: libc::c_int = 10;
const NICEST: libc::c_int = 19;

/// A failure to set a thread's priority or to lock memory.
#[derive(Debug, Error)]
pub enum RealTimeError {
    /// The thread runs without its priority.
    #[error("{}", refusal(.0, "run as root"))]
    Priority(io::Error),
    /// Memory can be paged out.
    #[error(
        "memory is not locked: {}",
        refusal(.0, "run as root, or raise the limit `ulimit -l`")
    )]
    Memory(io::Error),
}

/// Returns the real-time priority (`SCHED_FIFO`) of a role, 1..=99; threads without one are
/// niced.
pub fn priority(role: Role) -> Option<i32> {
    match role {
        Role::Watchdog => Some(50),
        Role::Panel => Some(40),
        Role::Midi => Some(35),
        Role::Instrument => Some(30),
        Role::Background | Role::Jobs | Role::Drawing | Role::Training => None,
    }
}

/// Starts a thread with a name (Linux shows 15 bytes), a small, partly touched stack, and
/// its role's priority. If Linux does not permit the priority, logs a warning and runs
/// the thread without it.
///
/// # Errors
/// Fails if the system cannot start a thread.
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

/// Gives the calling thread its role's priority, replacing the inherited one.
fn prioritise(role: Role) -> Result<(), RealTimeError> {
    let policy = match priority(role) {
        Some(_) => libc::SCHED_FIFO,
        None => libc::SCHED_OTHER,
    };
    let parameter = libc::sched_param {
        sched_priority: priority(role).unwrap_or(0),
    };
    // SAFETY: reads the parameter, which is valid; 0 is the calling thread.
    let set = unsafe { libc::sched_setscheduler(0, policy, &raw const parameter) } != -1;
    let nice = match role {
        Role::Jobs | Role::Drawing | Role::Training => NICEST,
        _ => NICE,
    };
    // SAFETY: takes integers; on Linux, 0 is the calling thread.
    let niced =
        priority(role).is_some() || unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) } != -1;
    if set && niced {
        Ok(())
    } else {
        Err(RealTimeError::Priority(io::Error::last_os_error()))
    }
}

/// Locks the process's present and future memory, so that no thread waits for a page.
/// Called after the audio is set up and before it starts.
///
/// # Errors
/// Fails if Linux does not permit it. The instrument can play without, and clicks when
/// memory is short.
pub fn lock_memory() -> Result<(), RealTimeError> {
    // SAFETY: takes integers.
    match unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE) } {
        -1 => Err(RealTimeError::Memory(io::Error::last_os_error())),
        _ => Ok(()),
    }
}

/// Makes the heap reuse freed memory instead of returning it to Linux, which would clear
/// and lock each new page again: milliseconds per bend on a slow core. The heap keeps its
/// largest size. Must be called before threads are started.
pub fn keep_heap() {
    // Other C libraries keep their defaults.
    #[cfg(target_env = "gnu")]
    // SAFETY: the calls take integers, and only one thread runs.
    unsafe {
        // Large blocks come from the heap too, and its end is not trimmed.
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
    }
}

/// Touches the next `BYTES` bytes of the calling thread's stack, which must be as large.
#[inline(never)]
pub fn touch_stack<const BYTES: usize>() {
    let mut stack = [0u8; BYTES];
    black_box(&mut stack);
}

fn refusal(error: &io::Error, remedy: &str) -> String {
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
    fn memory_is_locked_or_the_error_names_the_remedy() {
        match lock_memory() {
            Ok(()) => {
                assert!(status("VmLck:") > 0);
                // SAFETY: takes no arguments. Other tests need unlocked memory.
                unsafe { libc::munlockall() };
            }
            Err(error) => assert!(error.to_string().contains("ulimit -l"), "{error}"),
        }
    }

    #[test]
    fn threads_have_their_names_and_permitted_priorities() {
        for role in [
            Role::Watchdog,
            Role::Panel,
            Role::Midi,
            Role::Instrument,
            Role::Background,
            Role::Jobs,
            Role::Drawing,
            Role::Training,
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
    fn the_job_thread_compiles_the_deepest_expression() {
        let deepest = format!("t{}", "+t".repeat(499));
        let work = move || bytebeat::Expression::parse(&deepest).map(|tree| tree.compile(8));
        let compiled = spawn("gb-test", Role::Jobs, work).unwrap().join();
        assert!(compiled.unwrap().unwrap().is_ok());
    }

    #[test]
    fn priorities_follow_the_architecture() {
        let order = [Role::Instrument, Role::Midi, Role::Panel, Role::Watchdog].map(priority);
        assert!(order.is_sorted());
        assert_eq!(priority(Role::Background), None);
    }
}
