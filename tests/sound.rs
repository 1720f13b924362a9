//! The sound of the whole instrument, sample for sample, against an oracle that
//! evaluates one bool per gate and calculates time with integers.
//!
//! Every callback runs under a guard that aborts on allocation.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use gatebend::board::desk::{Desk, Script, Simulation};
use gatebend::factory_networks;
use instrument::State;
use instrument::parameters::Key;

#[path = "../crates/logicnet/tests/common/mod.rs"]
mod oracle;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

/// The sound id and the exact frames of each callback.
type Blocks = Vec<(Option<u32>, Vec<f32>)>;

struct Run {
    simulation: Simulation,
    blocks: Blocks,
    sound: Vec<f32>,
    most_load: u32,
}

fn play(desk: Desk, script: &str, seconds: f64) -> Run {
    let script = Script::parse(script, &desk.panel.surface).unwrap();
    let mut simulation = Simulation::scripted(desk, script).unwrap();
    simulation.guard(|callback| assert_no_alloc(callback));
    simulation.record_journal();
    let (mut blocks, mut sound, mut most_load) = (Blocks::new(), Vec::new(), 0);
    simulation.run(
        (seconds * 1e9) as u64,
        |block| {
            blocks.push((block.id, block.exact.to_vec()));
            sound.extend_from_slice(block.sound);
            most_load = most_load.max(block.load);
        },
        |_| {},
    );
    Run {
        simulation,
        blocks,
        sound,
        most_load,
    }
}

/// Samples of a state, each evaluated once.
struct Samples {
    state: Arc<State>,
    known: HashMap<u32, u8>,
}

impl Samples {
    fn at(&mut self, t: i128) -> f64 {
        let period = i128::from(self.state.network.period());
        let t = t.rem_euclid(period) as u32;
        let (network, masks) = (&self.state.network, self.state.masks());
        let sample = *self
            .known
            .entry(t)
            .or_insert_with(|| oracle::sample(network, &masks, t));
        (f64::from(sample) - 128.0) / 128.0
    }
}

/// Checks all frames against the oracle.
fn check(run: &Run, output_rate: i128) {
    let by_id: HashMap<u32, &Arc<State>> = run
        .simulation
        .journal()
        .iter()
        .map(|entry| (entry.state.sound, &entry.state))
        .collect();
    let denominator = 100 * output_rate;
    let mut position = 0i128; // in denominators
    let mut playing: Option<(u32, Samples)> = None;
    let mut changes = 0;
    for (b, (id, frames)) in run.blocks.iter().enumerate() {
        let Some(id) = *id else {
            assert!(frames.iter().all(|frame| *frame == 0.0));
            continue;
        };
        if playing.as_ref().map(|(playing, _)| *playing) != Some(id) {
            let state = Arc::clone(by_id[&id]);
            let resets = |state: &State| state.resets;
            let before = playing.as_ref().map_or(0, |(_, s)| resets(&s.state));
            if before != resets(&state) {
                position = i128::from(state.t0) * denominator;
            }
            let known = HashMap::new();
            playing = Some((id, Samples { state, known }));
            changes += 1;
        }
        let (_, samples) = playing.as_mut().unwrap();
        let parameters = &samples.state.parameters;
        let rate = match parameters.get(Key::Rate) {
            0 => samples.state.network.sample_rate() as i32,
            rate => rate,
        };
        let rate = keyed(&samples.state, rate);
        let speed = if samples.state.playing {
            parameters.get(Key::Speed)
        } else {
            0
        };
        let step = i128::from(rate) * i128::from(speed);
        let linear = parameters.get(Key::Interpolation) == 1;
        for (f, frame) in frames.iter().enumerate() {
            let t = position.div_euclid(denominator);
            let part = position.rem_euclid(denominator) as f64 / denominator as f64;
            let here = samples.at(t);
            let (expected, tolerance) = if linear {
                // Fractions have 16 bits.
                (here + (samples.at(t + 1) - here) * part, 2.0 / 65_536.0)
            } else {
                (here, 0.0)
            };
            let error = (f64::from(*frame) - expected).abs();
            assert!(
                error <= tolerance,
                "block {b}, frame {f}, sound {id}, t {t}: {frame} in place of {expected}"
            );
            position += step;
        }
    }
    assert!(changes > 0, "nothing was played");
}

/// Returns the rate of the key that sounds, in equal temperament.
fn keyed(state: &State, rate: i32) -> i32 {
    let Some(voice) = state.lead() else {
        return rate;
    };
    let parameter = |key| f64::from(state.parameters.get(key));
    let wheel = f64::from(state.keyboard.wheel(voice.key.0)) / 8192.0;
    let key = f64::from(voice.key.1) - parameter(Key::Root);
    // Keys that are too high sound octaves lower.
    let semitones = key + wheel * parameter(Key::Wheel) - 12.0 * f64::from(state.lowered);
    (f64::from(rate) * (semitones / 12.0).exp2()).round() as i32
}

#[test]
fn keys_and_controllers_sound_as_the_oracle_says() {
    let script = "3.0 midi 90 3c 64\n\
        +0.3 midi 90 43 70\n\
        +0.3 midi e0 00 50\n\
        +0.2 midi b0 40 7f 80 43 00 3c 00\n\
        +0.2 learn-midi speed\n\
        +0.1 midi b0 14 10\n\
        +0.1 midi b0 14 60 90 30 7f\n\
        +0.2 midi fa f8\n\
        +0.1 set root=48\n\
        +0.1 midi b0 40 00 80 30 00\n\
        +0.2 midi 90 45 20\n\
        +0.2 notes-off\n\
        +0.2 play\n";
    for (rate, block) in [(44_100, 16), (48_000, 64), (44_100, 512)] {
        let mut desk = Desk::new(factory_networks::all());
        desk.platform.rate = rate;
        desk.platform.block = block;
        let mut run = play(desk, script, 7.0);
        check(&run, rate.into());
        assert_eq!(run.simulation.refusals(), Vec::<String>::new());
        let keys = run.simulation.journal().iter();
        let mut keys: Vec<u8> = keys
            .filter_map(|entry| entry.state.lead().map(|voice| voice.key.1))
            .collect();
        keys.dedup();
        assert_eq!(keys, [60, 67, 48, 69]);
        let state = run.simulation.state();
        assert_eq!(state.playback(), state.base(), "no key is left");
    }
}

#[test]
fn a_script_of_everything_sounds_as_the_oracle_says() {
    let script = include_str!("scripts/everything.txt");
    let mut run = play(Desk::new(factory_networks::all()), script, 32.0);
    check(&run, 44_100);
    assert_eq!(run.simulation.refusals(), Vec::<String>::new());
    let counters = run.simulation.counters();
    assert_eq!((counters.starved(), counters.late()), (0, 0));
    assert!(counters.swaps() > 60, "{} changes", counters.swaps());
    // The whole script was played, and its last change sounds at the end.
    let end = Script::parse(script, &Desk::new(factory_networks::all()).panel.surface)
        .unwrap()
        .end();
    assert!(end < 32_000_000_000, "it ends at {end} ns");
    let last = run.blocks.last().unwrap().0;
    assert_eq!(last, Some(run.simulation.state().sound));
}

#[test]
fn other_rates_and_blocks_sound_the_same() {
    for (rate, block) in [(48_000, 64), (44_100, 128), (22_050, 4), (96_000, 256)] {
        let mut desk = Desk::new(factory_networks::all());
        desk.platform.rate = rate;
        desk.platform.block = block;
        let run = play(desk, include_str!("scripts/everything.txt"), 32.0);
        check(&run, rate.into());
        assert_eq!(run.simulation.counters().starved(), 0, "{rate} Hz, {block}");
    }
}

#[test]
fn a_large_network_changes_over_in_slices_and_never_drops_out() {
    // A pass takes longer than two callbacks' budgets.
    let random =
        logicnet::Network::random(16, &[1024; 12], logicnet::random::Ops::XorRich, 1).unwrap();
    let gates = logicnet::Program::new(&random, random.masks()).gates();
    assert!(gates > 4_000, "{gates}");
    let mut desk = Desk::new(vec![random]);
    desk.platform.block = 4;
    let pass = gates as f32 * desk.platform.cost.gate_ns;
    assert!(pass > 0.5 * desk.platform.duration_ns(4));
    let mut script = String::new();
    for i in 0..40 {
        let (node, how) = (100 + 77 * i, ["0", "1", "invert"][i % 3]);
        writeln!(script, "{} bend {node} {how}", 0.5 + 0.05 * i as f64).unwrap();
    }
    script += "3 set speed=-1\n3.5 set speed=0\n3.6 bend 2000 1\n3.7 set speed=1\n4 reset-time\n";
    let run = play(desk, &script, 5.0);
    check(&run, 44_100);
    let counters = run.simulation.counters();
    assert_eq!((counters.starved(), counters.late()), (0, 0));
    assert!(run.most_load <= 500, "load {}", run.most_load);
    assert!(counters.swaps() > 20, "{} changes", counters.swaps());
}

#[test]
fn time_is_reversed_on_a_large_network_without_a_held_sample() {
    // 16,000 live gates: a pass takes more than two callbacks' budgets.
    let random =
        logicnet::Network::random(16, &[1024; 24], logicnet::random::Ops::XorRich, 1).unwrap();
    let mut parameters = instrument::parameters::Parameters::default();
    parameters.set(Key::Speed, -100);
    for delay in 0..12 {
        let small = factory_networks::all().swap_remove(0);
        let mut desk = Desk::new(vec![small, random.clone()]);
        desk.parts.restored.presets = vec![instrument::preset::Preset {
            name: "back".into(),
            network: random.clone().into(),
            layers: instrument::bend_layers::BendLayers::default(),
            parameters: parameters.clone(),
            controls: Vec::new(),
            origin: None,
        }];
        let at = |seconds: f64| seconds + 0.0037 * f64::from(delay);
        let script = format!(
            "{} recall back\n2 set speed=1\n{} bend 3000 1\n{} set speed=-1\n\
             3 set speed=0.05\n{} reset-time\n{} set speed=-1\n3.6 mutate\n3.601 set speed=1",
            at(1.0),
            at(2.5),
            at(2.502),
            at(3.1),
            at(3.104)
        );
        let run = play(desk, &script, 4.5);
        if delay == 0 {
            check(&run, 44_100);
        }
        let counters = run.simulation.counters();
        assert_eq!((counters.starved(), counters.late()), (0, 0), "{delay}");
        let last = run.blocks.last().unwrap().0;
        assert_eq!(last, Some(run.simulation.state().sound), "{delay}");
    }
}

#[test]
fn touches_do_not_pile_up_where_programs_take_long_to_build() {
    // 24,576 gates: a program takes 5 ms, and a touch comes every 3.2 ms.
    let large =
        logicnet::Network::random(16, &[1024; 24], logicnet::random::Ops::XorRich, 1).unwrap();
    let script = "2.5 down 0.1 0.1 size 1\n2.6 move 0.9 0.7 over 3\n+0.1 up";
    let run = play(Desk::new(vec![large]), script, 6.5);
    let waits = run
        .simulation
        .journal()
        .iter()
        .map(|entry| entry.ready - entry.sent);
    let slowest = waits.max();
    assert!(slowest < Some(20_000_000), "{slowest:?} ns");
    // The bend is heard while the finger moves, not after it has left.
    let block = |seconds: f64| (seconds * 44_100.0 / 16.0) as usize;
    let blocks = &run.blocks[block(3.0)..block(5.5)];
    let changes = blocks.windows(2).filter(|two| two[0].0 != two[1].0).count();
    assert!(changes > 50, "{changes} changes");
    assert!(run.simulation.state().touched.is_empty());
}

#[test]
fn the_output_is_safe_for_loudspeakers() {
    let script = "0 set volume=0\n2 set bend=1\n2.1 down 0.5 0.5 size 0.8\n\
                  2.2 down 0 0 size 0.8 finger 2\n2.2 down 1 0.8 size 0.8 finger 3\n4 up\n4 up finger 2\n4 up finger 3\n5 tap next\n\
                  6 set volume=off";
    let run = play(Desk::new(factory_networks::all()), script, 8.0);
    assert!(run.sound.iter().all(|frame| frame.abs() <= 0.95));
    // The sound begins softly.
    assert!(run.sound[..100].iter().all(|frame| frame.abs() < 0.2));
    // If every gate is bent to 1, the output soon falls to 0: no DC reaches the cone.
    let exact: Vec<f32> = run
        .blocks
        .iter()
        .flat_map(|(_, frames)| frames.clone())
        .collect();
    let second = |from: f64| (from * 44_100.0) as usize;
    assert!(
        exact[second(3.5)..second(3.9)]
            .iter()
            .all(|frame| *frame > 0.99)
    );
    assert!(
        run.sound[second(3.5)..second(3.9)]
            .iter()
            .all(|frame| frame.abs() < 1e-3)
    );
    // Volume off is silence.
    assert!(run.sound[second(7.0)..].iter().all(|frame| *frame == 0.0));
}

#[test]
fn a_pause_stays_silent_and_begins_and_ends_without_a_click() {
    let script = "0 set volume=0\n3 pause\n3.5 seek 5000\n3.6 bend 300 1\n3.7 next\n4 play";
    let run = play(Desk::new(factory_networks::all()), script, 5.0);
    check(&run, 44_100);
    let journal = run.simulation.journal();
    let paused = journal
        .iter()
        .position(|entry| !entry.state.playing)
        .unwrap();
    let goes_on = paused
        + journal[paused..]
            .iter()
            .position(|e| e.state.playing)
            .unwrap();
    let frame = |entry: usize| {
        let id = Some(journal[entry].state.sound);
        16 * run.blocks.iter().position(|block| block.0 == id).unwrap()
    };
    let (from, to) = (frame(paused), frame(goes_on));
    assert!((40_000..50_000).contains(&(to - from)), "{from} to {to}");
    // The sound fades from the last sample, in steps of the ramp and of the DC blocker.
    let steps = run.sound[from - 1..to].windows(2);
    let step = steps.fold(0f32, |most, two| most.max((two[1] - two[0]).abs()));
    let edge = run.sound[from - 2000..from].windows(2);
    let edge = edge.fold(0f32, |most, two| most.max((two[1] - two[0]).abs()));
    assert!(
        step < 0.005 && edge > 0.05,
        "{step}, and {edge} while it plays"
    );
    assert!(run.sound[from + 1000..to].iter().all(|frame| *frame == 0.0));
    assert!(run.sound[to..to + 44].iter().all(|frame| frame.abs() < 0.1));
    assert!(run.sound[to + 1000..].iter().any(|frame| frame.abs() > 0.1));
}

#[test]
fn a_change_that_is_too_slow_is_refused_with_its_numbers_and_the_old_sound_goes_on() {
    let wide =
        logicnet::Network::random(16, &[1024; 12], logicnet::random::Ops::XorRich, 1).unwrap();
    let mut desk = Desk::new(vec![wide.clone()]);
    desk.parts.parameters.assign("rate=96000").unwrap();
    desk.parts.parameters.assign("speed=4").unwrap();
    let Err(problem) = Simulation::new(desk, |_| vec![]) else {
        panic!("{} gates were taken", wide.gates().len());
    };
    assert!(
        problem.contains("live gates at 384000 samples a second"),
        "{problem}"
    );
    let small = factory_networks::all().swap_remove(0);
    let mut desk = Desk::new(vec![small, wide]);
    desk.parts.parameters.assign("rate=96000").unwrap();
    let mut run = play(
        desk,
        "1 set speed=4\n2 tap next\n2.5 set speed=1\n3 tap next\n3.5 set speed=-4",
        4.0,
    );
    check(&run, 44_100);
    assert_eq!(run.simulation.counters().starved(), 0);
    let refusals = run.simulation.refusals();
    assert!(
        refusals
            .iter()
            .all(|refusal| refusal.contains("live gates at")),
        "{refusals:?}"
    );
    assert_eq!(refusals.len(), 2, "{refusals:?}");
    let state = run.simulation.state();
    assert_eq!(
        (state.network_index, state.parameters.get(Key::Speed)),
        (1, 100)
    );
}

#[test]
fn a_network_that_is_too_slow_is_skipped() {
    let wide =
        logicnet::Network::random(16, &[1024; 12], logicnet::random::Ops::XorRich, 1).unwrap();
    let mut library = factory_networks::all();
    library.truncate(2);
    library.insert(1, wide);
    let mut desk = Desk::new(library);
    desk.parts.parameters.assign("rate=96000").unwrap();
    desk.parts.parameters.assign("speed=4").unwrap();
    let mut run = play(desk, "2.1 tap next\n3 tap next\n4 tap previous", 5.0);
    check(&run, 44_100);
    assert_eq!(run.simulation.refusals(), Vec::<String>::new());
    let places: Vec<usize> = run
        .simulation
        .journal()
        .iter()
        .map(|entry| entry.state.network_index)
        .collect();
    assert_eq!(places, [0, 2, 0, 2]);
}

#[test]
fn a_run_is_the_same_every_time() {
    let script = include_str!("scripts/everything.txt");
    let sounds = [0, 1].map(|_| play(Desk::new(factory_networks::all()), script, 32.0).sound);
    assert!(sounds[0] == sounds[1]);
}

#[test]
fn a_touch_during_the_splash_is_a_safe_start_and_bends_nothing() {
    // The touch lasts longer than the splash; another one follows later.
    let script = "0.1 next\n0.2 set speed=2\n1.2 down 0.5 0.5\n+1.8 up\n+1 down 0.5 0.5";
    let run = play(Desk::new(factory_networks::all()), script, 4.5);
    let states: Vec<&Arc<State>> = run.simulation.journal().iter().map(|e| &e.state).collect();
    let at = |index: usize| states.iter().position(|state| state.network_index == index);
    assert!(at(1).is_some());
    let last = run.simulation.state();
    assert_eq!(
        (last.network_index, last.parameters.get(Key::Speed)),
        (0, 100)
    );
    assert_eq!(*last.presets, ["rescued"]);
    let bent = |state: &&Arc<State>| !state.touched.is_empty();
    assert_eq!(
        states.into_iter().filter(bent).count(),
        1,
        "the later touch"
    );
}
