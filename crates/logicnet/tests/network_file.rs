//! The network file: loading, saving, and errors with the path of the problem.

mod common;

use logicnet::{InputEncoding, Mask, Network, Op, OutputEncoding, Signal, Source};
use proptest::prelude::*;

const SMALL: &str = r#"{"format": "gatebend-network", "version": 1, "name": "small",
    "sample_rate": 8000, "inputs": 2,
    "layers": [{"gates": [[6, 0, 1]]}, {"gates": [[1, 2, 0], [12, 2, 2]]}],
    "outputs": [2, 3, 4]}"#;

#[test]
fn a_network_has_the_contents_of_its_file() {
    let network = Network::from_json(SMALL).unwrap();
    assert_eq!(
        (network.name(), network.sample_rate(), network.inputs()),
        ("small", 8000, 2)
    );
    assert_eq!(
        (network.period(), network.nodes(), network.layer_count()),
        (4, 5, 2)
    );
    assert_eq!(network.gates()[0].op, Op::XOR);
    let layers: Vec<_> = network
        .layers()
        .map(|(first, gates)| (first, gates.len()))
        .collect();
    assert_eq!(layers, [(2, 1), (3, 2)]);
    assert_eq!(network.live(network.masks()), [true; 5]);
}

#[test]
fn unknown_fields_survive_in_the_file_and_in_layers() {
    let text = SMALL
        .replacen('{', r#"{"mood": {"dark": [1, 2.5, null]}, "zoom": 1e3,"#, 1)
        .replacen(r#"{"gates""#, r#"{"colour": "red \"", "gates""#, 1);
    let network = Network::from_json(&text).unwrap();
    let saved = network.to_json();
    assert_eq!(Network::from_json(&saved).unwrap(), network);
    assert!(
        saved.contains(r#""mood": {"dark":[1,2.5,null]}"#),
        "{saved}"
    );
    assert!(saved.contains(r#""colour":"red \"""#), "{saved}");
    assert_eq!(network.extra().get("zoom"), Some("1e3"));
}

#[test]
fn of_unknown_fields_with_one_name_the_last_counts() {
    let text = SMALL.replacen('{', r#"{"b": 1, "a": "x\" y", "b": [ 2 ],"#, 1);
    let network = Network::from_json(&text).unwrap();
    let fields = network.extra().fields();
    let fields: Vec<_> = fields.iter().map(|(name, json)| (&**name, *json)).collect();
    assert_eq!(fields, [("a", r#""x\" y""#), ("b", "[2]")]);
    assert!(network.layer_extra(0).is_empty() && network.layer_extra(0).get("b").is_none());
}

#[test]
fn unknown_fields_have_at_most_64_kb_a_file() {
    let file = |in_file: usize, in_layer: usize| {
        let text = |bytes: usize| format!("\"{}\"", "y".repeat(bytes - 3));
        let text = SMALL
            .replacen('{', &format!("{{\"m\": {},", text(in_file)), 1)
            .replacen(
                "{\"gates\"",
                &format!("{{\"n\": {}, \"gates\"", text(in_layer)),
                1,
            );
        Network::from_json(&text)
    };
    assert!(file(50_000, 15_536).is_ok());
    let problem = "the unknown fields up to here have 65537 bytes, but those of a file have at \
                   most 65536";
    let error = file(50_000, 15_537).unwrap_err();
    assert_eq!(
        (error.path.as_str(), error.problem.as_str()),
        ("layers[0].n", problem)
    );
    let error = file(65_537, 10).unwrap_err();
    assert_eq!(
        (error.path.as_str(), error.problem.as_str()),
        ("m", problem)
    );
    // A file that is something else is not told about its fields.
    let other = format!("{{\"values\": [{}1]}}", "1, ".repeat(100_000));
    assert_eq!(Network::from_json(&other).unwrap_err().path, "format");
    // Fields of presets may be longer; readers of networks leave them out.
    let nodes = format!("[{}1]", "1, ".repeat(30_000));
    let preset = SMALL.replacen('{', &format!("{{\"bends\": {nodes},"), 1);
    let network = Network::from_json(&preset).unwrap();
    assert!(network.extra().is_empty());
    let (same, values) = Network::from_json_with(&preset, ["x", "bends"]).unwrap();
    assert_eq!((same, values), (network, [None, Some(&*nodes)]));
}

#[test]
fn long_texts_are_rejected_with_their_size() {
    let text = SMALL.replace("small", &"n".repeat(65_537));
    let error = Network::from_json(&text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "name: 65537 bytes, but a text has at most 65536"
    );
}

#[test]
fn a_byte_order_mark_is_ignored() {
    assert!(Network::from_json(&format!("\u{feff}{SMALL}")).is_ok());
}

#[test]
fn name_and_sample_rate_are_optional() {
    let text = SMALL
        .replace(r#""name": "small","#, "")
        .replace(r#""sample_rate": 8000,"#, "");
    let network = Network::from_json(&text).unwrap();
    assert_eq!((network.name(), network.sample_rate()), ("untitled", 8000));
}

#[test]
fn encodings_and_masks_are_loaded() {
    let encoded = |encoding: &str, inputs: u32| {
        let text = SMALL.replace(
            r#""inputs": 2"#,
            &format!(r#""inputs": {inputs}, {encoding}"#),
        );
        Network::from_json(
            &text
                .replace("[6, 0, 1]", "[6, 0, 0]")
                .replace("[[1, 2, 0], [12, 2, 2]]", "[]")
                .replace("[2, 3, 4]", "[0]"),
        )
        .unwrap()
    };
    let one_digit = encoded(r#""input_encoding": "thermometer""#, 7);
    assert_eq!(
        one_digit.sources()[0].encoding,
        InputEncoding::Thermometer { digit_bits: 3 }
    );
    assert_eq!(one_digit.counter_bits(), 3);
    let digits = encoded(
        r#""input_encoding": {"type": "one-hot", "digit_bits": 2}"#,
        8,
    );
    assert_eq!(
        digits.sources()[0].encoding,
        InputEncoding::OneHot { digit_bits: 2 }
    );
    assert_eq!(digits.counter_bits(), 4);
    let sum = encoded(
        r#""output_encoding": {"type": "group-sum", "groups": 1}"#,
        2,
    );
    assert_eq!(
        sum.output_encoding(),
        OutputEncoding::GroupSum { groups: 1 }
    );

    let masks =
        r#""masks": [{"node": 2, "force": 1}, {"node": 0, "invert": true}, {"node": 4, "op": 6}],"#;
    let network = Network::from_json(&SMALL.replacen('{', &format!("{{{masks}"), 1)).unwrap();
    assert_eq!(network.masks().get(2), Some(Mask::Force(true)));
    assert_eq!(network.masks().get(0), Some(Mask::Invert));
    assert_eq!(network.masks().get(4), Some(Mask::Replace(Op::XOR)));
    assert_eq!(Network::from_json(&network.to_json()).unwrap(), network);
}

/// A text in `SMALL`, its replacement, and the path and a part of the message of the error.
const ERRORS: [(&str, &str, &str, &str); 38] = [
    (
        r#""gatebend-network""#,
        r#""other""#,
        "format",
        "is not \"gatebend-network\"",
    ),
    (r#""format": "gatebend-network","#, "", "format", "missing"),
    (
        r#""version": 1"#,
        r#""version": 3"#,
        "version",
        "reads 1 to 2",
    ),
    (r#""version": 1,"#, "", "version", "missing"),
    (r#""small""#, "3", "name", "text in quotes"),
    ("8000", "0", "sample_rate", "outside 1..768000"),
    ("8000", "800000", "sample_rate", "outside 1..768000"),
    ("8000", "44100.5", "sample_rate", "whole number"),
    (r#""inputs": 2"#, r#""inputs": 0"#, "inputs", "at least 1"),
    (r#""inputs": 2"#, r#""inputs": 25"#, "inputs", "at most 24"),
    (
        r#""inputs": 2"#,
        r#""inputs": -1"#,
        "inputs",
        "whole number",
    ),
    (r#""inputs": 2,"#, "", "inputs", "missing"),
    (
        r#""layers": [{"gates": [[6, 0, 1]]}, {"gates": [[1, 2, 0], [12, 2, 2]]}],"#,
        "",
        "layers",
        "missing",
    ),
    (r#""outputs": [2, 3, 4]"#, r#""x": 1"#, "outputs", "missing"),
    (r#"{"gates": [[6, 0, 1]]}"#, "7", "layers[0]", "a layer"),
    (
        r#"{"gates": [[6, 0, 1]]}"#,
        "{}",
        "layers[0].gates",
        "missing",
    ),
    ("[6, 0, 1]", "[6, 0]", "layers[0].gates[0]", "[op, a, b]"),
    ("[6, 0, 1]", "\"xor\"", "layers[0].gates[0]", "[op, a, b]"),
    ("[6, 0, 1]", "[16, 0, 1]", "layers[0].gates[0][0]", "0..15"),
    (
        "[6, 0, 1]",
        "[6, -1, 1]",
        "layers[0].gates[0][1]",
        "node number",
    ),
    (
        "[6, 0, 1]",
        "[6, 0, 2]",
        "layers[0].gates[0][2]",
        "nodes before it, 0..1",
    ),
    (
        "[12, 2, 2]",
        "[12, 2, 9]",
        "layers[1].gates[1][2]",
        "gate 4 reads node 9",
    ),
    ("[2, 3, 4]", "[2, 3, 5]", "outputs[2]", "nodes are 0..4"),
    ("[2, 3, 4]", "[]", "outputs", "1..32"),
    (
        "[2, 3, 4]",
        "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]",
        "outputs",
        "33 outputs",
    ),
    ("[2, 3, 4]", "{}", "outputs", "a list"),
    (
        r#""inputs": 2"#,
        r#""inputs": 2, "input_encoding": "gray""#,
        "input_encoding",
        "\"gray\"",
    ),
    (
        r#""inputs": 2"#,
        r#""inputs": 2, "input_encoding": "thermometer""#,
        "inputs",
        "whole digits",
    ),
    (
        r#""inputs": 2"#,
        r#""inputs": 2, "input_encoding": {"type": "one-hot", "digit_bits": 13}"#,
        "input_encoding.digit_bits",
        "1..12",
    ),
    (
        r#""inputs": 2"#,
        r#""inputs": 2, "input_encoding": {"type": "one-hot", "bits": 1}"#,
        "input_encoding.bits",
        "unknown",
    ),
    (
        r#""inputs": 2"#,
        r#""inputs": 2, "output_encoding": {"type": "group-sum", "groups": 2}"#,
        "output_encoding.groups",
        "divide",
    ),
    (
        r#""inputs": 2"#,
        r#""inputs": 2, "masks": [{"node": 9, "force": 0}]"#,
        "masks[0]",
        "node 9",
    ),
    (
        r#""inputs": 2"#,
        r#""inputs": 2, "masks": [{"node": 2, "force": 2}]"#,
        "masks[0]",
        "\"force\": 0 or 1",
    ),
    (
        r#""inputs": 2"#,
        r#""inputs": 2, "masks": [{"node": 1, "op": 2}]"#,
        "masks[0]",
        "an input",
    ),
    (
        r#""inputs": 2"#,
        r#""inputs": 2, "masks": [{"node": 2, "force": 1}, {"node": 2, "invert": true}]"#,
        "masks[1]",
        "twice",
    ),
    (
        r#""inputs": 2"#,
        r#""inputs": 2, "masks": [{"node": 69632, "force": 1}]"#,
        "masks[0]",
        "does not exist in any network",
    ),
    (
        r#""name""#,
        r#""na\me""#,
        "",
        "not JSON: invalid escape at line 1 column",
    ),
    (
        r#""outputs": [2, 3, 4]}"#,
        r#""outputs": [2, 3, 4]"#,
        "",
        "not JSON: EOF",
    ),
];

#[test]
fn gates_may_be_hexadecimal_digits() {
    let compact = |first: &str, text: &str| {
        let text = format!("{{\"gates\": \"{text}\"}}");
        let file = SMALL.replace(r#"{"gates": [[1, 2, 0], [12, 2, 2]]}"#, &text);
        Network::from_json(&file.replace("[[6, 0, 1]]", first))
    };
    let (one, two) = ("10000200000", "c0000200002");
    let network = Network::from_json(SMALL).unwrap();
    assert_eq!(
        compact("\"60000000001\"", &format!("{one}{two}")),
        Ok(network.clone())
    );
    let text = network.to_compact_json();
    assert!(text.contains(r#"{"gates":"60000000001"}"#), "{text}");
    for (gates, path) in [
        (&two[1..], "layers[1].gates"),
        ("1000020000g", "layers[1].gates"),
        ("1000020000é", "layers[1].gates"),
        (two, "outputs[2]"),
        ("c0000200009", "layers[1].gates[0][2]"),
    ] {
        assert_eq!(compact("[[6, 0, 1]]", gates).unwrap_err().path, path);
    }
}

#[test]
fn errors_have_the_path_and_a_hint() {
    for (from, to, path, problem) in ERRORS {
        let text = SMALL.replacen(from, to, 1);
        assert_ne!(text, SMALL, "{from} is not in `SMALL`");
        let error = Network::from_json(&text).unwrap_err();
        assert_eq!(error.path, path, "{from} -> {to}: {error}");
        assert!(error.problem.contains(problem), "{from} -> {to}: {error}");
    }
}

/// A file of version 2.
const LISTENING: &str = r#"{
  "format": "gatebend-network", "version": 2, "name": "listening",
  "inputs": [{"from": "t", "bits": 3},
             {"from": "audio", "bits": 8, "encoding": "gray"},
             {"from": "control", "name": "cutoff", "bits": 4, "default": 0.5,
              "encoding": {"type": "thermometer", "digit_bits": 2}}],
  "layers": [{"gates": [[6, 0, 3]]}],
  "outputs": [[17, 0], [1, 2, 17]]
}"#;

#[test]
fn a_file_of_version_2_has_sources_and_channels() {
    let network = Network::from_json(LISTENING).unwrap();
    let [time, audio, control] = network.sources() else {
        panic!("there are three sources");
    };
    assert_eq!(*time, Source::time(3));
    assert_eq!(audio.signal, Signal::Audio { channel: 0 });
    assert_eq!((audio.bits, audio.encoding), (8, InputEncoding::Gray));
    let name = "cutoff".to_string();
    assert_eq!(control.signal, Signal::Control { name, default: 0.5 });
    assert_eq!(
        control.encoding,
        InputEncoding::Thermometer { digit_bits: 2 }
    );
    assert_eq!(
        (network.inputs(), network.variables(), network.period()),
        (17, 15, 8)
    );
    let channels = OutputEncoding::Channels { left: 2, right: 3 };
    assert_eq!(network.output_encoding(), channels);
    let bytes = LISTENING.replace("[[17, 0], [1, 2, 17]]", "[17, 0]");
    let network = Network::from_json(&bytes).unwrap();
    assert_eq!(network.output_encoding(), OutputEncoding::Binary);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn errors_of_version_2_have_the_path_and_a_hint() {
    for (from, to, path, problem) in [
        (r#""t", "bits": 3"#, r#""t""#, "inputs[0].bits", "missing"),
        (
            r#""t", "bits": 3"#,
            r#""t", "bits": 25"#,
            "inputs[0].bits",
            "1..24",
        ),
        (
            r#""t", "bits": 3"#,
            r#""t", "bits": 0"#,
            "inputs[0].bits",
            "1..24",
        ),
        (
            r#""t", "bits": 3"#,
            r#""t", "bits": 3, "channel": 0"#,
            "inputs[0].channel",
            "has none",
        ),
        (
            r#""t", "bits": 3"#,
            r#""time", "bits": 3"#,
            "inputs[0].from",
            "\"control\"",
        ),
        (
            r#""t", "bits": 3"#,
            r#""t", "bit": 3"#,
            "inputs[0].bit",
            "unknown",
        ),
        (r#"{"from": "t", "bits": 3}"#, "7", "inputs[0]", "an input"),
        (
            r#""audio", "bits": 8"#,
            r#""audio", "bits": 17"#,
            "inputs[1].bits",
            "1..16",
        ),
        (
            r#""audio""#,
            r#""audio", "channel": 2"#,
            "inputs[1].channel",
            "0 or 1",
        ),
        (r#""gray""#, r#""grey""#, "inputs[1].encoding", "\"gray\""),
        (r#""audio""#, r#""t""#, "inputs[1]", "t is an input twice"),
        ("cutoff", "cut off", "inputs[2]", "a letter, then"),
        (
            "cutoff",
            "a_very_long_control_name",
            "inputs[2]",
            "at most 16",
        ),
        (r#""name": "cutoff","#, "", "inputs[2].name", "missing"),
        ("0.5", "1.5", "inputs[2]", "from 0 to 1"),
        ("0.5", "[]", "inputs[2].default", "a number"),
        (
            r#""digit_bits": 2"#,
            r#""digit_bits": 3"#,
            "inputs[2].bits",
            "digits of 3",
        ),
        (
            r#""digit_bits": 2"#,
            r#""digit_bits": 0"#,
            "inputs[2].encoding.digit_bits",
            "1..12",
        ),
        (
            r#""layers""#,
            r#""input_encoding": "gray", "layers""#,
            "input_encoding",
            "version 2",
        ),
        (
            "[[17, 0], [1, 2, 17]]",
            "[[17], [0], [1]]",
            "outputs",
            "3 channels",
        ),
        ("[[17, 0], [1, 2, 17]]", "[[17, 0], 1]", "outputs", "either"),
        ("[[17, 0], [1, 2, 17]]", "[[17], []]", "outputs[1]", "1..16"),
        ("[[17, 0], [1, 2, 17]]", "[[]]", "outputs[0]", "1..16"),
        ("[1, 2, 17]", "[1, 18]", "outputs[1][1]", "does not exist"),
        ("[1, 2, 17]", "[1, -1]", "outputs[1][1]", "whole number"),
        (
            "17]]",
            r#"17]], "output_encoding": "binary""#,
            "output_encoding",
            "no encoding",
        ),
        (
            r#""version": 2"#,
            r#""version": 1"#,
            "inputs",
            "whole number",
        ),
    ] {
        let text = LISTENING.replacen(from, to, 1);
        assert_ne!(text, LISTENING, "{from} is not in `LISTENING`");
        let error = Network::from_json(&text).unwrap_err();
        assert_eq!(error.path, path, "{from} -> {to}: {error}");
        assert!(error.problem.contains(problem), "{from} -> {to}: {error}");
    }
    let control = |i: usize| format!(r#"{{"from": "control", "name": "c{i}", "bits": 1}}"#);
    for (count, problem) in [(61, "65 bits of controls"), (68, "more than 67 inputs")] {
        let controls: Vec<String> = (0..count).map(control).collect();
        let text = LISTENING.replacen(r#"{"from": "t", "bits": 3}"#, &controls.join(","), 1);
        let error = Network::from_json(&text).unwrap_err();
        assert!(error.problem.contains(problem), "{count}: {error}");
    }
}

#[test]
fn too_many_gates_are_rejected_with_their_number() {
    let gates = vec!["[0,0,0]"; 65_537].join(",");
    let text = SMALL.replace("[6, 0, 1]", &gates);
    let error = Network::from_json(&text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "layers: 65539 gates, but a network has at most 65536"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn loading_a_saved_network_gives_an_equal_one(
        (network, masks) in prop_oneof![
            common::masked_networks().boxed(),
            common::masked(common::listening_networks()).boxed(),
        ],
    ) {
        let network = network.with_masks(masks).unwrap();
        let saved = network.to_json();
        let loaded = Network::from_json(&saved).unwrap();
        prop_assert_eq!(&loaded, &network);
        prop_assert_eq!(loaded.to_json(), saved);
        prop_assert_eq!(&Network::from_json(&network.to_compact_json()).unwrap(), &network);
        let parts = network.clone().into_parts();
        prop_assert_eq!(Network::try_from(parts).unwrap(), network);
    }

    #[test]
    fn numbers_in_unknown_fields_keep_their_value(number in any::<f64>()) {
        prop_assume!(number.is_finite());
        let text = SMALL.replacen('{', &format!("{{\"x\": {number:e},"), 1);
        let network = Network::from_json(&text).unwrap();
        let written = format!("{number:e}");
        prop_assert_eq!(network.extra().get("x"), Some(&*written));
        let again = Network::from_json(&network.to_json()).unwrap();
        prop_assert_eq!(again.extra().get("x"), Some(&*written));
    }

    /// A file with any changed byte loads or is rejected.
    #[test]
    fn damaged_files_never_panic(at in 0usize..300, byte in any::<u8>(), compact: bool) {
        let network = Network::from_json(SMALL).unwrap();
        let file = if compact { network.to_compact_json() } else { SMALL.into() };
        let mut text = file.into_bytes();
        let at = at % text.len();
        text[at] = byte;
        if let Ok(text) = std::str::from_utf8(&text) {
            if let Ok(network) = Network::from_json(text) {
                prop_assert_eq!(Network::from_json(&network.to_json()).unwrap(), network);
            }
        }
    }
}
