//! Simplified networks are never larger and, by the oracle, equal at every t.

mod common;

use logicnet::random::Ops;
use logicnet::{Masks, Network, Unproved, prove, simplification, simplify};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn simplified_networks_are_equal_and_never_larger(
        (network, masks) in common::masked_networks(),
    ) {
        let simplified = simplify(&network, &masks);
        prop_assert!(simplified.gates().len() <= network.gates().len());
        for t in 0..network.period() {
            prop_assert_eq!(
                common::sample(&simplified, simplified.masks(), t),
                common::sample(&network, &masks, t),
                "t = {}", t
            );
        }
    }

    #[test]
    fn prove_finds_the_first_difference((a, masks) in common::masked_networks()) {
        let difference = (0..a.period()).find_map(|t| {
            let (with, without) = (common::outputs(&a, &masks, t), common::outputs(&a, &Masks::new(), t));
            let bit = (0..with.len()).find(|&bit| with[bit] != without[bit])?;
            Some((t, bit as u32, with[bit]))
        });
        let by_bit = a.output_encoding() == logicnet::OutputEncoding::Binary;
        match prove((&a, &masks), (&a, &Masks::new()), |_| ()) {
            Ok(()) if by_bit => prop_assert_eq!(difference, None),
            Err(Unproved::Different(found)) if by_bit => {
                prop_assert_eq!(difference, Some((found.t, found.bit, found.first)));
            }
            outcome => {
                let differs = |t: &u32| {
                    common::sample(&a, &masks, *t) != common::sample(&a, &Masks::new(), *t)
                };
                let found = outcome.err().map(|unproved| match unproved {
                    Unproved::Different(found) => found.t,
                    Unproved::Unknown { bits } => panic!("{bits} bits are few enough"),
                });
                prop_assert_eq!(found, (0..a.period()).find(differs));
            }
        }
    }
}

#[test]
fn simplification_is_deterministic() {
    let network = Network::random(12, &[200; 8], Ops::XorRich, 3).unwrap();
    let first = simplify(&network, &Masks::new());
    assert_eq!(first, simplify(&network, &Masks::new()));
    assert!(first.gates().len() * 2 < network.gates().len());
}

#[test]
fn a_search_that_ends_at_its_limits_is_reported() {
    let is_partial = |gates: usize| {
        let network = Network::random(12, &[gates / 10; 10], Ops::XorRich, 3).unwrap();
        simplification(&network, &Masks::new()).is_partial
    };
    assert!(!is_partial(100));
    assert!(is_partial(6000));
}

/// The two nodes read different gates, so that only their truth tables are equal.
#[test]
fn equal_functions_of_different_structure_are_merged() {
    let text = |outputs: &str| {
        // Nodes 3..=6: a XOR b as (a OR b) AND NOT (a AND b); node 7: a XOR b.
        format!(
            r#"{{"format":"gatebend-network","version":1,"inputs":3,"layers":[{{"gates":
            [[7,0,1],[1,0,1],[2,3,4],[6,5,2],[6,0,1],[9,7,2]]}}],"outputs":{outputs}}}"#
        )
    };
    let network = Network::from_json(&text("[6, 8]")).unwrap();
    let simplified = simplify(&network, network.masks());
    // The parity of three inputs in two gates, and its complement.
    assert_eq!(simplified.gates().len(), 3);
}

#[test]
fn different_periods_are_compared_over_the_longer() {
    let short = Network::from_json(
        r#"{"format":"gatebend-network","version":1,"inputs":1,"layers":[],"outputs":[0]}"#,
    )
    .unwrap();
    let long = Network::from_json(
        r#"{"format":"gatebend-network","version":1,"inputs":12,
            "layers":[{"gates":[[6,0,11]]}],"outputs":[12]}"#,
    )
    .unwrap();
    let Err(Unproved::Different(difference)) =
        prove((&short, &Masks::new()), (&long, &Masks::new()), |_| ())
    else {
        panic!("the networks differ");
    };
    assert_eq!(
        (difference.t, difference.bit, difference.first),
        (2048, 0, false)
    );
}

/// Regression: a bit of t is a conjunction of gates that read it, (t0 OR t1) AND (t0 OR NOT
/// t1), and must not be replaced by it.
#[test]
fn a_bit_of_t_is_never_replaced_by_a_gate() {
    let network = Network::from_json(
        r#"{"format":"gatebend-network","version":1,"inputs":4,"layers":[{"gates":
            [[7,0,1],[11,0,1],[7,2,0],[11,2,0],[6,3,0],[6,4,5],[1,6,9],[6,7,8]]}],
            "outputs":[10,11,4,5,6,7,8,9]}"#,
    )
    .unwrap();
    let simplified = simplify(&network, network.masks());
    assert!(
        prove(
            (&network, network.masks()),
            (&simplified, simplified.masks()),
            |_| ()
        )
        .is_ok()
    );
}

/// Regression: regular tables, such as those of counters, must not have equal hashes.
#[test]
fn regular_tables_have_different_hashes() {
    // Exclusive sums of pairs of seven bits, their carries, and gates of those.
    let mut gates = Vec::new();
    for i in 0..7u32 {
        for j in 0..i {
            gates.push(format!("[6,{i},{j}],[1,{i},{j}],[7,{i},{j}]"));
        }
    }
    let first = 7;
    let count = 63;
    for i in 0..count {
        gates.push(format!("[6,{},{}]", first + i, first + (i * 5 + 3) % count));
        gates.push(format!(
            "[1,{},{}]",
            first + i,
            first + (i * 11 + 7) % count
        ));
    }
    for output in (first + 63..first + 63 + 126).step_by(8) {
        let outputs: Vec<String> = (output..output + 8).map(|node| node.to_string()).collect();
        let network = Network::from_json(&format!(
            r#"{{"format":"gatebend-network","version":1,"inputs":7,
                "layers":[{{"gates":[{}]}}],"outputs":[{}]}}"#,
            gates.join(","),
            outputs.join(",")
        ));
        // The last outputs exceed the nodes, which is not a network.
        if let Ok(network) = network {
            let simplified = simplify(&network, network.masks());
            let proof = prove(
                (&network, network.masks()),
                (&simplified, &Masks::new()),
                |_| (),
            );
            assert_eq!(proof, Ok(()));
        }
    }
}
