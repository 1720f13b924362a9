//! Recordings become tables, and tables are compared.

use std::f64::consts::TAU;

use proptest::prelude::*;
use synth::{
    FLOOR, Prepared, Quality, Recording, RecordingError, SPECTRUM, Shape, Table, spectral_distance,
    spectrogram,
};

/// A sine between silences, times in seconds.
fn tone(rate: u32, before: f64, length: f64, after: f64) -> Recording {
    let samples = (0..((before + length + after) * f64::from(rate)) as usize).map(|i| {
        let t = i as f64 / f64::from(rate) - before;
        if (0.0..length).contains(&t) {
            (0.25 * (TAU * 440.0 * t).sin()) as f32
        } else {
            0.0
        }
    });
    Recording {
        rate,
        samples: samples.collect(),
    }
}

fn prepare(recording: &Recording, bits: Option<u32>, rate: Option<u32>) -> Prepared {
    let shape = Shape {
        bits,
        rate,
        ..Shape::default()
    };
    recording.prepare(&shape).unwrap()
}

#[test]
fn a_sound_is_trimmed_converted_levelled_and_padded() {
    let made = prepare(&tone(44_100, 0.5, 1.5, 1.0), None, None);
    assert_eq!(made.rate, 8000);
    assert_eq!((made.table.bits(), made.table.sample_bits()), (14, 8));
    assert_eq!(
        made.notes,
        [
            "Cut silence: 0.47 s at the start, 0.97 s at the end.",
            "Converted 44100 Hz to 8000 Hz.",
            "Added 0.49 s of silence at the end: 16384 samples are 2.05 s.",
            "Changed the level by +12.0 dB.",
        ]
    );
    let samples = made.table.samples();
    assert!(samples.iter().min() <= Some(&1) && samples.iter().max() >= Some(&254));
    // The sine itself, from 30 ms on. Its first sample is silence and trimmed.
    for (i, &sample) in samples.iter().enumerate() {
        let t = i as f64 / 8000.0 - 0.03 + 1.0 / 44_100.0;
        let inside = (0.01..1.49).contains(&t);
        let outside = !(-0.01..1.51).contains(&t);
        let expected = match (inside, outside) {
            (true, _) => 128.0 + 127.0 * (TAU * 440.0 * t).sin(),
            (_, true) => 128.0,
            _ => continue,
        };
        let error = f64::from(sample) - expected;
        assert!(error.abs() <= 4.0, "sample {i}: {sample}, not {expected}");
    }
}

#[test]
fn a_sound_that_hardly_does_not_fit_is_slowed_and_a_long_one_is_cut() {
    let made = prepare(&tone(8000, 0.0, 2.1, 0.0), None, None);
    assert_eq!((made.table.bits(), made.rate), (14, 7802));
    let made = prepare(&tone(16_000, 0.0, 3.0, 0.0), Some(14), None);
    assert_eq!(made.rate, 5461);
    let made = prepare(&tone(16_000, 0.0, 3.0, 0.0), Some(13), None);
    assert_eq!(made.rate, 4000);
    let cut = "Left out the last 0.95 s and faded out: 8192 samples are 2.05 s.";
    assert!(
        made.notes.iter().any(|note| note == cut),
        "{:?}",
        made.notes
    );
    assert_eq!(made.table.samples().last(), Some(&128));
    let made = prepare(&tone(8000, 0.0, 0.5, 0.0), Some(13), Some(16_000));
    assert_eq!((made.table.bits(), made.rate), (13, 16_000));
}

#[test]
fn a_loop_fills_its_period() {
    let recording = tone(48_000, 0.3, 1.4, 0.3);
    let shape = Shape {
        is_loop: true,
        ..Shape::default()
    };
    let made = recording.prepare(&shape).unwrap();
    assert_eq!((made.table.bits(), made.rate), (14, 8192));
    assert!(made.notes.iter().all(|note| !note.contains("silence")));
}

#[test]
fn samples_at_full_scale_stay_as_they_are() {
    for sample_bits in [1, 2, 4, 8, 12] {
        let values = 1u32 << sample_bits;
        let samples: Vec<u16> = (0..1 << 12).map(|i| (i * 2477 % values) as u16).collect();
        let half = values as f32 / 2.0;
        let recording = Recording {
            rate: 8000,
            samples: samples.iter().map(|&x| f32::from(x) / half - 1.0).collect(),
        };
        let shape = Shape {
            sample_bits,
            is_loop: true,
            ..Shape::default()
        };
        let made = recording.prepare(&shape).unwrap();
        assert_eq!(made.table.samples(), samples, "{sample_bits} bits");
        assert_eq!(made.notes, [""; 0]);
    }
}

#[test]
fn unusable_recordings_have_a_reason() {
    let recording = |samples: &[f32]| Recording {
        rate: 8000,
        samples: samples.to_vec(),
    };
    let refused = |recording: &Recording| recording.prepare(&Shape::default()).unwrap_err();
    assert_eq!(refused(&recording(&[])), RecordingError::Short(0));
    assert_eq!(refused(&recording(&[0.5, 0.1])), RecordingError::Short(2));
    assert_eq!(refused(&recording(&[0.25; 999])), RecordingError::Silent);
    let mut samples = vec![0.0, 0.5, f32::NAN, 0.0];
    assert_eq!(refused(&recording(&samples)), RecordingError::NotFinite(2));
    samples[2] = f32::INFINITY;
    assert_eq!(refused(&recording(&samples)), RecordingError::NotFinite(2));
    let slow = Recording {
        rate: 0,
        samples: vec![0.0, 1.0],
    };
    assert_eq!(refused(&slow), RecordingError::Rate(0));
}

#[test]
fn channels_are_mixed_down() {
    let mixed = Recording::mixed_down(8000, 2, &[1.0, 0.0, -0.5, -0.5, 0.25]);
    assert_eq!(mixed.samples, [0.5, -0.5]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_recording_is_a_table_or_an_error(
        rate in prop_oneof![Just(1u32), 90..200u32, 7000..50_000u32, Just(768_000), any::<u32>()],
        samples in prop::collection::vec(
            prop_oneof![8 => -1.0f32..1.0, 1 => Just(0.0), 1 => -1e30f32..1e30, 1 => any::<f32>()],
            0..3000,
        ),
        finite in any::<bool>(),
        bits in prop::option::of(0..16u32),
        sample_bits in 0..18u8,
        wanted in prop::option::of(prop_oneof![Just(0u32), 100..60_000u32, any::<u32>()]),
        is_loop in any::<bool>(),
    ) {
        let samples = samples.into_iter().filter(|x| !finite || x.is_finite()).collect();
        let recording = Recording { rate, samples };
        let shape = Shape { bits, sample_bits, rate: wanted, is_loop };
        match recording.prepare(&shape) {
            Ok(made) => {
                prop_assert!(bits.is_none_or(|bits| bits == made.table.bits()));
                prop_assert!(wanted.is_none_or(|rate| rate == made.rate));
                prop_assert_eq!(made.table.sample_bits(), sample_bits);
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn likeness_is_counted_by_bits_and_samples() {
    let table = Table::new(vec![0, 1, 2, 3], 2).unwrap();
    let quality = Quality::new(&table, &[0, 1, 3, 0]);
    assert_eq!(quality.bits, [0.5, 0.75]);
    assert_eq!((quality.samples, quality.all_bits()), (0.5, 0.625));
    // The signal has a power of 5/4 about its mean, the error of 10/4.
    assert!((quality.snr - 10.0 * (5.0f64 / 10.0).log10()).abs() < 1e-9);
    assert_eq!(Quality::new(&table, table.samples()).snr, f64::INFINITY);
}

#[test]
fn a_spectrogram_shows_a_sine_at_its_frequency_and_level() {
    let samples: Vec<u16> = (0..2048)
        .map(|i| (TAU * 16.0 * f64::from(i) / SPECTRUM as f64).sin())
        .map(|sine| (32_768.0 + 16_384.0 * sine).round() as u16)
        .collect();
    let frames = spectrogram(&samples, 16);
    assert_eq!(frames.len(), 16);
    for frame in &frames {
        assert!((frame[16] + 6.02).abs() < 0.01, "{} dB", frame[16]);
        assert!(frame[30] < -70.0);
        assert!(frame.iter().all(|&level| level >= FLOOR));
    }
    assert_eq!(spectral_distance(&frames, &frames), 0.0);
    let louder: Vec<Vec<f64>> = frames
        .iter()
        .map(|f| f.iter().map(|x| x + 3.0).collect())
        .collect();
    assert!((spectral_distance(&frames, &louder) - 3.0).abs() < 1e-9);
}
