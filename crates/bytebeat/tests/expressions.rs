//! Properties of random expressions, the language's rules, and error messages.

use bytebeat::{CompileError, Expression};
use logicnet::{Evaluator, Masks, Program, W256};
use proptest::prelude::*;

/// Generates expressions with and without parentheses.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => Just("t".to_string()),
        2 => (0u32..70).prop_map(|n| n.to_string()),
        1 => any::<u32>().prop_map(|n| n.to_string()),
        1 => any::<u16>().prop_map(|n| format!("{n:#x}")),
        1 => prop::char::range('a', 'z').prop_map(|c| format!("'{c}'")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let binary = prop::sample::select(vec![
            "*", "/", "%", "+", "-", "<<", ">>", "<", ">", "<=", ">=", "==", "!=", "&", "^", "|",
            "&&", "||",
        ]);
        let unary = prop::sample::select(vec!["-", "+", "~", "!"]);
        prop_oneof![
            6 => (inner.clone(), binary, inner.clone(), any::<bool>()).prop_map(|(x, op, y, bare)| {
                if bare { format!("{x} {op} {y}") } else { format!("({x}{op} {y})") }
            }),
            1 => (unary, inner.clone()).prop_map(|(op, x)| format!("{op} {x}")),
            1 => (inner.clone(), inner.clone(), inner)
                .prop_map(|(c, x, y)| format!("({c} ? {x} : {y})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn compiled_networks_give_the_samples_of_their_expression(text in expressions(), bits in 1u32..=11) {
        let expression = Expression::parse(&text).unwrap();
        let network = match expression.compile(bits) {
            Ok(network) => network,
            Err(CompileError::Gates(gates)) => {
                prop_assert!(gates > logicnet::MAX_GATES);
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let program = Program::new(&network, &Masks::new());
        let mut samples = vec![0; 1 << bits];
        Evaluator::<W256>::new(program).render(0, &mut samples);
        for t in 0..1 << bits {
            prop_assert_eq!(samples[t as usize], expression.sample(t), "{} at t = {}", text, t);
        }
    }

    #[test]
    fn parsing_never_panics(text in "[t0-9xa-f+*/%&|^~<>=!?:()' .-]{0,60}") {
        if let Ok(expression) = Expression::parse(&text) {
            let _ = expression.value(12345);
        }
    }

    #[test]
    fn error_columns_are_inside_the_text(text in "\\PC{0,40}") {
        if let Err(error) = Expression::parse(&text) {
            prop_assert!(error.column >= 1 && error.column <= text.chars().count() + 1);
        }
    }
}

fn value(text: &str, t: u32) -> i32 {
    Expression::parse(text).unwrap().value(t)
}

#[test]
fn precedence_and_associativity_are_those_of_c() {
    assert_eq!(value("1+2*3", 0), 7);
    assert_eq!(value("10-4-3", 0), 3);
    assert_eq!(value("100/10/5", 0), 2);
    assert_eq!(value("1<<2+1", 0), 8);
    assert_eq!(value("7&3==3", 0), 7 & 1);
    assert_eq!(value("1|2^3&2", 0), 1);
    assert_eq!(value("1<2==1", 0), 1);
    assert_eq!(value("0||1&&0", 0), 0);
    assert_eq!(value("0?1:0?2:3", 0), 3);
    assert_eq!(value("1?0?4:5:6", 0), 5);
    assert_eq!(value("-~!t", 0), 2);
    assert_eq!(value("2- -3", 0), 5);
    assert_eq!(value("'A'+'\\n'", 0), 75);
    assert_eq!(value("0xFf", 0), 255);
}

#[test]
fn edge_cases_are_defined() {
    assert_eq!(value("5/0", 0), 0);
    assert_eq!(value("5%0", 0), 0);
    assert_eq!(value("0x80000000/-1", 0), i32::MIN);
    assert_eq!(value("0x80000000%-1", 0), 0);
    assert_eq!(value("-7/2", 0), -3);
    assert_eq!(value("-7%2", 0), -1);
    assert_eq!(value("1<<33", 0), 2);
    assert_eq!(value("-8>>1", 0), -4);
    assert_eq!(value("-8>>-31", 0), -4);
    assert_eq!(value("2147483647+1", 0), i32::MIN);
    assert_eq!(value("4294967295", 0), -1);
    assert_eq!(value("t", u32::MAX), -1);
}

#[test]
fn errors_have_the_column_and_a_hint() {
    for (text, column, problem) in [
        ("t+", 3, "ends where a value was expected"),
        ("", 1, "ends where a value was expected"),
        ("(t", 3, "a ) is missing"),
        ("t)", 2, "no ( for this )"),
        ("t*x", 3, "x is not known"),
        ("t = 3", 3, "equality is =="),
        ("t*1.5", 4, "only whole numbers"),
        ("t*010", 3, "octal"),
        ("t & 0xg", 5, "not a number"),
        ("0b11&t", 1, "not a number"),
        ("99999999999", 1, "larger than"),
        ("t t", 3, "an operator was expected"),
        ("t ? 1", 6, "a : was expected"),
        ("'ab'", 1, "one ASCII character"),
        ("t*sin(t)", 3, "sin is not known"),
        ("é", 1, "é is not known"),
        ("t|€", 3, "a value was expected, not €"),
    ] {
        let error = Expression::parse(text).unwrap_err();
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.problem.contains(problem), "{text}: {error}");
    }
}

#[test]
fn expressions_too_deep_or_too_long_are_rejected() {
    let deep = "(".repeat(600) + "t" + &")".repeat(600);
    assert!(
        Expression::parse(&deep)
            .unwrap_err()
            .problem
            .contains("500 deep")
    );
    let chain = "t+".repeat(600) + "t";
    assert!(
        Expression::parse(&chain)
            .unwrap_err()
            .problem
            .contains("500 deep")
    );
    let signs = "-".repeat(600) + "t";
    assert!(
        Expression::parse(&signs)
            .unwrap_err()
            .problem
            .contains("500 deep")
    );
    let long = " ".repeat(20_000) + "t";
    assert!(
        Expression::parse(&long)
            .unwrap_err()
            .problem
            .contains("16384")
    );
    let fine = "(".repeat(400) + &"t+".repeat(90) + "t" + &")".repeat(400);
    assert_eq!(Expression::parse(&fine).unwrap().sample(1), 91);
}

#[test]
fn expressions_that_need_too_many_gates_are_rejected() {
    let expression = Expression::parse("t*t*t%(t*t+1)/(t|1)%(t*7+3)*(t/(t>>3))").unwrap();
    let x = expression.source();
    let big = Expression::parse(&format!("({x})/({x}+1)%({x}*t+5)/({x}^t)%({x}-3)")).unwrap();
    match big.compile(24) {
        Err(CompileError::Gates(gates)) => assert!(gates > logicnet::MAX_GATES),
        other => panic!("{other:?}"),
    }
    assert_eq!(expression.compile(25), Err(CompileError::Bits(25)));
    assert_eq!(expression.compile(0), Err(CompileError::Bits(0)));
}

/// Regressions found by fuzzing: simplification merged two different functions, and replaced
/// a bit of t by a gate.
#[test]
fn expressions_that_broke_simplification_compile() {
    for text in ["1-1||5-t^t-11-115-1-0^-t^t-1-t", "115--t^t"] {
        let expression = Expression::parse(text).unwrap();
        for bits in 1..=11 {
            let network = expression.compile(bits).unwrap();
            let program = Program::new(&network, &Masks::new());
            let mut samples = vec![0; 1 << bits];
            Evaluator::<W256>::new(program).render(0, &mut samples);
            let wrong = (0..1 << bits).find(|&t| samples[t as usize] != expression.sample(t));
            assert_eq!(wrong, None, "{text}, {bits} bits");
        }
    }
}
