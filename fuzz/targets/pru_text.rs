//! Any text assembles to a PRU program or is rejected with a position inside it; an
//! assembled program survives disassembly.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pru_isa::{assemble, disassemble};

fuzz_target!(|text: &str| {
    match assemble(text) {
        Err(error) => {
            let line = text.lines().nth(error.line - 1).unwrap_or_default();
            assert!((1..=line.chars().count() + 1).contains(&error.column), "{error}");
        }
        Ok(assembly) => {
            let again = assemble(&disassemble(&assembly.words)).expect("disassembled text assembles");
            assert_eq!(again.words, assembly.words);
        }
    }
});
