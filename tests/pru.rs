//! Playing with an emulated PRU gives exactly the CPU's frames, whatever the PRU does or
//! fails to do.
//!
//! Every callback runs under a guard that aborts on allocation, and the emulator checks
//! every memory access of the core and of the program.

mod made;

use std::fmt::Write;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use engine::Settings;
use gatebend::board::desk::{Desk, Emulation, Pru, Script, Simulation};
use gatebend::factory_networks;
use gatebend::panel::Panel;
use gatebend::pru::{Choice, Memory, MemoryWindow, ProgramRequest, connect};
use gatebend::runtime::analog_inputs::AnalogInputs;
use gatebend::runtime::parts::{InstrumentParts, Lanes, offload};
use gatebend::runtime::threads::Threads;
use gatebend::spawn::{Spawn, spawn_plainly};
use instrument::Command;
use logicnet::{Mask, Word};
use pru_codegen::{ANSWER, CHECK, EPOCH, PLANES, REQUEST};
use pru_isa::emulator::{CONTROL, INSTRUCTIONS, SOFT_RST_N};
use trill::sim::{Bus, RealTime};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const SECOND: u64 = 1_000_000_000;

/// A recording of a run.
#[derive(Default)]
struct Recording {
    /// Id of each block's change.
    ids: Vec<Option<u32>>,
    /// Frames before the loudspeaker filters.
    exact: Vec<f32>,
    /// Frames of the output.
    sound: Vec<f32>,
    /// First frames of blocks that used a group from the PRU.
    by_pru: Vec<u64>,
}

impl Recording {
    /// Asserts that it equals the CPU's recording bit for bit.
    fn check(&self, cpu: &Recording, case: &str) {
        assert_eq!(self.ids, cpu.ids, "{case}");
        let pairs = || self.exact.iter().zip(&cpu.exact);
        assert_eq!(pairs().position(|(a, b)| a != b), None, "{case}");
        assert!(
            self.exact.len() == cpu.exact.len() && self.sound == cpu.sound,
            "{case}"
        );
    }
}

fn desk(choice: Choice) -> Desk {
    let mut desk = Desk::new(factory_networks::all());
    desk.engine = choice;
    desk
}

fn play(
    desk: Desk,
    script: &str,
    seconds: f64,
    meddler: impl FnMut(u64, &mut Emulation) + Send + 'static,
) -> (Simulation, Recording) {
    let script = Script::parse(script, &desk.panel.surface).unwrap();
    let mut simulation = Simulation::scripted(desk, script).unwrap();
    simulation.guard(|callback| assert_no_alloc(callback));
    if let Some(pru) = simulation.pru() {
        pru.meddle(meddler);
    }
    let mut recording = Recording::default();
    simulation.run(
        (seconds * 1e9) as u64,
        |block| {
            recording.ids.push(block.id);
            recording.exact.extend_from_slice(block.exact[0]);
            recording.sound.extend_from_slice(block.sound[0]);
            if block.spent.offloaded > 0 {
                recording.by_pru.push(block.frame);
            }
        },
        |_| {},
    );
    let counters = simulation.counters();
    assert_eq!((counters.starved(), counters.late()), (0, 0));
    if let Some(pru) = simulation.pru() {
        assert_eq!(pru.refused(), None);
    }
    (simulation, recording)
}

/// Returns the PRU's share of all groups of samples, 0.0..=1.0.
fn share(simulation: &Simulation) -> f64 {
    let counters = simulation.counters();
    f64::from(counters.offloaded()) / f64::from(counters.groups())
}

fn nothing(_: u64, _: &mut Emulation) {}

const LIGHT: &str = "0 set volume=-6\n3 down 0.3 0.3 size 0.4\n+0.5 up\n5 tap next\n\
                     7 bend 60 1\n9 set speed=-1.35\n11 set speed=1\n11.5 bend 61 invert\n\
                     13 tap next\n15 set interpolation=linear\n17 random 7";

#[test]
fn frames_are_the_same_whichever_processor_evaluates() {
    for (script, seconds, least_share) in [
        (include_str!("scripts/everything.txt"), 28.0, 0.25),
        (LIGHT, 20.0, 0.8),
    ] {
        let (_, cpu) = play(desk(Choice::Cpu), script, seconds, nothing);
        for choice in [Choice::Pru, Choice::Auto] {
            let (simulation, recording) = play(desk(choice), script, seconds, nothing);
            recording.check(&cpu, &format!("{choice:?}"));
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
                assert!(share(&simulation) > least_share, "{}", share(&simulation));
            }
        }
    }
}

/// A desk with a network that the PRU plays almost alone.
fn steady() -> Desk {
    let mut desk = desk(Choice::Pru);
    desk.parts.networks.truncate(1);
    desk
}

#[test]
fn an_undisturbed_pru_plays_almost_all_groups() {
    let (simulation, _) = play(steady(), "0 set volume=-6", 10.0, nothing);
    let counters = simulation.counters();
    assert!(share(&simulation) > 0.95, "{}", share(&simulation));
    assert!(counters.last_offloaded() && counters.missed() == 0);
}

/// Changes a word, as the ARM could.
fn poke(emulation: &mut Emulation, offset: u32, change: impl Fn(u32) -> u32) {
    let word = emulation.subsystem.read(offset).unwrap();
    emulation.subsystem.write(offset, change(word)).unwrap();
}

/// Changes an instruction of the halted core and lets it run again.
fn corrupt(emulation: &mut Emulation, index: u32, change: impl Fn(u32) -> u32) {
    let control = emulation.subsystem.read(CONTROL[0]).unwrap();
    poke(emulation, CONTROL[0], |_| SOFT_RST_N);
    let _ = emulation.subsystem.run(10);
    poke(emulation, INSTRUCTIONS[0] + 4 * index, change);
    poke(emulation, CONTROL[0], |_| control | SOFT_RST_N);
}

/// Applies a fault at every block from second 4 to second 6.
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

/// Delays every answer by so many blocks; until then the mailbox shows the one before.
fn late(blocks: u64) -> Fault {
    let (mut shown, mut hidden) = (0, None);
    Box::new(between(move |now, e| {
        let answer = e.subsystem.read(ANSWER).unwrap();
        if answer != shown && hidden.is_none() {
            hidden = Some((answer, now + blocks * SECOND * 16 / 44_100));
        }
        if let Some((answer, due)) = hidden {
            if now >= due {
                (shown, hidden) = (answer, None);
            }
        }
        e.subsystem.write(ANSWER, shown).unwrap();
    }))
}

/// Stops the core's clock.
fn held() -> Fault {
    Box::new(between(|_, e| e.held_until = 6 * SECOND))
}

/// Returns the table of faults for docs/reliability.md.
fn table() -> String {
    let script = "5 bend 60 1";
    let cpu = {
        let mut desk = steady();
        desk.engine = Choice::Cpu;
        play(desk, script, 14.0, nothing).1
    };
    let mut table = String::from(
        "| fault of the PRU, for 2 s | sound | missed groups | starts | PRU plays again after |\n\
         |---|---|--:|--:|--:|\n",
    );
    let lates = [1, 2, 10, 44, 100];
    let lates = lates.map(|blocks| {
        let callbacks = if blocks == 1 { "callback" } else { "callbacks" };
        (format!("answers {blocks} {callbacks} late"), late(blocks))
    });
    let held = [("core without a clock".to_string(), held())];
    let faults = faults()
        .into_iter()
        .map(|(name, fault)| (name.to_string(), fault));
    for (name, fault) in faults.chain(lates).chain(held) {
        let (simulation, recording) = play(steady(), script, 14.0, fault);
        recording.check(&cpu, &name);
        let end = 6 * 44_100;
        let again = recording.by_pru.iter().find(|&&frame| frame > end);
        let again = again.unwrap_or_else(|| panic!("{name}: the PRU does not play again"));
        writeln!(
            table,
            "| {name} | no difference | {} | {} | {:.1} s |",
            simulation.counters().missed(),
            simulation.supervisor().unwrap().starts(),
            (again - end) as f64 / 44_100.0
        )
        .unwrap();
    }
    table
}

#[test]
fn faults_never_change_a_sample_and_are_documented() {
    made::compare("docs/reliability.md", "cargo test --test pru", &table());
}

/// Memory of a process that is killed after so many writes.
struct Killed {
    pru: Pru,
    left: Arc<AtomicU32>,
}

impl Memory for Killed {
    fn read(&self, place: MemoryWindow) -> u32 {
        self.pru.read(place)
    }

    fn write(&self, place: MemoryWindow, value: u32) {
        let count_down = |left: u32| left.checked_sub(1);
        let relaxed = Ordering::Relaxed;
        if self.left.fetch_update(relaxed, relaxed, count_down).is_ok() {
            self.pru.write(place, value);
        }
    }
}

/// Plays a small network and bends it; the PRU's supervisor is killed after so many writes
/// of the bend's upload. Returns the frames, whether the supervisor had writes left, and
/// whether the PRU plays in the end.
fn interrupted(pru: Option<&Pru>, began: u64, writes: u32) -> (Vec<f32>, bool, bool) {
    let forty_two = factory_networks::all().swap_remove(2);
    let platform = Desk::new(factory_networks::all()).platform;
    let parts = InstrumentParts::new(vec![forty_two]);
    let (mut controller, mut engine) = parts.assemble(platform).unwrap();
    let left = Arc::new(AtomicU32::new(u32::MAX));
    let mut supervisor = pru.map(|pru| {
        let own = Killed {
            pru: pru.clone(),
            left: Arc::clone(&left),
        };
        offload(Choice::Pru, &mut controller, &mut engine, own, pru.clone())
    });
    let (mut frames, mut block, mut right) = (Vec::new(), [0.0; 16], [0.0; 16]);
    for callback in 0..700u64 {
        if callback == 300 {
            controller
                .command(Command::bend(40, Some(Mask::Invert)))
                .unwrap();
            left.store(writes, Ordering::Relaxed);
        }
        controller.deliver();
        if let Some(pru) = pru {
            pru.reach(began + callback * SECOND * 16 / 44_100);
        }
        // A killed supervisor is not polled.
        let alive = left.load(Ordering::Relaxed) > 0;
        if let (Some(supervisor), true, 0) = (&mut supervisor, alive, callback % 28) {
            supervisor.poll();
        }
        assert_no_alloc(|| engine.render([&[]; 2], [&mut block, &mut right]));
        frames.extend_from_slice(&block);
    }
    let alive = left.load(Ordering::Relaxed) > 0;
    (frames, alive, engine.counters().last_offloaded())
}

#[test]
fn interrupting_an_upload_at_any_write_never_changes_a_sample() {
    let (cpu, ..) = interrupted(None, 0, 0);
    let mut complete = 0;
    for writes in 0.. {
        let pru = Pru::new();
        let (frames, alive, by_pru) = interrupted(Some(&pru), 0, writes);
        assert!(frames == cpu, "after {writes} writes");
        assert!(by_pru || !alive, "after {writes} writes");
        // The next start finds the core as the killed process left it, and plays.
        if writes % 16 == 0 {
            let (frames, _, by_pru) = interrupted(Some(&pru), 2 * SECOND, u32::MAX);
            assert!(
                frames == cpu && by_pru,
                "after {writes} writes, started again"
            );
        }
        assert_eq!((pru.fault(), pru.refused()), (None, None));
        if by_pru {
            complete = writes;
            break;
        }
    }
    assert!(complete > 150, "{complete} writes");
}

#[test]
fn the_cpu_plays_a_network_too_large_for_the_pru_and_says_so() {
    let wide =
        logicnet::Network::random(16, &[128; 20], logicnet::random::Ops::XorRich, 1).unwrap();
    let mut large = desk(Choice::Pru);
    large.parts.networks = vec![wide];
    let (simulation, _) = play(large, "", 4.0, nothing);
    let notice = simulation.state().notice.clone().expect("a notice");
    assert!(notice.contains("too large for the PRU"), "{notice}");
    assert_eq!(simulation.counters().offloaded(), 0);
}

/// A desk with one network of this sample rate, in blocks of so many frames.
fn paced(choice: Choice, rate: u32, block: u32) -> Desk {
    let mut parts = factory_networks::all().swap_remove(2).into_parts();
    parts.sample_rate = rate;
    let mut desk = desk(choice);
    desk.parts.networks = vec![logicnet::Network::try_from(parts).unwrap()];
    desk.platform.block = block;
    desk
}

#[test]
fn the_pru_waits_for_a_slower_speed_if_the_pace_is_too_fast() {
    let fast = || paced(Choice::Pru, 44_100, 16);
    let (simulation, _) = play(fast(), "0 set speed=4\n1 bend 40 1", 2.0, nothing);
    let starts = |simulation: &Simulation| simulation.supervisor().unwrap().starts();
    assert_eq!(starts(&simulation), 0);
    // A network is reported once: the bend cleared the notice, and there is no other.
    assert_eq!(simulation.state().notice, None);
    let (simulation, _) = play(fast(), "0 set speed=4", 1.0, nothing);
    let notice = simulation.state().notice.clone().expect("a notice");
    assert!(notice.contains("too fast for the PRU"), "{notice}");
    assert!(notice.contains("not 64"), "{notice}");

    // The PRU plays at a slower speed, although no other program was requested meanwhile.
    let script = "0 set speed=4\n1 set speed=1\n2 set speed=-2\n3 set volume=-6";
    let (_, cpu) = play(paced(Choice::Cpu, 44_100, 16), script, 4.0, nothing);
    let (simulation, recording) = play(fast(), script, 4.0, nothing);
    recording.check(&cpu, "slower");
    assert_eq!(starts(&simulation), 1);
    assert!(recording.by_pru[0] > 44_100 && simulation.counters().last_offloaded());

    // At a faster speed, the program stays loaded.
    let script = "1 set speed=2.05\n2 set speed=2";
    let (simulation, recording) = play(fast(), script, 3.0, nothing);
    assert_eq!(starts(&simulation), 1);
    let within = |from: u64, to: u64| {
        let played = |frame: &&u64| (from * 44_100..to * 44_100).contains(*frame);
        recording.by_pru.iter().filter(played).count()
    };
    assert!(within(0, 1) > 200 && within(2, 3) > 500);
    assert!(within(1, 2) < 20, "{}", within(1, 2));
    // With `Auto`, the player is not notified.
    let (simulation, _) = play(paced(Choice::Auto, 44_100, 64), "", 1.0, nothing);
    assert_eq!(starts(&simulation), 0);
    assert_eq!(simulation.state().notice, None);
}

#[test]
fn frames_are_the_same_in_blocks_of_any_length() {
    // At 8,000 samples per second, these are 0.7 to 24 samples per callback.
    for block in [4, 31, 64, 128] {
        let (_, cpu) = play(paced(Choice::Cpu, 8000, block), LIGHT, 8.0, nothing);
        let (simulation, recording) = play(paced(Choice::Pru, 8000, block), LIGHT, 8.0, nothing);
        recording.check(&cpu, &format!("blocks of {block}"));
        let share = share(&simulation);
        assert!(share > 0.6, "blocks of {block}: {share}");
        assert_eq!(simulation.counters().missed(), 0);
    }
    // 47 samples per callback are too many.
    let (simulation, _) = play(paced(Choice::Pru, 8000, 256), "", 1.0, nothing);
    assert_eq!(simulation.supervisor().unwrap().starts(), 0);
    assert!(simulation.state().notice.is_some());
}

#[test]
fn a_healthy_minute_resets_the_count_of_restarts() {
    let pru = Pru::new();
    let platform = Desk::new(factory_networks::all()).platform;
    let memory = || Box::new(pru.clone());
    let (requests, mut supervisor, mut offload) =
        connect(Choice::Pru, platform, Lanes::LANES, memory(), memory());
    let network = factory_networks::all().swap_remove(2);
    requests.send(ProgramRequest {
        program: 7,
        masks: network.masks().clone(),
        network: Arc::new(network),
        settings: Settings::default(),
    });
    // Halts the core for 0.1 s every 70 s, six times.
    pru.meddle(|now, emulation| {
        if now > SECOND && now % (70 * SECOND) < SECOND / 10 {
            poke(emulation, CONTROL[0], |_| SOFT_RST_N);
        }
    });
    let end = 450 * SECOND;
    for now in (0..end).step_by(10_000_000) {
        pru.reach(now);
        assert_eq!(supervisor.poll(), None, "after {} s", now / SECOND);
    }
    assert!(supervisor.starts() > 6, "{} starts", supervisor.starts());
    engine::Offload::<u32>::poll(&mut offload, Some(7));
    engine::Offload::<u32>::request(&mut offload, 3);
    pru.reach(end + SECOND / 1000);
    engine::Offload::<u32>::poll(&mut offload, Some(7));
    assert!(matches!(
        engine::Offload::<u32>::take(&mut offload, 3),
        engine::OffloadedGroup::Ready(_)
    ));
}

#[test]
fn without_a_thread_for_the_pru_the_cpu_plays_and_says_so() {
    let desk = desk(Choice::Pru);
    let (mut controller, mut engine) = desk.parts.assemble(desk.platform).unwrap();
    let (time, pru) = (RealTime::start(), Pru::new());
    let supervisor = offload(desk.engine, &mut controller, &mut engine, pru.clone(), pru);
    let bus = Bus::new(time, desk.bus_hz);
    let panel = Panel::new(desk.panel, bus.clone(), bus, time);
    let inputs = Arc::new(AnalogInputs::default());
    let spawn: Spawn = |name, role, task| match name {
        "gb-pru" => Err(io::Error::other("there are too many")),
        _ => spawn_plainly(name, role, task),
    };
    let threads = Threads::start(controller, panel, engine.counters(), inputs, spawn).unwrap();
    threads.offload(supervisor);
    // The notice was queued before this command, which has been applied.
    let handle = threads.handle();
    handle.request(Command::Finger(None)).wait().unwrap();
    let notice = handle.state().notice.clone().expect("a notice");
    assert!(
        notice.contains("the CPU plays: no thread gb-pru: there"),
        "{notice}"
    );
    assert!(!handle.stopped());
    handle.stop();
    threads.join().unwrap();
}
