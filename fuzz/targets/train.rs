//! Any file is refused or becomes a table, and any change of a checkpoint is refused or goes on
//! training. Checksums are not compared here.
#![no_main]

use gatebend::wav::Wav;
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

use synth::{Method, Options, Recording, Shape, Table, Trainer};

static SAVED: OnceLock<Vec<u8>> = OnceLock::new();

/// A checkpoint of differentiable logic and of a search.
fn saved() -> Vec<u8> {
    let table = Table::new((0..64).map(|t| (t * t) & 255).collect(), 8).unwrap();
    let options = Options {
        method: Method::Search,
        gates: 20,
        ..Options::default()
    };
    let mut trainer = Trainer::new(table, options, None).unwrap();
    for step in 0..8 {
        trainer.step(10_000, f64::from(step) / 10.0);
    }
    trainer.save()
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(wav) = Wav::read(bytes) {
        assert!(wav.samples.len() <= bytes.len() * 8);
        let recording = Recording::mixed_down(wav.rate, wav.channels, &wav.samples);
        for is_loop in [false, true] {
            let shape = Shape {
                is_loop,
                ..Shape::default()
            };
            if let Ok(made) = recording.prepare(&shape) {
                assert!(made.table.bits() <= Shape::CHOSEN_BITS);
            }
        }
    }
    let mut saved = SAVED.get_or_init(saved).clone();
    let places = saved.len();
    for change in bytes.chunks_exact(3) {
        saved[usize::from(u16::from_le_bytes([change[0], change[1]])) % places] ^= change[2];
    }
    if let Ok(mut trainer) = Trainer::restore(&saved) {
        trainer.step(1000, 0.5);
        assert_eq!(trainer.samples().len(), trainer.table().samples().len());
    }
});
