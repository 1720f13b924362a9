//! The loss of a sample: how wrong another value is in its place.

use serde::{Deserialize, Serialize};

use crate::Table;

/// A measure of the error of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// The number of wrong bits, as in the research.
    Bits,
    /// The square of the difference, which training weighs by [`quiet_weights`].
    #[default]
    Squared,
    /// The square of the difference on a mu-law scale (mu = 255, ITU-T G.711), where quiet
    /// samples count more.
    MuLaw,
}

/// Number of samples of a frame that has a weight of its own.
pub const FRAME: usize = 128;

/// The loss of every value at every t: a measure, weighted by frames of [`FRAME`] samples.
#[derive(Clone, Debug)]
pub struct Loss {
    measure: Measure,
    samples: Vec<u16>,
    /// Values on the measure's scale, by sample.
    scale: Vec<i32>,
    /// Weights of the frames, 1 or more, so that the sum over a table fits in 63 bits.
    weights: Vec<u8>,
}

impl Loss {
    /// Creates the loss of a table, with weight 1 for every frame.
    pub fn new(measure: Measure, table: &Table) -> Loss {
        let values = 1u32 << table.sample_bits();
        Loss {
            measure,
            samples: table.samples().to_vec(),
            scale: (0..values)
                .map(|value| place(measure, value, table.sample_bits()))
                .collect(),
            weights: vec![1; table.samples().len().div_ceil(FRAME)],
        }
    }

    /// Sets the weights of the frames of [`FRAME`] samples.
    ///
    /// # Panics
    /// If their number is another, or one of them is 0.
    pub fn set_weights(&mut self, weights: Vec<u8>) {
        assert!(weights.len() == self.weights.len() && !weights.contains(&0));
        self.weights = weights;
    }

    /// The weights of the frames.
    pub fn weights(&self) -> &[u8] {
        &self.weights
    }

    /// The weight of the sample at t.
    pub(crate) fn weight(&self, t: usize) -> u8 {
        self.weights[t / FRAME]
    }

    /// The measure.
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// The samples of the table.
    pub fn samples(&self) -> &[u16] {
        &self.samples
    }

    /// Returns the loss of all samples.
    pub fn of(&self, samples: &[u16]) -> u64 {
        samples
            .iter()
            .enumerate()
            .map(|(t, &value)| self.at(t, value))
            .sum()
    }

    /// Returns the places of the values on the measure's scale, and the samples; nothing if
    /// the loss is no square of a distance.
    pub(crate) fn squares(&self) -> Option<(&[i32], &[u16])> {
        (self.measure != Measure::Bits).then_some((&self.scale, &self.samples))
    }

    /// Returns the loss of a value at t; 0 only if it is the table's sample.
    #[inline]
    pub fn at(&self, t: usize, value: u16) -> u64 {
        let sample = self.samples[t];
        let error = match self.measure {
            Measure::Bits => u64::from((sample ^ value).count_ones()),
            Measure::Squared | Measure::MuLaw => {
                let [a, b] = [sample, value].map(|x| self.scale[usize::from(x)]);
                u64::from(a.abs_diff(b)).pow(2)
            }
        };
        error * u64::from(self.weights[t / FRAME])
    }
}

/// Returns weights of frames for squared errors of a sound: the quieter a frame, the more its
/// errors count, in proportion to its amplitude. By trials with speech, networks are more
/// intelligible (ESTOI) with them.
pub fn quiet_weights(table: &Table) -> Vec<u8> {
    let centre = f64::from(1u32 << (table.sample_bits() - 1));
    let power = |&sample: &u16| {
        let amplitude = (f64::from(sample) - centre) * (128.0 / centre);
        // Steps of 8 bits are the quietest.
        amplitude * amplitude + 1.0
    };
    let frames = table.samples().chunks(FRAME);
    frames
        .map(|frame| {
            let mean = frame.iter().map(power).sum::<f64>() / frame.len() as f64;
            (160.0 / mean.sqrt()).clamp(1.0, 255.0) as u8
        })
        .collect()
}

/// Returns the place of a value of `bits` bits on a measure's scale.
fn place(measure: Measure, value: u32, bits: u8) -> i32 {
    if measure != Measure::MuLaw {
        return value as i32;
    }
    // An integer scale of mu-law's segments, so that it is the same on every machine: as in
    // G.711, each segment covers twice the levels of the one below. Enough steps keep all
    // values apart.
    let steps = u32::from(bits).saturating_sub(2).max(8);
    let centred = ((value << (16 - bits)) as i32) - 0x8000;
    let magnitude = (centred.unsigned_abs() + 0x84).min(0xffff);
    let segment = magnitude.ilog2() - 7;
    let step = ((magnitude << steps) >> (segment + 7)) & ((1 << steps) - 1);
    let companded = ((segment << steps) + step) as i32;
    if centred < 0 {
        -1 - companded
    } else {
        companded
    }
}
