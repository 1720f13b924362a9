//! Networks that read sound and controls, and networks of two channels and up to sixteen
//! bits, compared with the oracle.

mod common;

use logicnet::random::{Ops, Rng};
use logicnet::{
    Activity, Block, Builder, Controls, Evaluator, Mask, Masks, Network, OutputEncoding, Program,
    Signal, Source, Unproved, W128, W512, Word, prove, simplify,
};
use proptest::prelude::*;

/// Random signals of a group of lanes.
struct Signals {
    times: Vec<u32>,
    audio: [Vec<u16>; 2],
    controls: Controls,
    /// The positions of the controls `a` and `b2`.
    positions: [f64; 2],
}

impl Signals {
    fn random(network: &Network, lanes: usize, seed: u64) -> Signals {
        let mut rng = Rng::new(seed);
        let positions = [0, 1].map(|_| f64::from(rng.below(1025)) / 1024.0);
        Signals {
            times: (0..lanes).map(|_| rng.next() as u32).collect(),
            audio: [0, 1].map(|_| (0..lanes).map(|_| rng.next() as u16).collect()),
            controls: Controls::new(network.sources(), |name, _| {
                positions[usize::from(name == "b2")]
            }),
            positions,
        }
    }

    /// Returns the value that the oracle reads of a signal in a lane.
    fn value<'a>(&'a self, network: &'a Network, k: usize) -> impl Fn(&Signal) -> u32 + 'a {
        move |signal| {
            let bits = network
                .sources()
                .iter()
                .find(|source| source.signal == *signal)
                .map_or(1, |source| source.bits);
            match signal {
                Signal::Time => self.times[k],
                Signal::Audio { channel } => {
                    u32::from(self.audio[usize::from(*channel)][k]) / (1 << (16 - bits))
                }
                Signal::Control { name, .. } => {
                    let position = self.positions[usize::from(name == "b2")];
                    ((position * 2f64.powi(bits.into())).floor() as u32).min((1 << bits) - 1)
                }
            }
        }
    }
}

/// Checks the levels of at most this many lanes.
fn check_frames<W: Word>(network: &Network, masks: &Masks, lanes: usize, seed: u64) {
    let lanes = lanes.min(W::LANES);
    let signals = Signals::random(network, lanes, seed);
    let program = Builder::new().build_with(network, masks, &signals.controls);
    let hears = program.hears();
    let mut evaluator = Evaluator::<W>::new(program);
    let [left, right] = &signals.audio;
    evaluator.start_frames(&signals.times, [left, right]);
    evaluator.finish();
    let mut levels = vec![0; lanes];
    for channel in [0, 1] {
        evaluator.levels(channel, &mut levels);
        for (k, &level) in levels.iter().enumerate() {
            let nodes = common::nodes_for(network, masks, signals.value(network, k));
            let expected = common::level(network, &nodes, channel);
            assert_eq!(
                f64::from(level) / 32_768.0,
                expected,
                "lane {k}: {network:?}"
            );
        }
    }
    if !hears {
        // Without sound, the outputs depend on nothing but t.
        let mut other = vec![0; lanes];
        evaluator.start_frames(&signals.times, [&[], &[]]);
        evaluator.finish();
        evaluator.levels(1, &mut other);
        assert_eq!(levels, other);
    }
}

proptest! {
    #[test]
    fn every_lane_hears_its_own_frame(
        (network, masks) in common::masked(common::listening_networks()),
        lanes in prop_oneof![1usize..=512, 1usize..=40],
        seed in any::<u64>(),
    ) {
        check_frames::<u32>(&network, &masks, lanes, seed);
        check_frames::<u64>(&network, &masks, lanes, seed);
        check_frames::<W128>(&network, &masks, lanes, seed);
        check_frames::<W512>(&network, &masks, lanes, seed);
    }

    #[test]
    fn the_activity_of_every_node_follows_the_signals(
        (network, masks) in common::masked(common::listening_networks()),
        seed in any::<u64>(),
        samples in 1u32..200,
    ) {
        let mut signals = Signals::random(&network, samples as usize, seed);
        let t0 = signals.times[0];
        signals.times = (0..samples).map(|k| t0.wrapping_add(k)).collect();
        let [left, right] = &signals.audio;
        let mut activity = Activity::new(&network);
        activity.observe(&network, &masks, Block {
            t0,
            samples,
            controls: &signals.controls,
            audio: [left, right],
        });
        let at = |k| common::nodes_for(&network, &masks, signals.value(&network, k));
        prop_assert_eq!(activity.values(), &at(samples as usize - 1)[..]);
        let mut toggles = vec![0; network.nodes() as usize];
        for k in 1..samples as usize {
            for ((toggles, before), after) in toggles.iter_mut().zip(at(k - 1)).zip(at(k)) {
                *toggles += u32::from(before != after);
            }
        }
        prop_assert_eq!(activity.toggles(), &toggles[..]);
    }

    #[test]
    fn simplified_networks_are_proved_and_sound_the_same(
        (network, masks) in common::masked(common::listening_networks()),
        seed in any::<u64>(),
    ) {
        let simplified = simplify(&network, &masks);
        prop_assert!(simplified.gates().len() <= network.gates().len());
        let proof = prove((&network, &masks), (&simplified, simplified.masks()), |_| ());
        prop_assert_eq!(proof, Ok(()));
        let signals = Signals::random(&network, 8, seed);
        for k in 0..8 {
            let nodes = common::nodes_for(&network, &masks, signals.value(&network, k));
            let fewer = common::nodes_for(
                &simplified,
                simplified.masks(),
                signals.value(&network, k),
            );
            for channel in [0, 1] {
                prop_assert_eq!(
                    common::level(&network, &nodes, channel),
                    common::level(&simplified, &fewer, channel)
                );
            }
        }
    }

    #[test]
    fn a_difference_is_shown_with_the_values_of_all_signals(
        (network, masks) in common::masked(common::listening_networks()),
    ) {
        let other = prove((&network, &masks), (&network, &Masks::new()), |_| ());
        let values = |difference: &logicnet::Difference| {
            let difference = difference.clone();
            move |signal: &Signal| match signal {
                Signal::Time => difference.t,
                signal => {
                    let name = signal.to_string();
                    let found = difference.signals.iter().find(|(other, _)| *other == name);
                    found.expect("the difference has every signal").1
                }
            }
        };
        let bits = network.variables();
        match other {
            Err(Unproved::Different(difference)) => {
                let a = common::nodes_for(&network, &masks, values(&difference));
                let b = common::nodes_for(&network, &Masks::new(), values(&difference));
                let differs = network.outputs().iter().any(|&node| {
                    a[node as usize] != b[node as usize]
                });
                prop_assert!(differs, "{difference}: {network:?}");
            }
            Err(Unproved::Unknown { bits: read }) => prop_assert!(read <= bits && read > 24),
            Ok(()) => {}
        }
    }
}

/// Returns a random network of t, both channels of sound and a control.
fn wide(bits: u8) -> Network {
    let sources = [
        Source::time(bits),
        Source {
            signal: Signal::Audio { channel: 0 },
            ..Source::time(bits)
        },
        Source {
            signal: Signal::Control {
                name: "cutoff".into(),
                default: 0.5,
            },
            ..Source::time(bits)
        },
    ];
    Network::random_of(sources.into(), &[60, 40, 20], Ops::XorRich, 5).unwrap()
}

#[test]
fn networks_of_too_many_bits_for_a_proof_are_compared_as_far_as_possible() {
    let network = wide(12);
    assert_eq!(network.variables(), 36);
    let plain = (&network, &Masks::new());
    assert_eq!(prove(plain, plain, |_| ()), Ok(()));
    let output = network.outputs()[3];
    let inverted = Masks::from_iter([(output, Mask::Invert)]);
    let Err(Unproved::Different(difference)) = prove(plain, (&network, &inverted), |_| ()) else {
        panic!("an inverted output is a difference");
    };
    assert_eq!(difference.signals.len(), 2);
    let text = difference.to_string();
    assert!(
        text.contains("audio channel 0 = ") && text.contains("control cutoff = "),
        "{text}"
    );
    // (x ^ y) ^ y is x, which the graph does not show.
    let simplified = simplify(&network, &Masks::new());
    assert_eq!(prove(plain, (&simplified, &Masks::new()), |_| ()), Ok(()));
}

#[test]
fn networks_that_read_different_bits_of_a_signal_agree_on_the_highest() {
    let network = |bits: u8| {
        let mut parts = wide(4).into_parts();
        parts.sources = vec![Source {
            signal: Signal::Audio { channel: 0 },
            ..Source::time(bits)
        }];
        parts.layers.clear();
        parts.outputs = vec![u32::from(bits) - 1];
        parts.output_encoding = OutputEncoding::Channels { left: 1, right: 0 };
        Network::try_from(parts).unwrap()
    };
    let (narrow, wide) = (network(3), network(9));
    assert_eq!(
        prove((&narrow, narrow.masks()), (&wide, wide.masks()), |_| ()),
        Ok(())
    );
}

#[test]
fn programs_know_whether_they_hear() {
    let network = wide(4);
    let program = Program::new(&network, network.masks());
    assert!(network.hears() && program.hears());
    let deaf: Masks = (4..8).map(|node| (node, Mask::Force(false))).collect();
    assert!(!Program::new(&network, &deaf).hears());
}
