//! The JSON Schema and the loader accept the same files, except for the rules that the
//! schema's description says only the loader checks.

use std::fs;

use jsonschema::Validator;
use logicnet::Network;
use serde_json::{Value, json};

fn schema() -> Validator {
    let text = include_str!("../docs/network.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

fn small() -> Value {
    json!({
        "format": "gatebend-network", "version": 1, "name": "small", "sample_rate": 8000,
        "inputs": 2, "layers": [{"gates": [[6, 0, 1]]}], "outputs": [2], "mood": {"any": ["thing"]}
    })
}

/// A file of version 2.
fn listening() -> Value {
    json!({
        "format": "gatebend-network", "version": 2,
        "inputs": [
            {"from": "t", "bits": 2},
            {"from": "audio", "channel": 1, "bits": 2, "encoding": "gray"},
            {"from": "control", "name": "cutoff", "default": 0.5, "bits": 2},
        ],
        "layers": [{"gates": [[6, 0, 1]]}], "outputs": [[6, 0], [1]]
    })
}

#[test]
fn schema_and_loader_accept_the_shipped_networks_and_the_documented_one() {
    let schema = schema();
    let mut count = 0;
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/networks")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let network = Network::from_json(&text).unwrap();
        assert_eq!(
            network.to_json(),
            text,
            "{} is not formatted as the program writes it",
            path.display()
        );
        let value = serde_json::from_str(&text).unwrap();
        assert!(
            schema.is_valid(&value),
            "{}: {:?}",
            path.display(),
            schema.validate(&value)
        );
        count += 1;
    }
    assert!(count >= 10, "{count} networks");
    let docs = include_str!("../docs/network-format.md");
    let examples: Vec<&str> = docs
        .split("```json\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(examples.len(), 2, "one of each version");
    for example in examples {
        assert!(schema.is_valid(&serde_json::from_str(example).unwrap()));
        let network = Network::from_json(example).unwrap();
        assert_eq!(network.to_json(), example);
    }
}

/// Sets each field to valid and invalid values.
#[test]
#[allow(clippy::too_many_lines)] // mostly a table
fn schema_and_loader_agree_on_every_field() {
    let thermometer = |bits: Value| json!({"type": "thermometer", "digit_bits": bits});
    let group_sum = |groups: Value| json!({"type": "group-sum", "groups": groups});
    let cases = [
        (
            "format",
            vec![json!("gatebend-network"), json!("wav"), json!(1)],
        ),
        ("version", vec![json!(1), json!(2), json!("1")]),
        ("name", vec![json!(""), json!(1), json!(null)]),
        ("description", vec![json!("x"), json!(["x"])]),
        ("source", vec![json!("t"), json!(false)]),
        (
            "sample_rate",
            vec![
                json!(1),
                json!(8000.0),
                json!(768_000),
                json!(0),
                json!(768_001),
                json!(1.5),
                json!("8000"),
            ],
        ),
        (
            "inputs",
            vec![
                json!(2),
                json!(24),
                json!(0),
                json!(25),
                json!(-2),
                json!([2]),
            ],
        ),
        (
            "input_encoding",
            vec![
                json!("binary"),
                json!({"type": "binary"}),
                json!("one-hot"),
                thermometer(json!(1)),
                thermometer(json!(0)),
                thermometer(json!(13)),
                thermometer(json!("1")),
                json!("gray"),
                json!({"digit_bits": 1}),
                json!({"type": "binary", "digit_bits": 1}),
                json!({"type": "one-hot", "x": 1}),
                json!(3),
            ],
        ),
        (
            "layers",
            vec![
                json!([{"gates": [[6, 0, 1]]}, {"gates": []}]),
                json!([{"gates": [[6, 0, 1]], "x": 1}]),
                json!([{}]),
                json!([[6, 0, 1]]),
                json!({}),
                json!([{"gates": [[6, 0]]}]),
                json!([{"gates": [[6, 0, 1, 1]]}]),
                json!([{"gates": [[16, 0, 1]]}]),
                json!([{"gates": [[6, -1, 1]]}]),
                json!([{"gates": [[6, 0, 0.5]]}]),
                json!([{"gates": ["xor"]}]),
                json!([{"gates": 1}]),
            ],
        ),
        (
            "outputs",
            vec![
                json!([0]),
                json!([]),
                json!(vec![0; 32]),
                json!(vec![0; 33]),
                json!([-1]),
                json!("0"),
            ],
        ),
        (
            "output_encoding",
            vec![
                json!("binary"),
                json!({"type": "binary"}),
                json!("group-sum"),
                group_sum(json!(1)),
                group_sum(json!(0)),
                group_sum(json!(17)),
                json!("sum"),
                json!({"groups": 1}),
                json!({"type": "binary", "groups": 1}),
            ],
        ),
        (
            "masks",
            vec![
                json!([]),
                json!([{"node": 2, "force": 0}]),
                json!([{"node": 2, "invert": true}]),
                json!([{"node": 2, "op": 15}]),
                json!([{"node": 2}]),
                json!([{"force": 1}]),
                json!([{"node": 2, "force": 2}]),
                json!([{"node": 2, "force": true}]),
                json!([{"node": 2, "invert": false}]),
                json!([{"node": 2, "op": 16}]),
                json!([{"node": 2, "force": 0, "invert": true}]),
                json!([{"node": 2, "melt": 1}]),
                json!({}),
            ],
        ),
    ];
    let (accepted, rejected) = agree(&small(), &cases);
    assert!(
        accepted >= 20 && rejected >= 40,
        "{accepted} accepted, {rejected} rejected"
    );
}

/// Checks that schema and loader agree on a file in which a field has each of these values,
/// or is missing. Returns how many files are accepted, and how many rejected.
fn agree(file: &Value, cases: &[(&str, Vec<Value>)]) -> (usize, usize) {
    let schema = schema();
    let (mut accepted, mut rejected) = (0, 0);
    for (field, values) in cases {
        for value in values {
            let mut file = file.clone();
            file[*field] = value.clone();
            let loaded = Network::from_json(&file.to_string());
            let valid = schema.is_valid(&file);
            assert_eq!(valid, loaded.is_ok(), "{field} = {value}: {loaded:?}");
            *(if valid { &mut accepted } else { &mut rejected }) += 1;
        }
        let mut file = file.clone();
        file.as_object_mut().unwrap().remove(*field);
        assert_eq!(
            schema.is_valid(&file),
            Network::from_json(&file.to_string()).is_ok(),
            "without {field}"
        );
    }
    (accepted, rejected)
}

#[test]
fn schema_and_loader_agree_on_version_2() {
    let one = |source: Value| json!([source]);
    let encoded = |encoding: Value| json!([{"from": "t", "bits": 2, "encoding": encoding}]);
    let control = |name: &str| json!([{"from": "control", "name": name, "bits": 16}]);
    let inputs = vec![
        one(json!({"from": "t", "bits": 24})),
        one(json!({"from": "t", "bits": 25})),
        one(json!({"from": "t", "bits": 0})),
        one(json!({"from": "t", "bits": "2"})),
        one(json!({"from": "t"})),
        one(json!({"bits": 2})),
        one(json!({"from": "t", "bits": 2, "channel": 0})),
        one(json!({"from": "t", "bits": 2, "name": "t"})),
        one(json!({"from": "t", "bits": 2, "x": 1})),
        one(json!({"from": "midi", "bits": 2})),
        one(json!({"from": "audio", "bits": 16})),
        one(json!({"from": "audio", "bits": 17})),
        one(json!({"from": "audio", "bits": 8, "channel": 2})),
        one(json!({"from": "audio", "bits": 8, "default": 0.5})),
        control("a"),
        control("Cutoff_2"),
        control("abcdefghijklmnop"),
        control("abcdefghijklmnopq"),
        control(""),
        control("2nd"),
        control("cut-off"),
        one(json!({"from": "control", "bits": 2})),
        one(json!({"from": "control", "name": "a", "bits": 17})),
        one(json!({"from": "control", "name": "a", "bits": 2, "default": 1})),
        one(json!({"from": "control", "name": "a", "bits": 2, "default": 1.5})),
        one(json!({"from": "control", "name": "a", "bits": 2, "default": "1"})),
        one(json!({"from": "control", "name": "a", "bits": 2, "channel": 0})),
        encoded(json!("binary")),
        encoded(json!("gray")),
        encoded(json!({"type": "gray"})),
        encoded(json!({"type": "gray", "digit_bits": 1})),
        encoded(json!("one-hot")),
        encoded(json!({"type": "thermometer", "digit_bits": 1})),
        encoded(json!({"type": "thermometer", "digit_bits": 13})),
        encoded(json!("grey")),
        json!([]),
        json!([7]),
        json!(7),
    ];
    let cases = [
        ("version", vec![json!(1), json!(2), json!(3)]),
        ("inputs", inputs),
        ("input_encoding", vec![json!("binary"), json!("gray")]),
        (
            "outputs",
            vec![
                json!([0]),
                json!(vec![0; 32]),
                json!(vec![0; 33]),
                json!([[0]]),
                json!([[0], [1]]),
                json!([vec![0; 16], vec![0; 16]]),
                json!([vec![0; 17]]),
                json!([[0], [1], [0]]),
                json!([[0], []]),
                json!([[0], 1]),
                json!([[-1]]),
                json!([]),
            ],
        ),
        ("output_encoding", vec![json!("binary"), json!("group-sum")]),
    ];
    // The first outputs exist whatever the inputs are.
    let mut file = listening();
    file["layers"] = json!([]);
    file["outputs"] = json!([[0]]);
    let (accepted, rejected) = agree(&file, &cases);
    assert!(
        accepted >= 17 && rejected >= 30,
        "{accepted} accepted, {rejected} rejected"
    );
    let mut file = listening();
    file["outputs"] = json!([6, 0]);
    agree(&file, &cases[4..]);
}

#[test]
fn more_than_32_outputs_need_a_group_sum() {
    let mut file = small();
    file["outputs"] = json!(vec![0; 40]);
    assert!(!schema().is_valid(&file));
    file["output_encoding"] = json!({"type": "group-sum", "groups": 4});
    assert!(schema().is_valid(&file));
    assert!(Network::from_json(&file.to_string()).is_ok());
}
