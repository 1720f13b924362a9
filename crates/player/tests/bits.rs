//! Bits and numbers of single samples, against one bool a node.

use std::sync::Arc;

use logicnet::random::{Ops, Rng};
use logicnet::{Mask, Network, OutputEncoding, Signal, Source};
use player::bits::Bits;
use proptest::prelude::*;

/// A network of two channels that reads 9 bits of sound and 5 of t, which are variables in the
/// other order.
fn network(seed: u64) -> Network {
    let audio = Source {
        signal: Signal::Audio { channel: 0 },
        ..Source::time(9)
    };
    let sources = vec![audio, Source::time(5)];
    let network = Network::random_of(sources, &[30, 15], Ops::XorRich, seed).unwrap();
    let mut parts = network.into_parts();
    parts.outputs = (14 + 30..14 + 45).collect();
    parts.output_encoding = OutputEncoding::Channels { left: 12, right: 3 };
    Network::try_from(parts).unwrap()
}

fn naive(network: &Network, bits: &[u8], bend: Option<(u32, bool)>) -> Vec<u8> {
    let mut nodes: Vec<bool> = Vec::new();
    let bent = |node: usize, value| match bend {
        Some((bent, forced)) if bent as usize == node => forced,
        _ => value,
    };
    for bit in bits {
        nodes.push(bent(nodes.len(), *bit != 0));
    }
    for gate in network.gates() {
        let value = gate
            .op
            .apply(nodes[gate.a as usize], nodes[gate.b as usize]);
        nodes.push(bent(nodes.len(), value));
    }
    let outputs = network.outputs().iter();
    outputs
        .map(|&node| u8::from(nodes[node as usize]))
        .collect()
}

fn number(bits: &[u8]) -> u32 {
    bits.iter()
        .rev()
        .fold(0, |number, bit| 2 * number + u32::from(*bit))
}

proptest! {
    #[test]
    fn bits_and_numbers_are_those_of_the_network(
        seed: u64,
        count in 0usize..200,
        bend in prop::option::of((0u32..59, any::<bool>())),
    ) {
        let mut rng = Rng::new(seed);
        let network = Arc::new(network(seed));
        let mut bits = Bits::new(Arc::clone(&network), None);
        prop_assert_eq!((bits.inputs(), bits.outputs()), (14, 15));
        prop_assert_eq!((bits.sources(), bits.channels()), (2, 2));
        if let Some((node, value)) = bend {
            bits.bend(node, Some(Mask::Force(!value))).unwrap();
            bits.bend(node, Some(Mask::Force(value))).unwrap();
        }
        let input: Vec<u8> = (0..14 * count).map(|_| rng.below(2) as u8).collect();
        let mut output = vec![7; 15 * count];
        bits.bits(&input, &mut output);
        let numbers: Vec<u32> = input
            .chunks(14)
            .flat_map(|bits| [number(&bits[..9]), number(&bits[9..])])
            .collect();
        let mut samples = vec![7; 2 * count];
        bits.numbers(&numbers, &mut samples);
        for (k, input) in input.chunks(14).enumerate() {
            let expected = naive(&network, input, bend);
            prop_assert_eq!(&output[15 * k..15 * k + 15], &expected[..]);
            // A sample of the widest channel's bits: the narrow one's are its highest.
            let expected = [number(&expected[..12]), number(&expected[12..]) << 9];
            prop_assert_eq!(&samples[2 * k..2 * k + 2], &expected[..]);
        }
    }
}
