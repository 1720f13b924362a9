//! Tables of samples, which networks are to compute.

use std::fmt;

use logicnet::{Builder, Controls, Evaluator, Network, W512};

/// Maximum number of bits of t of a table: 2^20 samples.
pub const MAX_BITS: u32 = 20;
/// Maximum number of bits of a sample.
pub const MAX_SAMPLE_BITS: u8 = 16;

/// The samples of one period: sample t is what a network gives at t, modulo their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    bits: u32,
    sample_bits: u8,
    samples: Vec<u16>,
}

/// The reason that samples are no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableError {
    /// This number of samples is not 2^n with n of 1..=20.
    Length(usize),
    /// Samples of this many bits are not of 1..=16.
    SampleBits(u8),
    /// The sample at this index has more bits than were given.
    Sample(usize),
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TableError::Length(length) => write!(
                f,
                "{length} samples; a table has 2, 4, 8 and so on, up to {}",
                1 << MAX_BITS
            ),
            TableError::SampleBits(bits) => {
                write!(
                    f,
                    "samples of {bits} bits; 1 to {MAX_SAMPLE_BITS} are possible"
                )
            }
            TableError::Sample(index) => write!(f, "sample {index} has too many bits"),
        }
    }
}

impl std::error::Error for TableError {}

impl Table {
    /// Makes a table of 2, 4, 8, ..., 2^20 samples of `sample_bits` bits, 1 to 16.
    ///
    /// # Errors
    /// Fails if the number of samples or of bits is another, or a sample has more bits.
    pub fn new(samples: Vec<u16>, sample_bits: u8) -> Result<Table, TableError> {
        let bits = samples.len().trailing_zeros();
        if !samples.len().is_power_of_two() || !(1..=MAX_BITS).contains(&bits) {
            return Err(TableError::Length(samples.len()));
        }
        if !(1..=MAX_SAMPLE_BITS).contains(&sample_bits) {
            return Err(TableError::SampleBits(sample_bits));
        }
        let too_large = |&sample: &u16| u32::from(sample) >> sample_bits != 0;
        if let Some(index) = samples.iter().position(too_large) {
            return Err(TableError::Sample(index));
        }
        Ok(Table {
            bits,
            sample_bits,
            samples,
        })
    }

    /// Returns the samples of a network under its own masks, with its controls at their
    /// defaults. Samples have the bits of the network's, of the first channel only; group sums
    /// have eight.
    ///
    /// # Errors
    /// Fails if the network does not read 1 to 20 bits of t.
    pub fn of_network(network: &Network) -> Result<Table, TableError> {
        let bits = network.counter_bits();
        if !(1..=MAX_BITS).contains(&bits) {
            return Err(TableError::Length(1 << bits));
        }
        let controls = Controls::new(network.sources(), |_, default| default);
        let mut builder = Builder::new();
        let program = builder.build_with(network, network.masks(), &controls);
        let sample_bits = network.output_encoding().sample_bits();
        let mut evaluator = Evaluator::<W512>::new(program);
        let mut levels = vec![0i16; 1 << bits];
        for (i, levels) in levels.chunks_mut(512).enumerate() {
            evaluator.start(512 * i as u32);
            evaluator.finish();
            evaluator.levels(0, levels);
        }
        let sample = |level: i16| (level as u16 ^ 0x8000) >> (16 - sample_bits);
        Table::new(levels.into_iter().map(sample).collect(), sample_bits)
    }

    /// Number of bits of t; the table has 2^bits samples.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Number of bits of a sample.
    pub fn sample_bits(&self) -> u8 {
        self.sample_bits
    }

    /// The samples.
    pub fn samples(&self) -> &[u16] {
        &self.samples
    }

    /// Number of words of 64 lanes in a [plane](Table::plane).
    pub fn words(&self) -> usize {
        self.samples.len().div_ceil(64)
    }

    /// Returns one bit of all samples: bit t % 64 of word t / 64 is that of sample t. A table
    /// of fewer than 64 samples is repeated.
    pub fn plane(&self, bit: u8) -> Vec<u64> {
        (0..self.words())
            .map(|word| {
                (0..64).fold(0, |plane, lane| {
                    let t = (64 * word + lane) & (self.samples.len() - 1);
                    plane | u64::from(self.samples[t] >> bit & 1) << lane
                })
            })
            .collect()
    }

    /// Returns the plane of a bit of t, in the form of [`Table::plane`].
    pub fn counter_plane(&self, bit: u32) -> Vec<u64> {
        (0..self.words())
            .map(|word| counter_word(bit, word))
            .collect()
    }
}

/// Returns the bit of t at the 64 times of a word.
pub fn counter_word(bit: u32, word: usize) -> u64 {
    const LOW: [u64; 6] = [
        0xaaaa_aaaa_aaaa_aaaa,
        0xcccc_cccc_cccc_cccc,
        0xf0f0_f0f0_f0f0_f0f0,
        0xff00_ff00_ff00_ff00,
        0xffff_0000_ffff_0000,
        0xffff_ffff_0000_0000,
    ];
    match LOW.get(bit as usize) {
        Some(&low) => low,
        None => 0u64.wrapping_sub((word >> (bit - 6) & 1) as u64),
    }
}
