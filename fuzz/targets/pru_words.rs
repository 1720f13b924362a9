//! Any words survive disassembly, and run on the emulated cores without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pru_isa::emulator::{CONTROL, ENABLE, Subsystem};
use pru_isa::{assemble, disassemble};

fuzz_target!(|bytes: &[u8]| {
    let words: Vec<u32> = bytes
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect();
    let again = assemble(&disassemble(&words)).expect("disassembled text assembles");
    assert_eq!(again.words, words);

    let mut subsystem = Subsystem::new();
    let (first, second) = words.split_at(words.len() / 2);
    for (core, words) in [first, second].into_iter().enumerate() {
        subsystem.load(core, words).expect("the program fits");
        subsystem.write(CONTROL[core], ENABLE).expect("the register exists");
    }
    while subsystem.now() < 1000 {
        if subsystem.run(1000 - subsystem.now()).is_ok() {
            break;
        }
    }
});
