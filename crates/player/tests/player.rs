//! Players against a naive one: one bool a node, one sample at a time. Commands and requests
//! at random, blocks of any size; every frame and every node output is equal, and rendering
//! and sending allocate nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use logicnet::random::{Ops, Rng};
use logicnet::{Mask, Network, Signal, Source};
use player::{Block, Options, Player, Renderer, Request};
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const RATE: u32 = 48_000;
const NODE_OUTPUTS: usize = 3;

/// A network that reads 12 bits of t and a control of 3 bits.
fn network(rng: &mut Rng) -> Network {
    let control = Signal::Control {
        name: "drive".into(),
        default: 0.5,
    };
    let sources = vec![
        Source::time(12),
        Source {
            signal: control,
            ..Source::time(3)
        },
    ];
    Network::random_of(sources, &[40, 40, 8], Ops::XorRich, rng.next()).unwrap()
}

/// The expected state of a player.
struct Naive {
    network: Arc<Network>,
    bends: BTreeMap<u32, Mask>,
    control: f64,
    speed: i64,
    range: Option<(i64, i64)>,
    /// Network time in parts of a sample.
    time: i64,
    nodes: Vec<u32>,
}

const PARTS: i64 = 100 * RATE as i64;

impl Naive {
    fn new(network: Arc<Network>) -> Naive {
        Naive {
            network,
            bends: BTreeMap::new(),
            control: 0.5,
            speed: 100,
            range: None,
            time: 0,
            nodes: Vec::new(),
        }
    }

    fn wrap(&mut self) {
        if let Some((first, end)) = self.range {
            let (first, length) = (first * PARTS, (end - first) * PARTS);
            self.time = first + (self.time - first).rem_euclid(length);
        }
    }

    /// Returns the value of every node at the present time.
    fn values(&self) -> Vec<bool> {
        let t = self.time.div_euclid(PARTS) as u32;
        let control = ((self.control * 8.0).floor() as u32).min(7);
        let inputs = (0..12).map(|bit| t >> bit & 1 == 1);
        let inputs = inputs.chain((0..3).map(|bit| control >> bit & 1 == 1));
        let mut nodes: Vec<bool> = Vec::new();
        let bent = |node: usize, value: bool| match self.bends.get(&(node as u32)) {
            Some(Mask::Force(forced)) => *forced,
            Some(_) => !value,
            None => value,
        };
        for input in inputs {
            nodes.push(bent(nodes.len(), input));
        }
        for gate in self.network.gates() {
            let value = gate
                .op
                .apply(nodes[gate.a as usize], nodes[gate.b as usize]);
            nodes.push(bent(nodes.len(), value));
        }
        nodes
    }

    /// Returns the next frame, and the node outputs.
    fn next(&mut self) -> (f32, [f32; NODE_OUTPUTS]) {
        let values = self.values();
        let bits = self.network.outputs().iter().rev();
        let sample = bits.fold(0, |sample, &node| {
            2 * sample + i32::from(values[node as usize])
        });
        let nodes = std::array::from_fn(|i| {
            let node = self.nodes.get(i);
            node.map_or(0.0, |&node| f32::from(u8::from(values[node as usize])))
        });
        self.time += i64::from(self.network.sample_rate()) * self.speed;
        self.wrap();
        ((sample - 128) as f32 / 128.0, nodes)
    }
}

/// Changes the player and the naive one alike.
fn change(player: &mut Player, renderer: &mut Renderer, naive: &mut Naive, rng: &mut Rng) {
    let sends = rng.below(2) == 0;
    let mut send = |request: Request| assert!(assert_no_alloc(|| renderer.send(request)));
    match rng.below(9) {
        0 => {
            let node = rng.below(naive.network.nodes());
            let (word, mask) = [
                ("0", Some(Mask::Force(false))),
                ("1", Some(Mask::Force(true))),
                ("invert", Some(Mask::Invert)),
                ("off", None),
            ][rng.below(4) as usize];
            if sends {
                send(Request::Bend(node, mask));
            } else {
                player.command(&format!("bend {node} {word}")).unwrap();
            }
            naive.bends.remove(&node);
            naive.bends.extend(mask.map(|mask| (node, mask)));
        }
        1 => {
            player.command("clear").unwrap();
            naive.bends.clear();
        }
        2 => {
            naive.speed = 5 * (i64::from(rng.below(161)) - 80);
            if sends {
                send(Request::Set(
                    instrument::parameters::Key::Speed,
                    naive.speed as i32,
                ));
            } else {
                let speed = naive.speed as f64 / 100.0;
                player.command(&format!("set speed={speed}")).unwrap();
            }
        }
        3 => {
            let t = rng.below(10_000);
            if sends {
                send(Request::Seek(t));
            } else {
                player.command(&format!("seek {t}")).unwrap();
            }
            naive.time = i64::from(t) * PARTS;
        }
        4 => {
            naive.control = f64::from(rng.below(9)) / 8.0;
            if sends {
                send(Request::Control(0, naive.control as f32));
            } else {
                let line = format!("control drive {}", naive.control);
                player.command(&line).unwrap();
            }
        }
        5 => {
            let network = Arc::new(network(rng));
            if sends {
                send(Request::Network(Arc::clone(&network)));
            } else {
                player.play(&network).unwrap();
            }
            naive.network = network;
            naive.bends.clear();
            naive.control = 0.5;
        }
        6 => {
            let first = i64::from(rng.below(5000));
            let end = first + 1 + i64::from(rng.below(3000));
            player.command(&format!("loop {first} {end}")).unwrap();
            naive.range = Some((first, end));
        }
        7 => {
            player.command("loop off").unwrap();
            naive.range = None;
        }
        _ => {
            let count = rng.below(NODE_OUTPUTS as u32 + 1);
            naive.nodes = (0..count)
                .map(|_| rng.below(naive.network.nodes()))
                .collect();
            player.choose_nodes(&naive.nodes).unwrap();
        }
    }
    // Requests are applied in their place among the commands.
    player.update().unwrap();
}

proptest! {
    #[test]
    fn players_sound_as_a_naive_one(
        seed: u64,
        blocks in prop::collection::vec((1usize..200, 0u32..4), 1..40),
    ) {
        let mut rng = Rng::new(seed);
        let first = Arc::new(network(&mut rng));
        let options = Options { rate: RATE, block: 200, nodes: NODE_OUTPUTS as u32 };
        let (mut player, mut renderer) = Player::new(Arc::clone(&first), options).unwrap();
        let mut naive = Naive::new(first);
        player.command("set swap=instant").unwrap();
        for (frames, changes) in blocks {
            for _ in 0..changes {
                change(&mut player, &mut renderer, &mut naive, &mut rng);
            }
            let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
            let mut nodes = vec![vec![0.0; frames]; NODE_OUTPUTS];
            assert_no_alloc(|| {
                let output = [&mut left[..], &mut right[..]];
                renderer.render(Block { input: [&[]; 2], times: &[], output });
                for (index, node) in nodes.iter_mut().enumerate() {
                    renderer.node(index, node);
                }
            });
            // All changes together are heard in this block.
            naive.wrap();
            for k in 0..frames {
                let (frame, outputs) = naive.next();
                prop_assert_eq!([left[k], right[k]], [frame; 2]);
                prop_assert_eq!([0, 1, 2].map(|i: usize| nodes[i][k]), outputs);
            }
            prop_assert_eq!(renderer.time(), naive.time.div_euclid(PARTS) as u32);
            if rng.below(10) == 0 {
                renderer = player.restart(RATE, 200).unwrap();
                naive.time = 0;
            }
        }
    }

    #[test]
    fn given_times_drive_sound_and_nodes(seed: u64, times in prop::collection::vec(any::<u32>(), 1..300)) {
        let mut rng = Rng::new(seed);
        let first = Arc::new(network(&mut rng));
        let options = Options { rate: RATE, block: 300, nodes: 3 };
        let (mut player, mut renderer) = Player::new(Arc::clone(&first), options).unwrap();
        let mut naive = Naive::new(first);
        naive.nodes = vec![20, 21, 22];
        player.choose_nodes(&naive.nodes).unwrap();
        player.follow_times(true).unwrap();
        let (mut left, mut right) = (vec![0.0; times.len()], vec![0.0; times.len()]);
        let mut node = vec![0.0; times.len()];
        assert_no_alloc(|| {
            let output = [&mut left[..], &mut right[..]];
            renderer.render(Block { input: [&[]; 2], times: &times, output });
            renderer.node(1, &mut node);
        });
        for (k, t) in times.into_iter().enumerate() {
            naive.time = i64::from(t) * PARTS;
            let (frame, outputs) = naive.next();
            prop_assert_eq!((left[k], node[k]), (frame, outputs[1]));
        }
    }
}

/// Renders frames without input, and returns the left channel.
fn render(renderer: &mut Renderer, times: &[u32], frames: usize) -> Vec<f32> {
    let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
    let output = [&mut left[..], &mut right[..]];
    renderer.render(Block {
        input: [&[]; 2],
        times,
        output,
    });
    left
}

fn player() -> (Player, Renderer) {
    let network = Arc::new(network(&mut Rng::new(1)));
    let options = Options {
        rate: RATE,
        block: 64,
        nodes: 1,
    };
    Player::new(network, options).unwrap()
}

#[test]
fn refusals_say_why_and_change_nothing() {
    let (mut player, mut renderer) = player();
    let before = Arc::clone(player.state());
    for (line, reason) in [
        ("", "the command is empty"),
        ("dance", "no command \"dance\"; there are next, "),
        ("bend 9999 1", "9999"),
        ("set speed=9", "speed: \"9\" is not one of: -4.00 to 4.00"),
        ("loop 5 5", "write loop FIRST END"),
        ("touch 2 0", "write touch X Y"),
        ("control cutoff 1", "no control \"cutoff\"; there are drive"),
    ] {
        let problem = player.command(line).unwrap_err();
        assert!(problem.contains(reason), "{line}: {problem}");
    }
    assert!(renderer.send(Request::Control(7, 0.5)));
    assert!(renderer.send(Request::Bend(9999, None)));
    assert!(renderer.is_waiting());
    let problem = player.update().unwrap_err();
    assert_eq!(problem, "no control 7; this network has 1");
    assert!(!renderer.is_waiting());
    let problem = player.choose_nodes(&[1, 2]).unwrap_err();
    assert_eq!(problem, "2 nodes for 1 outputs");
    assert!(
        player
            .choose_nodes(&[9999])
            .unwrap_err()
            .contains("no node 9999")
    );
    assert!(Arc::ptr_eq(&before.network, &player.state().network));
    assert_eq!(before.bends(), player.state().bends());
    assert_eq!(before.parameters, player.state().parameters);
}

#[test]
fn requests_that_flood_are_refused_and_merged() {
    let (mut player, mut renderer) = player();
    let sent = (0..2000).filter(|_| renderer.send(Request::Control(0, 0.25)));
    assert_eq!(sent.count(), player::MAX_REQUESTS);
    player.update().unwrap();
    assert_eq!(player.state().controls, [0.25]);
    assert!(renderer.send(Request::Control(0, 1.0)));
}

#[test]
fn keys_play_at_their_pitch_and_fade_out() {
    let (mut player, mut renderer) = player();
    let mut render = |frames| render(&mut renderer, &[], frames);
    player.command("midi 90 3c 7f").unwrap();
    let pressed = render(4800);
    player.command("midi 80 3c 00").unwrap();
    render(4800);
    assert!(pressed.iter().any(|sample| *sample != 0.0));
    assert!(render(4800).iter().all(|sample| *sample == 0.0));
}

#[test]
fn requests_in_turns_are_merged_but_keep_their_order() {
    let (mut player, mut renderer) = player();
    let speed = instrument::parameters::Key::Speed;
    for k in 0..100 {
        assert!(renderer.send(Request::Control(0, 0.25)));
        assert!(renderer.send(Request::Set(speed, k)));
    }
    assert!(renderer.send(Request::Bend(20, Some(Mask::Invert))));
    assert!(renderer.send(Request::Control(0, 0.75)));
    let sounds = player.state().sound;
    player.update().unwrap();
    assert_eq!(player.state().controls, [0.75]);
    assert_eq!(player.state().parameters.get(speed), 99);
    assert_eq!(player.state().sound - sounds, 4);
}

#[test]
fn requests_that_wait_outlast_a_restart() {
    let (mut player, mut renderer) = player();
    assert!(renderer.send(Request::Bend(20, Some(Mask::Force(true)))));
    player.restart(44_100, 16).unwrap();
    assert_eq!(player.state().bends()[20], Mask::Force(true));
}

#[test]
fn loops_and_given_times_end_separately() {
    let (mut player, mut renderer) = player();
    let mut first = |times: &[u32]| {
        render(&mut renderer, times, 4);
        renderer.time()
    };
    player.command("loop 100 200").unwrap();
    player.follow_times(true).unwrap();
    player.command("loop 300 400").unwrap();
    assert_eq!(first(&[7, 8, 9, 10]), 11);
    player.follow_times(false).unwrap();
    assert!((300..400).contains(&first(&[])));
    player.follow_times(true).unwrap();
    player.command("loop off").unwrap();
    assert_eq!(first(&[7, 8, 9, 10]), 11);
}

#[test]
fn the_first_level_counts_from_the_first_frame_on() {
    let (mut player, mut renderer) = player();
    player.command("set volume=-40").unwrap();
    let loudest = |renderer: &mut Renderer| {
        let left = render(renderer, &[], 64);
        left.iter()
            .fold(0f32, |most, sample| most.max(sample.abs()))
    };
    assert!(loudest(&mut renderer) <= 0.0101);
    let mut renderer = player.restart(RATE, 64).unwrap();
    assert!(loudest(&mut renderer) <= 0.0101);
}

#[test]
fn input_that_is_no_number_leaves_the_sound_alone() {
    let mut parts = network(&mut Rng::new(1)).into_parts();
    parts.output_encoding = logicnet::OutputEncoding::Channels { left: 4, right: 4 };
    let network = Arc::new(Network::try_from(parts).unwrap());
    let options = Options {
        rate: RATE,
        block: 64,
        nodes: 0,
    };
    let (_player, mut renderer) = Player::new(network, options).unwrap();
    let (mut left, mut right) = ([0.0; 64], [0.0; 64]);
    let output = [&mut left[..], &mut right[..]];
    let input = [&[f32::NAN; 64][..], &[f32::INFINITY; 64]];
    renderer.render(Block {
        input,
        times: &[],
        output,
    });
    assert!(left.iter().chain(&right).all(|sample| sample.is_finite()));
}

#[test]
fn the_largest_networks_have_node_outputs() {
    let layers = [logicnet::MAX_GATES / 8; 8];
    let network = Arc::new(Network::random(12, &layers, Ops::XorRich, 1).unwrap());
    let options = Options {
        rate: RATE,
        block: 64,
        nodes: 32,
    };
    let (mut player, mut renderer) = Player::new(network, options).unwrap();
    let values = |renderer: &mut Renderer| {
        render(renderer, &[], 64);
        [0, 1, 15, 31].map(|index| {
            let mut node = [7.0; 64];
            renderer.node(index, &mut node);
            node[..2].to_vec()
        })
    };
    let zero = vec![0.0, 0.0];
    assert_eq!(values(&mut renderer), [0, 1, 2, 3].map(|_| zero.clone()));
    let last = player.state().network.nodes() - 1;
    player.choose_nodes(&[last, last]).unwrap();
    player.command(&format!("bend {last} 1")).unwrap();
    assert_eq!(
        values(&mut renderer),
        [vec![1.0, 1.0], vec![1.0, 1.0], zero.clone(), zero]
    );
}

#[test]
fn options_out_of_range_are_refused() {
    let network = Arc::new(network(&mut Rng::new(1)));
    for (rate, block, nodes, reason) in [
        (0, 64, 0, "1 to 192,000 Hz"),
        (48_000, 0, 0, "1 to 65,536 frames"),
        (48_000, 64, 33, "at most 32 node outputs"),
    ] {
        let options = Options { rate, block, nodes };
        let problem = Player::new(Arc::clone(&network), options).err().unwrap();
        assert!(problem.contains(reason), "{problem}");
    }
}
