//! The loop of compiled expressions, and notes on what differs from their authors' sound.

use bytebeat::{Expression, Playable, Reason};

fn parsed(text: &str) -> Expression {
    Expression::parse(text).unwrap()
}

fn playable(text: &str, bits: Option<u32>) -> Playable {
    parsed(text).compile_to_play(bits, 8000).unwrap()
}

#[test]
fn bits_come_from_the_period() {
    for (text, bits) in [
        ("t", 8),
        ("7", 1),
        ("t>>16", 24),
        ("t&t>>8", 16),
        ("t*(42&t>>10)", 16),
        ("t*3&t/1024", 18),
        ("t%256", 8),
        ("(t&4096)/4096*64", 13),
        ("t&1?t>>2:t>>9", 17),
        ("t*((t>>12|t>>8)&63&t>>4)", 18),
    ] {
        let Playable { network, notes } = playable(text, None);
        assert_eq!(network.counter_bits(), bits, "{text}: {notes:?}");
        let cut = notes.iter().find(|note| note.text.contains("loop"));
        assert_eq!(cut, None, "{text}");
    }
}

/// The low eight bits of `-t%256` repeat after 256 samples, which the gates before
/// simplification do not show.
#[test]
fn bits_that_do_not_matter_are_not_taken() {
    let Playable { network, notes } = playable("-t%256", None);
    assert_eq!(network.counter_bits(), 8);
    assert!(notes[0].text.contains("goes on the same"), "{notes:?}");
}

#[test]
fn a_loop_shorter_than_the_period_is_noted_with_its_numbers() {
    let notes = playable("t>>16", Some(16)).notes;
    assert_eq!(
        notes[0].text,
        "silence: the sample is 0 at every t below 65536"
    );
    assert_eq!(
        notes[1].text,
        "the loop is 65536 samples (8.19 s) long; the expression goes on differently from \
         65536 samples (8.19 s) and repeats after 16777216 samples (2097.15 s)"
    );
    let Playable { network, notes } = playable("t%255", None);
    assert_eq!(network.counter_bits(), 20, "two minutes");
    assert!(notes[0].text.contains("goes on differently"), "{notes:?}");
    assert!(notes[0].text.contains("no known period"), "{notes:?}");
}

/// Bits of t, expression, and the differences from JavaScript.
#[test]
fn differences_from_javascript_have_their_column() {
    use Reason::{Fraction, Operand, Rounding, Wrap, Zero};
    for (bits, text, expected) in [
        (16, "t/3", &[][..]),
        (16, "t/3%4&t/7/2", &[]),
        (16, "t/3+t", &[]),
        (16, "t/3+t/5", &[(2, Fraction), (6, Fraction)]),
        (16, "t+t/3*2", &[(4, Fraction)]),
        (16, "(t/3|0)*2", &[]),
        (16, "t*(t>>12&3)/2*2", &[(12, Fraction)]),
        (16, "(t&4096)/4096*64", &[]),
        (16, "6/3*t+(t<<3)/8*3", &[]),
        (16, "7%(t/(19-11))", &[(5, Fraction)]),
        (16, "7-t/2", &[(4, Fraction)]),
        (16, "t/2-7", &[(2, Fraction)]),
        (16, "t/2<7", &[]),
        (16, "t/2<=7", &[(2, Fraction)]),
        (16, "t/2==7", &[(2, Fraction)]),
        (16, "t/2?1:2", &[(2, Fraction)]),
        (16, "t%(t/7)", &[(5, Fraction)]),
        (16, "t%(t>>8)", &[]),
        (16, "t/(t>>8)", &[]),
        (16, "t%(t>>8)+1", &[(2, Zero)]),
        (16, "t*t", &[]),
        (15, "t*t/256", &[]),
        (16, "t*t/256", &[(2, Wrap)]),
        (16, "(t*t>>0)/256", &[]),
        (24, "t*t*t", &[(4, Rounding)]),
        (24, "t*t>100", &[(2, Wrap)]),
        (16, "4294967295%7", &[(1, Wrap)]),
        (16, "4294967295&t", &[]),
        (16, "2147483647+t", &[]),
        (16, "(2147483647+t)%9", &[(12, Wrap)]),
        (16, "t&&5", &[(2, Operand)]),
        (16, "(t&&5)?1:2", &[]),
        (16, "!(t||5)*(t>5&&t<9)", &[]),
    ] {
        let found = parsed(text).differences(bits);
        let found: Vec<_> = found.iter().map(|d| (d.column, d.reason)).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn differences_are_described_with_their_symbol() {
    let note = |text: &str| playable(text, Some(8)).notes.pop().unwrap().text;
    for (text, expected) in [
        (
            "t%3/2*5",
            "/ drops the fraction, as in C; JavaScript keeps it",
        ),
        (
            "t||5",
            "|| gives 0 or 1, as in C; JavaScript gives one of its sides",
        ),
        (
            "4294967295%7",
            "4294967295 wraps to 32 bits, as in C; JavaScript keeps the larger number",
        ),
    ] {
        assert_eq!(note(text), expected);
    }
}
