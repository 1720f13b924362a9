//! Evaluation of a program, many lanes at a time.

use crate::counter::counter_column;
use crate::encoding::{full_scale, scale};
use crate::machine::Machine;
use crate::program::{OutputSlot, Program};
use crate::simd::vectorized;
use crate::{OutputEncoding, W512, Word};

/// Number of lanes of the widest word.
const MAX_LANES: usize = W512::LANES;

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
    ///
    /// Bits of t come first among the variables, and the program's others read the higher
    /// bits of the counter, as far as it has them. So, from 0 on, the lanes enumerate the
    /// values of up to 32 variables.
    pub fn start(&mut self, t0: u32) {
        // From one aligned group to another, only bits above those of the lanes change.
        let changed = match self.first_time {
            Some(before) if (t0 | before) % W::LANES as u32 == 0 => t0 ^ before,
            _ => u32::MAX,
        };
        let (program, slots) = self.machine.restart();
        for &(bit, slot) in &program.inputs {
            if bit < 32 && changed >> bit & 1 == 1 {
                slots[usize::from(slot)] =
                    W::from_columns(|j| counter_column(bit, t0.wrapping_add(64 * j as u32)));
            }
        }
        self.first_time = Some(t0);
    }

    /// Starts a group with these values of the program's variables.
    pub fn start_with(&mut self, value: impl Fn(u8) -> W) {
        let (program, slots) = self.machine.restart();
        for &(variable, slot) in &program.inputs {
            slots[usize::from(slot)] = value(variable);
        }
        self.first_time = None;
    }

    /// Starts a group in which lane k is at time `times[k]` and hears the frames `audio[0][k]`
    /// and `audio[1][k]`, given by [`audio_value`](crate::audio_value). Missing frames are
    /// 0. Few frames take less time. The program must have been built with values of its
    /// controls.
    pub fn start_frames(&mut self, times: &[u32], audio: [&[u16]; 2]) {
        let (program, slots) = self.machine.restart();
        let mut planes = [W::ZERO; 8];
        let mut transposed = None;
        // Variables are in order, so each byte of a signal is transposed once.
        for &(variable, slot) in &program.inputs {
            let (signal, bit) = program.signal_bit(variable);
            let byte = bit / 8;
            if transposed != Some((signal, byte)) {
                transposed = Some((signal, byte));
                planes = match signal {
                    None => byte_planes(times, |t| t.to_le_bytes()[byte]),
                    Some(channel) => byte_planes(audio[channel], |x| x.to_le_bytes()[byte]),
                };
            }
            slots[usize::from(slot)] = planes[bit % 8];
        }
        self.first_time = None;
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

    /// Writes the samples of the complete group in lane order, as many as fit in `out`; of
    /// more than eight bits the top eight, of two channels the first.
    pub fn samples(&self, out: &mut [u8]) {
        let OutputEncoding::GroupSum { groups } = self.program().output_encoding else {
            return self.channel_bytes(0, 0, out);
        };
        self.group_sums(usize::from(groups), out);
    }

    /// Writes the levels of a channel in the complete group, in lane order and units of
    /// 1/32,768 of full scale, as many as fit in `out`. See [`OutputEncoding::level`].
    pub fn levels(&self, channel: usize, out: &mut [i16]) {
        let (mut high, mut low) = ([0; MAX_LANES], [0; MAX_LANES]);
        let lanes = out.len().min(W::LANES);
        match self.program().output_encoding {
            OutputEncoding::Channels { .. } => {
                self.channel_bytes(channel, 0, &mut high[..lanes]);
                self.channel_bytes(channel, 1, &mut low[..lanes]);
            }
            _ => self.samples(&mut high[..lanes]),
        }
        let bytes = low[..lanes].iter().zip(&high[..lanes]);
        for (level, (low, high)) in out.iter_mut().zip(bytes) {
            *level = i16::from_le_bytes([*low, *high]) ^ i16::MIN;
        }
    }

    /// Writes a byte of each sample of a channel, by its place from the highest byte down.
    fn channel_bytes(&self, channel: usize, place: usize, out: &mut [u8]) {
        let program = self.program();
        let encoding = program.output_encoding;
        let outputs = encoding.of_channel(channel, &program.outputs);
        let source = |bit| encoding.bit_source(outputs.len(), bit + 8 - 8 * place);
        let sources = core::array::from_fn(|bit| source(bit).map(|output| outputs[output]));
        sample_bytes(&sources, self.machine.slots(), out);
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
                    for (lane, sum) in sums.iter_mut().enumerate().take(out.len()) {
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
    /// Writes one byte a lane, whose bits come from these outputs or are 0.
    fn sample_bytes[W: Word](sources: &[Option<OutputSlot>; 8], slots: &[W], out: &mut [u8]) {
        let mut planes = [W::ZERO; 8];
        for (plane, source) in planes.iter_mut().zip(sources) {
            if let Some(output) = *source {
                *plane = read(output, slots);
            }
        }
        W::bytes(planes, out);
    }
}

/// Returns the planes of a byte of each value, of as many as there are lanes.
fn byte_planes<W: Word, T: Copy>(values: &[T], byte: impl Fn(T) -> u8) -> [W; 8] {
    let mut lanes = [0; MAX_LANES];
    let count = values.len().min(W::LANES);
    for (lane, value) in lanes.iter_mut().zip(&values[..count]) {
        *lane = byte(*value);
    }
    W::planes(&lanes[..count])
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
