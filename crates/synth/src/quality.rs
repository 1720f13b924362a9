//! The likeness of a network's samples to a table, for people.

use std::f64::consts::TAU;

use crate::Table;

/// The likeness of samples to a table. Its numbers may differ between machines in the last
/// digits: they are for display.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// Share of bits that are right, of each bit of a sample, least significant first.
    pub bits: Vec<f64>,
    /// Share of samples that are right.
    pub samples: f64,
    /// Signal-to-noise ratio in dB, without the signal's mean; infinite if all samples are
    /// right.
    pub snr: f64,
}

impl Quality {
    /// Compares samples with a table of as many.
    ///
    /// # Panics
    /// If their number is another.
    pub fn new(table: &Table, samples: &[u16]) -> Quality {
        assert_eq!(table.samples().len(), samples.len());
        let length = samples.len() as f64;
        let pairs = || table.samples().iter().zip(samples);
        let right = |of: u16| pairs().filter(|(a, b)| (**a ^ **b) & of == 0).count() as f64;
        let mean = table.samples().iter().map(|&x| f64::from(x)).sum::<f64>() / length;
        let power = |sum: f64, x: f64| sum + x * x;
        let signal = pairs().map(|(a, _)| f64::from(*a) - mean).fold(0.0, power);
        let noise = pairs().map(|(a, b)| f64::from(*a) - f64::from(*b));
        Quality {
            bits: (0..table.sample_bits())
                .map(|bit| right(1 << bit) / length)
                .collect(),
            samples: right(u16::MAX) / length,
            snr: 10.0 * (signal / noise.fold(0.0, power)).log10(),
        }
    }

    /// Share of all bits that are right.
    pub fn all_bits(&self) -> f64 {
        self.bits.iter().sum::<f64>() / self.bits.len() as f64
    }
}

/// Number of samples of a frame of a spectrogram; frames overlap by half.
pub const SPECTRUM: usize = 256;

/// Quietest level of a spectrogram in dB.
pub const FLOOR: f64 = -80.0;

/// Returns a spectrogram of samples of `sample_bits` bits: for each frame of [`SPECTRUM`]
/// samples, the levels of 128 frequencies from 0 to below half the sample rate, in dB relative
/// to a sine at full scale, [`FLOOR`] or more. The samples repeat beyond their end.
pub fn spectrogram(samples: &[u16], sample_bits: u8) -> Vec<Vec<f64>> {
    let half = f64::from(1u32 << (sample_bits - 1));
    let turn: Vec<(f64, f64)> = (0..SPECTRUM)
        .map(|i| (TAU * i as f64 / SPECTRUM as f64).sin_cos())
        .collect();
    let starts = (0..samples.len()).step_by(SPECTRUM / 2);
    let frame = |start: usize| {
        // A Hann window, whose mean is 1/2.
        let windowed: Vec<f64> = (0..SPECTRUM)
            .map(|i| {
                let sample = f64::from(samples[(start + i) % samples.len()]) / half - 1.0;
                sample * (0.5 - 0.5 * turn[i].1)
            })
            .collect();
        let level = |frequency: usize| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, x) in windowed.iter().enumerate() {
                let (sin, cos) = turn[i * frequency % SPECTRUM];
                re += x * cos;
                im += x * sin;
            }
            let scale = (4.0 / SPECTRUM as f64).powi(2);
            (10.0 * ((re * re + im * im) * scale).log10()).max(FLOOR)
        };
        (0..SPECTRUM / 2).map(level).collect()
    };
    starts.map(frame).collect()
}

/// Returns the log-spectral distance of two [spectrograms](spectrogram) of as many frames in
/// dB: of each frame the root mean square of the differences of levels, and of those the mean.
pub fn spectral_distance(one: &[Vec<f64>], other: &[Vec<f64>]) -> f64 {
    let distances = one.iter().zip(other).map(|(one, other)| {
        let squares = one.iter().zip(other).map(|(a, b)| (a - b).powi(2));
        (squares.sum::<f64>() / one.len() as f64).sqrt()
    });
    distances.sum::<f64>() / one.len().max(1) as f64
}
