//! Faults as the player notices them, for docs/reliability.md, and a soak test:
//! an hour of random playing with faults, or `SOAK_HOURS=24 cargo test --release
//! --test reliability -- --nocapture soak`.

mod made;

use std::fmt::Write;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use gatebend::board::desk::{Desk, Event, Part, Simulation};
use gatebend::factory_networks;
use instrument::parameters::{KEYS, Key};
use instrument::{Command, Direction, Saved, State};
use logicnet::random::Rng;
use logicnet::{Evaluator, Gate, Mask, Op, Program, W512};
use trill::Touch;
use trill::sim::{Fault, Finger};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const SECOND: u64 = 1_000_000_000;
/// Times at which a fault begins and ends, in nanoseconds.
const BEGINS: u64 = 4 * SECOND;
const ENDS: u64 = 6 * SECOND + 350_000_000;
/// Taps on the field, which show when touch works: down for 60 ms of every 120 ms.
const BEAT: u64 = 120_000_000;

type Events = Vec<(u64, Event)>;

fn fault(part: Part, fault: Fault) -> Events {
    vec![
        (BEGINS, Event::Fault(part, Some(fault))),
        (ENDS, Event::Fault(part, None)),
    ]
}

/// Returns the name and the events of every fault.
fn campaign() -> Vec<(&'static str, Events)> {
    let both = [
        fault(Part::Touch, Fault::Unplugged),
        fault(Part::Display, Fault::Unplugged),
    ];
    let mut both = both.concat();
    both.sort_by_key(|(at, _)| *at);
    let stuck = vec![(BEGINS, Event::Stuck(true)), (ENDS, Event::Stuck(false))];
    vec![
        (
            "sensor unplugged for 2 s",
            fault(Part::Touch, Fault::Unplugged),
        ),
        (
            "sensor does not acknowledge for 2 s",
            fault(Part::Touch, Fault::Silent),
        ),
        (
            "sensor's reads end early for 2 s",
            fault(Part::Touch, Fault::ShortReads(0)),
        ),
        (
            "sensor's reads end after 9 bytes for 2 s",
            fault(Part::Touch, Fault::ShortReads(9)),
        ),
        (
            "sensor stops scanning for 2 s",
            fault(Part::Touch, Fault::Frozen),
        ),
        ("sensor resets", vec![(BEGINS, Event::Reset(Part::Touch))]),
        ("bus held low for 2 s", stuck),
        (
            "display unplugged for 2 s",
            fault(Part::Display, Fault::Unplugged),
        ),
        (
            "display does not acknowledge for 2 s",
            fault(Part::Display, Fault::Silent),
        ),
        (
            "display resets",
            vec![(BEGINS, Event::Reset(Part::Display))],
        ),
        ("both unplugged for 2 s", both),
    ]
}

/// Effects of a fault that the player notices.
struct Noticed {
    touch_back: Option<u64>,
    display_back: Option<u64>,
    /// A fault page was drawn.
    told: bool,
    /// A bend that was held has ended.
    ended: bool,
}

/// Movements of the player's finger during a fault.
#[derive(Clone, Copy, PartialEq)]
enum Hand {
    Away,
    Tapping,
    Holding,
}

fn run(events: Events, hand: Hand) -> Noticed {
    let mended = events.last().map_or(BEGINS, |(at, _)| *at);
    let fingers = move |now: u64| {
        let (down, id) = match hand {
            Hand::Away => (false, 0),
            Hand::Tapping => (now % BEAT < BEAT / 2, now / BEAT),
            Hand::Holding => (now > 3 * SECOND, 0),
        };
        let finger = Finger {
            id: id as u32,
            touch: Touch {
                x: 0.5,
                y: 0.4,
                size: 0.5,
            },
        };
        if down { vec![finger] } else { vec![] }
    };
    let mut simulation = Simulation::new(Desk::new(factory_networks::all()), fingers).unwrap();
    simulation.guard(|callback| assert_no_alloc(callback));
    simulation.record_journal();
    simulation.schedule(events);
    let mut told = false;
    let mut blocks = 0u64;
    let mut display_back = None;
    let mut ended = false;
    simulation.run(
        16 * SECOND,
        |_| blocks += 1,
        |simulation| {
            let panel = simulation.panel();
            // Without a display, the player sees no fault page.
            told |= panel.status().fault.is_some() && panel.display().is_done(panel.picture());
            let frame = simulation.oled().frame();
            // The display is lit and shows the panel's picture.
            let right = panel.display().is_done(panel.picture())
                && frame.contrast > 0
                && (0..64)
                    .all(|y| (0..128).all(|x| frame.is_lit(x, y) == panel.picture().is_lit(x, y)));
            let now = simulation.now();
            if now > mended && right && display_back.is_none() {
                display_back = Some(now - mended);
            }
            let touched = !simulation.state().touched.is_empty();
            ended |= hand == Hand::Holding && now > BEGINS && !touched;
        },
    );
    // The sound continued: every callback was in time and had its samples.
    assert_eq!(blocks, 16 * 44_100 / 16);
    let counters = simulation.counters();
    assert_eq!((counters.starved(), counters.late()), (0, 0));
    let bends = simulation
        .journal()
        .iter()
        .filter(|entry| !entry.state.touched.is_empty());
    let touch_back = bends.map(|entry| entry.sent).find(|sent| *sent > mended);
    Noticed {
        touch_back: touch_back.map(|sent| sent - mended),
        display_back,
        told,
        ended,
    }
}

/// Formats a duration, rounded up to 50 ms.
fn rounded(ns: Option<u64>) -> String {
    let ns = ns.expect("the fault recovers");
    let milliseconds = ns.div_ceil(50_000_000) * 50;
    format!("{:.2} s", milliseconds as f64 / 1000.0)
}

fn table() -> String {
    let mut table = String::from(
        "| fault | one hears | one sees | touch is back after | display is back after |\n\
         |---|---|---|---|---|\n",
    );
    for (name, events) in campaign() {
        let [away, tapping, holding] =
            [Hand::Away, Hand::Tapping, Hand::Holding].map(|hand| run(events.clone(), hand));
        let hears = if holding.ended {
            "the sound goes on; a bend being held ends"
        } else {
            "no difference"
        };
        let dark = name.contains("display") || name.starts_with("both");
        let sees = match (dark, away.told || holding.told) {
            (true, true) => "no picture, then the fault page",
            (true, false) => "no picture",
            (false, true) => "the fault page",
            (false, false) if name.starts_with("bus") => "the picture stands still",
            (false, false) => "no difference",
        };
        let back = if holding.ended {
            rounded(tapping.touch_back)
        } else {
            "was never away".into()
        };
        writeln!(
            table,
            "| {name} | {hears} | {sees} | {back} | {} |",
            rounded(away.display_back)
        )
        .unwrap();
    }
    table
}

#[test]
fn faults_are_noticed_as_documented() {
    made::compare(
        "docs/reliability.md",
        "cargo test --test reliability",
        &table(),
    );
}

#[test]
fn a_hovering_finger_is_not_a_fault_and_is_heard_once_it_presses() {
    const HOVERS: u64 = 3 * SECOND;
    const PRESSES: u64 = 6 * SECOND;
    let fingers = |now: u64| {
        // Over a column of pads but between two rows, so that only the columns show it.
        let touch = Touch {
            x: 0.5,
            y: 7.5 / 14.0,
            size: if now < PRESSES { 0.032 } else { 0.5 },
        };
        if now < HOVERS {
            vec![]
        } else {
            vec![Finger { id: 0, touch }]
        }
    };
    let mut simulation = Simulation::new(Desk::new(factory_networks::all()), fingers).unwrap();
    simulation.record_journal();
    simulation.run(
        PRESSES + SECOND,
        |_| {},
        |simulation| assert_eq!(simulation.panel().status().fault, None),
    );
    let journal = simulation.journal();
    let bend = journal
        .iter()
        .find(|entry| !entry.state.touched.is_empty())
        .expect("the finger bends a gate");
    assert!((PRESSES..PRESSES + 20_000_000).contains(&bend.sent));
}

/// Returns random touches, one after another, until a time in nanoseconds.
fn random_hand(seed: u64, end: u64) -> impl FnMut(u64) -> Vec<Finger> + Send {
    let mut rng = Rng::new(seed);
    let mut fingers: Vec<(u64, Finger, f32, f32)> = Vec::new();
    let mut next = 2 * SECOND;
    move |now| {
        fingers.retain(|(until, ..)| now < *until && now < end);
        if now >= next && now < end {
            let mut part = || rng.below(1001) as f32 / 1000.0;
            let finger = Finger {
                id: next as u32,
                touch: Touch {
                    x: part(),
                    y: part(),
                    size: part(),
                },
            };
            let (dx, dy) = (part() - 0.5, part() - 0.5);
            // Some touches rest, some slide, and some press a button.
            let length = u64::from(20 + rng.below(1200)) * 1_000_000;
            fingers.push((now + length, finger, dx, dy));
            fingers.truncate(3);
            next = now + u64::from(50 + rng.below(1500)) * 1_000_000;
        }
        fingers
            .iter()
            .map(|(until, finger, dx, dy)| {
                let left = (until - now) as f32 / SECOND as f32;
                Finger {
                    touch: Touch {
                        x: (finger.touch.x + dx * left).clamp(0.0, 1.0),
                        y: (finger.touch.y + dy * left).clamp(0.0, 1.0),
                        ..finger.touch
                    },
                    ..*finger
                }
            })
            .collect()
    }
}

/// Returns a random event; every fault ends a little later.
fn random_events(rng: &mut Rng, now: u64) -> Events {
    let later = now + u64::from(1 + rng.below(900)) * 1_000_000;
    let part = if rng.below(2) == 0 {
        Part::Touch
    } else {
        Part::Display
    };
    let command = match rng.below(28) {
        0 => Command::Random(None),
        1 | 2 => Command::Mutate(None),
        3 => Command::Undo,
        4 => Command::Redo,
        5 => Command::Swap(Direction::Next),
        6 => Command::ClearBends,
        7 => Command::Seek(0),
        8 => Command::SavePreset(Some(format!("soak {}", rng.below(5)))),
        9 => Command::RecallPreset(format!("soak {}", rng.below(5))),
        10 => Command::bend(rng.below(300), Some(Mask::Invert)),
        11 => {
            let key = KEYS[rng.below(KEYS.len() as u32) as usize];
            let (min, max) = key.parameter().range();
            let span = (max - min) as u32 + 1;
            Command::Set(key, min + rng.below(span) as i32)
        }
        12 => {
            let fault = [Fault::Unplugged, Fault::Silent, Fault::ShortReads(9)];
            let fault = fault[rng.below(3) as usize];
            return vec![
                (now, Event::Fault(part, Some(fault))),
                (later, Event::Fault(part, None)),
            ];
        }
        13 => return vec![(now, Event::Stuck(true)), (later, Event::Stuck(false))],
        14 => return vec![(now, Event::Reset(part))],
        15 => Command::Set(Key::ANALOG[rng.below(3) as usize], rng.below(5) as i32),
        16 => {
            let masks = [Some(Mask::Invert), Some(Mask::Force(true)), None];
            let mut bend = || (rng.below(300), masks[rng.below(3) as usize]);
            Command::Paint {
                bends: (0..8).map(|_| bend()).collect(),
                stroke: Some(rng.below(3)),
            }
        }
        17 => Command::AddLayer(None),
        18 => Command::RemoveLayer(1 + rng.below(3) as usize),
        19 => Command::ChooseLayer(rng.below(3) as usize),
        20 => Command::SetStrength(rng.below(3) as usize, rng.below(101) as u8),
        21 => Command::ClearLayer(rng.below(3) as usize),
        22 => {
            let gate = Gate {
                op: Op::new(rng.below(16) as u8).unwrap(),
                a: rng.below(20),
                b: rng.below(20),
            };
            Command::Rewire(20 + rng.below(200), gate)
        }
        23 => Command::Choose(rng.below(8) as usize),
        24 => Command::Mutate(Some(rng.below(100).into())),
        25 => Command::Seek(rng.below(1 << 20)),
        26 => {
            // Not for long, or most of the run would be silent.
            return vec![
                (now, Event::Command(Command::Play(false))),
                (later, Event::Command(Command::Play(true))),
            ];
        }
        27 => {
            let network = factory_networks::all().swap_remove(rng.below(4) as usize);
            let saved = Saved::from_json(&network.to_json()).unwrap();
            let t = (rng.below(2) == 0).then(|| rng.below(1 << 16));
            Command::Restore(Box::new(saved), t)
        }
        _ => Command::Set(Key::Speed, 100),
    };
    vec![(now, Event::Command(command))]
}

/// Returns the resident memory in KiB, on systems that report it.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn soak() {
    let hours: u64 = std::env::var("SOAK_HOURS").map_or(1, |hours| hours.parse().unwrap());
    let end = hours * 3600 * SECOND;
    let mut rng = Rng::new(hours);
    let mut simulation =
        Simulation::new(Desk::new(factory_networks::all()), random_hand(3, end)).unwrap();
    simulation.guard(|callback| assert_no_alloc(callback));
    // Two knobs drift and one jumps; the others are not connected.
    simulation.set_inputs(|now, inputs| {
        let seconds = now as f64 / SECOND as f64;
        inputs.store(0, (seconds / 7.0).sin() as f32);
        inputs.store(1, (seconds / 3.0).cos() as f32);
        inputs.store(2, f32::from(seconds as u64 % 5 == 0));
    });
    let (mut now, mut most_load, mut blocks) = (0, 0, 0u64);
    let mut memory_early = None;
    while now < end {
        // Half a minute at a time.
        let until = now + 30 * SECOND;
        let mut events = Events::new();
        let mut at = now;
        loop {
            at += u64::from(100 + rng.below(4000)) * 1_000_000;
            if at + SECOND >= until {
                break;
            }
            events.extend(random_events(&mut rng, at));
        }
        events.sort_by_key(|(at, _)| *at);
        simulation.schedule(events);
        simulation.run(
            until,
            |block| {
                most_load = most_load.max(block.load);
                blocks += 1;
                assert!(block.sound[0].iter().all(|frame| frame.abs() <= 0.95));
            },
            |_| {},
        );
        let known = [
            "no preset",
            "nothing to",
            "too slow",
            "no node",
            "no such layer",
            "there are", // layers, as many as there may be
            "node ",     // that is an input
            "no analog input",
            "input ", // was hardly turned
        ];
        for refusal in simulation.refusals() {
            assert!(
                known.iter().any(|start| refusal.starts_with(start)),
                "{refusal}"
            );
        }
        now = until;
        if now >= end / 4 {
            memory_early = memory_early.or(memory());
        }
    }
    assert_eq!(blocks, (hours * 3600 * 44_100).div_ceil(16));
    let counters = simulation.counters();
    println!(
        "{hours} h: {} changes, load at most {:.1} %, {} late, {} frames held, bus {:?}",
        counters.swaps(),
        f64::from(most_load) / 10.0,
        counters.late(),
        counters.starved(),
        simulation.bus().transfers(),
    );
    assert_eq!((counters.late(), counters.starved()), (0, 0));
    if let (Some(early), Some(late)) = (memory_early, memory()) {
        assert!(
            late < early + 2048,
            "memory grew from {early} to {late} KiB"
        );
    }
    // No change was lost: every sample of the last quarter of a second is the state's
    // network.
    simulation.schedule([
        (end, Event::Command(Command::Set(Key::Speed, 100))),
        (end, Event::Command(Command::Set(Key::Interpolation, 0))),
    ]);
    let (mut id, mut frames) = (None, Vec::new());
    simulation.run(
        end + SECOND,
        |block| {
            id = block.id;
            frames.extend_from_slice(block.exact[0]);
        },
        |_| {},
    );
    let state = simulation.state();
    assert_eq!(id, Some(state.sound));
    let samples: Vec<u8> = frames[frames.len() - 44_100 / 4..]
        .iter()
        .map(|frame| (frame * 128.0 + 128.0) as u8)
        .collect();
    assert!(plays(state, &samples, simulation.counters().time()));
}

/// Returns bytes of a keyboard gone mad: whole messages, parts of them, and noise.
fn mad_bytes(rng: &mut Rng) -> Vec<u8> {
    let count = match rng.below(20) {
        0 => 400,
        _ => 1 + rng.below(6),
    };
    let status = [0x80, 0x90, 0x90, 0x90, 0xa0, 0xb0, 0xc0, 0xe0, 0xf0, 0xf8];
    let mut bytes = Vec::new();
    for _ in 0..count {
        let channel = rng.below(3) as u8;
        let status: u8 = status[rng.below(status.len() as u32) as usize];
        match rng.below(8) {
            0 => bytes.push(rng.below(256) as u8),
            1 => bytes.extend([0xb0 | channel, 64, rng.below(128) as u8]),
            2 => bytes.extend([0xfa, 0xf8]),
            _ if status < 0xf0 => {
                bytes.push(status | channel);
                bytes.extend([rng.below(128) as u8, rng.below(128) as u8]);
            }
            _ => bytes.push(status | rng.below(8) as u8),
        }
    }
    bytes
}

#[test]
fn a_keyboard_gone_mad_leaves_neither_a_note_nor_memory() {
    let hours: u64 = std::env::var("SOAK_HOURS").map_or(1, |hours| hours.parse().unwrap());
    let end = hours * 3600 * SECOND;
    let mut rng = Rng::new(16);
    let desk = Desk::new(factory_networks::all());
    let mut simulation = Simulation::new(desk, |_| Vec::new()).unwrap();
    simulation.guard(|callback| assert_no_alloc(callback));
    let (mut now, mut memory_early, mut most_voices) = (0, None, 0);
    while now < end {
        // Half a minute at a time, with a keyboard that is pulled out before its end.
        let until = now + 30 * SECOND;
        let (mut port, mut events, mut at) = (midi::Port::default(), Events::new(), now);
        let voices = 1 + rng.below(8) as i32;
        for (key, value) in [
            (Key::Voices, voices),
            (Key::Keys, rng.below(2) as i32),
            (Key::Clock, rng.below(4) as i32),
            (Key::Retrigger, rng.below(2) as i32),
        ] {
            events.push((at, Event::Command(Command::Set(key, value))));
        }
        events.push((at, Event::Command(Command::Swap(Direction::Next))));
        loop {
            at += u64::from(1 + rng.below(400)) * 1_000_000;
            let mut messages = Vec::new();
            let is_over = at + SECOND >= until;
            if is_over {
                port.unplug(at, &mut messages);
            } else {
                port.receive(&mad_bytes(&mut rng), at, &mut messages);
            }
            if !messages.is_empty() {
                events.push((at, Event::Command(Command::Midi(messages))));
            }
            if is_over {
                break;
            }
        }
        simulation.schedule(events);
        simulation.run(
            until,
            |block| {
                assert!(
                    block
                        .sound
                        .iter()
                        .copied()
                        .flatten()
                        .all(|frame| frame.abs() <= 0.95)
                );
            },
            |_| {},
        );
        let state = simulation.state();
        let voices = state.keyboard.voices().iter().flatten();
        assert_eq!(voices.filter(|voice| voice.gate).count(), 0, "{now} ns");
        most_voices = most_voices.max(state.polyphony);
        let refusals = simulation.refusals();
        assert!(
            refusals
                .iter()
                .all(|refusal| refusal.starts_with("too slow")),
            "{refusals:?}"
        );
        now = until;
        if now >= end / 4 {
            memory_early = memory_early.or(memory());
        }
    }
    let counters = simulation.counters();
    assert_eq!((counters.late(), counters.starved()), (0, 0));
    assert!(counters.swaps() > 1000 && most_voices > 1);
    if let (Some(early), Some(late)) = (memory_early, memory()) {
        assert!(
            late < early + 2048,
            "memory grew from {early} to {late} KiB"
        );
    }
}

/// Returns whether samples at 44,100 Hz are those of the state's network, up to `next`,
/// the network time of the sample after them. Their phase within a network's sample is
/// unknown, so all of them are tried.
fn plays(state: &State, samples: &[u8], next: u32) -> bool {
    let (rate, output) = (u64::from(state.network.sample_rate()), 44_100);
    let span = samples.len() as u64 * rate / output + 1;
    let mut network = vec![0; span as usize + 1];
    let program = Program::new(&state.network, &state.masks());
    Evaluator::<W512>::new(program).render(next.wrapping_sub(span as u32), &mut network);
    (0..output).any(|phase| {
        let mut ages = 1u64..;
        samples.iter().rev().all(|sample| {
            // Frames before `next`, and network samples before it.
            let age = ages.next().unwrap_or_default() * rate;
            let before = age.saturating_sub(phase).div_ceil(output);
            network[(span - before) as usize] == *sample
        })
    })
}
