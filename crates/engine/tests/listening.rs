//! Programs that hear, and programs of two channels, on random platforms with random
//! changes of settings, networks, bends and controls: every frame is that of an evaluation
//! with one bool a node, one sample at a time, and the budget is kept.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use engine::{
    Change, Cost, Engine, Interpolation, MAX_NOTES, Note, Notes, Platform, Settings, Start, Voice,
};
use logicnet::random::{Ops, Rng};
use logicnet::{
    Builder, Controls, Mask, Masks, Network, OutputEncoding, Program, Signal, Source, W128,
};
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const LANES: usize = 128;

/// Returns a random network that reads t and some of: two channels of sound, a control.
fn network(rng: &mut Rng) -> Network {
    let mut sources = vec![Source::time(1 + rng.below(16) as u8)];
    for signal in [
        Signal::Audio { channel: 0 },
        Signal::Audio { channel: 1 },
        Signal::Control {
            name: "a".into(),
            default: 0.0,
        },
    ] {
        if rng.below(2) == 0 {
            let bits = 1 + rng.below(12) as u8;
            sources.push(Source {
                signal,
                ..Source::time(bits)
            });
        }
    }
    let width = 40 + rng.below(160) as usize;
    let network = Network::random_of(sources, &[width; 3], Ops::XorRich, rng.next()).unwrap();
    let mut parts = network.into_parts();
    let last = parts.inputs() + 3 * width as u32;
    let (left, right) = (1 + rng.below(16) as u8, rng.below(17) as u8);
    parts.outputs = (0..left + right).map(|i| last - 1 - u32::from(i)).collect();
    parts.output_encoding = OutputEncoding::Channels { left, right };
    Network::try_from(parts).unwrap()
}

/// A network that plays, its bends and the position of its control.
#[derive(Clone)]
struct Played {
    network: Network,
    bends: Vec<(u32, Mask)>,
    position: f64,
}

impl Played {
    fn new(rng: &mut Rng) -> Played {
        let mut played = Played {
            network: network(rng),
            bends: Vec::new(),
            position: 0.0,
        };
        played.turn(rng);
        played
    }

    fn turn(&mut self, rng: &mut Rng) {
        self.position = f64::from(rng.below(257)) / 256.0;
    }

    /// Bends some nodes, inputs among them.
    fn bend(&mut self, rng: &mut Rng) {
        let nodes = self.network.nodes();
        let bend = |_| {
            let mask = match rng.below(3) {
                0 => Mask::Force(false),
                1 => Mask::Force(true),
                _ => Mask::Invert,
            };
            (rng.below(nodes), mask)
        };
        let bends: std::collections::BTreeMap<_, _> = (0..8).map(bend).collect();
        self.bends = bends.into_iter().collect();
    }

    fn program(&self) -> Program {
        let controls = Controls::new(self.network.sources(), |_, _| self.position);
        let masks = self.bends.iter().copied().collect::<Masks>();
        Builder::new().build_with(&self.network, &masks, &controls)
    }

    /// Returns the value of a node that computes `value` without bends.
    fn bent(&self, node: usize, value: bool) -> bool {
        let bend = self.bends.iter().find(|(other, _)| *other as usize == node);
        match bend {
            Some((_, Mask::Force(forced))) => *forced,
            Some(_) => !value,
            None => value,
        }
    }
}

/// Returns the exact frame of a network, one node after another.
fn frame(played: &Played, t: u32, audio: [f64; 2]) -> [f64; 2] {
    let (network, position) = (&played.network, played.position);
    let mut nodes = Vec::new();
    for source in network.sources() {
        let bits = i32::from(source.bits);
        let value = match source.signal {
            Signal::Time => t,
            Signal::Audio { channel } => {
                let share = f64::midpoint(audio[usize::from(channel)], 1.0);
                let scaled = share * 2f64.powi(bits);
                scaled.floor().clamp(0.0, 2f64.powi(bits) - 1.0) as u32
            }
            Signal::Control { .. } => {
                let scaled = (position * 2f64.powi(bits)).floor();
                scaled.min(2f64.powi(bits) - 1.0) as u32
            }
        };
        for bit in 0..bits {
            nodes.push(played.bent(nodes.len(), value >> bit & 1 == 1));
        }
    }
    for gate in network.gates() {
        let value = gate
            .op
            .apply(nodes[gate.a as usize], nodes[gate.b as usize]);
        nodes.push(played.bent(nodes.len(), value));
    }
    let OutputEncoding::Channels { left, right } = network.output_encoding() else {
        panic!("the network has channels");
    };
    let (first, second) = network.outputs().split_at(left.into());
    let level = |outputs: &[u32]| {
        let half = 2f64.powi(outputs.len() as i32 - 1);
        let bits = outputs.iter().rev();
        let sample = bits.fold(0.0, |sample, &node| {
            2.0 * sample + f64::from(u8::from(nodes[node as usize]))
        });
        (sample - half) / half
    };
    let left = level(first);
    [left, if right > 0 { level(second) } else { left }]
}

/// The expected frames.
struct Oracle {
    rate: u32,
    /// Network time in parts of `1 / (100 * output rate)` of a sample.
    time: i128,
    settings: Settings,
    playing: Option<Played>,
    /// True if the outputs of the program depend on sound.
    hears: bool,
    /// Time of the newest network sample, and its frame.
    last: Option<(u32, [f64; 2])>,
}

impl Oracle {
    fn sample(&self, t: u32, heard: [f64; 2]) -> [f64; 2] {
        frame(self.playing.as_ref().unwrap(), t, heard)
    }

    fn next(&mut self, input: [f32; 2]) -> [f64; 2] {
        if self.playing.is_none() {
            return [0.0; 2];
        }
        let gain = self.settings.input_gain;
        let heard = input.map(|x| f64::from(x * gain));
        let parts = 100 * i128::from(self.rate);
        let (t, part) = (
            self.time.div_euclid(parts) as u32,
            self.time.rem_euclid(parts),
        );
        self.time += i128::from(self.settings.rate) * i128::from(self.settings.speed);
        if self.hears {
            return match self.last {
                Some((last, frame)) if last == t => frame,
                _ => {
                    let frame = self.sample(t, heard);
                    self.last = Some((t, frame));
                    frame
                }
            };
        }
        let here = self.sample(t, heard);
        if self.settings.interpolation == Interpolation::Hold {
            return here;
        }
        let there = self.sample(t.wrapping_add(1), heard);
        let fraction = part as f64 / parts as f64;
        [0, 1].map(|i| here[i] + (there[i] - here[i]) * fraction)
    }
}

/// Changes of what an engine plays, at random times: settings, and half of them another
/// network, other bends or another position of the control.
fn change(rng: &mut Rng, oracle: &Oracle) -> (Settings, Option<Played>) {
    let rate = oracle.rate;
    let settings = Settings {
        // Slower than the output, as fast, and faster.
        rate: [4000, 8000, rate / 2, rate, 96_000][rng.below(5) as usize],
        speed: [100, rng.below(801) as i32 - 400][rng.below(2) as usize],
        interpolation: [Interpolation::Hold, Interpolation::Linear][rng.below(2) as usize],
        level: 0.5,
        input_gain: [0.5, 1.0, 3.0][rng.below(3) as usize],
        dry: [0.0, 0.0, 0.3, 1.0][rng.below(4) as usize],
        ..Settings::default()
    };
    let Some(playing) = &oracle.playing else {
        return (settings, Some(Played::new(rng)));
    };
    let same_rate = Settings {
        rate: oracle.settings.rate,
        ..settings
    };
    let mut next = playing.clone();
    match rng.below(6) {
        0 | 1 => (same_rate, None),
        2 => (settings, Some(Played::new(rng))),
        3 => {
            next.bend(rng);
            (settings, Some(next))
        }
        _ => {
            next.turn(rng);
            (same_rate, Some(next))
        }
    }
}

/// Input and output of one callback.
struct Buffers {
    input: [Vec<f32>; 2],
    output: [Vec<f32>; 2],
    /// The network's samples.
    exact: Vec<[f32; 2]>,
}

impl Buffers {
    fn new(size: usize) -> Buffers {
        let silence = || vec![0.0; size];
        Buffers {
            input: [silence(), silence()],
            output: [silence(), silence()],
            exact: vec![[0.0; 2]; size],
        }
    }

    /// Renders what an engine makes of a random input, which may exceed full scale.
    fn render(&mut self, engine: &mut Engine<W128>, rng: &mut Rng) {
        for channel in &mut self.input {
            channel.fill_with(|| rng.below(3001) as f32 / 1000.0 - 1.5);
        }
        let input = self.input.each_ref().map(Vec::as_slice);
        let output = self.output.each_mut().map(Vec::as_mut_slice);
        let mut frames = self.exact.iter_mut();
        assert_no_alloc(|| {
            engine.render_tapped(input, output, |frame| {
                if let Some(place) = frames.next() {
                    *place = frame;
                }
            });
        });
    }
}

/// Plays this many callbacks of `block` frames with random changes, and checks each frame.
fn check(seed: u64, block: u32, rate: u32, callbacks: u32) {
    let mut rng = Rng::new(seed);
    let cost = Cost {
        gate_ns: 1.0,
        group_ns: 100.0,
        frame_ns: 60.0,
        callback_ns: 3000.0,
    };
    let platform = Platform { rate, block, cost };
    let budget = (0.25 * platform.duration_ns(block) / cost.gate_ns) as u32;
    let (mut engine, mut handover) = Engine::<W128>::new(platform);
    let mut oracle = Oracle {
        rate,
        time: 0,
        settings: Settings::default(),
        playing: None,
        hears: false,
        last: None,
    };
    let mut sent: Option<(Settings, Option<Played>, Option<u32>)> = None;
    let mut id = 0;
    let size = block as usize;
    let mut buffers = Buffers::new(size);
    for _ in 0..callbacks {
        handover.collect();
        if sent.is_none() && (oracle.playing.is_none() || rng.below(6) == 0) {
            let (settings, start) = change(&mut rng, &oracle);
            let playing = start.as_ref().or(oracle.playing.as_ref()).unwrap();
            if platform
                .keeps_up(&playing.program(), &settings, LANES)
                .is_ok()
            {
                id += 1;
                let seek = (start.is_some() && rng.below(3) == 0).then(|| rng.next() as u32);
                let fade = rng.below(3) == 0;
                let change = Change {
                    id,
                    settings,
                    start: start.as_ref().map(|start| Start {
                        voice: Box::new(Voice::new(start.program())),
                        seek,
                        fade,
                    }),
                };
                assert!(handover.send(change).is_ok());
                sent = Some((settings, start, seek));
            }
        }
        buffers.render(&mut engine, &mut rng);
        let [first, second] = &buffers.input;
        let spent = engine.spent();
        let used = spent.gates
            + (cost.group_ns / cost.gate_ns) as u32 * spent.groups
            + (cost.frame_ns / cost.gate_ns) as u32 * spent.live;
        assert!(used <= budget, "{spent:?} of {budget}");
        assert!(
            buffers
                .output
                .iter()
                .flatten()
                .all(|frame| frame.abs() <= 0.95)
        );
        if engine.change() == Some(id) {
            if let Some((settings, start, seek)) = sent.take() {
                oracle.settings = settings;
                if let Some(t) = seek {
                    oracle.time = i128::from(t) * 100 * i128::from(rate);
                }
                if let Some(start) = start {
                    oracle.hears = start.program().hears();
                    oracle.playing = Some(start);
                    oracle.last = None;
                }
            }
        }
        for (k, frame) in buffers.exact.iter().enumerate() {
            let expected = oracle.next([first[k], second[k]]);
            let linear = oracle.settings.interpolation == Interpolation::Linear;
            let tolerance = if linear { 1e-4 } else { 0.0 };
            for (frame, expected) in frame.iter().zip(expected) {
                let error = (f64::from(*frame) - expected).abs();
                assert!(error <= tolerance, "{frame} instead of {expected}");
            }
        }
    }
    assert_eq!(engine.counters().starved(), 0);
}

/// Every size of a block, on every rate of the output.
#[test]
fn every_frame_is_exact_in_blocks_of_any_size() {
    for block in 1..=512 {
        let rate = [22_050, 44_100, 48_000][block as usize % 3];
        // At least a dozen callbacks, and half a thousand frames of the small ones.
        check(block.into(), block, rate, (512 / block).max(12));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_frame_is_exact_and_the_budget_is_kept(
        seed in any::<u64>(),
        block in 1u32..=512,
        rate in prop::sample::select(vec![22_050u32, 44_100, 48_000]),
    ) {
        // At least 20 callbacks, and enough for many changes.
        check(seed, block, rate, (20_000 / block).max(20));
    }
}

/// A place of the oracle: its note, its time in parts of a sample, and its level.
#[derive(Clone, Copy, Default)]
struct Place {
    start: Option<u32>,
    /// Parts of a sample a frame; a note that is released goes on as it was.
    step: i128,
    time: i128,
    level: f64,
    target: f64,
    last: Option<(u32, [f64; 2])>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_note_has_its_own_time(seed in any::<u64>(), block in 1u32..=512) {
        const RATE: u32 = 44_100;
        let mut rng = Rng::new(seed);
        let cost = Cost { gate_ns: 0.2, group_ns: 10.0, frame_ns: 60.0, callback_ns: 3000.0 };
        let platform = Platform { rate: RATE, block, cost };
        let (mut engine, mut handover) = Engine::<W128>::new(platform);
        let size = block as usize;
        let mut buffers = Buffers::new(size);
        let mut playing: Option<Played> = None;
        let mut places = [Place::default(); MAX_NOTES];
        let mut notes = Notes { places: 1 + rng.below(8) as usize, ..Notes::default() };
        let mut speed = 100;
        let mut starts = 0;
        for id in 0..(20_000 / block).max(20) {
            handover.collect();
            // Each change is heard in the callback after it.
            let start = (playing.is_none() || rng.below(10) == 0).then(|| Played::new(&mut rng));
            let changes = start.is_some() || rng.below(3) == 0;
            if changes {
                if rng.below(8) == 0 {
                    speed = rng.below(801) as i32 - 400;
                }
                let place = rng.below(notes.places as u32) as usize;
                notes.held[place] = match (rng.below(3), notes.held[place]) {
                    (0, _) => None,
                    (1, Some(bent)) => Some(Note { rate: bent.rate + 7, ..bent }),
                    _ => {
                        starts += 1;
                        let rate = 1 + rng.below(60_000);
                        Some(Note { start: starts, rate, level: rng.below(5) as f32 / 4.0 })
                    }
                };
                let settings = Settings {
                    speed,
                    level: 0.5,
                    notes: Some(notes),
                    ..Settings::default()
                };
                let program = start.as_ref().or(playing.as_ref()).unwrap().program();
                prop_assert!(platform.keeps_up(&program, &settings, LANES).is_ok());
                let start_voice = start.is_some().then(|| Start {
                    voice: Box::new(Voice::live(program)),
                    seek: None,
                    fade: false,
                });
                let change = Change { id, settings, start: start_voice };
                prop_assert!(handover.send(change).is_ok());
                if start.is_some() {
                    playing = start;
                    for place in &mut places {
                        place.last = None;
                    }
                }
                for (place, note) in places.iter_mut().zip(notes.held) {
                    place.target = note.map_or(0.0, |note| f64::from(note.level));
                    if let Some(note) = note {
                        place.step = i128::from(note.rate) * i128::from(speed);
                        if place.start != Some(note.start) {
                            place.time = 0;
                            place.last = None;
                        }
                    }
                    place.start = note.map(|note| note.start);
                }
            }
            buffers.render(&mut engine, &mut rng);
            let [first, second] = &buffers.input;
            prop_assert!(!changes || engine.change() == Some(id));
            let played = playing.as_ref().unwrap();
            let step = 1.0 / (0.003 * f64::from(RATE));
            for (k, found) in buffers.exact.iter().enumerate() {
                let heard = [first[k], second[k]].map(f64::from);
                let mut expected = [0.0; 2];
                for place in &mut places[..notes.places] {
                    let parts = 100 * i128::from(RATE);
                    let t = place.time.div_euclid(parts) as u32;
                    let sample = match place.last {
                        Some((last, sample)) if last == t => sample,
                        _ => frame(played, t, heard),
                    };
                    place.last = Some((t, sample));
                    place.time += place.step;
                    place.level += (place.target - place.level).clamp(-step, step);
                    expected = [0, 1].map(|i| expected[i] + place.level * sample[i]);
                }
                for (found, expected) in found.iter().zip(expected) {
                    let error = (f64::from(*found) - expected).abs();
                    prop_assert!(error < 1e-3, "{found} instead of {expected}");
                }
            }
        }
    }
}

/// Returns an engine that plays a constant of each channel's own.
fn playing(left: u32, right: u32) -> (Engine<W128>, engine::Handover<W128>) {
    let cost = Cost {
        gate_ns: 1.0,
        group_ns: 100.0,
        frame_ns: 60.0,
        callback_ns: 3000.0,
    };
    let (engine, mut handover) = Engine::new(Platform {
        rate: 44_100,
        block: 16,
        cost,
    });
    send(&mut handover, 1, left, right);
    (engine, handover)
}

/// Plays bits of t: those of the network's nodes `left`, and `right` on the other side.
fn send(handover: &mut engine::Handover<W128>, id: u32, left: u32, right: u32) {
    let network = Network::try_from(logicnet::Parts {
        sources: vec![Source::time(16)],
        outputs: vec![left, right],
        output_encoding: OutputEncoding::Channels { left: 1, right: 1 },
        ..logicnet::Parts::default()
    })
    .unwrap();
    let voice = Box::new(Voice::new(Program::new(&network, &Masks::new())));
    let settings = Settings {
        level: 1.0,
        ..Settings::default()
    };
    let start = Some(Start {
        voice,
        seek: None,
        fade: true,
    });
    handover
        .send(Change {
            id,
            settings,
            start,
        })
        .unwrap();
}

#[test]
fn the_channels_are_left_and_right() {
    // Bit 3 of t at 8000 Hz is 500 Hz, bit 5 is 125 Hz.
    let (mut engine, _handover) = playing(3, 5);
    let (mut left, mut right) = (vec![0.0; 44_100], vec![0.0; 44_100]);
    for at in (0..44_096).step_by(16) {
        let out = [&mut left[at..at + 16], &mut right[at..at + 16]];
        engine.render([&[]; 2], out);
    }
    let rises = |frames: &[f32]| {
        frames
            .windows(2)
            .filter(|w| w[0] <= 0.0 && w[1] > 0.0)
            .count()
    };
    assert!((495..=500).contains(&rises(&left)), "{}", rises(&left));
    assert!((122..=125).contains(&rises(&right)), "{}", rises(&right));
}

#[test]
fn the_dry_part_is_the_input() {
    let (mut engine, mut handover) = playing(14, 14);
    let (mut left, mut right) = ([0.0; 16], [0.0; 16]);
    engine.render([&[]; 2], [&mut left, &mut right]);
    let settings = Settings {
        level: 1.0,
        dry: 1.0,
        input_gain: 0.5,
        ..Settings::default()
    };
    handover
        .send(Change {
            id: 2,
            settings,
            start: None,
        })
        .unwrap();
    // A tone far above the corner of the DC blocker.
    let tone = |i: usize| (i as f32 * 0.7).sin();
    let (mut heard, mut played) = (0.0, [0.0; 2]);
    for part in 0..2000 {
        let input: Vec<f32> = (0..16).map(|k| tone(16 * part + k)).collect();
        let silent = [0.0; 16];
        engine.render([&input, &silent], [&mut left, &mut right]);
        if part > 1000 {
            heard += input.iter().map(|x| x * x).sum::<f32>();
            played[0] += left.iter().map(|x| x * x).sum::<f32>();
            played[1] += right.iter().map(|x| x * x).sum::<f32>();
        }
    }
    let [left, right] = played;
    assert!(
        (left / heard - 0.25).abs() < 0.01,
        "half as loud: {left} of {heard}"
    );
    assert!(right < 1e-3, "{right}");
}

#[test]
fn the_peak_of_the_input_is_measured_if_the_program_hears_it() {
    let mut engine = hearing();
    let (mut left, mut right) = ([0.0; 16], [0.0; 16]);
    let mut peak = |input: [&[f32]; 2]| {
        engine.render(input, [&mut left, &mut right]);
        engine.counters().input()
    };
    assert_eq!(peak([&[]; 2]), 0);
    assert_eq!(peak([&[0.0, 0.25], &[-0.5, 0.1]]), 500);
    let after = peak([&[]; 2]);
    assert!((490..500).contains(&after), "{after}");
    for _ in 0..44_100 / 16 {
        peak([&[f32::NAN, 0.0], &[]]);
    }
    let after = peak([&[]; 2]);
    assert!(after < 100, "{after}");
    // A network of t alone hears nothing.
    let (mut engine, _handover) = playing(3, 5);
    engine.render([&[0.5], &[0.5]], [&mut left, &mut right]);
    assert_eq!(engine.counters().input(), 0);
}

/// Returns an engine that plays what it hears on the left.
fn hearing() -> Engine<W128> {
    let (mut engine, mut handover) = playing(3, 5);
    let network = Network::try_from(logicnet::Parts {
        sources: vec![Source {
            signal: Signal::Audio { channel: 0 },
            ..Source::time(8)
        }],
        outputs: (0..8).collect(),
        output_encoding: OutputEncoding::Channels { left: 8, right: 0 },
        ..logicnet::Parts::default()
    })
    .unwrap();
    engine.render([&[]; 2], [&mut [0.0; 16], &mut [0.0; 16]]);
    let change = Change {
        id: 2,
        settings: Settings::default(),
        start: Some(Start {
            voice: Box::new(Voice::new(Program::new(&network, &Masks::new()))),
            seek: None,
            fade: false,
        }),
    };
    handover.send(change).unwrap();
    engine.render([&[]; 2], [&mut [0.0; 16], &mut [0.0; 16]]);
    engine
}
