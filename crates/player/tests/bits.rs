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

/// A network of one channel that reads two controls, t and the right channel.
fn controlled(seed: u64) -> Network {
    let source = |signal, bits| Source {
        signal,
        ..Source::time(bits)
    };
    let control = |name: &str, default| Signal::Control {
        name: name.into(),
        default,
    };
    let sources = vec![
        source(control("a", 0.75), 3),
        source(Signal::Time, 4),
        source(control("b", 0.25), 2),
        source(Signal::Audio { channel: 1 }, 5),
    ];
    Network::random_of(sources, &[30, 8], Ops::XorRich, seed).unwrap()
}

fn digits(value: u32, bits: u32) -> Vec<u8> {
    (0..bits).map(|bit| (value >> bit & 1) as u8).collect()
}

proptest! {
    #[test]
    fn frames_sound_as_their_numbers(
        seed: u64,
        time: u32,
        heard in -1.1f32..1.1,
        positions in prop::collection::vec(0.0..1.0, 0..3),
    ) {
        let sound = |x: f32, bits: u32| {
            let half = f64::from(1 << (bits - 1));
            let value = ((f64::from(x) + 1.0) * half).floor();
            digits(value.clamp(0.0, 2.0 * half - 1.0) as u32, bits)
        };
        let level = |bits: &[u8]| {
            let half = (1 << (bits.len() - 1)) as f32;
            (number(bits) as f32 - half) / half
        };
        let stereo = network(seed);
        let input = [sound(heard, 9), digits(time, 5)].concat();
        let output = naive(&stereo, &input, None);
        let expected = [level(&output[..12]), level(&output[12..])];
        let mut bits = Bits::new(Arc::new(stereo), None);
        prop_assert_eq!(bits.frame(time, [heard, 0.5], &[]), expected);

        let mono = controlled(seed);
        let position = |i: usize, default: f64, bits: u32| {
            let position = positions.get(i).copied().unwrap_or(default);
            digits((position * f64::from(1 << bits)) as u32, bits)
        };
        let (a, b) = (position(0, 0.75, 3), position(1, 0.25, 2));
        let input = [a, digits(time, 4), b, sound(heard, 5)].concat();
        let expected = level(&naive(&mono, &input, None));
        let mut bits = Bits::new(Arc::new(mono), None);
        prop_assert_eq!(bits.frame(time, [0.5, heard], &positions), [expected; 2]);
    }
}
