//! Lock-free status between the supervisor and the audio thread.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A program that the PRU is ready to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadyProgram {
    /// Number of the program's last start, which marks its answers; never 0.
    pub epoch: u16,
    /// Id of the change that brings the program to the engine.
    pub program: u32,
}

/// One value in each direction; each side writes only its own.
#[derive(Debug, Default)]
pub struct SharedStatus {
    /// Written by the supervisor: epoch and program in one word, so that both change at
    /// once.
    ready: AtomicU64,
    /// Written by the audio thread: the epoch that it has given up; 0 for none.
    given_up: AtomicU32,
}

impl SharedStatus {
    pub fn set_ready(&self, ready: Option<ReadyProgram>) {
        let word = ready.map_or(0, |ready| {
            u64::from(ready.epoch) << 32 | u64::from(ready.program)
        });
        self.ready.store(word, Ordering::Release);
    }

    pub fn ready(&self) -> Option<ReadyProgram> {
        let word = self.ready.load(Ordering::Acquire);
        let epoch = (word >> 32) as u16;
        (epoch != 0).then_some(ReadyProgram {
            epoch,
            program: word as u32,
        })
    }

    pub fn give_up(&self, epoch: u16) {
        self.given_up.store(epoch.into(), Ordering::Relaxed);
    }

    pub fn is_given_up(&self, epoch: u16) -> bool {
        self.given_up.load(Ordering::Relaxed) == u32::from(epoch)
    }
}
