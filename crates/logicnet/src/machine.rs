//! The loop over a program's gates.

use alloc::vec;
use alloc::vec::Vec;

use crate::Word;
use crate::program::{Program, Step};
use crate::simd::vectorized;

/// A program, the slots for its values, and the steps done so far.
///
/// Invariant: every slot that a step of the program names is below `slots.len()`. The
/// constructor ensures it; nothing changes the program or the number of slots afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Machine<W> {
    program: Program,
    slots: Vec<W>,
    next_step: usize,
    /// The round of the next step, or the one before.
    round: usize,
}

impl<W: Word> Machine<W> {
    /// Allocates the slots that a program needs.
    pub(crate) fn new(program: Program) -> Machine<W> {
        let named = program.steps.iter().fold(0, |most, step| {
            let Step { a, b, out } = *step;
            most.max(a).max(b).max(out)
        });
        let slots = vec![W::ZERO; program.slots.max(usize::from(named) + 1)];
        Machine {
            program,
            slots,
            next_step: 0,
            round: 0,
        }
    }

    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    pub(crate) fn slots(&self) -> &[W] {
        &self.slots
    }

    /// Restarts the program; returns it and its slots, so that the caller can set the inputs.
    pub(crate) fn restart(&mut self) -> (&Program, &mut [W]) {
        self.next_step = 0;
        self.round = 0;
        (&self.program, &mut self.slots)
    }

    /// Number of steps left.
    pub(crate) fn remaining(&self) -> usize {
        self.program.steps.len() - self.next_step
    }

    /// Runs at most `steps` more steps.
    pub(crate) fn advance(&mut self, steps: usize) {
        let end = self.next_step.saturating_add(steps);
        run_until(self, end.min(self.program.steps.len()));
    }
}

vectorized! {
    /// Runs the remaining steps before `end`.
    fn run_until[W: Word](machine: &mut Machine<W>, end: usize) {
        let steps = &machine.program.steps[..end];
        let slots = &mut machine.slots[..];
        let mut done = machine.next_step;
        for &[and, and_not, or, xor] in &machine.program.rounds[machine.round..] {
            // SAFETY: these are steps and all slots of one machine, whose invariant is
            // that every slot a step names exists.
            unsafe {
                done = run_steps(steps, done, and, slots, W::and);
                done = run_steps(steps, done, and_not, slots, W::and_not);
                done = run_steps(steps, done, or, slots, W::or);
                done = run_steps(steps, done, xor, slots, W::xor);
            }
            if done == end {
                break;
            }
            machine.round += 1;
        }
        machine.next_step = done;
    }
}

/// Runs the steps from `start` up to `end`, which are gates of one operation, or up to the
/// end of `steps`. Returns the index of the step after them; that is `start` if the run
/// ends before it.
///
/// # Safety
/// Every slot that a step names must be below `slots.len()`.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn run_steps<W: Word>(
    steps: &[Step],
    start: usize,
    end: u32,
    slots: &mut [W],
    op: impl Fn(W, W) -> W,
) -> usize {
    let end = steps.len().min(end as usize);
    let Some(run) = steps.get(start..end) else {
        return start;
    };
    // Checking the indices would take two fifths of all instructions on ARM.
    let mut step = |step: &Step| {
        let [a, b, out] = [step.a, step.b, step.out].map(usize::from);
        // SAFETY: the caller ensures that the slots of every step exist.
        unsafe {
            *slots.get_unchecked_mut(out) = op(*slots.get_unchecked(a), *slots.get_unchecked(b));
        }
    };
    let fours = run.chunks_exact(4);
    let rest = fours.remainder();
    for four in fours {
        four.iter().for_each(&mut step);
    }
    rest.iter().for_each(step);
    end
}
