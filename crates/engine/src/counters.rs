//! What the engine tells of itself, readable by any thread without a lock.

use super::cost::Spent;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counters that the audio thread writes and others read; each is exact, all
/// together may be of neighbouring callbacks. They wrap.
#[derive(Debug, Default)]
pub struct Counters {
    /// Callbacks.
    blocks: AtomicU32,
    /// Callbacks that took longer than they may, as the platform reports it.
    late: AtomicU32,
    /// Programs taken over.
    swaps: AtomicU32,
    /// Frames for which no sample was ready, so that the one before was held.
    starved: AtomicU32,
    /// Network time of the next sample.
    time: AtomicU32,
    /// Part of the block's time that was used, in thousandths.
    load: AtomicU32,
    /// Groups of samples begun.
    groups: AtomicU32,
    /// Those of them that the PRU has made.
    offloaded: AtomicU32,
    /// Groups that it was asked for, and the CPU had to make.
    missed: AtomicU32,
    /// 1 when it has made the last group of what plays.
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
        /// Callbacks so far.
        blocks,
        /// Callbacks that took longer than their block lasts.
        late,
        /// Programs taken over.
        swaps,
        /// Frames for which the sample before was held, none being ready.
        starved,
        /// Network time of the next sample.
        time,
        /// Part of the block's time that the last callback used, in thousandths.
        load,
        /// Groups of samples begun, whoever has made them.
        groups,
        /// Groups of samples that the PRU has made.
        offloaded,
        /// Groups that the PRU was asked for, and the CPU had to make.
        missed
    }

    /// Whether the PRU plays: it has made the last group of what plays.
    pub fn last_offloaded(&self) -> bool {
        self.last_offloaded.load(Ordering::Relaxed) == 1
    }

    pub(super) fn add_groups(&self, spent: Spent) {
        add(&self.groups, spent.groups);
        add(&self.offloaded, spent.offloaded);
        add(&self.missed, spent.missed);
    }

    pub(super) fn set_last_offloaded(&self, last_offloaded: bool) {
        self.last_offloaded
            .store(last_offloaded.into(), Ordering::Relaxed);
    }

    pub(super) fn add_block(&self, time: u32) {
        add(&self.blocks, 1);
        self.time.store(time, Ordering::Relaxed);
    }

    pub(super) fn add_swap(&self) {
        add(&self.swaps, 1);
    }

    pub(super) fn add_starved(&self, frames: u32) {
        add(&self.starved, frames);
    }

    /// The platform reports the load of a callback, in thousandths of the time
    /// its block lasts; above 1000 it was late.
    pub fn report_load(&self, load: u32) {
        self.load.store(load, Ordering::Relaxed);
        if load > 1000 {
            add(&self.late, 1);
        }
    }
}

/// One thread writes, so that a load and a store do.
fn add(counter: &AtomicU32, count: u32) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(count),
        Ordering::Relaxed,
    );
}
