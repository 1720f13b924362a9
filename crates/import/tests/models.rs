//! Models that the real difflogic, difflogic-iwp and torchlogix wrote give the outputs that they
//! gave there. `python/make.py` made the files and the answers; the environment variable
//! `IMPORT_DATA` names another folder of them.

mod common;

use std::fs;
use std::path::PathBuf;

use common::outputs;
use import::{Options, Parametrization, import};
use logicnet::{Network, OutputEncoding};

fn folder() -> PathBuf {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    std::env::var_os("IMPORT_DATA").map_or_else(|| kept.into(), PathBuf::from)
}

fn file(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A file, the options to read it with, and the outputs for each t as text.
struct Answer {
    name: String,
    options: Options,
    outputs: Vec<String>,
}

fn answers() -> Vec<Answer> {
    let text = fs::read_to_string(folder().join("answers.txt")).unwrap();
    let line = |line: &str| {
        let (name, rest) = line.split_once(" [").unwrap();
        let (asked, outputs) = rest.split_once("] ").unwrap();
        let mut options = Options::default();
        match asked {
            "" => {}
            "groups=2" => options.groups = Some(2),
            "parametrization=light" => options.parametrization = Some(Parametrization::Light),
            "parametrization=warp" => options.parametrization = Some(Parametrization::Warp),
            other => panic!("{other}"),
        }
        Answer {
            name: name.into(),
            options,
            outputs: outputs.split(' ').map(String::from).collect(),
        }
    };
    text.lines().map(line).collect()
}

/// Returns a network's outputs at t, as the answers have them.
fn answer(network: &Network, t: u32) -> String {
    let bits = outputs(network, t);
    if let OutputEncoding::GroupSum { groups } = network.output_encoding() {
        let size = bits.len() / usize::from(groups);
        let sum = |group: &[bool]| group.iter().filter(|&&bit| bit).count().to_string();
        return bits.chunks(size).map(sum).collect::<Vec<_>>().join(",");
    }
    let bits = bits.iter().enumerate();
    bits.map(|(i, &bit)| u32::from(bit) << i)
        .sum::<u32>()
        .to_string()
}

#[test]
fn models_give_the_outputs_that_they_gave_in_python() {
    let answers = answers();
    assert!(answers.len() >= 15);
    for Answer {
        name,
        options,
        outputs,
    } in answers
    {
        let bytes = file(&name);
        let network = if name.ends_with("-exported.json") {
            Network::from_json(std::str::from_utf8(&bytes).unwrap()).unwrap()
        } else {
            let network = import(&bytes, &options);
            network.unwrap_or_else(|error| panic!("{name}: {error}")).0
        };
        assert_eq!(outputs.len(), 64);
        for (t, expected) in (0..).zip(&outputs) {
            assert_eq!(&answer(&network, t), expected, "{name} at {t}");
        }
    }
}

#[test]
fn files_of_one_model_become_the_same_network() {
    let network = |name: &str, parametrization| {
        let options = Options {
            parametrization,
            ..Options::default()
        };
        import(&file(name), &options).unwrap().0
    };
    let exported = |name: &str| Network::from_json(std::str::from_utf8(&file(name)).unwrap());
    let warp = Some(Parametrization::Warp);
    let model = network("difflogic.pt", None);
    assert_eq!(
        model.gates(),
        exported("difflogic-exported.json").unwrap().gates()
    );
    assert_eq!(model.layer_count(), 3);
    let model = network("torchlogix.pt", None);
    assert_eq!(model, network("torchlogix-warp.safetensors", warp));
    assert_eq!(model, network("torchlogix-state.pt", warp));
    assert_eq!(model, network("torchlogix-export-mode.safetensors", None));
    assert_eq!(
        model.gates(),
        exported("torchlogix-warp-exported.json").unwrap().gates()
    );
}

#[test]
fn what_a_file_does_not_say_is_asked_for() {
    let error = |name: &str| {
        import(&file(name), &Options::default())
            .unwrap_err()
            .to_string()
    };
    for name in ["torchlogix-warp.safetensors", "torchlogix-state.pt"] {
        let error = error(name);
        assert!(error.starts_with("0: has 4 weights a gate"), "{error}");
        assert!(error.contains("--parametrization light or warp"), "{error}");
    }
    let mut without = vec!["difflogic-no-wiring.pt"];
    if folder()
        .join("difflogic-iwp-no-wiring.safetensors")
        .exists()
    {
        without.push("difflogic-iwp-no-wiring.safetensors");
    }
    for name in without {
        let error = error(name);
        assert!(
            error.starts_with("0: its wiring is not in the file"),
            "{error}"
        );
        assert!(error.contains("torch.save(model, FILE)"), "{error}");
    }
}

#[test]
fn the_documented_script_is_the_one_that_is_tested() {
    let script = include_str!("../python/export.py");
    let page = include_str!("../../../docs/import.md");
    assert!(page.contains(&format!("```python\n{script}```")));
}
