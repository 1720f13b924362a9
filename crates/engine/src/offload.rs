//! Evaluation by another processor, as the audio thread sees it.

use std::fmt::Debug;

/// Result of taking a group of samples from the other processor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OffloadedGroup<W> {
    /// The group has arrived: one plane for each bit of the samples, least
    /// significant first.
    Ready([W; 8]),
    /// The group was requested, but arrived late or damaged.
    Missed,
    /// The group was not requested, or too recently to have arrived.
    NotRequested,
}

/// Another processor that evaluates groups of lanes `W` ahead of the CPU.
///
/// The engine calls these methods from the audio thread: they must not allocate,
/// lock, make system calls, wait or panic. The sound never depends on them; the
/// engine evaluates every group that is not ready in time.
pub trait Offload<W>: Debug + Send {
    /// Checks once per callback whether the processor can play the program with
    /// this change id, and picks up the part of a group requested before.
    fn poll(&mut self, program: Option<u32>);

    /// Takes a group when the CPU's schedule has reached it.
    fn take(&mut self, group: u32) -> OffloadedGroup<W>;

    /// Returns whether the whole group has arrived and is waiting to be taken.
    fn holds(&self, group: u32) -> bool;

    /// Requests the next part of a group, unless a request is already pending.
    fn request(&mut self, group: u32);

    /// Most network samples per callback at which the processor keeps up.
    fn max_pace(&self) -> u32;

    /// Nanoseconds that the CPU has spent on the exchange since the last call.
    fn exchange_ns(&mut self) -> u32;
}
