//! A program being played: an evaluator and the samples it has made lately.

use logicnet::{Evaluator, Program, Word};

use super::cost::Spent;
use super::offload::{Offload, OffloadedGroup};

/// Groups of samples kept: the one played, its neighbours, and one more.
const KEPT: usize = 4;

/// A program with the memory to play it.
///
/// Only [`Voice::new`] allocates, and dropping frees, which is why voices are
/// handed back to be dropped elsewhere.
#[derive(Debug)]
pub struct Voice<W> {
    evaluator: Evaluator<W>,
    /// The group being evaluated, by its number.
    evaluating: Option<u32>,
    /// Its gates that are left to do.
    remaining: u32,
    /// Bit planes of its samples, if another processor has evaluated it.
    made: Option<[W; 8]>,
    /// Group n is kept in place n modulo [`KEPT`].
    kept: [Option<u32>; KEPT],
    samples: Box<[u8]>,
}

impl<W: Word> Voice<W> {
    /// A voice of a program.
    pub fn new(program: Program) -> Voice<W> {
        Voice {
            evaluator: Evaluator::new(program),
            evaluating: None,
            remaining: 0,
            made: None,
            kept: [None; KEPT],
            samples: vec![0; KEPT * W::LANES].into_boxed_slice(),
        }
    }

    /// The number of the group that holds time t.
    pub(super) fn group(t: u32) -> u32 {
        t / W::LANES as u32
    }

    /// Gates of a group.
    pub(super) fn gates(&self) -> u32 {
        self.evaluator.program().gates() as u32
    }

    /// The sample at time t, if its group is there.
    #[inline]
    pub(super) fn sample(&self, t: u32) -> Option<u8> {
        let group = Self::group(t);
        let place = group as usize % KEPT;
        if self.kept[place] != Some(group) {
            return None;
        }
        let at = place * W::LANES + t as usize % W::LANES;
        self.samples.get(at).copied()
    }

    pub(super) fn has(&self, group: u32) -> bool {
        self.kept[group as usize % KEPT] == Some(group)
    }

    /// Works on a group, for at most `room` gates, `begin` of which it costs to
    /// begin one. True when it is there.
    ///
    /// A group that another processor has made is gone through all the same, at the CPU's pace but
    /// without the work: when it is there, and what else there is room for, does not
    /// depend on who evaluates.
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
        let begun = self.evaluating == Some(group);
        let gates = room.saturating_sub(if begun { 0 } else { begin });
        if gates == 0 {
            return false;
        }
        if !begun {
            self.evaluating = Some(group);
            self.remaining = self.gates();
            spent.groups += 1;
            let taken = offload.map_or(OffloadedGroup::NotRequested, |offload| offload.take(group));
            spent.missed += u32::from(taken == OffloadedGroup::Missed);
            self.made = match taken {
                OffloadedGroup::Ready(planes) => Some(planes),
                OffloadedGroup::Missed | OffloadedGroup::NotRequested => None,
            };
            if self.made.is_none() {
                self.evaluator.start(group.wrapping_mul(W::LANES as u32));
            }
            spent.offloaded += u32::from(self.made.is_some());
        }
        let worked = gates.min(self.remaining);
        self.remaining -= worked;
        spent.gates += worked;
        if self.made.is_some() {
            spent.spared += worked;
        } else {
            self.evaluator.advance(gates as usize);
        }
        let done = self.remaining == 0;
        if done {
            let place = group as usize % KEPT;
            let from = place * W::LANES;
            if let Some(samples) = self.samples.get_mut(from..from + W::LANES) {
                match self.made {
                    Some(planes) => W::bytes(planes, samples),
                    None => self.evaluator.samples(samples),
                }
            }
            self.kept[place] = Some(group);
            self.evaluating = None;
        }
        done
    }

    /// Whether a group is there, or was begun.
    pub(super) fn has_begun(&self, group: u32) -> bool {
        self.has(group) || self.evaluating == Some(group)
    }

    /// Gates that are left to do for a group.
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
