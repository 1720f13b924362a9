//! The assembler's syntax and its error messages.

use pru_isa::{Instruction, assemble};

fn words(text: &str) -> Vec<u32> {
    assemble(text).unwrap_or_else(|e| panic!("{e}")).words
}

#[test]
fn labels_constants_and_comments() {
    let text = "
        // A comment; another.
        .equ BASE, 0x40       ; a number
        .equ count, r7.b1     ; a field
        .equ AFTER, BASE + 8 - 1
        first: second:
        start:  LDI   count, BASE   // either case
                lbco  &R2, c24, AFTER, 4
        again:  SUB   count, count, 1
                qbne  again, count, 0
                qba   start
                jmp   end + 1
        end:    .word 0xdead_beef
                .word end
                .word -1
    ";
    let assembly = assemble(text).unwrap();
    let expected = [
        "ldi r7.b1, 64",
        "lbco &r2, c24, 71, 4",
        "sub r7.b1, r7.b1, 1",
        "qbne .-1, r7.b1, 0",
    ];
    for (word, text) in assembly.words.iter().zip(expected) {
        assert_eq!(words(text), [*word], "{text}");
    }
    assert_eq!(
        Instruction::decode(assembly.words[4]).unwrap().to_string(),
        "qba   .-4"
    );
    assert_eq!(
        assembly.words[5..],
        [words("jmp 7")[0], 0xdead_beef, 6, 0xffff_ffff]
    );
    let labels: Vec<_> = assembly
        .labels
        .iter()
        .map(|(name, &at)| (name.as_str(), at))
        .collect();
    assert_eq!(
        labels,
        [
            ("again", 2),
            ("end", 6),
            ("first", 0),
            ("second", 0),
            ("start", 0)
        ]
    );
}

#[test]
fn pseudo_instructions() {
    assert_eq!(
        words("ldi32 r5, 0x12345678"),
        words("ldi r5.w2, 0x1234\nldi r5.w0, 0x5678")
    );
    assert_eq!(
        words("ldi32 r5, -2"),
        words("ldi r5.w2, 0xffff\nldi r5.w0, 0xfffe")
    );
    assert_eq!(words("wbs r31, 5"), words("qbbc ., r31, 5"));
    assert_eq!(words("wbc r31, r1.b0"), words("qbbs ., r31, r1.b0"));
    assert_eq!(words("zero &r3, 8"), words("xin 255, &r3, 8"));
    assert_eq!(words("fill r3.b1, 2"), words("xin 254, &r3.b1, 2"));
    assert_eq!(words("call x\nx: ret"), words("jal r3.w2, 1\njmp r3.w2"));
    assert_eq!(words("mov r1.b0, r2.w1"), words("or r1.b0, r2.w1, 0"));
}

#[test]
fn errors_have_a_location_and_a_description() {
    for (text, line, column, part) in [
        ("nop\n  bogus r1", 2, 3, "no instruction `bogus`"),
        ("add r1, r2", 1, 11, "comma"),
        ("add r1, r2,", 1, 12, "missing"),
        ("add r1, r2, 256", 1, 13, "256 is not within 0 to 255"),
        ("add r1, r2, r3, r4", 1, 15, "end here"),
        ("add 5, r2, r3", 1, 5, "register"),
        ("ldi r1, 65536", 1, 9, "0 to 65535"),
        ("ldi r1, 4294967296", 1, 9, "up to 32 bits"),
        ("ldi r1, 0xzz", 1, 9, "not a number"),
        ("ldi r32, 1", 1, 5, "r32"),
        (
            "qba nowhere",
            1,
            5,
            "`nowhere` is not a register, constant or label",
        ),
        ("a: nop\na: nop", 2, 1, "already defined"),
        ("r1: nop", 1, 1, "cannot be used as a name"),
        (".equ c3, 1", 1, 6, "cannot be used as a name"),
        ("loop x, 4\nx: nop", 1, 6, "+2 to +255"),
        ("loop x, 0\nnop\nx: nop", 1, 9, "1 to 256"),
        ("lbbo &r1, r2.b0, 0, 4", 1, 11, "whole register"),
        (
            "lbbo &r1.w0, r2, 0, 4",
            1,
            7,
            "neither a register nor a byte",
        ),
        ("lbbo &r1, r2, 0, 125", 1, 18, "1 to 124"),
        ("lbbo &r1, r2, 0, r1.b0", 1, 18, "only bytes of r0"),
        ("lbco &r1, c32, 0, 4", 1, 11, "c32"),
        ("xin 256, &r0, 4", 1, 5, "0 to 255"),
        ("slp 2", 1, 5, "0 to 1"),
        ("x: .equ Y, x", 1, 12, "not a constant"),
        (".equ Y, r1 + 1", 1, 14, "only numbers"),
        ("add r1, r2, `", 1, 13, "no meaning"),
        ("é", 1, 1, "no meaning"),
        (", nop", 1, 1, "instruction is expected"),
    ] {
        let error = assemble(text).expect_err(text);
        assert_eq!(
            (error.line, error.column),
            (line, column),
            "{text}: {error}"
        );
        assert!(error.problem.contains(part), "{text}: {error}");
    }
    let far = format!("qba far\n{}far: nop", "nop\n".repeat(511));
    assert!(
        assemble(&far)
            .unwrap_err()
            .problem
            .contains("+512 instructions are too far")
    );
    let constants = (0..80).map(|i| format!(".equ a{}, a{i} + a{i}", i + 1));
    let lines: Vec<_> = [".equ a0, 1".to_string()]
        .into_iter()
        .chain(constants)
        .collect();
    let doubled = lines.join("\n");
    assert_eq!(assemble(&doubled).unwrap_err().line, 33);
}
