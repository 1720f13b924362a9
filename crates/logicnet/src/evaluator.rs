//! Evaluation of a program, many lanes at a time.

use crate::counter::counter_column;
use crate::encoding::{byte_source, full_scale, scale};
use crate::machine::Machine;
use crate::program::{OutputSlot, Program};
use crate::simd::vectorized;
use crate::transpose::planes_of_bytes;
use crate::{OutputEncoding, Word};

/// Evaluates a program, one group of lanes after another, with words of one width.
///
/// Only [`Evaluator::new`] and dropping allocate, so they belong outside real-time
/// threads. The other methods neither allocate, lock, call the system nor panic for any t.
///
/// To evaluate a group of lanes, call [`start`](Evaluator::start) or
/// [`start_at`](Evaluator::start_at), then [`advance`](Evaluator::advance) until the group
/// is complete, in slices of any size, then [`samples`](Evaluator::samples) or
/// [`plane`](Evaluator::plane).
#[derive(Clone, Debug)]
pub struct Evaluator<W> {
    machine: Machine<W>,
    /// The time of lane 0 if the inputs' slots hold consecutive times.
    consecutive_from: Option<u32>,
}

impl<W: Word> Evaluator<W> {
    /// Allocates the memory that a program needs.
    pub fn new(program: Program) -> Evaluator<W> {
        let mut evaluator = Evaluator {
            machine: Machine::new(program),
            consecutive_from: None,
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
        let changed = match self.consecutive_from {
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
        self.consecutive_from = Some(t0);
    }

    /// Starts a group in which lane k is time `times[k]`; lanes without a time are 0.
    /// Ignores times beyond the number of lanes.
    pub fn start_at(&mut self, times: &[u32]) {
        self.consecutive_from = None;
        let (program, slots) = self.machine.restart();
        for &(_, slot) in &program.inputs {
            slots[usize::from(slot)] = W::ZERO;
        }
        for (j, times) in times[..times.len().min(W::LANES)].chunks(64).enumerate() {
            for byte in 0..program.counter_bits.div_ceil(8) {
                let mut words = [0u64; 8];
                for (k, &t) in times.iter().enumerate() {
                    words[k / 8] |= u64::from(t >> (8 * byte) & 0xff) << (8 * (k % 8));
                }
                let planes = planes_of_bytes(words);
                for &(bit, slot) in &program.inputs {
                    if u32::from(bit) / 8 == byte {
                        let word = &mut slots[usize::from(slot)];
                        let plane = planes[usize::from(bit) % 8];
                        *word = W::from_columns(|i| if i == j { plane } else { word.column(i) });
                    }
                }
            }
        }
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

    /// Renders the samples at the given times: `out[i]` becomes the sample at `times[i]`,
    /// up to the shorter of the two.
    pub fn render_at(&mut self, times: &[u32], out: &mut [u8]) {
        for (times, group) in times.chunks(W::LANES).zip(out.chunks_mut(W::LANES)) {
            self.start_at(times);
            self.finish();
            let lanes = group.len().min(times.len());
            self.samples(&mut group[..lanes]);
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
