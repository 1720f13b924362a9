//! A program being played: an evaluator and its most recent samples.

use logicnet::{Evaluator, Program, Word};

use super::cost::Spent;
use super::offload::{Offload, OffloadedGroup};

/// Groups of samples stored: the one being played, its neighbours, and one more.
const STORED: usize = 4;

/// A program with the memory to play it.
///
/// Only creating and dropping it touch the heap; therefore the engine returns voices to be
/// dropped by another thread.
#[derive(Debug)]
pub struct Voice<W> {
    evaluator: Evaluator<W>,
    /// Number of the group being evaluated.
    evaluating: Option<u32>,
    /// Gates of it that remain.
    remaining: u32,
    /// Bit planes of its samples, if another processor has evaluated it.
    offloaded: Option<[W; 8]>,
    /// The numbers of the stored groups; group n is in slot n modulo [`STORED`].
    stored: [Option<u32>; STORED],
    samples: Box<[u8]>,
}

impl<W: Word> Voice<W> {
    /// Creates a voice for a program. Allocates.
    pub fn new(program: Program) -> Voice<W> {
        Voice {
            evaluator: Evaluator::new(program),
            evaluating: None,
            remaining: 0,
            offloaded: None,
            stored: [None; STORED],
            samples: vec![0; STORED * W::LANES].into_boxed_slice(),
        }
    }

    /// Returns the number of the group with time t.
    pub(super) fn group(t: u32) -> u32 {
        t / W::LANES as u32
    }

    /// Returns the gates of a group.
    pub(super) fn gates(&self) -> u32 {
        self.evaluator.program().gates() as u32
    }

    /// Returns the sample at time t, if its group is ready.
    #[inline]
    pub(super) fn sample(&self, t: u32) -> Option<u8> {
        let group = Self::group(t);
        let slot = group as usize % STORED;
        if self.stored[slot] != Some(group) {
            return None;
        }
        let at = slot * W::LANES + t as usize % W::LANES;
        self.samples.get(at).copied()
    }

    pub(super) fn has(&self, group: u32) -> bool {
        self.stored[group as usize % STORED] == Some(group)
    }

    /// Evaluates a group, for at most `room` gates; starting it costs `begin` of them.
    /// Returns whether it is ready.
    ///
    /// A group that another processor has evaluated takes the same schedule without the
    /// work, so that the sound and the room for other work do not depend on offloading.
    pub(super) fn work(
        &mut self,
        group: u32,
        room: u32,
        begin: u32,
        spent: &mut Spent,
        offload: Option<&mut (dyn Offload<W> + 'static)>,
    ) -> bool {
        if self.has(group) {
            return true;
        }
        let started = self.evaluating == Some(group);
        let gates = room.saturating_sub(if started { 0 } else { begin });
        if gates == 0 {
            return false;
        }
        if !started {
            self.evaluating = Some(group);
            self.remaining = self.gates();
            spent.groups += 1;
            let taken = offload.map_or(OffloadedGroup::NotRequested, |offload| offload.take(group));
            spent.missed += u32::from(taken == OffloadedGroup::Missed);
            self.offloaded = match taken {
                OffloadedGroup::Ready(planes) => Some(planes),
                OffloadedGroup::Missed | OffloadedGroup::NotRequested => None,
            };
            if self.offloaded.is_none() {
                self.evaluator.start(group.wrapping_mul(W::LANES as u32));
            }
            spent.offloaded += u32::from(self.offloaded.is_some());
        }
        let worked = gates.min(self.remaining);
        self.remaining -= worked;
        spent.gates += worked;
        if self.offloaded.is_some() {
            spent.spared += worked;
        } else {
            self.evaluator.advance(gates as usize);
        }
        let done = self.remaining == 0;
        if done {
            let slot = group as usize % STORED;
            let from = slot * W::LANES;
            if let Some(samples) = self.samples.get_mut(from..from + W::LANES) {
                match self.offloaded {
                    Some(planes) => W::bytes(planes, samples),
                    None => self.evaluator.samples(samples),
                }
            }
            self.stored[slot] = Some(group);
            self.evaluating = None;
        }
        done
    }

    /// Returns whether a group is ready or was started.
    pub(super) fn has_started(&self, group: u32) -> bool {
        self.has(group) || self.evaluating == Some(group)
    }

    /// Returns the gates that remain for a group.
    pub(super) fn left(&self, group: u32) -> u32 {
        if self.has(group) {
            0
        } else if self.evaluating == Some(group) {
            self.remaining
        } else {
            self.gates()
        }
    }
}
