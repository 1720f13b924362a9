//! Evaluation of a program, many lanes at a time.

use crate::counter::counter_column;
use crate::encoding::{byte_source, full_scale, scale};
use crate::machine::Machine;
use crate::program::{OutputSlot, Program};
use crate::simd::vectorized;
use crate::{OutputEncoding, Word};

/// Evaluates a program, one group of lanes after another, with words of one width.
///
/// Only [`Evaluator::new`] and dropping allocate, so they belong outside real-time
/// threads. The other methods neither allocate, lock, call the system nor panic for any t.
///
/// To evaluate a group of lanes, call [`start`](Evaluator::start), then
/// [`advance`](Evaluator::advance) until the group is complete, in slices of any size, then
/// [`samples`](Evaluator::samples) or [`plane`](Evaluator::plane).
#[derive(Clone, Debug)]
pub struct Evaluator<W> {
    machine: Machine<W>,
    /// The time of lane 0 for which the inputs' slots were set.
    first_time: Option<u32>,
}

impl<W: Word> Evaluator<W> {
    /// Allocates the memory that a program needs.
    pub fn new(program: Program) -> Evaluator<W> {
        let mut evaluator = Evaluator {
            machine: Machine::new(program),
            first_time: None,
        };
        evaluator.start(0);
        evaluator
    }

    /// The program.
    pub fn program(&self) -> &Program {
        self.machine.program()
    }

    /// Starts a group in which lane k is time `t0 + k`, for any t0. The counter wraps
    /// at 2^32, and the network reads its low bits.
    pub fn start(&mut self, t0: u32) {
        // From one aligned group to another, only bits above those of the lanes change.
        let changed = match self.first_time {
            Some(before) if (t0 | before) % W::LANES as u32 == 0 => t0 ^ before,
            _ => u32::MAX,
        };
        let (program, slots) = self.machine.restart();
        for &(bit, slot) in &program.inputs {
            if changed >> bit & 1 == 1 {
                slots[usize::from(slot)] =
                    W::from_columns(|j| counter_column(bit, t0.wrapping_add(64 * j as u32)));
            }
        }
        self.first_time = Some(t0);
    }

    /// Evaluates at most `gates` more gates of the group; returns true once the group is
    /// complete. Takes time proportional to the gates and to the rounds they are in.
    pub fn advance(&mut self, gates: usize) -> bool {
        self.machine.advance(gates);
        self.remaining() == 0
    }

    /// Number of gates left to evaluate in the group.
    pub fn remaining(&self) -> usize {
        self.machine.remaining()
    }

    /// Evaluates the rest of the group.
    pub fn finish(&mut self) {
        self.advance(usize::MAX);
    }

    /// Returns one output of the complete group as a bit plane.
    ///
    /// # Panics
    /// If the program has no such output.
    pub fn plane(&self, output: usize) -> W {
        read(self.program().outputs[output], self.machine.slots())
    }

    /// Writes the samples of the complete group in lane order, as many as fit in `out`.
    pub fn samples(&self, out: &mut [u8]) {
        let program = self.program();
        match program.output_encoding {
            OutputEncoding::Binary => binary_samples(&program.outputs, self.machine.slots(), out),
            OutputEncoding::GroupSum { groups } => self.group_sums(usize::from(groups), out),
        }
    }

    fn group_sums(&self, groups: usize, out: &mut [u8]) {
        let (outputs, slots) = (&self.program().outputs[..], self.machine.slots());
        let size = outputs.len() / groups;
        let full = full_scale(size, groups as u8);
        for (j, out) in out.chunks_mut(64).take(W::COLUMNS).enumerate() {
            let mut sums = [0u32; 64];
            for (g, group) in outputs.chunks(size).enumerate() {
                for (c, plane) in
                    count_ones(group.iter().map(|&output| read(output, slots).column(j)))
                {
                    for (lane, sum) in sums.iter_mut().enumerate() {
                        *sum += ((plane >> lane & 1) as u32) << (g + c);
                    }
                }
            }
            for (byte, sum) in out.iter_mut().zip(sums).take(W::LANES) {
                *byte = scale(sum, full);
            }
        }
    }

    /// Renders consecutive samples from time t0, for any t0. Evaluates whole groups of
    /// lanes, also for the last samples.
    pub fn render(&mut self, t0: u32, out: &mut [u8]) {
        for (i, group) in out.chunks_mut(W::LANES).enumerate() {
            self.start(t0.wrapping_add((i * W::LANES) as u32));
            self.finish();
            self.samples(group);
        }
    }
}

/// Returns the value of an output.
#[inline(always)]
fn read<W: Word>(output: OutputSlot, slots: &[W]) -> W {
    let word = slots[usize::from(output.slot)];
    if output.inverted { word.not() } else { word }
}

vectorized! {
    fn binary_samples[W: Word](outputs: &[OutputSlot], slots: &[W], out: &mut [u8]) {
        let mut planes = [W::ZERO; 8];
        for (bit, plane) in planes.iter_mut().enumerate() {
            *plane = read(outputs[byte_source(outputs.len(), bit)], slots);
        }
        W::bytes(planes, out);
    }
}

/// Counts in each lane the columns that are 1 there. Returns the bits of the counts as
/// planes, each with its place value's exponent.
fn count_ones(columns: impl Iterator<Item = u64>) -> impl Iterator<Item = (usize, u64)> {
    let mut planes = [0u64; 13]; // enough for `MAX_GROUP_SUM_OUTPUTS`
    for mut carry in columns {
        for plane in &mut planes {
            (*plane, carry) = (*plane ^ carry, *plane & carry);
            if carry == 0 {
                break;
            }
        }
    }
    planes.into_iter().enumerate()
}
