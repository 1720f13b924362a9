//! Any text is a network or is refused; a network survives a round trip, and is
//! evaluated and simplified without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logicnet::{Evaluator, Network, Program, W128, prove, simplify};

fuzz_target!(|text: &str| {
    let Ok(network) = Network::from_json(text) else { return };
    let again = Network::from_json(&network.to_json()).expect("what is saved loads");
    // Numbers in unknown fields may be rewritten once (1e2 as 100.0), not twice.
    assert_eq!(again.gates(), network.gates());
    assert_eq!(again.masks(), network.masks());
    assert_eq!(again.to_json(), network.to_json());
    let mut samples = [0; 200];
    Evaluator::<W128>::new(Program::new(&network, network.masks())).render(7, &mut samples);
    if network.counter_bits() <= 12 {
        let simplified = simplify(&network, network.masks());
        assert!(simplified.gates().len() <= network.gates().len());
        prove((&network, network.masks()), (&simplified, simplified.masks()), |_| ())
            .expect("simplified networks are equal");
    }
});
