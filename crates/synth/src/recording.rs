//! Recorded sounds, which become tables.

use std::fmt;

use logicnet::{DEFAULT_SAMPLE_RATE, MAX_SAMPLE_RATE};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, FixedAsync, Resampler, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};

use crate::{MAX_BITS, MAX_SAMPLE_BITS, Table};

/// A sound of one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Sample rate in Hz.
    pub rate: u32,
    /// The samples, from -1.0 to 1.0 at full scale.
    pub samples: Vec<f32>,
}

/// The form that a recording is brought into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of bits of t, 4..=20: 2^bits samples. None: as few as hold the sound, at most
    /// [`Shape::CHOSEN_BITS`].
    pub bits: Option<u32>,
    /// Number of bits of a sample, 1..=16.
    pub sample_bits: u8,
    /// Sample rate in Hz, 100..=768,000. None: 8000 Hz, or a lower one with which the sound
    /// fits.
    pub rate: Option<u32>,
    /// The recording is a loop: silence stays, and without a rate, one is chosen with which
    /// the sound fills the table.
    pub is_loop: bool,
}

impl Shape {
    /// Most bits of t that are chosen: 8 s at 8000 Hz.
    pub const CHOSEN_BITS: u32 = 16;
    /// Fewest bits of t.
    pub const MIN_BITS: u32 = 4;
    /// Lowest sample rate in Hz.
    pub const MIN_RATE: u32 = 100;
}

impl Default for Shape {
    fn default() -> Shape {
        Shape {
            bits: None,
            sample_bits: 8,
            rate: None,
            is_loop: false,
        }
    }
}

/// A recording as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The samples. Silence is the middle, 2^(bits of a sample - 1).
    pub table: Table,
    /// Sample rate in Hz.
    pub rate: u32,
    /// The changes that were made, a sentence each.
    pub notes: Vec<String>,
}

/// The reason that a recording cannot become a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingError {
    /// It has this many samples at the table's rate, too few.
    Short(usize),
    /// All samples are the same.
    Silent,
    /// The sample at this index is no number or infinite.
    NotFinite(usize),
    /// The recording's sample rate in Hz is out of range.
    Rate(u32),
    /// The wanted sample rate in Hz is out of range.
    WantedRate(u32),
    /// The wanted number of bits of t is out of range.
    Bits(u32),
    /// The wanted number of bits of a sample is out of range.
    SampleBits(u8),
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = (Shape::MIN_RATE, MAX_SAMPLE_RATE);
        match self {
            RecordingError::Short(samples) => write!(
                f,
                "the sound is too short: {samples} samples, and {} are needed",
                1 << Shape::MIN_BITS
            ),
            RecordingError::Silent => f.write_str("the sound is silent"),
            RecordingError::NotFinite(index) => {
                write!(f, "the sound is damaged: sample {index} is not a number")
            }
            RecordingError::Rate(rate) => write!(
                f,
                "the sound has {rate} samples a second; {low} to {high} are possible"
            ),
            RecordingError::WantedRate(rate) => {
                write!(f, "a rate of {rate} Hz; {low} to {high} are possible")
            }
            RecordingError::Bits(bits) => write!(
                f,
                "{bits} bits of t; {} to {MAX_BITS} are possible",
                Shape::MIN_BITS
            ),
            RecordingError::SampleBits(bits) => write!(
                f,
                "samples of {bits} bits; 1 to {MAX_SAMPLE_BITS} are possible"
            ),
        }
    }
}

impl std::error::Error for RecordingError {}

/// Sounds below this part of the peak (-36 dB) are silence at an end.
const SILENCE: f32 = 1.0 / 64.0;
/// Silence in seconds that stays before and after a sound: soft consonants.
const MARGIN: f64 = 0.03;
/// Length of a fade in seconds, where a sound is cut.
const FADE: f64 = 0.005;
/// Part by which the default rate may fall for a sound that hardly does not fit.
const LOWER: f64 = 0.9;
/// Lowest rate in Hz that is chosen so that a long sound fits in a given length.
const LOWEST: f64 = 4000.0;
/// Gains up to here, 1 dB, are not worth a change of the samples.
const GENTLE: f32 = 1.122;
/// Greatest gain: 40 dB.
const MAX_GAIN: f32 = 100.0;

impl Recording {
    /// Mixes frames of several channels down to one, the mean. The samples of a frame are
    /// next to each other; an incomplete last frame is left out.
    pub fn mixed_down(rate: u32, channels: u16, frames: &[f32]) -> Recording {
        let channels = usize::from(channels.max(1));
        let frames = frames.chunks_exact(channels);
        let scale = 1.0 / channels as f32;
        Recording {
            rate,
            samples: frames
                .map(|frame| frame.iter().sum::<f32>() * scale)
                .collect(),
        }
    }

    /// Makes a table: trims silence at both ends, converts the rate, brings the peak to full
    /// scale, fits the sound to 2^n samples and rounds them.
    ///
    /// The rate is converted in f64 by rubato, which adds in another order on each kind of
    /// processor. So in rare cases, a rounded sample differs by one between machines.
    ///
    /// # Errors
    /// Fails if the recording is too short, silent or damaged, or if the shape is out of
    /// range.
    pub fn prepare(&self, shape: &Shape) -> Result<Prepared, RecordingError> {
        self.check(shape)?;
        let mut notes = Vec::new();
        let sound = if shape.is_loop {
            &self.samples[..]
        } else {
            self.trimmed(&mut notes)
        };
        let (bits, rate) = self.fit(sound.len(), shape);
        let length = 1 << bits;
        // Later samples do not fit, apart from those that the filter reads.
        let needed = (length as f64 + 64.0) * f64::from(self.rate) / f64::from(rate);
        let part = &sound[..sound.len().min(needed.ceil() as usize)];
        let mut samples = resampled(part, self.rate, rate);
        if rate != self.rate {
            notes.push(format!("Converted {} Hz to {rate} Hz.", self.rate));
        }
        if samples.len() < 1 << Shape::MIN_BITS {
            return Err(RecordingError::Short(samples.len()));
        }
        let wanted = (sound.len() as f64 * f64::from(rate) / f64::from(self.rate)).ceil() as usize;
        fill(&mut samples, wanted, length, rate, &mut notes);
        level(&mut samples, shape.sample_bits, &mut notes);
        let half = f32::from(1u16 << (shape.sample_bits - 1));
        let rounded = samples
            .iter()
            .map(|sample| ((sample * half).round() + half).clamp(0.0, 2.0 * half - 1.0) as u16);
        let table = Table::new(rounded.collect(), shape.sample_bits);
        let table = table.map_err(|_| RecordingError::Bits(bits))?;
        let first = table.samples()[0];
        if table.samples().iter().all(|&sample| sample == first) {
            return Err(RecordingError::Silent);
        }
        Ok(Prepared { table, rate, notes })
    }

    fn check(&self, shape: &Shape) -> Result<(), RecordingError> {
        let rates = Shape::MIN_RATE..=MAX_SAMPLE_RATE;
        if !(1..=MAX_SAMPLE_BITS).contains(&shape.sample_bits) {
            return Err(RecordingError::SampleBits(shape.sample_bits));
        }
        if let Some(bits) = shape.bits {
            if !(Shape::MIN_BITS..=MAX_BITS).contains(&bits) {
                return Err(RecordingError::Bits(bits));
            }
        }
        if let Some(rate) = shape.rate {
            if !rates.contains(&rate) {
                return Err(RecordingError::WantedRate(rate));
            }
        }
        if !rates.contains(&self.rate) {
            return Err(RecordingError::Rate(self.rate));
        }
        if let Some(index) = self.samples.iter().position(|sample| !sample.is_finite()) {
            return Err(RecordingError::NotFinite(index));
        }
        if self.samples.len() < 2 {
            return Err(RecordingError::Short(self.samples.len()));
        }
        if self.samples.iter().all(|&sample| sample == self.samples[0]) {
            return Err(RecordingError::Silent);
        }
        Ok(())
    }

    /// Returns the samples without the silence at both ends. A recording may have an offset,
    /// so silence is near the mean.
    fn trimmed(&self, notes: &mut Vec<String>) -> &[f32] {
        let sum: f64 = self.samples.iter().map(|&sample| f64::from(sample)).sum();
        let mean = (sum / self.samples.len() as f64) as f32;
        let distance = |sample: &f32| (sample - mean).abs();
        let peak = self.samples.iter().map(distance).fold(0.0, f32::max);
        let is_loud = |sample: &f32| distance(sample) > SILENCE * peak;
        let margin = (MARGIN * f64::from(self.rate)) as usize;
        let first = self.samples.iter().position(is_loud).unwrap_or(0);
        let last = self.samples.iter().rposition(is_loud).unwrap_or(0);
        let start = first.saturating_sub(margin);
        let end = (last + 1 + margin).min(self.samples.len());
        let seconds = |samples: usize| samples as f64 / f64::from(self.rate);
        let (before, after) = (seconds(start), seconds(self.samples.len() - end));
        if before >= MARGIN || after >= MARGIN {
            notes.push(format!(
                "Cut silence: {before:.2} s at the start, {after:.2} s at the end."
            ));
        }
        &self.samples[start..end]
    }

    /// Returns the number of bits of t and the rate for a sound of this many samples.
    fn fit(&self, samples: usize, shape: &Shape) -> (u32, u32) {
        let seconds = samples as f64 / f64::from(self.rate);
        let usual = f64::from(self.rate.min(DEFAULT_SAMPLE_RATE));
        let length = seconds * shape.rate.map_or(usual, f64::from);
        // The smallest power of two that holds it, perhaps at a rate a little lower.
        let bits = shape.bits.unwrap_or_else(|| {
            let all = Shape::MIN_BITS..=Shape::CHOSEN_BITS;
            let part = if shape.rate.is_some() { 1.0 } else { LOWER };
            let mut holding = all.filter(|bits| f64::from(1u32 << bits) >= part * length);
            holding.next().unwrap_or(Shape::CHOSEN_BITS)
        });
        let filling = f64::from(1u32 << bits) / seconds;
        let rate = match shape.rate {
            Some(rate) => f64::from(rate),
            None if shape.is_loop => filling,
            None => usual.min(filling.max(usual.min(LOWEST))),
        };
        let (low, high) = (Shape::MIN_RATE, MAX_SAMPLE_RATE);
        (bits, rate.round().clamp(low.into(), high.into()) as u32)
    }
}

/// Returns samples at another rate.
fn resampled(samples: &[f32], from: u32, to: u32) -> Vec<f32> {
    if from == to {
        return samples.to_vec();
    }
    let ratio = f64::from(to) / f64::from(from);
    // A filter of 64 periods of the lower rate, within bounds.
    let length = (64.0 / ratio.min(1.0)).min(4096.0) as usize;
    let parameters = SincInterpolationParameters::new(length, WindowFunction::BlackmanHarris2)
        .interpolation(SincInterpolationType::Cubic);
    let wide: Vec<f64> = samples.iter().map(|&sample| f64::from(sample)).collect();
    let resampler = Async::new_sinc(ratio, 1.0, &parameters, 1024, 1, FixedAsync::Input);
    let mut resampler: Async<f64> = resampler.expect("the ratio and the filter are in range");
    let input = InterleavedSlice::new(&wide, 1, wide.len()).expect("one channel");
    let output = resampler.process_all(&input, wide.len(), None);
    let output = output.expect("buffers have the sizes that the resampler asks for");
    output.take_data().iter().map(|&x| x as f32).collect()
}

/// Pads samples with silence to a length, or cuts them there and fades out. `wanted` is the
/// length of the whole sound.
fn fill(samples: &mut Vec<f32>, wanted: usize, length: usize, rate: u32, notes: &mut Vec<String>) {
    let seconds = |samples: usize| samples as f64 / f64::from(rate);
    // A resampled loop may differ from its length by rounding.
    let rounding = length / 4096 + 1;
    if wanted > length + rounding {
        let fade = ((FADE * f64::from(rate)) as usize).clamp(1, length);
        samples.truncate(length);
        for (i, sample) in samples.iter_mut().rev().take(fade).enumerate() {
            *sample *= i as f32 / fade as f32;
        }
        let rest = seconds(wanted - length);
        notes.push(format!(
            "Left out the last {rest:.2} s and faded out: {length} samples are {:.2} s.",
            seconds(length)
        ));
    } else if wanted + rounding < length {
        notes.push(format!(
            "Added {:.2} s of silence at the end: {length} samples are {:.2} s.",
            seconds(length - wanted),
            seconds(length)
        ));
    }
    samples.resize(length, 0.0);
}

/// Brings the peak of samples to full scale, the highest and the lowest values of so many
/// bits, unless it is within 1 dB below.
fn level(samples: &mut [f32], sample_bits: u8, notes: &mut Vec<String>) {
    let half = f32::from(1u16 << (sample_bits - 1));
    let highest = samples.iter().copied().fold(0.0, f32::max);
    let lowest = samples.iter().copied().fold(0.0, f32::min);
    // Samples of one bit have silence and below.
    let top = (half - 1.0).max(0.5) / half;
    let gain = (top / highest).min(1.0 / -lowest).min(MAX_GAIN);
    if (1.0..GENTLE).contains(&gain) {
        return;
    }
    for sample in &mut *samples {
        *sample *= gain;
    }
    let decibels = 20.0 * gain.log10();
    if decibels.abs() >= 0.1 {
        notes.push(format!("Changed the level by {decibels:+.1} dB."));
    }
}
