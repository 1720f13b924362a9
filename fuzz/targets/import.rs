//! Any file is refused with a sentence or read as a network, which survives a round trip, as the
//! format that it looks like and as every other one.

#![no_main]

use import::{Format, Options, Parametrization, import};
use libfuzzer_sys::fuzz_target;
use logicnet::Network;

fuzz_target!(|bytes: &[u8]| {
    for format in [
        None,
        Some(Format::Circuit),
        Some(Format::Safetensors),
        Some(Format::PyTorch),
        Some(Format::C),
        Some(Format::Blif),
        Some(Format::Aiger),
    ] {
        let options = Options {
            format,
            parametrization: Some(Parametrization::Warp),
            ..Options::default()
        };
        match import(bytes, &options) {
            Ok((network, _)) => {
                let again = Network::from_json(&network.to_json()).expect("a saved network loads");
                assert_eq!(again.gates(), network.gates());
            }
            Err(error) => assert!(!error.problem.is_empty()),
        }
    }
});
