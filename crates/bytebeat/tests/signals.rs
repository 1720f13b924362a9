//! Expressions of sound and controls, of two channels and of up to sixteen bits a sample,
//! compared with an evaluation that shares no code with the crate.

use bytebeat::{CompileError, Dialect, Expression, Moment, Playable};
use logicnet::random::Rng;
use logicnet::{
    Builder, Controls, Evaluator, Masks, Network, OutputEncoding, Program, Signal, Source, W512,
    Word,
};
use proptest::prelude::*;

/// An expression and its values, in arithmetic of 64 bits.
#[derive(Clone, Debug)]
enum Tree {
    Name(&'static str),
    Number(u32),
    Unary(&'static str, Box<Tree>),
    Binary(&'static str, Box<(Tree, Tree)>),
    Choice(Box<(Tree, Tree, Tree)>),
}

impl Tree {
    fn text(&self) -> String {
        match self {
            Tree::Name(name) => (*name).into(),
            Tree::Number(number) => number.to_string(),
            Tree::Unary(op, x) => format!("({op}{})", x.text()),
            Tree::Binary(op, xy) => format!("({} {op} {})", xy.0.text(), xy.1.text()),
            Tree::Choice(xyz) => {
                let [x, y, z] = [&xyz.0, &xyz.1, &xyz.2].map(Tree::text);
                format!("({x} ? {y} : {z})")
            }
        }
    }

    fn value(&self, read: &impl Fn(&str) -> u32) -> i64 {
        let wide = match self {
            Tree::Name(name) => read(name).into(),
            Tree::Number(number) => (*number).into(),
            Tree::Unary(op, x) => {
                let x = x.value(read);
                match *op {
                    "-" => -x,
                    "~" => -1 - x,
                    "!" => (x == 0).into(),
                    _ => x,
                }
            }
            Tree::Binary(op, xy) => binary(op, xy.0.value(read), xy.1.value(read)),
            Tree::Choice(xyz) => {
                let chosen = if xyz.0.value(read) == 0 {
                    &xyz.2
                } else {
                    &xyz.1
                };
                chosen.value(read)
            }
        };
        // The 32-bit integer of the same remainder.
        (wide + (1 << 31)).rem_euclid(1 << 32) - (1 << 31)
    }
}

fn binary(op: &str, x: i64, y: i64) -> i64 {
    let power = 1i64 << y.rem_euclid(32);
    match op {
        "*" => x * y,
        "/" | "%" if y == 0 => 0,
        "/" => x / y,
        "%" => x % y,
        "+" => x + y,
        "-" => x - y,
        "<<" => x.wrapping_mul(power),
        ">>" => x.div_euclid(power),
        "<" => (x < y).into(),
        ">=" => (x >= y).into(),
        "==" => (x == y).into(),
        "&" => x & y,
        "^" => x ^ y,
        "|" => x | y,
        "&&" => (x != 0 && y != 0).into(),
        "||" => (x != 0 || y != 0).into(),
        _ => panic!("{op} is not an operator"),
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        6 => prop::sample::select(vec!["t", "in", "in2", "a", "b2"]).prop_map(Tree::Name),
        2 => (0u32..40).prop_map(Tree::Number),
        1 => any::<u32>().prop_map(Tree::Number),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        let ops = vec![
            "*", "/", "%", "+", "-", "<<", ">>", "<", ">=", "==", "&", "^", "|", "&&", "||",
        ];
        prop_oneof![
            6 => (prop::sample::select(ops), inner.clone(), inner.clone())
                .prop_map(|(op, x, y)| Tree::Binary(op, Box::new((x, y)))),
            1 => (prop::sample::select(vec!["-", "~", "!", "+"]), inner.clone())
                .prop_map(|(op, x)| Tree::Unary(op, Box::new(x))),
            1 => (inner.clone(), inner.clone(), inner)
                .prop_map(|(x, y, z)| Tree::Choice(Box::new((x, y, z)))),
        ]
    })
}

/// The numbers of bits of all signals and of a sample.
#[derive(Clone, Copy, Debug)]
struct Bits {
    time: u8,
    audio: u8,
    controls: [u8; 2],
    sample: u8,
}

const CONTROLS: [&str; 2] = ["a", "b2"];

impl Bits {
    fn dialect(self) -> Dialect {
        let controls = CONTROLS.into_iter().zip(self.controls);
        let controls = controls.map(|(name, bits)| (name.into(), bits, 0.5));
        Dialect::new(self.audio, self.sample, controls).unwrap()
    }
}

fn text(trees: &[Tree]) -> String {
    let texts: Vec<_> = trees.iter().map(Tree::text).collect();
    match texts.len() {
        1 => texts.concat(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

/// Returns the values of `audio0`, `audio1` and both controls, of which the names in the
/// network count, in each combination that the network can tell apart.
fn combinations(network: &Network) -> Vec<[u32; 4]> {
    let mut all = vec![[0; 4]];
    for source in network.sources() {
        let place = match &source.signal {
            Signal::Time => continue,
            Signal::Audio { channel } => usize::from(*channel),
            Signal::Control { name, .. } => 2 + usize::from(name == CONTROLS[1]),
        };
        all = all
            .into_iter()
            .flat_map(|values| {
                (0..1 << source.bits).map(move |value| {
                    let mut values = values;
                    values[place] = value;
                    values
                })
            })
            .collect();
    }
    all
}

/// Compares the network of an expression with the oracle for the times of its period and all
/// values of its other signals.
fn check(trees: &[Tree], bits: Bits) {
    let text = text(trees);
    let expression = Expression::parse_in(&bits.dialect(), &text).unwrap();
    let network = match expression.compile(bits.time.into()) {
        Ok(network) => network,
        Err(error) => return assert!(matches!(error, CompileError::Gates(_)), "{text}: {error}"),
    };
    let mut builder = Builder::new();
    for values in combinations(&network) {
        let [left, right, a, b2] = values;
        let controls = Controls::new(network.sources(), |name, _| {
            let place = usize::from(name == CONTROLS[1]);
            f64::from(values[2 + place]) / f64::from(1u32 << bits.controls[place])
        });
        let program = builder.build_with(&network, &Masks::new(), &controls);
        let mut evaluator = Evaluator::<W512>::new(program);
        let frames = [left, right].map(|value| vec![(value << (16 - bits.audio)) as u16; 512]);
        for first in (0..1 << bits.time).step_by(512) {
            let times: Vec<u32> = (first..first + 512).collect();
            evaluator.start_frames(&times, [&frames[0], &frames[1]]);
            evaluator.finish();
            for channel in [0, 1] {
                let mut levels = [0; W512::LANES];
                evaluator.levels(channel, &mut levels);
                let tree = &trees[channel.min(trees.len() - 1)];
                for (&t, level) in times.iter().zip(levels).take(1 << bits.time) {
                    let read = |name: &str| match name {
                        "t" => t,
                        "in" => left,
                        "in2" => right,
                        "a" => a,
                        _ => b2,
                    };
                    let sample = tree.value(&read).rem_euclid(1 << bits.sample);
                    let half = 1 << (bits.sample - 1);
                    let expected = (sample - half) << (16 - bits.sample);
                    assert_eq!(i64::from(level), expected, "{text} {bits:?} {t} {values:?}");
                    let moment = Moment {
                        t,
                        audio: [left, right],
                        controls: &[a, b2],
                    };
                    let own = expression.samples(&moment)[channel];
                    assert_eq!(i64::from(own), sample, "{text} {bits:?} {moment:?}");
                }
            }
        }
    }
}

fn sizes() -> impl Strategy<Value = Bits> {
    (1u8..=6, 1u8..=4, 1u8..=3, 1u8..=2, 1u8..=16).prop_map(|(time, audio, a, b2, sample)| Bits {
        time,
        audio,
        controls: [a, b2],
        sample,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn networks_give_the_samples_for_all_values_of_all_signals(
        trees in prop::collection::vec(trees(), 1..=2),
        bits in sizes(),
    ) {
        check(&trees, bits);
    }
}

fn name(name: &'static str) -> Tree {
    Tree::Name(name)
}

fn of(op: &'static str, x: Tree, y: Tree) -> Tree {
    Tree::Binary(op, Box::new((x, y)))
}

/// Sound gated by t and a control, in 22 bits.
#[test]
fn an_effect_is_exact_for_all_values() {
    let shift = of("&", of(">>", name("t"), Tree::Number(8)), Tree::Number(3));
    let effect = of("^", of("*", name("in"), shift), name("a"));
    let bits = Bits {
        time: 10,
        audio: 8,
        controls: [4, 1],
        sample: 8,
    };
    check(&[effect], bits);
}

#[test]
fn a_stereo_pair_is_exact_for_all_values() {
    let half = |x| of(">>", x, Tree::Number(1));
    let sum = half(of("+", name("in"), name("in2")));
    let difference = of(
        "+",
        half(of("-", name("in"), name("in2"))),
        Tree::Number(64),
    );
    let bits = Bits {
        time: 3,
        audio: 7,
        controls: [1, 1],
        sample: 7,
    };
    check(&[sum, difference], bits);
}

/// All values of 32 bits are too many to simplify a network for, or to try.
#[test]
fn signals_of_more_than_24_bits_compile() {
    let dialect = Dialect::new(16, 16, []).unwrap();
    let expression = Expression::parse_in(&dialect, "in*in2>>16").unwrap();
    let network = expression.compile(0).unwrap();
    assert_eq!(network.variables(), 32);
    let mut rng = Rng::new(3);
    let frames = [0, 1].map(|_| (0..512).map(|_| rng.next() as u16).collect::<Vec<_>>());
    let mut evaluator = Evaluator::<W512>::new(Program::new(&network, &Masks::new()));
    evaluator.start_frames(&[0; 512], [&frames[0], &frames[1]]);
    evaluator.finish();
    let mut levels = [0; 512];
    evaluator.levels(0, &mut levels);
    for (k, level) in levels.into_iter().enumerate() {
        let [x, y] = [0, 1].map(|channel| u32::from(frames[channel][k]));
        assert_eq!(level as u16 ^ 0x8000, ((x * y) >> 16) as u16, "{x} * {y}");
    }
}

/// Returns the sources and the samples' encoding of an expression, and the notes on it.
fn compiled(text: &str, bits: Option<u32>) -> Playable {
    let controls = [("cutoff".to_string(), 4, 0.5), ("fold".to_string(), 3, 0.0)];
    let dialect = Dialect::new(8, 8, controls).unwrap();
    let expression = Expression::parse_in(&dialect, text).unwrap();
    expression.compile_to_play(bits, 8000).unwrap()
}

fn notes(text: &str) -> Vec<String> {
    let notes = compiled(text, None).notes.into_iter();
    notes.map(|note| note.text).collect()
}

#[test]
fn networks_read_t_then_sound_then_controls() {
    let network = compiled("fold+in2^cutoff*(t>>4&1)+in", None).network;
    let names: Vec<_> = network
        .sources()
        .iter()
        .map(|source| source.signal.to_string())
        .collect();
    let expected = [
        "t",
        "audio channel 0",
        "audio channel 1",
        "control cutoff",
        "control fold",
    ];
    assert_eq!(names, expected);
    assert_eq!(network.counter_bits(), 5);
    let cutoff = Signal::Control {
        name: "cutoff".into(),
        default: 0.5,
    };
    let found = network
        .sources()
        .iter()
        .find(|source| source.signal == cutoff);
    assert_eq!(found.map(|source| source.bits), Some(4));
    assert_eq!(network.output_encoding(), OutputEncoding::Binary);
}

#[test]
fn networks_of_sound_alone_do_not_read_t() {
    let Playable { network, notes } = compiled("in>>1", None);
    let sound = Source {
        signal: Signal::Audio { channel: 0 },
        ..Source::time(8)
    };
    assert_eq!(network.sources(), [sound]);
    assert_eq!(network.period(), 1);
    let notes: Vec<_> = notes.iter().map(|note| &note.text[..]).collect();
    assert_eq!(
        notes,
        ["control cutoff is not read", "control fold is not read"]
    );
    assert_eq!(compiled("in>>1", Some(3)).network.counter_bits(), 3);
    let silence = Expression::parse("7").unwrap().compile(0);
    assert_eq!(silence, Err(CompileError::Bits(0)), "it reads nothing");
}

#[test]
fn the_size_of_samples_and_two_channels_are_in_the_network() {
    let encoding = |text: &str, bits| {
        let dialect = Dialect::new(8, bits, []).unwrap();
        let expression = Expression::parse_in(&dialect, text).unwrap();
        expression.compile(4).unwrap().output_encoding()
    };
    assert_eq!(encoding("t", 8), OutputEncoding::Binary);
    assert_eq!(
        encoding("t", 12),
        OutputEncoding::Channels { left: 12, right: 0 }
    );
    assert_eq!(
        encoding("[t, -t]", 8),
        OutputEncoding::Channels { left: 8, right: 8 }
    );
    assert_eq!(
        encoding(" [ t,t ] ", 1),
        OutputEncoding::Channels { left: 1, right: 1 }
    );
}

/// The value of t at which the samples repeat does not depend on other signals.
#[test]
fn the_period_is_that_of_t() {
    for (text, bits) in [
        ("in+t", Some(8)),
        ("in*cutoff", Some(0)),
        ("t>>cutoff", Some(23)),
        ("[t&3, t>>4&in]", Some(12)),
        ("t%in", None),
    ] {
        let controls = [("cutoff".to_string(), 4, 0.5)];
        let dialect = Dialect::new(8, 8, controls).unwrap();
        let expression = Expression::parse_in(&dialect, text).unwrap();
        assert_eq!(expression.period_bits(), bits, "{text}");
    }
}

#[test]
fn notes_tell_only_facts_about_all_values() {
    let unread = ["control cutoff is not read", "control fold is not read"];
    let with = |first: &str| {
        let mut notes = vec![first.to_string()];
        notes.extend(unread.map(String::from));
        notes
    };
    assert_eq!(
        notes("in&0"),
        with("silence: the sample is 0 for all inputs")
    );
    assert_eq!(
        notes("[in&0, 129|in*0]"),
        with("silence: the samples are 0 and 129 for all inputs")
    );
    assert_eq!(
        notes("[0, 5]"),
        with("silence: the samples are 0 and 5 at every t below 2")
    );
    assert_eq!(notes("[0, t]"), unread);
    // The loop depends on the sound.
    assert_eq!(
        notes("t%(in|1)"),
        with("the loop is 1048576 samples (131.07 s) long; the expression has no known period")
    );
    let wide = "t*(in+in2+cutoff)";
    assert!(compiled(wide, None).network.variables() > 24);
    assert_eq!(notes(wide), ["control fold is not read"]);
}

#[test]
fn differences_from_javascript_know_the_range_of_signals() {
    let differences = |audio, text: &str| {
        let dialect = Dialect::new(audio, 8, []).unwrap();
        let found = Expression::parse_in(&dialect, text).unwrap().differences(8);
        found
            .into_iter()
            .map(|found| found.column)
            .collect::<Vec<_>>()
    };
    assert!(differences(8, "in*in*in/256").is_empty());
    assert_eq!(differences(16, "in*in*in/256"), [3]);
    assert_eq!(differences(8, "[in/3*2, t/in+1]"), [4, 11]);
}

#[test]
fn errors_say_what_stereo_and_names_look_like() {
    for (text, column, problem) in [
        ("[t", 3, "a , was expected, as in [left, right]"),
        ("[t]", 3, "a , was expected, as in [left, right]"),
        ("[t, t", 6, "a ] was expected, as in [left, right]"),
        ("[t, t, t]", 6, "a ] was expected, as in [left, right]"),
        ("[t, t]+1", 7, "nothing follows [left, right]"),
        ("t, t", 2, "two channels are written [left, right]"),
        (
            "1+[t, t]",
            3,
            "[left, right] is only for a whole expression",
        ),
        (
            "t*cutoff",
            3,
            "cutoff is not known; names are t, in, in2 and declared controls",
        ),
        ("t*sin (t)", 3, "sin is not known; there are no functions"),
        ("in3", 1, "in3 is not known"),
    ] {
        let error = Expression::parse(text).unwrap_err();
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.problem.starts_with(problem), "{text}: {error}");
    }
}

#[test]
fn dialects_have_the_limits_of_networks() {
    let problem = |audio, sample, controls: &[(&str, u8, f64)]| {
        let controls = controls
            .iter()
            .map(|&(name, bits, default)| (name.into(), bits, default));
        Dialect::new(audio, sample, controls)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        problem(17, 8, &[]),
        "17 bits of audio channel 0, but there are 1..16"
    );
    assert_eq!(problem(8, 17, &[]), "17 bits a sample, but there are 1..16");
    assert_eq!(
        problem(8, 8, &[("in", 4, 0.0)]),
        "in is the name of another input"
    );
    assert_eq!(
        problem(8, 8, &[("t", 4, 0.0)]),
        "t is the name of another input"
    );
    for (controls, expected) in [
        (&[("a", 0, 0.0)][..], "0 bits of control a"),
        (
            &[("a", 4, 0.0), ("a", 4, 0.0)],
            "control a is an input twice",
        ),
        (&[("2a", 4, 0.0)], "\"2a\" is not the name of a control"),
        (
            &[("a", 4, 1.5)],
            "the default 1.5 is not a number from 0 to 1",
        ),
        (
            &[("a", 4, f64::NAN)],
            "the default NaN is not a number from 0 to 1",
        ),
    ] {
        let problem = problem(8, 8, controls);
        assert!(problem.starts_with(expected), "{problem}");
    }
}
