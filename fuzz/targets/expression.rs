//! Any text parses as an expression or is rejected with a column inside it; small
//! expressions compile to networks that give the same samples.

#![no_main]

use bytebeat::Expression;
use libfuzzer_sys::fuzz_target;
use logicnet::{Evaluator, Masks, Program, W256};

fuzz_target!(|text: &str| {
    match Expression::parse(text) {
        Err(error) => assert!((1..=text.chars().count() + 1).contains(&error.column)),
        Ok(expression) => {
            let expected: Vec<u8> = (0..256).map(|t| expression.sample(t)).collect();
            if text.len() > 40 {
                return;
            }
            if let Ok(network) = expression.compile(8) {
                let mut samples = [0; 256];
                Evaluator::<W256>::new(Program::new(&network, &Masks::new())).render(0, &mut samples);
                assert_eq!(samples[..], expected[..]);
            }
        }
    }
});
