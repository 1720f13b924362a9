//! Larger networks are more intelligible.
#![allow(missing_docs)]

#[path = "common/estoi.rs"]
mod estoi;

use std::f64::consts::TAU;

use estoi::estoi;
use synth::{Options, Table, Trainer};

const RATE: f64 = 8000.0;

/// A second of vowels: pulses of a voice through a formant that glides, in syllables.
fn voice() -> Table {
    let sample = |t: u32| {
        let seconds = f64::from(t) / RATE;
        let formant = 600.0 + 500.0 * (TAU * 1.5 * seconds).sin();
        let partials = (1..30).map(|number| {
            let frequency = 120.0 * f64::from(number);
            let level = 1.0 / (1.0 + ((frequency - formant) / 150.0).powi(2));
            level * (TAU * frequency * seconds).sin()
        });
        let syllable = (TAU * 2.5 * seconds).sin().max(0.0);
        (128.0 + 30.0 * syllable * partials.sum::<f64>()).clamp(0.0, 255.0) as u16
    };
    Table::new((0..1 << 13).map(sample).collect(), 8).unwrap()
}

fn levels(samples: &[u16]) -> Vec<f64> {
    samples.iter().map(|&x| f64::from(x) - 128.0).collect()
}

#[test]
fn larger_networks_are_more_intelligible() {
    let table = voice();
    let score = |gates| {
        let options = Options {
            gates,
            ..Options::default()
        };
        let mut trainer = Trainer::new(table.clone(), options, None).unwrap();
        for step in 0..30 {
            trainer.step(300_000, f64::from(step) / 30.0);
        }
        assert!(trainer.status().gates <= gates as usize);
        estoi(&levels(table.samples()), &levels(&trainer.samples()), RATE)
    };
    let scores = [400, 1000, 2500].map(score);
    assert!(scores.is_sorted(), "{scores:?}");
    assert!(scores[2] > scores[0] + 0.2, "{scores:?}");
}

#[test]
fn the_measure_is_1_for_the_same_and_falls_with_bits() {
    let table = voice();
    let clean = levels(table.samples());
    let with_bits = |bits: u32| {
        let cut = |&x: &u16| x >> (8 - bits) << (8 - bits);
        let samples: Vec<u16> = table.samples().iter().map(cut).collect();
        estoi(&clean, &levels(&samples), RATE)
    };
    assert!((with_bits(8) - 1.0).abs() < 1e-9);
    assert!(with_bits(5) > with_bits(3) && with_bits(3) > with_bits(2));
}
