//! Encodings of values as input bits and of the sample as output bits.

use alloc::vec::Vec;

/// The encoding of a value, such as the sample counter t, in a network's inputs.
///
/// The value is split into digits of `digit_bits` bits, least significant first. Each
/// digit, of value v, has a run of inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputEncoding {
    /// Input i is bit i of the value.
    #[default]
    Binary,
    /// Input i is bit i of the value's Gray code: bit i XOR bit i + 1. Successive values
    /// differ in one input.
    Gray,
    /// 2^d - 1 inputs a digit; input j is 1 if v > j.
    Thermometer {
        /// Bits of the value in a digit, 1..=12.
        digit_bits: u8,
    },
    /// 2^d inputs a digit; input j is 1 if v = j.
    OneHot {
        /// Bits of the value in a digit, 1..=12.
        digit_bits: u8,
    },
}

impl InputEncoding {
    /// Number of bits of the value in a digit (1 in binary and Gray code).
    pub const fn digit_bits(self) -> u8 {
        match self {
            InputEncoding::Binary | InputEncoding::Gray => 1,
            InputEncoding::Thermometer { digit_bits } | InputEncoding::OneHot { digit_bits } => {
                digit_bits
            }
        }
    }

    /// Number of inputs of a digit (1 in binary and Gray code).
    pub const fn inputs_per_digit(self) -> u32 {
        match self {
            InputEncoding::Binary | InputEncoding::Gray => 1,
            InputEncoding::Thermometer { digit_bits } => (1 << digit_bits) - 1,
            InputEncoding::OneHot { digit_bits } => 1 << digit_bits,
        }
    }

    /// Returns the number of inputs that encode this many bits, or `None` if the bits are
    /// not a whole number of digits.
    pub const fn inputs(self, bits: u32) -> Option<u32> {
        if bits % self.digit_bits() as u32 == 0 {
            Some(bits / self.digit_bits() as u32 * self.inputs_per_digit())
        } else {
            None
        }
    }

    /// Returns the number of bits that this many inputs encode, or `None` if they are not a
    /// whole number of digits.
    pub const fn bits(self, inputs: u32) -> Option<u32> {
        if inputs % self.inputs_per_digit() == 0 {
            Some(inputs / self.inputs_per_digit() * self.digit_bits() as u32)
        } else {
            None
        }
    }

    /// Returns an input for a value that has no bits above the encoded ones.
    pub const fn input(self, index: u32, value: u32) -> bool {
        let value = match self {
            InputEncoding::Gray => value ^ value >> 1,
            _ => value,
        };
        let digit = index / self.inputs_per_digit();
        let j = index % self.inputs_per_digit();
        let v = (value >> (digit * self.digit_bits() as u32)) & ((1 << self.digit_bits()) - 1);
        match self {
            InputEncoding::Binary | InputEncoding::Gray => v == 1,
            InputEncoding::Thermometer { .. } => v > j,
            InputEncoding::OneHot { .. } => v == j,
        }
    }
}

/// The encoding of a sample in a network's outputs.
///
/// Binary outputs and group sums encode an unsigned byte, the sample of one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputEncoding {
    /// The outputs are the bits of the sample, least significant first. Of more than
    /// eight outputs the top eight are used; fewer are repeated downwards from the top bit.
    #[default]
    Binary,
    /// The outputs are split into `groups` equal groups. Each output that is 1 in group g
    /// adds 2^g; the sum is scaled so that all ones give 255, and rounded to nearest. With
    /// one group this is a plain count (difflogic's `GroupSum`); with one output per group
    /// it is binary.
    GroupSum {
        /// Number of groups, 1..=16, a divisor of the number of outputs.
        groups: u8,
    },
    /// The outputs are the bits of the left sample, least significant first, then those of
    /// the right one. A sample s of b bits sounds as (s - 2^(b-1)) / 2^(b-1).
    Channels {
        /// Bits of the left sample, or of the only one, 1..=16.
        left: u8,
        /// Bits of the right sample, 1..=16; 0 if there is one channel.
        right: u8,
    },
}

/// Returns the output that bit `bit` (0..8) of a sample comes from, in binary. All ones
/// give 255 and all zeros 0 for any number of outputs.
pub(crate) const fn byte_source(outputs: usize, bit: usize) -> usize {
    outputs - 1 - (7 - bit) % outputs
}

impl OutputEncoding {
    /// Returns the encoding of one or two channels of samples of this many bits, 1..=16. One
    /// channel of eight bits is binary.
    pub const fn of_samples(channels: usize, bits: u8) -> OutputEncoding {
        match (channels, bits) {
            (1, 8) => OutputEncoding::Binary,
            (1, left) => OutputEncoding::Channels { left, right: 0 },
            _ => OutputEncoding::Channels {
                left: bits,
                right: bits,
            },
        }
    }

    /// Number of channels, 1 or 2.
    pub const fn channels(self) -> usize {
        match self {
            OutputEncoding::Channels { right: 1.., .. } => 2,
            _ => 1,
        }
    }

    /// Number of bits of the widest channel's samples; 8 unless the encoding has
    /// [`Channels`](OutputEncoding::Channels).
    pub const fn sample_bits(self) -> u8 {
        match self {
            OutputEncoding::Channels { left, right } if right > left => right,
            OutputEncoding::Channels { left, .. } => left,
            _ => 8,
        }
    }

    /// Returns the outputs of a channel. Channel 1 is channel 0 if there is one channel.
    pub(crate) fn of_channel<T>(self, channel: usize, outputs: &[T]) -> &[T] {
        match self {
            OutputEncoding::Channels { left, right } => {
                let (first, second) = outputs.split_at(left.into());
                if channel == 0 || right == 0 {
                    first
                } else {
                    second
                }
            }
            _ => outputs,
        }
    }

    /// Returns the output, of those of a channel, that bit `bit` (0..16) of the level comes
    /// from; `None` if the bit is always 0. Of a byte, only bits 8..16 exist.
    pub(crate) fn bit_source(self, outputs: usize, bit: usize) -> Option<usize> {
        match self {
            OutputEncoding::Channels { .. } => (bit + outputs).checked_sub(16),
            _ => bit.checked_sub(8).map(|bit| byte_source(outputs, bit)),
        }
    }

    /// Returns the level of a channel that output bits, at least one, encode, in units of
    /// 1/32,768 of full scale. The level of a sample s of b bits is (s - 2^(b-1)) / 2^(b-1).
    pub fn level(self, channel: usize, bits: &[bool]) -> i16 {
        let sample = match self {
            OutputEncoding::Channels { .. } => (0..)
                .zip(self.of_channel(channel, bits).iter().rev())
                .map(|(i, &bit)| u16::from(bit) << (15 - i))
                .sum(),
            _ => u16::from(self.sample(bits)) << 8,
        };
        (sample ^ 0x8000) as i16
    }

    /// Returns the sample of the first channel that output bits, at least one, encode, as
    /// a byte: the top eight bits of more, with zeros below fewer in
    /// [`Channels`](OutputEncoding::Channels).
    pub fn sample(self, bits: &[bool]) -> u8 {
        match self {
            OutputEncoding::Channels { .. } => ((self.level(0, bits) >> 8) as u8) ^ 0x80,
            OutputEncoding::Binary => (0..8)
                .map(|b| u8::from(bits[byte_source(bits.len(), b)]) << b)
                .sum(),
            OutputEncoding::GroupSum { groups } => {
                let size = bits.len() / usize::from(groups);
                let weights: Vec<u32> = bits
                    .chunks(size)
                    .map(|group| group.iter().map(|&bit| u32::from(bit)).sum())
                    .collect();
                let sum = weights
                    .iter()
                    .enumerate()
                    .map(|(g, count)| count << g)
                    .sum();
                scale(sum, full_scale(size, groups))
            }
        }
    }
}

/// Returns the group sum if every output is 1.
pub(crate) const fn full_scale(group_size: usize, groups: u8) -> u32 {
    group_size as u32 * ((1 << groups) - 1)
}

/// Scales a group sum to a byte: `sum / full * 255`, rounded to nearest.
pub(crate) const fn scale(sum: u32, full: u32) -> u8 {
    ((sum as u64 * 510 + full as u64) / (2 * full as u64)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_encoded_one_by_one() {
        let thermometer = InputEncoding::Thermometer { digit_bits: 2 };
        assert_eq!(thermometer.bits(6), Some(4));
        assert_eq!(thermometer.bits(5), None);
        // t = 0b1001: digits 1 and 2.
        let bits: Vec<bool> = (0..6).map(|i| thermometer.input(i, 0b1001)).collect();
        assert_eq!(bits, [true, false, false, true, true, false]);
        let one_hot = InputEncoding::OneHot { digit_bits: 2 };
        let bits: Vec<bool> = (0..8).map(|i| one_hot.input(i, 0b1001)).collect();
        assert_eq!(bits, [false, true, false, false, false, false, true, false]);
    }

    #[test]
    fn narrow_and_wide_outputs_fill_the_byte() {
        let sample = |bits: &[bool]| OutputEncoding::Binary.sample(bits);
        assert_eq!(sample(&[true]), 255);
        assert_eq!(sample(&[false, true, false]), 0b0100_1001);
        assert_eq!(
            sample(&[true, false, false, false, false, false, false, true]),
            129
        );
        let mut wide = [false; 12];
        wide[11] = true;
        wide[4] = true;
        assert_eq!(sample(&wide), 129);
    }

    #[test]
    fn group_sums_include_the_count_and_the_binary_byte() {
        let bits: Vec<bool> = (0..8).map(|i| 0b1011_0010 >> i & 1 == 1).collect();
        assert_eq!(
            OutputEncoding::GroupSum { groups: 8 }.sample(&bits),
            0b1011_0010
        );
        assert_eq!(OutputEncoding::GroupSum { groups: 1 }.sample(&bits), 128);
        assert_eq!(
            OutputEncoding::GroupSum { groups: 2 }.sample(&[true; 8]),
            255
        );
    }
}
