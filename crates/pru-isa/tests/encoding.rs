//! Encoding and decoding of every instruction.

use proptest::prelude::*;
use pru_isa::{Field, Instruction, Op, assemble, disassemble};

/// One word for each shape of encoding, from GNU's assembler; `gnu.rs` has more.
const KNOWN: [(u32, &str); 12] = [
    (0x0101_e0e0, "add r0, r0, 1"),
    (0x10c5_e4a3, "and r3.w1, r4, r5.w2"),
    (0x1700_e2e1, "not r1, r2"),
    (0x2101_2300, "jmp 0x123"),
    (0x24ab_cd81, "ldi r1.w0, 0xabcd"),
    (0x2a00_0000, "halt"),
    (0x3e80_0000, "slp 1"),
    (0x2e85_8d85, "xin 11, &r5, 28"),
    (0x3109_0004, "loop .+4, 10"),
    (0x7e00_00ff, "qba .-1"),
    (0x9100_3880, "lbco &r0, c24, 0, 4"),
    (0xe108_3d22, "sbbo &r2.b1, r29, 8, 3"),
];

#[test]
fn known_words() {
    for (word, text) in KNOWN {
        let words = assemble(text)
            .unwrap_or_else(|e| panic!("{text}: {e}"))
            .words;
        assert_eq!(words, [word], "{text} is {:#010x}", words[0]);
    }
}

#[test]
fn every_operation_round_trips_with_every_pattern_of_one_operand() {
    // Every value of each of the lower bytes, with the others at three patterns.
    let mut seen = std::collections::HashSet::new();
    for top in 0..=255u32 {
        for (shift, rest) in [0u32, 8, 16]
            .into_iter()
            .flat_map(|s| [(s, 0), (s, 0x5a_3c_e1), (s, 0xff_ffff)])
        {
            for byte in 0..=255u32 {
                let word = top << 24 | rest & !(0xff << shift) | byte << shift;
                if let Some(instruction) = Instruction::decode(word) {
                    let again = instruction.encode();
                    assert_eq!(
                        Instruction::decode(again),
                        Some(instruction),
                        "{word:#010x}"
                    );
                    seen.insert(instruction.op());
                }
            }
        }
    }
    assert_eq!(seen.len(), 43);
}

#[test]
fn operands_out_of_range_are_rejected() {
    assert!(Instruction::xin(11, 0, 0).is_none());
    assert!(Instruction::xin(11, 0, 125).is_none());
    assert!(Instruction::sbco(0, 32, 0, 4).is_none());
    assert!(Instruction::lbco(0, 24, pru_isa::Operand::Immediate(256), 4).is_none());
    assert!(Instruction::qbbc(512, Field::R0, 0).is_none());
    assert!(Instruction::qbbs(-512, Field::R0, 0).is_some());
    assert_eq!(Instruction::decode(0x2800_0000), None); // SCAN, which this core does not have
    assert_eq!(Instruction::decode(0x4000_0000), None);
    assert_eq!(Instruction::decode(0xa000_0000), None);
    assert_eq!(Instruction::decode(0xd800_0000), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any words: nothing panics, and the text assembles back to the same words.
    #[test]
    fn disassembly_assembles_back(words in prop::collection::vec(any::<u32>(), 0..200)) {
        let text = disassemble(&words);
        let assembled = assemble(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(assembled.words, words, "{}", text);
    }

    /// The same with valid instructions only, and thus targets nearby.
    #[test]
    fn programs_assemble_back(words in prop::collection::vec(any::<u32>(), 0..600)) {
        let words: Vec<u32> = words
            .into_iter()
            .filter_map(Instruction::decode)
            .map(|instruction| instruction.encode())
            .collect();
        let text = disassemble(&words);
        prop_assert_eq!(assemble(&text).unwrap().words, words, "{}", text);
    }

    /// The text of a single instruction as well, if its target is in reach from address 0.
    #[test]
    fn an_instruction_assembles_back(word in any::<u32>()) {
        if let Some(instruction) = Instruction::decode(word) {
            let a_loop = matches!(instruction.op(), Op::Loop | Op::Iloop);
            prop_assume!(!a_loop || word & 0xff >= 2);
            let text = instruction.to_string();
            prop_assert_eq!(assemble(&text).unwrap().words, vec![instruction.encode()], "{}", text);
        }
    }

    #[test]
    fn any_text_is_handled(text in "[ -~\n]{0,200}") {
        let _ = assemble(&text);
    }

    #[test]
    fn any_sequence_of_tokens_is_handled(
        tokens in prop::collection::vec(
            prop::sample::select(vec![
                "add", "ldi", "ldi32", "loop", "qba", "lbbo", "lbco", "xin", ".equ", ".word", "mov",
                "a", "b", "r1", "r0.b1", "r3.w2", "c24", ",", ",", ",", ":", "&", "+", "-", ".", "5",
                "0xffffffff", "\n", "//", ";", "é",
            ]),
            0..60,
        ),
    ) {
        let _ = assemble(&tokens.join(" "));
    }
}
