//! Any file is refused or becomes a table, and any checkpoint is refused or goes on training.
#![no_main]

use gatebend::wav::Wav;
use libfuzzer_sys::fuzz_target;
use synth::{Recording, Shape, Trainer};

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
    if let Ok(mut trainer) = Trainer::restore(bytes) {
        trainer.step(1000, 0.5);
        assert_eq!(trainer.samples().len(), trainer.table().samples().len());
    }
});
