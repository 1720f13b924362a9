//! Any text loads as a network or is rejected; a network survives a round trip, and is
//! evaluated and simplified without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logicnet::{Evaluator, Network, Program, W128, prove, simplify};

fuzz_target!(|text: &str| {
    let Ok(network) = Network::from_json(text) else { return };
    let again = Network::from_json(&network.to_json()).expect("a saved network loads");
    // The first save may rewrite numbers in unknown fields (1e2 as 100.0); the second must not.
    assert_eq!(again.gates(), network.gates());
    assert_eq!(again.masks(), network.masks());
    assert_eq!(again.to_json(), network.to_json());
    let mut samples = [0; 200];
    Evaluator::<W128>::new(Program::new(&network, network.masks())).render(7, &mut samples);
    if network.counter_bits() <= 12 {
        let simplified = simplify(&network, network.masks());
        assert!(simplified.gates().len() <= network.gates().len());
        prove((&network, network.masks()), (&simplified, simplified.masks()), |_| ())
            .expect("the simplified network is equal");
    }
});
