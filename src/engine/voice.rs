//! A program being played: an evaluator and the samples it has made lately.

use logicnet::{Evaluator, Program, Word};

use super::cost::Spent;

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
    pub(super) fn work(&mut self, group: u32, room: u32, begin: u32, spent: &mut Spent) -> bool {
        if self.has(group) {
            return true;
        }
        let begun = self.evaluating == Some(group);
        let gates = room.saturating_sub(if begun { 0 } else { begin });
        if gates == 0 {
            return false;
        }
        if !begun {
            self.evaluator.start(group.wrapping_mul(W::LANES as u32));
            self.evaluating = Some(group);
            spent.groups += 1;
        }
        let before = self.evaluator.remaining();
        let done = self.evaluator.advance(gates as usize);
        spent.gates += (before - self.evaluator.remaining()) as u32;
        if done {
            let place = group as usize % KEPT;
            let from = place * W::LANES;
            if let Some(samples) = self.samples.get_mut(from..from + W::LANES) {
                self.evaluator.samples(samples);
            }
            self.kept[place] = Some(group);
            self.evaluating = None;
        }
        done
    }

    /// Gates that are left to do for a group.
    pub(super) fn left(&self, group: u32) -> u32 {
        if self.has(group) {
            0
        } else if self.evaluating == Some(group) {
            self.evaluator.remaining() as u32
        } else {
            self.gates()
        }
    }
}
