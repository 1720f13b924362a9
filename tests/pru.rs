//! The PRU plays, and nobody can tell: every frame is the CPU's, whatever the emulated
//! PRU does or fails to do.
//!
//! Every callback runs under a guard that aborts on allocation, and every access of the
//! core and of ours is checked by the emulator.

use std::sync::{Arc, Mutex};

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use gatebend::board::desk::{Desk, Emulation, Script, Simulation};
use gatebend::library;
use gatebend::pru::Choice;
use pru_codegen::{ANSWER, CHECK, EPOCH, PLANES, REQUEST};
use pru_isa::emulator::{CONTROL, INSTRUCTIONS, SOFT_RST_N};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const SECOND: u64 = 1_000_000_000;

/// What was heard: sounds' ids, exact frames and the loudspeaker's.
type Heard = (Vec<Option<u32>>, Vec<f32>, Vec<f32>);

fn desk(choice: Choice) -> Desk {
    let mut desk = Desk::new(library::shipped());
    desk.engine = choice;
    desk
}

fn play(
    desk: Desk,
    script: &str,
    seconds: f64,
    meddler: impl FnMut(u64, &mut Emulation) + Send + 'static,
) -> (Simulation, Heard) {
    let script = Script::parse(script, &desk.panel.surface).unwrap();
    let mut simulation = Simulation::scripted(desk, script).unwrap();
    simulation.guard(|callback| assert_no_alloc(callback));
    if let Some(pru) = simulation.pru() {
        pru.meddle(meddler);
    }
    let mut heard = Heard::default();
    simulation.run(
        (seconds * 1e9) as u64,
        |block| {
            heard.0.push(block.id);
            heard.1.extend_from_slice(block.exact);
            heard.2.extend_from_slice(block.sound);
        },
        |_| {},
    );
    let counters = simulation.counters();
    assert_eq!((counters.starved(), counters.late()), (0, 0));
    if let Some(pru) = simulation.pru() {
        assert_eq!(pru.refused(), None);
    }
    (simulation, heard)
}

/// The PRU's part of all groups of samples.
fn share(simulation: &Simulation) -> f64 {
    let counters = simulation.counters();
    f64::from(counters.offloaded()) / f64::from(counters.groups())
}

fn nothing(_: u64, _: &mut Emulation) {}

const LIGHT: &str = "0 set volume=-6\n3 down 0.3 0.3 size 0.4\n+0.5 up\n5 tap next\n\
                     7 bend 60 1\n9 set speed=-1.35\n11 set speed=1\n11.5 bend 61 invert\n\
                     13 tap next\n15 set interpolation=linear\n17 random 7";

#[test]
fn whoever_evaluates_every_frame_is_the_same() {
    for (script, seconds, least) in [
        (include_str!("scripts/everything.txt"), 28.0, 0.25),
        (LIGHT, 20.0, 0.8),
    ] {
        let (_, cpu) = play(desk(Choice::Cpu), script, seconds, nothing);
        for choice in [Choice::Pru, Choice::Auto] {
            let (simulation, heard) = play(desk(choice), script, seconds, nothing);
            let first = heard.0.iter().zip(&cpu.0).position(|(a, b)| a != b);
            let frame = heard.1.iter().zip(&cpu.1).position(|(a, b)| a != b);
            println!("{first:?} {frame:?} {:?}", simulation.state().notice);
            assert!(heard == cpu, "{choice:?}");
            let counters = simulation.counters();
            println!(
                "{choice:?}: {} of {} groups, {} missed",
                counters.offloaded(),
                counters.groups(),
                counters.missed()
            );
            assert_eq!(counters.missed(), 0);
            assert_eq!(simulation.pru().unwrap().fault(), None);
            if choice == Choice::Pru {
                assert!(share(&simulation) > least, "{}", share(&simulation));
            }
        }
    }
}

/// A network that the PRU plays almost alone.
fn steady() -> Desk {
    let mut desk = desk(Choice::Pru);
    desk.parts.library.truncate(1);
    desk
}

#[test]
fn a_pru_that_is_left_alone_plays_almost_all() {
    let (simulation, _) = play(steady(), "0 set volume=-6", 10.0, nothing);
    let counters = simulation.counters();
    assert!(share(&simulation) > 0.95, "{}", share(&simulation));
    assert!(counters.by_pru() && counters.missed() == 0);
}

/// A word that the ARM could write.
fn poke(emulation: &mut Emulation, offset: u32, change: impl Fn(u32) -> u32) {
    let word = emulation.subsystem.read(offset).unwrap();
    emulation.subsystem.write(offset, change(word)).unwrap();
}

/// Halted, so that instruction memory can be written, and set going again.
fn corrupt(emulation: &mut Emulation, index: u32, change: impl Fn(u32) -> u32) {
    let counter = emulation.subsystem.core(0).counter();
    let control = emulation.subsystem.read(CONTROL[0]).unwrap();
    poke(emulation, CONTROL[0], |_| SOFT_RST_N);
    let _ = emulation.subsystem.run(10);
    poke(emulation, INSTRUCTIONS[0] + 4 * index, change);
    let _ = counter;
    poke(emulation, CONTROL[0], |_| control | SOFT_RST_N);
}

/// From a time on, for two seconds, at every block.
fn between(
    mut fault: impl FnMut(u64, &mut Emulation) + Send,
) -> impl FnMut(u64, &mut Emulation) + Send {
    move |now, emulation| {
        if (4 * SECOND..6 * SECOND).contains(&now) {
            fault(now, emulation);
        }
    }
}

type Fault = Box<dyn FnMut(u64, &mut Emulation) + Send>;

fn faults() -> Vec<(&'static str, Fault)> {
    let mut once = false;
    vec![
        (
            "core halted",
            Box::new(between(|_, e| poke(e, CONTROL[0], |_| SOFT_RST_N))),
        ),
        (
            "instructions corrupted",
            Box::new(between(move |_, e| {
                if !std::mem::replace(&mut once, true) {
                    for index in 20..300 {
                        corrupt(e, index, |word| word ^ 0x1000_0000);
                    }
                }
            })),
        ),
        (
            "samples corrupted",
            Box::new(between(|now, e| {
                poke(e, PLANES + 4 * (now as u32 / 7 % 8), |word| {
                    word ^ 1 << (now % 32)
                });
            })),
        ),
        (
            "samples all zero",
            Box::new(between(|_, e| {
                for offset in (PLANES..=CHECK).step_by(4) {
                    poke(e, offset, |_| 0);
                }
            })),
        ),
        (
            "check corrupted",
            Box::new(between(|_, e| poke(e, CHECK, |w| w ^ 4))),
        ),
        (
            "wrong sequence",
            Box::new(between(|_, e| poke(e, ANSWER, |w| w | 0x4000_0000))),
        ),
        (
            "wrong epoch",
            Box::new(between(|_, e| poke(e, EPOCH, |w| w ^ 1))),
        ),
        (
            "request lost",
            Box::new(between(|_, e| poke(e, REQUEST, |w| w | 0x4000_0000))),
        ),
        (
            "data memory zeroed",
            Box::new(between(|_, e| {
                for offset in (0..0x2000).step_by(4) {
                    poke(e, offset, |_| 0);
                }
            })),
        ),
    ]
}

#[test]
fn faults_never_change_a_sample() {
    let cpu = {
        let mut desk = steady();
        desk.engine = Choice::Cpu;
        play(desk, "5 bend 60 1", 14.0, nothing).1
    };
    for (name, fault) in faults() {
        let (simulation, heard) = play(steady(), "5 bend 60 1", 14.0, fault);
        let first = heard.1.iter().zip(&cpu.1).position(|(a, b)| a != b);
        assert!(heard == cpu, "{name}: frame {first:?}");
        let counters = simulation.counters();
        println!(
            "{name}: {} of {} groups by the PRU, {} missed, {} starts",
            counters.offloaded(),
            counters.groups(),
            counters.missed(),
            simulation.operator().unwrap().starts()
        );
        assert!(counters.by_pru(), "{name}: it plays again");
    }
}

#[test]
fn answers_late_by_any_number_of_blocks_never_change_a_sample() {
    let cpu = {
        let mut desk = steady();
        desk.engine = Choice::Cpu;
        play(desk, "", 6.0, nothing).1
    };
    for blocks in [1, 2, 3, 5, 10, 20, 43, 44, 45, 100] {
        let length = blocks * SECOND * 16 / 44_100;
        let late = move |now: u64, e: &mut Emulation| {
            // Held for so long, then free for as long, again and again.
            if now > 2 * SECOND && now / length.max(1) % 2 == 0 {
                e.held_until = (now / length + 1) * length;
            }
        };
        let (simulation, heard) = play(steady(), "", 6.0, late);
        assert!(heard == cpu, "{blocks} blocks");
        println!("{blocks}: {} missed", simulation.counters().missed());
    }
}

/// The same as documented: what is asked for and cannot be played is told.
#[test]
fn what_does_not_fit_is_told_with_its_count_and_played_by_the_cpu() {
    let wide =
        logicnet::Network::random(16, &[128; 20], logicnet::random::Ops::XorRich, 1).unwrap();
    let mut large = desk(Choice::Pru);
    large.parts.library = vec![wide];
    let told = Arc::new(Mutex::new(None));
    let (simulation, _) = play(large, "", 4.0, nothing);
    *told.lock().unwrap() = simulation.state().notice.clone();
    let notice = told.lock().unwrap().clone().expect("it is told");
    assert!(notice.contains("too large for the PRU"), "{notice}");
    assert_eq!(simulation.counters().offloaded(), 0);
}
