//! The deepest expressions fit in `STACK_BYTES` of stack.

use bytebeat::{Expression, STACK_BYTES};
use logicnet::{Evaluator, Program};

/// Returns one expression for each way to nest, at or near the maximum depth.
fn deepest() -> Vec<String> {
    let chain = |link: &str, times| ["t", &link.repeat(times)].concat();
    let within = |before: &str, after: &str, times| {
        [&before.repeat(times), "t", &after.repeat(times)].concat()
    };
    vec![
        chain("+t", 499),
        chain("^t", 499),
        chain(">>t", 499),
        chain("&&t", 499),
        chain("*t%3", 249), // fails with too many gates, after deep recursion
        within("(", ")", 240),
        within("t<(t-(", "))", 80),
        within("!", "", 490),
        within("t?t:", "", 490),
        within("t?", ":t", 490),
    ]
}

#[test]
fn the_deepest_expressions_fit_in_the_documented_stack() {
    for source in deepest() {
        let work = move || {
            let expression = Expression::parse(&source).unwrap();
            let Ok(network) = expression.compile(6) else {
                return;
            };
            let mut samples = [0; 64];
            Evaluator::<u64>::new(Program::new(&network, network.masks())).render(0, &mut samples);
            for (t, sample) in (0..).zip(samples) {
                assert_eq!(sample, expression.sample(t), "{source} at {t}");
            }
        };
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn(work).unwrap().join().unwrap();
    }
}
