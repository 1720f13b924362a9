//! Compilation at a pace: it can be stopped at any moment, and its pieces are short.

use bytebeat::{CompileError, Expression, Playable};
use logicnet::{Pace, Stopped};

/// A pace that counts the work, and stops it after a number of calls.
struct Counted {
    calls_left: usize,
    calls: usize,
    work: u64,
    largest: u64,
}

impl Counted {
    fn stopping_after(calls_left: usize) -> Counted {
        Counted {
            calls_left,
            calls: 0,
            work: 0,
            largest: 0,
        }
    }
}

impl Pace for Counted {
    fn work(&mut self, gates: u64) -> Result<(), Stopped> {
        self.calls_left = self.calls_left.checked_sub(1).ok_or(Stopped)?;
        self.calls += 1;
        self.work += gates;
        self.largest = self.largest.max(gates);
        Ok(())
    }
}

fn compile(text: &str, pace: &mut Counted) -> Result<Playable, CompileError> {
    let expression = Expression::parse(text).unwrap();
    expression.compile_to_play_paced(None, 8000, pace)
}

#[test]
fn a_pace_changes_no_result_and_its_pieces_are_short() {
    for text in [
        "t>>4&t",
        "t*(42&t>>10)",
        "(t*(t>>5|t>>8))>>(t>>16)",
        "t%255",
    ] {
        let mut pace = Counted::stopping_after(usize::MAX);
        let paced = compile(text, &mut pace).unwrap();
        let plain = Expression::parse(text).unwrap();
        let plain = plain.compile_to_play(None, 8000).unwrap();
        assert_eq!(paced.network, plain.network);
        assert_eq!(paced.notes, plain.notes);
        assert!(pace.largest < 1 << 20, "{text}: {}", pace.largest);
    }
}

#[test]
fn a_compilation_stops_at_any_call() {
    let text = "t*5&(t>>7)|t*3&(t*4>>10)";
    let mut all = Counted::stopping_after(usize::MAX);
    compile(text, &mut all).unwrap();
    for part in 0..20 {
        let mut pace = Counted::stopping_after(all.calls * part / 20);
        assert_eq!(
            compile(text, &mut pace).map(|_| ()),
            Err(CompileError::Stopped)
        );
        // Nothing goes on after the refusal.
        assert_eq!(pace.calls, all.calls * part / 20);
    }
}
