//! Counters of the engine that any thread can read without a lock.

use super::cost::Spent;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counters that the audio thread writes and others read. Each is exact, but a set of them
/// may mix neighbouring callbacks. They wrap.
#[derive(Debug, Default)]
pub struct Counters {
    blocks: AtomicU32,
    late: AtomicU32,
    swaps: AtomicU32,
    starved: AtomicU32,
    time: AtomicU32,
    load: AtomicU32,
    estimated: AtomicU32,
    groups: AtomicU32,
    offloaded: AtomicU32,
    missed: AtomicU32,
    last_offloaded: AtomicU32,
}

macro_rules! readers {
    ($($(#[$doc:meta])* $name:ident),*) => {
        $($(#[$doc])* pub fn $name(&self) -> u32 {
            self.$name.load(Ordering::Relaxed)
        })*
    };
}

impl Counters {
    readers! {
        /// Returns the number of callbacks.
        blocks,
        /// Returns the number of callbacks that took longer than their block lasts, and of
        /// blocks that were lost.
        late,
        /// Returns the number of programs that started to play.
        swaps,
        /// Returns the number of frames that repeated a sample because none was ready.
        starved,
        /// Returns the network time of the next sample.
        time,
        /// Returns the load of the last callback, in thousandths of the duration of its block.
        load,
        /// Returns the number of groups of samples started, offloaded or not.
        groups,
        /// Returns the number of groups that another processor has evaluated.
        offloaded,
        /// Returns the number of groups that were requested from it and missed.
        missed
    }

    /// Returns whether the load is estimated from the work rather than measured.
    pub fn is_load_estimated(&self) -> bool {
        self.estimated.load(Ordering::Relaxed) == 1
    }

    /// Returns whether another processor evaluated the last group of the playing program.
    pub fn last_offloaded(&self) -> bool {
        self.last_offloaded.load(Ordering::Relaxed) == 1
    }

    /// Counts a callback with this work and this many repeated samples, which ends at a
    /// network time.
    pub(super) fn add_callback(&self, spent: Spent, starved: u32, time: u32) {
        add(&self.blocks, 1);
        add(&self.groups, spent.groups);
        add(&self.offloaded, spent.offloaded);
        add(&self.missed, spent.missed);
        add(&self.starved, starved);
        self.time.store(time, Ordering::Relaxed);
    }

    pub(super) fn set_last_offloaded(&self, offloaded: bool) {
        self.last_offloaded
            .store(offloaded.into(), Ordering::Relaxed);
    }

    pub(super) fn add_swap(&self) {
        add(&self.swaps, 1);
    }

    /// Reports the load of a callback in thousandths of the duration of its block, and
    /// whether it is estimated.
    pub(super) fn report_load(&self, load: u32, is_estimated: bool) {
        self.load.store(load, Ordering::Relaxed);
        self.estimated.store(is_estimated.into(), Ordering::Relaxed);
    }

    /// Counts late callbacks or lost blocks.
    pub(super) fn add_late(&self, blocks: u32) {
        add(&self.late, blocks);
    }
}

/// Adds to a counter. A load and a store suffice, since one thread writes.
fn add(counter: &AtomicU32, count: u32) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(count),
        Ordering::Relaxed,
    );
}
