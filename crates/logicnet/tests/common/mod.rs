//! The oracle: an evaluation with one bool per node and a match on the gate, and random
//! networks to compare it on. Shares only the network model with the crate.

#![allow(dead_code)] // each test uses some of it

use logicnet::{
    Gate, InputEncoding, Mask, Masks, Network, NetworkLayer, Op, OutputEncoding, Parts, Signal,
    Source,
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

/// Returns an input of a value.
fn input(encoding: InputEncoding, bits: u32, i: u32, value: u32) -> bool {
    match encoding {
        InputEncoding::Binary => value / (1 << i) % 2 == 1,
        InputEncoding::Gray => {
            let above = i + 1 < bits && value / (1 << (i + 1)) % 2 == 1;
            (value / (1 << i) % 2 == 1) != above
        }
        InputEncoding::Thermometer { digit_bits: d } => {
            let (size, base) = ((1 << d) - 1, 1u32 << d);
            value / base.pow(i / size) % base > i % size
        }
        InputEncoding::OneHot { digit_bits: d } => {
            let base = 1u32 << d;
            value / base.pow(i / base) % base == i % base
        }
    }
}

/// Returns the value of each node at time t, with the other signals 0.
pub fn nodes(network: &Network, masks: &Masks, t: u32) -> Vec<bool> {
    nodes_for(network, masks, |signal| match signal {
        Signal::Time => t,
        _ => 0,
    })
}

/// Returns the value of each node, given a value for each signal, of which those bits count
/// that the network reads.
pub fn nodes_for(network: &Network, masks: &Masks, value: impl Fn(&Signal) -> u32) -> Vec<bool> {
    let mut nodes = Vec::new();
    for source in network.sources() {
        let bits = u32::from(source.bits);
        let value = value(&source.signal) % (1 << bits);
        for i in 0..source.inputs().unwrap() {
            let value = input(source.encoding, bits, i, value);
            nodes.push(match masks.get(nodes.len() as u32) {
                Some(Mask::Force(forced)) => forced,
                Some(Mask::Invert) => !value,
                Some(Mask::Replace(_)) | None => value,
            });
        }
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
    byte(network.output_encoding(), &outputs(network, masks, t))
}

/// Returns the level of a channel, -1 to 1, for the values of all nodes.
pub fn level(network: &Network, nodes: &[bool], channel: usize) -> f64 {
    let bits: Vec<bool> = network
        .outputs()
        .iter()
        .map(|&node| nodes[node as usize])
        .collect();
    let (sample, width) = match network.output_encoding() {
        OutputEncoding::Channels { left, right } => {
            let (first, second) = bits.split_at(left.into());
            let bits = if channel == 1 && right > 0 {
                second
            } else {
                first
            };
            let number = bits
                .iter()
                .rev()
                .fold(0, |number, &bit| 2 * number + i32::from(bit));
            (number, bits.len())
        }
        encoding => (byte(encoding, &bits).into(), 8),
    };
    let half = 2f64.powi(width as i32 - 1);
    (f64::from(sample) - half) / half
}

fn byte(encoding: OutputEncoding, bits: &[bool]) -> u8 {
    let n = bits.len();
    match encoding {
        OutputEncoding::Channels { .. } => panic!("channels are not bytes"),
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
    let source = encodings(10, 3).prop_map(|(encoding, bits)| {
        let source = Source {
            encoding,
            ..Source::time(bits)
        };
        vec![source]
    });
    let outputs = (1usize..=12, 0u8..=3).prop_map(|(outputs, groups)| match groups {
        0 | 1 => (OutputEncoding::Binary, outputs),
        groups => (
            OutputEncoding::GroupSum { groups },
            outputs * usize::from(groups),
        ),
    });
    networks_of(source, outputs)
}

/// Generates networks that read sound and controls in addition to t, or have other channels
/// than one of eight bits, or both.
pub fn listening_networks() -> impl Strategy<Value = Network> {
    let signals = prop::sample::subsequence(
        vec![
            Signal::Control {
                name: "a".into(),
                default: 0.25,
            },
            Signal::Audio { channel: 1 },
            Signal::Time,
            Signal::Audio { channel: 0 },
            Signal::Control {
                name: "b2".into(),
                default: 1.0,
            },
        ],
        1..=5,
    );
    let sources = (
        signals.prop_shuffle(),
        prop::collection::vec(encodings(5, 2), 5),
    )
        .prop_map(|(signals, encodings)| {
            let sources = signals.into_iter().zip(encodings);
            sources
                .map(|(signal, (encoding, bits))| Source {
                    signal,
                    bits,
                    encoding,
                })
                .collect()
        });
    let outputs = prop_oneof![
        3 => (1u8..=16, 0u8..=16).prop_map(|(left, right)| {
            (OutputEncoding::Channels { left, right }, usize::from(left + right))
        }),
        1 => Just((OutputEncoding::Binary, 8)),
        1 => Just((OutputEncoding::GroupSum { groups: 2 }, 10)),
    ];
    networks_of(sources, outputs)
}

/// Generates encodings and numbers of bits: at most `bits` plain ones, or `digits` digits.
fn encodings(bits: u8, digits: u8) -> impl Strategy<Value = (InputEncoding, u8)> {
    prop_oneof![
        4 => (1..=bits).prop_map(|bits| (InputEncoding::Binary, bits)),
        1 => (1..=bits).prop_map(|bits| (InputEncoding::Gray, bits)),
        1 => (1u8..=3, 1..=digits).prop_map(|(digit_bits, digits)| {
            (InputEncoding::Thermometer { digit_bits }, digits * digit_bits)
        }),
        1 => (1u8..=3, 1..=digits).prop_map(|(digit_bits, digits)| {
            (InputEncoding::OneHot { digit_bits }, digits * digit_bits)
        }),
    ]
}

fn networks_of(
    sources: impl Strategy<Value = Vec<Source>>,
    outputs: impl Strategy<Value = (OutputEncoding, usize)>,
) -> impl Strategy<Value = Network> {
    let widths = prop::collection::vec(1usize..=20, 0..=8);
    (sources, widths, outputs, any::<u64>()).prop_map(
        |(sources, widths, (output_encoding, outputs), seed)| {
            let mut rng = logicnet::random::Rng::new(seed);
            let mut nodes: u32 = sources.iter().filter_map(Source::inputs).sum();
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
            Network::try_from(Parts {
                name: format!("case {seed}"),
                sources,
                layers,
                outputs: (0..outputs).map(|_| rng.below(nodes)).collect(),
                output_encoding,
                ..Parts::default()
            })
            .unwrap()
        },
    )
}

/// Generates networks with masks on some of their nodes.
pub fn masked(networks: impl Strategy<Value = Network>) -> impl Strategy<Value = (Network, Masks)> {
    (networks, any::<u64>(), 0u32..6).prop_map(|(network, seed, count)| {
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

/// Generates networks of t with masks on some of their nodes.
pub fn masked_networks() -> impl Strategy<Value = (Network, Masks)> {
    masked(networks())
}
