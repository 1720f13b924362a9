//! What the supervisor and the audio thread tell each other, without a lock.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A program that the PRU is ready to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The number of this start of it, which is in its answers; never 0.
    pub epoch: u16,
    /// The id of the change that scope the program to the engine.
    pub program: u32,
}

/// One value each way; each side writes its own.
#[derive(Debug, Default)]
pub struct Link {
    /// The supervisor's: epoch and program, in one word so that they belong together.
    ready: AtomicU64,
    /// The audio thread's: the epoch that it has given up on; 0 for none.
    given_up: AtomicU32,
}

impl Link {
    pub(super) fn set_ready(&self, ready: Option<Ready>) {
        let word = ready.map_or(0, |ready| {
            u64::from(ready.epoch) << 32 | u64::from(ready.program)
        });
        self.ready.store(word, Ordering::Release);
    }

    /// What the PRU is ready to play.
    pub fn ready(&self) -> Option<Ready> {
        let word = self.ready.load(Ordering::Acquire);
        let epoch = (word >> 32) as u16;
        (epoch != 0).then_some(Ready {
            epoch,
            program: word as u32,
        })
    }

    pub(super) fn give_up(&self, epoch: u16) {
        self.given_up.store(epoch.into(), Ordering::Relaxed);
    }

    pub(super) fn is_given_up(&self, epoch: u16) -> bool {
        self.given_up.load(Ordering::Relaxed) == u32::from(epoch)
    }
}
