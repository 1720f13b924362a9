//! The oracle: an evaluation with one bool per node and a match on the gate, and random
//! networks to compare it on. Shares only the network model with the crate.

#![allow(dead_code)] // each test uses some of it

use logicnet::{
    Gate, InputEncoding, Mask, Masks, Network, NetworkLayer, Op, OutputEncoding, Parts,
};
use proptest::prelude::*;

fn gate(op: u8, a: bool, b: bool) -> bool {
    match op {
        0 => false,
        1 => a && b,
        2 => a && !b,
        3 => a,
        4 => !a && b,
        5 => b,
        6 => a != b,
        7 => a || b,
        8 => !(a || b),
        9 => a == b,
        10 => !b,
        11 => a || !b,
        12 => !a,
        13 => !a || b,
        14 => !(a && b),
        15 => true,
        _ => panic!("no such gate"),
    }
}

/// Returns the value of each node at time t.
pub fn nodes(network: &Network, masks: &Masks, t: u32) -> Vec<bool> {
    let mut nodes = Vec::new();
    for i in 0..network.inputs() {
        let value = match network.input_encoding() {
            InputEncoding::Binary => t / (1 << i) % 2 == 1,
            InputEncoding::Thermometer { digit_bits: d } => {
                let (size, base) = ((1 << d) - 1, 1u32 << d);
                t / base.pow(i / size) % base > i % size
            }
            InputEncoding::OneHot { digit_bits: d } => {
                let base = 1u32 << d;
                t / base.pow(i / base) % base == i % base
            }
        };
        nodes.push(match masks.get(i) {
            Some(Mask::Force(forced)) => forced,
            Some(Mask::Invert) => !value,
            Some(Mask::Replace(_)) | None => value,
        });
    }
    for g in network.gates() {
        let (a, b) = (nodes[g.a as usize], nodes[g.b as usize]);
        nodes.push(match masks.get(nodes.len() as u32) {
            Some(Mask::Force(forced)) => forced,
            Some(Mask::Invert) => !gate(g.op.number(), a, b),
            Some(Mask::Replace(op)) => gate(op.number(), a, b),
            None => gate(g.op.number(), a, b),
        });
    }
    nodes
}

/// Returns the outputs at time t.
pub fn outputs(network: &Network, masks: &Masks, t: u32) -> Vec<bool> {
    let nodes = nodes(network, masks, t);
    network
        .outputs()
        .iter()
        .map(|&node| nodes[node as usize])
        .collect()
}

/// Returns the sample at time t.
pub fn sample(network: &Network, masks: &Masks, t: u32) -> u8 {
    let bits = outputs(network, masks, t);
    let n = bits.len();
    match network.output_encoding() {
        OutputEncoding::Binary => {
            // Eight bits, repeated downwards from the top one.
            (0..8).fold(0, |byte, i| byte << 1 | u8::from(bits[n - 1 - i % n]))
        }
        OutputEncoding::GroupSum { groups } => {
            let size = n / groups as usize;
            let sum: f64 = bits
                .iter()
                .enumerate()
                .map(|(i, &bit)| f64::from(u8::from(bit)) * 2f64.powi((i / size) as i32))
                .sum();
            let full = size as f64 * (2f64.powi(groups.into()) - 1.0);
            (sum / full * 255.0).round() as u8
        }
    }
}

/// Generates networks that are small enough for the oracle to run whole periods.
pub fn networks() -> impl Strategy<Value = Network> {
    let encoding = prop_oneof![
        4 => (1u32..=10).prop_map(|bits| (InputEncoding::Binary, bits)),
        1 => (1u8..=3, 1u32..=3).prop_map(|(digit_bits, digits)| {
            let encoding = InputEncoding::Thermometer { digit_bits };
            (encoding, digits * encoding.inputs_per_digit())
        }),
        1 => (1u8..=3, 1u32..=3).prop_map(|(digit_bits, digits)| {
            let encoding = InputEncoding::OneHot { digit_bits };
            (encoding, digits * encoding.inputs_per_digit())
        }),
    ];
    let widths = prop::collection::vec(1usize..=20, 0..=8);
    (encoding, widths, 1usize..=12, 0u8..=3, any::<u64>()).prop_map(
        |((input_encoding, inputs), widths, outputs, groups, seed)| {
            let mut rng = logicnet::random::Rng::new(seed);
            let mut nodes = inputs;
            // Gates read either any earlier node or only the layer before, as in trained networks.
            let near = rng.below(2) == 0;
            let mut first = 0;
            let layers = widths
                .into_iter()
                .map(|width| {
                    let from = if near { first } else { 0 };
                    let gates = (0..width)
                        .map(|_| Gate {
                            op: Op::new(rng.below(16) as u8).unwrap(),
                            a: from + rng.below(nodes - from),
                            b: from + rng.below(nodes - from),
                        })
                        .collect();
                    first = nodes;
                    nodes += width as u32;
                    NetworkLayer {
                        gates,
                        ..NetworkLayer::default()
                    }
                })
                .collect();
            let (output_encoding, count) = match groups {
                0 | 1 => (OutputEncoding::Binary, outputs),
                groups => (
                    OutputEncoding::GroupSum { groups },
                    outputs * groups as usize,
                ),
            };
            Network::try_from(Parts {
                name: format!("case {seed}"),
                inputs,
                input_encoding,
                layers,
                outputs: (0..count).map(|_| rng.below(nodes)).collect(),
                output_encoding,
                ..Parts::default()
            })
            .unwrap()
        },
    )
}

/// Generates networks with masks on some of their nodes.
pub fn masked_networks() -> impl Strategy<Value = (Network, Masks)> {
    (networks(), any::<u64>(), 0u32..6).prop_map(|(network, seed, count)| {
        let mut rng = logicnet::random::Rng::new(seed);
        let masks = (0..count)
            .map(|_| {
                let node = rng.below(network.nodes());
                let mask = match rng.below(4) {
                    0 => Mask::Force(false),
                    1 => Mask::Force(true),
                    2 if node >= network.inputs() => {
                        Mask::Replace(Op::new(rng.below(16) as u8).unwrap())
                    }
                    _ => Mask::Invert,
                };
                (node, mask)
            })
            .collect();
        (network, masks)
    })
}
