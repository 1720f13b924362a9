//! Extended short-time objective intelligibility (Jensen and Taal 2016), with the constants of
//! the reference implementation: how well a listener would understand degraded speech.

use std::f64::consts::PI;

const RATE: f64 = 10_000.0;
const FRAME: usize = 256;
const HOP: usize = 128;
const BINS: usize = 512;
const BANDS: usize = 15;
const LOWEST: f64 = 150.0;
/// Frames of a segment, 384 ms.
const SEGMENT: usize = 30;
/// Frames that are this much quieter than the loudest count as silence, in dB.
const RANGE: f64 = 40.0;

/// Returns the intelligibility of degraded speech, about 0 to 1, given the clean speech of as
/// many samples at this rate in Hz.
pub fn estoi(clean: &[f64], degraded: &[f64], rate: f64) -> f64 {
    let [clean, degraded] = [clean, degraded].map(|signal| resample(signal, rate));
    let (clean, degraded) = without_silence(&clean, &degraded);
    let [clean, degraded] = [bands(&clean), bands(&degraded)];
    let segments = (clean.len() + 1).saturating_sub(SEGMENT);
    let correlation = |first: usize| {
        let [a, b] = [&clean, &degraded].map(|all| normalized(&all[first..first + SEGMENT]));
        let products = a.iter().flatten().zip(b.iter().flatten());
        products.map(|(a, b)| a * b).sum::<f64>() / SEGMENT as f64
    };
    (0..segments).map(correlation).sum::<f64>() / segments as f64
}

/// Converts to the measure's rate with a windowed sinc.
fn resample(signal: &[f64], rate: f64) -> Vec<f64> {
    let length = (signal.len() as f64 * RATE / rate) as usize;
    let cutoff = (RATE / rate).min(1.0);
    let reach = 32.0 / cutoff;
    let sample = |i: usize| {
        let center = i as f64 * rate / RATE;
        let first = (center - reach).ceil().max(0.0) as usize;
        let end = ((center + reach) as usize + 1).min(signal.len());
        let taps = (first..end).map(|k| {
            let x = k as f64 - center;
            let window = 0.5 + 0.5 * (PI * x / reach).cos();
            let sinc = if x == 0.0 {
                1.0
            } else {
                (PI * x * cutoff).sin() / (PI * x * cutoff)
            };
            signal[k] * sinc * window * cutoff
        });
        taps.sum()
    };
    (0..length).map(sample).collect()
}

fn window(i: usize) -> f64 {
    0.5 - 0.5 * (2.0 * PI * (i + 1) as f64 / (FRAME + 1) as f64).cos()
}

fn frames(signal: &[f64]) -> Vec<Vec<f64>> {
    let starts = (0..signal.len().saturating_sub(FRAME)).step_by(HOP);
    let frame = |start: usize| (0..FRAME).map(|i| window(i) * signal[start + i]).collect();
    starts.map(frame).collect()
}

/// Removes the frames of both signals in which the first is silent.
fn without_silence(clean: &[f64], degraded: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let [clean, degraded] = [clean, degraded].map(frames);
    let energy = |frame: &Vec<f64>| {
        20.0 * (frame.iter().map(|x| x * x).sum::<f64>().sqrt() + f64::EPSILON).log10()
    };
    let energies: Vec<f64> = clean.iter().map(energy).collect();
    let loudest = energies.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let join = |frames: &[Vec<f64>]| {
        let kept = frames
            .iter()
            .zip(&energies)
            .filter(|(_, energy)| **energy > loudest - RANGE);
        let kept: Vec<_> = kept.map(|(frame, _)| frame).collect();
        let mut joined = vec![0.0; kept.len().saturating_sub(1) * HOP + FRAME];
        for (i, frame) in kept.iter().enumerate() {
            for (sum, x) in joined[i * HOP..].iter_mut().zip(frame.iter()) {
                *sum += x;
            }
        }
        joined
    };
    (join(&clean), join(&degraded))
}

/// Returns the amplitudes in third-octave bands, by frame.
fn bands(signal: &[f64]) -> Vec<[f64; BANDS]> {
    let bin = |frequency: f64| (frequency * BINS as f64 / RATE).round() as usize;
    let waves: Vec<(f64, f64)> = (0..BINS)
        .map(|i| (2.0 * PI * i as f64 / BINS as f64).sin_cos())
        .collect();
    let power = |frame: &[f64], bin: usize| {
        let (mut re, mut im) = (0.0, 0.0);
        for (i, x) in frame.iter().enumerate() {
            let (sin, cos) = waves[i * bin % BINS];
            re += x * cos;
            im += x * sin;
        }
        re * re + im * im
    };
    let of_frame = |frame: &Vec<f64>| {
        std::array::from_fn(|band| {
            let edge = |sixths: f64| bin(LOWEST * 2f64.powf(sixths / 6.0));
            let bins = edge(2.0 * band as f64 - 1.0)..edge(2.0 * band as f64 + 1.0);
            bins.map(|bin| power(frame, bin)).sum::<f64>().sqrt()
        })
    };
    frames(signal).iter().map(of_frame).collect()
}

/// Returns a segment with each band, then each frame, freed of its mean and scaled to length 1.
fn normalized(segment: &[[f64; BANDS]]) -> Vec<[f64; BANDS]> {
    let mut segment = segment.to_vec();
    for band in 0..BANDS {
        let values: Vec<f64> = segment.iter().map(|frame| frame[band]).collect();
        for (frame, value) in segment.iter_mut().zip(unit(&values)) {
            frame[band] = value;
        }
    }
    for frame in &mut segment {
        let values = unit(frame);
        frame.copy_from_slice(&values);
    }
    segment
}

fn unit(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let length = values
        .iter()
        .map(|x| (x - mean).powi(2))
        .sum::<f64>()
        .sqrt()
        + f64::EPSILON;
    values.iter().map(|x| (x - mean) / length).collect()
}
