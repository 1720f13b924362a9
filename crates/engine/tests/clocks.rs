//! Loops and given times, in an exact engine: every frame is that of an evaluation with one
//! bool a node, under a guard that aborts on allocation.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use engine::{Change, Clock, Cost, Engine, Platform, Settings, Start, Voice};
use logicnet::random::{Ops, Rng};
use logicnet::{Network, Program, Signal, Source, W128};
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const COST: Cost = Cost {
    gate_ns: 0.1,
    group_ns: 1.0,
    frame_ns: 0.1,
    callback_ns: 1.0,
};

/// Bits of sound that the networks hear.
const AUDIO_BITS: u8 = 5;

fn network(rng: &mut Rng, hears: bool) -> Network {
    let mut sources = vec![Source::time(12)];
    if hears {
        sources.push(Source {
            signal: Signal::Audio { channel: 0 },
            ..Source::time(AUDIO_BITS)
        });
    }
    Network::random_of(sources, &[60, 60, 8], Ops::XorRich, rng.next()).unwrap()
}

/// Returns the exact frame of a network, one node after another.
fn frame(network: &Network, t: u32, heard: f32) -> f32 {
    let value = (f32::midpoint(heard, 1.0) * 32.0).floor().clamp(0.0, 31.0) as u32;
    let mut nodes: Vec<bool> = (0..12).map(|bit| t >> bit & 1 == 1).collect();
    if network.hears() {
        nodes.extend((0..AUDIO_BITS).map(|bit| value >> bit & 1 == 1));
    }
    for gate in network.gates() {
        let operands = (nodes[gate.a as usize], nodes[gate.b as usize]);
        nodes.push(gate.op.apply(operands.0, operands.1));
    }
    let bits = network.outputs().iter().rev();
    let sample = bits.fold(0, |sample, &node| {
        2 * sample + i32::from(nodes[node as usize])
    });
    (sample - 128) as f32 / 128.0
}

/// An exact engine that plays a network from time 0.
fn playing(network: &Network, settings: Settings, platform: Platform) -> Engine<W128> {
    let (mut engine, mut handover) = Engine::exact(platform);
    let program = Program::new(network, network.masks());
    platform.keeps_up(&program, &settings, 128).unwrap();
    let voice = Box::new(Voice::live(program));
    let start = Some(Start {
        voice,
        seek: None,
        fade: true,
    });
    let id = 1;
    let change = Change {
        id,
        settings,
        start,
    };
    handover.send(change).unwrap();
    // A fade from nothing is none: the first frame is exact.
    engine.render([&[]; 2], [&mut [], &mut []]);
    engine
}

fn input(rng: &mut Rng, frames: usize) -> Vec<f32> {
    let mut next = || rng.below(2001) as f32 / 1000.0 - 1.0;
    (0..frames).map(|_| next()).collect()
}

proptest! {
    #[test]
    fn given_times_are_played_in_any_order(
        seed: u64,
        hears: bool,
        blocks in prop::collection::vec(1usize..300, 1..12),
    ) {
        let mut rng = Rng::new(seed);
        let network = network(&mut rng, hears);
        let settings = Settings { level: 1.0, clock: Clock::Given, ..Settings::default() };
        let platform = Platform { rate: 48_000, block: 300, cost: COST };
        let mut engine = playing(&network, settings, platform);
        for frames in blocks {
            let mut t = rng.next() as u32;
            let times: Vec<u32> = (0..frames)
                .map(|_| {
                    t = match rng.below(4) {
                        0 => t,
                        1 => rng.next() as u32,
                        _ => t.wrapping_add(1),
                    };
                    t
                })
                .collect();
            let heard = input(&mut rng, frames);
            let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
            assert_no_alloc(|| {
                engine.render_at(&times, [&heard, &[]], [&mut left, &mut right], |_| {});
            });
            for k in 0..frames {
                prop_assert_eq!(left[k], frame(&network, times[k], heard[k]));
                prop_assert_eq!(right[k], left[k]);
            }
        }
    }

    #[test]
    fn loops_repeat_their_times_in_both_directions(
        seed: u64,
        (first, length) in (0u32..5000, 1u32..600),
        speed in -400i32..=400,
        rate in prop::sample::select(vec![8000, 48_000, 96_000]),
        blocks in prop::collection::vec(1usize..300, 1..12),
    ) {
        let mut rng = Rng::new(seed);
        let network = network(&mut rng, false);
        let clock = Clock::Loop { first, end: first + length };
        let settings = Settings { rate, speed, level: 1.0, clock, ..Settings::default() };
        let platform = Platform { rate: 48_000, block: 300, cost: COST };
        let mut engine = playing(&network, settings, platform);
        // The time in parts of a sample, which starts at 0 and jumps into the loop.
        let parts = 100 * 48_000i64;
        let into = |time: i64| {
            i64::from(first) * parts + (time - i64::from(first) * parts).rem_euclid(i64::from(length) * parts)
        };
        let mut time = into(0);
        for frames in blocks {
            let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
            assert_no_alloc(|| engine.render([&[]; 2], [&mut left, &mut right]));
            for sample in left {
                let t = (time / parts) as u32;
                prop_assert!((first..first + length).contains(&t));
                prop_assert_eq!(sample, frame(&network, t, 0.0));
                time = into(time + i64::from(rate) * i64::from(speed));
            }
        }
    }
}
