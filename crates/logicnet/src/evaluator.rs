//! Evaluation of a program, many lanes at a time.

use alloc::vec;
use alloc::vec::Vec;

use crate::encoding::{byte_source, full_scale, scale};
use crate::program::{Program, Step, Tap};
use crate::simd::vectorized;
use crate::transpose::planes_of_bytes;
use crate::{OutputEncoding, Word};

/// A program with the memory to evaluate it in, for words of one width.
///
/// After [`Evaluator::new`] nothing here allocates, locks, calls the system or
/// panics on any t, so it may be used in a real-time thread; only `new` and
/// dropping belong elsewhere.
///
/// One group of lanes is evaluated by [`start`](Evaluator::start) (or
/// [`start_at`](Evaluator::start_at)), then [`advance`](Evaluator::advance) in
/// slices as large as time allows, then read with
/// [`samples`](Evaluator::samples) or [`plane`](Evaluator::plane).
#[derive(Clone, Debug)]
pub struct Evaluator<W> {
    program: Program,
    slots: Vec<W>,
    /// The time of lane 0, if the slots of the inputs hold consecutive times.
    consecutive_from: Option<u32>,
    next_step: usize,
    /// The round that the next step is in, or one before it.
    round: usize,
}

/// Where the counter's bits of one column of 64 lanes come from.
const LOW_BITS: [u64; 6] = [
    0xaaaa_aaaa_aaaa_aaaa,
    0xcccc_cccc_cccc_cccc,
    0xf0f0_f0f0_f0f0_f0f0,
    0xff00_ff00_ff00_ff00,
    0xffff_0000_ffff_0000,
    0xffff_ffff_0000_0000,
];

/// Bit `bit` of t .. t + 63, for t a multiple of 64.
#[inline(always)]
fn aligned_column(bit: u8, t: u32) -> u64 {
    match LOW_BITS.get(usize::from(bit)) {
        Some(&pattern) => pattern,
        None => u64::from(t >> bit & 1).wrapping_neg(),
    }
}

/// Bit `bit` of t .. t + 63, for any t.
#[inline(always)]
pub(crate) fn counter_column(bit: u8, t: u32) -> u64 {
    let offset = t % 64;
    let aligned = t - offset;
    let low = aligned_column(bit, aligned);
    if offset == 0 {
        return low;
    }
    let high = aligned_column(bit, aligned.wrapping_add(64));
    low >> offset | high << (64 - offset)
}

impl<W: Word> Evaluator<W> {
    /// Takes a program and allocates the memory to evaluate it in.
    pub fn new(program: Program) -> Evaluator<W> {
        // As many as any step names, so that evaluation need not check each: that
        // would be two fifths of its instructions on ARM.
        let most = program.steps.iter().fold(0, |most, step| {
            let Step { a, b, out } = *step;
            most.max(a).max(b).max(out)
        });
        let slots = vec![W::ZERO; program.slots.max(usize::from(most) + 1)];
        let mut evaluator = Evaluator {
            program,
            slots,
            consecutive_from: None,
            next_step: 0,
            round: 0,
        };
        evaluator.start(0);
        evaluator
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Starts a group: lane k is time `t0 + k`, for any t0. The counter wraps
    /// at 2^32, and the network sees its low bits.
    pub fn start(&mut self, t0: u32) {
        // Between aligned groups only bits above the lanes' change, and few of them.
        let changed = match self.consecutive_from {
            Some(before) if (t0 | before) % W::LANES as u32 == 0 => t0 ^ before,
            _ => u32::MAX,
        };
        for &(bit, slot) in &self.program.inputs {
            if changed >> bit & 1 == 1 {
                self.slots[usize::from(slot)] =
                    W::from_columns(|j| counter_column(bit, t0.wrapping_add(64 * j as u32)));
            }
        }
        self.consecutive_from = Some(t0);
        self.rewind();
    }

    /// Starts a group at any times: lane k is `times[k]`, the other lanes 0.
    /// Times beyond the number of lanes are left out.
    pub fn start_at(&mut self, times: &[u32]) {
        self.consecutive_from = None;
        for &(_, slot) in &self.program.inputs {
            self.slots[usize::from(slot)] = W::ZERO;
        }
        for (j, times) in times[..times.len().min(W::LANES)].chunks(64).enumerate() {
            for byte in 0..self.program.counter_bits.div_ceil(8) {
                let mut words = [0u64; 8];
                for (k, &t) in times.iter().enumerate() {
                    words[k / 8] |= u64::from(t >> (8 * byte) & 0xff) << (8 * (k % 8));
                }
                let planes = planes_of_bytes(words);
                for &(bit, slot) in &self.program.inputs {
                    if u32::from(bit) / 8 == byte {
                        let word = &mut self.slots[usize::from(slot)];
                        let plane = planes[usize::from(bit) % 8];
                        *word = W::from_columns(|i| if i == j { plane } else { word.column(i) });
                    }
                }
            }
        }
        self.rewind();
    }

    fn rewind(&mut self) {
        self.next_step = 0;
        self.round = 0;
    }

    /// Evaluates at most `gates` more gates of the group; true when the group
    /// is complete. Its time is proportional to the gates evaluated and the
    /// rounds they are in.
    pub fn advance(&mut self, gates: usize) -> bool {
        let end = self
            .program
            .steps
            .len()
            .min(self.next_step.saturating_add(gates));
        let cursor = (&mut self.next_step, &mut self.round);
        run_until(end, &self.program, cursor, &mut self.slots);
        end == self.program.steps.len()
    }

    /// Gates of the group that are still to be evaluated.
    pub fn remaining(&self) -> usize {
        self.program.steps.len() - self.next_step
    }

    /// Evaluates what is left of the group.
    pub fn finish(&mut self) {
        self.advance(usize::MAX);
    }

    /// One output of the complete group as a bit plane.
    pub fn plane(&self, output: usize) -> W {
        read(self.program.outputs[output], &self.slots)
    }

    /// The samples of the complete group, one byte a lane in lane order; as
    /// many as fit in `out`.
    pub fn samples(&self, out: &mut [u8]) {
        match self.program.output_encoding {
            OutputEncoding::Binary => binary_samples(&self.program.outputs, &self.slots, out),
            OutputEncoding::GroupSum { groups } => self.group_sums(usize::from(groups), out),
        }
    }

    fn group_sums(&self, groups: usize, out: &mut [u8]) {
        let size = self.program.outputs.len() / groups;
        let full = full_scale(size, groups as u8);
        for (j, out) in out.chunks_mut(64).take(W::COLUMNS).enumerate() {
            let mut sums = [0u32; 64];
            for (g, group) in self.program.outputs.chunks(size).enumerate() {
                for (c, plane) in
                    count_ones(group.iter().map(|&tap| read(tap, &self.slots).column(j)))
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

    /// Renders consecutive samples from any t, group after group. The lanes
    /// beyond the end of `out` are evaluated and thrown away.
    pub fn render(&mut self, t0: u32, out: &mut [u8]) {
        for (i, group) in out.chunks_mut(W::LANES).enumerate() {
            self.start(t0.wrapping_add((i * W::LANES) as u32));
            self.finish();
            self.samples(group);
        }
    }

    /// Renders the samples at any times: `out[i]` is the sample at `times[i]`,
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

vectorized! {
    /// Runs the gates before step `end` from the cursor (next step, its round) on.
    fn run_until[W: Word](
        end: usize,
        program: &Program,
        cursor: (&mut usize, &mut usize),
        slots: &mut [W],
    ) {
        let (next_step, round) = cursor;
        let steps = &program.steps[..end];
        let mut done = *next_step;
        for &[and, and_not, or, xor] in &program.rounds[*round..] {
            done = run_steps(steps, done, and, slots, W::and);
            done = run_steps(steps, done, and_not, slots, W::and_not);
            done = run_steps(steps, done, or, slots, W::or);
            done = run_steps(steps, done, xor, slots, W::xor);
            if done == end {
                break;
            }
            *round += 1;
        }
        *next_step = done;
    }
}

/// The value of an output, where the last step has left it.
#[inline(always)]
fn read<W: Word>(tap: Tap, slots: &[W]) -> W {
    let word = slots[usize::from(tap.slot)];
    if tap.inverted { word.not() } else { word }
}

vectorized! {
    fn binary_samples[W: Word](outputs: &[Tap], slots: &[W], out: &mut [u8]) {
        let mut planes = [W::ZERO; 8];
        for (bit, plane) in planes.iter_mut().enumerate() {
            *plane = read(outputs[byte_source(outputs.len(), bit)], slots);
        }
        W::bytes(planes, out);
    }
}

/// Runs the steps from `start` to `end` that are there, gates of one operation, on
/// their evaluator's slots; gives the step after them. None are left of a run that
/// ends before `start`.
#[inline(always)]
#[allow(unsafe_code)]
fn run_steps<W: Word>(
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
    let mut step = |step: &Step| {
        let [a, b, out] = [step.a, step.b, step.out].map(usize::from);
        // SAFETY: `Evaluator::new` has made as many slots as any step names, and
        // neither the program nor the number of slots changes after.
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

/// Counts the ones of each lane over many columns: the bits of the counts as
/// (weight's exponent, plane), by a counter whose digits are planes.
fn count_ones(columns: impl Iterator<Item = u64>) -> impl Iterator<Item = (usize, u64)> {
    let mut planes = [0u64; 13]; // counts to 4,096 outputs and past
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
