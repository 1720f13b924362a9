//! The work whose ARM instructions are counted. `benches/arm/run.sh` runs it in an emulator
//! with a plugin that counts each call of the non-inlined functions below. This program only
//! prints the scenario of the calls; it measures nothing itself.
//!
//! A line `scenario NAME NETWORK LIVE GATES RATE PERIOD RUNS` precedes the calls, with the
//! network's live gates, the gates of its program, the network's rate in Hz and the frames of
//! a callback (0 if they do not matter), and the program's runs. A line `hearing PERIOD
//! CHANNELS GATES` has the most gates of a network that hears sound, for a period.

use std::hint::black_box;

use engine::{Change, Engine, Handover, Interpolation, Platform, Settings, Start, Voice};
use gatebend::board::description::{Description, built_in};
use gatebend::factory_networks;
use gatebend::runtime::parts::{InstrumentParts, Lanes};
use logicnet::random::Ops;
use logicnet::{
    Builder, Evaluator, MAX_GATES, Mask, Masks, Network, OutputEncoding, Program, Signal, Source,
    Word,
};

/// Gates of the tables' rows; the last is about the most that is admitted at 44.1 kHz.
const SIZES: [usize; 8] = [100, 250, 500, 1000, 1500, 2000, 4096, 19_500];
const RATES: [u32; 2] = [8000, 44_100];
const PERIODS: [u32; 3] = [4, 16, 128];
/// Number of frames that each row of callbacks plays: a third of a second.
const FRAMES: u32 = 14_700;

#[inline(never)]
fn measured_start(evaluator: &mut Evaluator<Lanes>, t: u32) {
    evaluator.start(t);
}

#[inline(never)]
fn measured_gates(evaluator: &mut Evaluator<Lanes>) {
    evaluator.finish();
}

#[inline(never)]
fn measured_frames(evaluator: &mut Evaluator<Lanes>, times: &[u32], audio: [&[u16]; 2]) {
    evaluator.start_frames(times, audio);
}

#[inline(never)]
fn measured_levels(evaluator: &Evaluator<Lanes>, channel: usize, out: &mut [i16]) {
    evaluator.levels(channel, out);
}

#[inline(never)]
fn measured_samples(evaluator: &Evaluator<Lanes>, out: &mut [u8]) {
    evaluator.samples(out);
}

#[inline(never)]
fn measured_build(builder: &mut Builder, network: &Network, masks: &Masks) -> Program {
    builder.build(network, masks)
}

#[inline(never)]
fn measured_voice(program: Program) -> Box<Voice<Lanes>> {
    Box::new(Voice::new(program))
}

#[inline(never)]
fn measured_callback(engine: &mut Engine<Lanes>, heard: &[f32], out: &mut [Vec<f32>; 2]) {
    engine.render([heard; 2], out.each_mut().map(Vec::as_mut_slice));
}

#[inline(never)]
fn measured_ready() -> Network {
    let mut parts = InstrumentParts::new(factory_networks::all());
    let first = parts.networks[0].clone();
    parts.seed = 7;
    black_box(parts.assemble(beaglebone())).expect("the shipped networks play");
    first
}

fn main() {
    println!("scenario ready all 0 0 0 0 0");
    black_box(measured_ready());
    let random: Vec<Network> = SIZES.into_iter().map(random).collect();
    let shipped = factory_networks::all();
    for network in random.iter().chain(&shipped) {
        evaluate(network);
    }
    // The networks of benches/speed.rs, and one with live gates only.
    for widths in [vec![20; 50], vec![100; 10]] {
        let network = Network::random(12, &widths, Ops::XorRich, 7).expect("valid");
        build(&network);
    }
    build(&random[3]);
    rest();
    let large = Network::random(16, &[4096; 16], Ops::XorRich, 1).expect("valid");
    for rate in RATES {
        admit(&large, rate);
        for period in PERIODS {
            for network in &random {
                play("callback", network, rate, period);
            }
        }
    }
    for channels in [1, 2] {
        hear(channels);
    }
}

/// Evaluates and plays networks that hear sound: small ones, and the largest that are
/// admitted at each period.
fn hear(channels: u8) {
    // More than any board admits.
    let large = hearing(MAX_GATES, channels);
    let program = Program::new(&large, large.masks());
    for period in PERIODS {
        let platform = Platform {
            block: period,
            ..beaglebone()
        };
        let admitted = platform.keeps_up(&program, &Settings::default(), Lanes::LANES);
        let most = admitted.map_or_else(|too_slow| too_slow.max_gates as usize, |()| MAX_GATES);
        println!("hearing {period} {channels} {most}");
        for gates in [100, most] {
            // At most as many gates as wanted.
            let network = hearing(gates, channels);
            frames(&network, period);
            play("heard", &network, 44_100, period);
        }
    }
}

/// Evaluates frames of a callback several times.
fn frames(network: &Network, period: u32) {
    let program = Program::new(network, network.masks());
    scenario("frames", network, &program, 44_100, period);
    let mut evaluator = Evaluator::<Lanes>::new(program);
    let times: Vec<u32> = (0..period).collect();
    let audio: Vec<u16> = (0..period).map(|i| (i * 7919) as u16).collect();
    let mut levels = [0; Lanes::LANES];
    for _ in 0..8 {
        measured_frames(&mut evaluator, black_box(&times), [&audio; 2]);
        measured_gates(&mut evaluator);
        for channel in 0..evaluator.program().channels() {
            measured_levels(&evaluator, channel, &mut levels[..period as usize]);
        }
        black_box(levels);
    }
}

/// Returns a network of t and sound, of 16 bits each, whose program has at most so many gates,
/// and hardly fewer.
fn hearing(gates: usize, channels: u8) -> Network {
    let network = |width: usize| {
        let audio = |channel| Source {
            signal: Signal::Audio { channel },
            ..Source::time(16)
        };
        let mut sources = vec![Source::time(16)];
        sources.extend((0..channels).map(audio));
        let widths = widths(width, 16 * usize::from(channels));
        let network = Network::random_of(sources, &widths, Ops::XorRich, 9);
        let mut parts = network.expect("valid").into_parts();
        let nodes = parts.inputs() + widths.iter().sum::<usize>() as u32;
        parts.outputs = (nodes - 16 * u32::from(channels)..nodes).collect();
        let right = if channels == 2 { 16 } else { 0 };
        parts.output_encoding = OutputEncoding::Channels { left: 16, right };
        Network::try_from(parts).expect("valid")
    };
    // The greatest width that fits, by halves.
    let (mut least, mut most) = (1, MAX_GATES / 12);
    while most - least > 1 + least / 200 {
        let middle = usize::midpoint(least, most);
        let tried = network(middle);
        if Program::new(&tried, tried.masks()).gates() <= gates {
            least = middle;
        } else {
            most = middle;
        }
    }
    network(least)
}

/// Returns eight equal layers, then layers of decreasing width, so that few gates are dead.
fn widths(width: usize, last: usize) -> Vec<usize> {
    let mut widths = vec![width; 8];
    while widths[widths.len() - 1] > 2 * last {
        widths.push(widths[widths.len() - 1] / 2);
    }
    widths.push(last);
    widths
}

fn scenario(what: &str, network: &Network, program: &Program, rate: u32, period: u32) {
    let live = network.live(network.masks());
    let gates = &live[network.inputs() as usize..];
    let live = gates.iter().filter(|&&live| live).count();
    let name = network.name().replace(' ', "-");
    let gates = program.gates();
    let runs = program.runs();
    println!("scenario {what} {name} {live} {gates} {rate} {period} {runs}");
}

/// Returns a random network whose program has at least this many gates.
fn random(gates: usize) -> Network {
    let network = |width: usize| {
        Network::random(16, &widths(width, 8), Ops::XorRich, gates as u64).expect("valid")
    };
    let mut width = gates / 12;
    loop {
        let network = network(width);
        if Program::new(&network, network.masks()).gates() >= gates {
            return network;
        }
        width += 1 + width / 100;
    }
}

/// Evaluates several groups in sequence.
fn evaluate(network: &Network) {
    let program = Program::new(network, network.masks());
    scenario("evaluation", network, &program, 0, 0);
    let mut evaluator = Evaluator::<Lanes>::new(program);
    let mut samples = [0; Lanes::LANES];
    for group in 0..8 {
        measured_start(&mut evaluator, group * Lanes::LANES as u32);
        measured_gates(&mut evaluator);
        measured_samples(&evaluator, &mut samples);
        black_box(samples);
    }
}

/// Builds the program and the voice of a bend, several times.
fn build(network: &Network) {
    let program = Program::new(network, network.masks());
    scenario("build", network, &program, 0, 0);
    let mut builder = Builder::new();
    // The first build allocates memory that later builds reuse.
    black_box(builder.build(network, network.masks()));
    for bend in 0..20 {
        let program = measured_build(&mut builder, network, &bent(network, bend));
        black_box(measured_voice(program));
    }
}

fn bent(network: &Network, bend: u32) -> Masks {
    let node = network.inputs() + bend * 7919 % network.gates().len() as u32;
    Masks::from_iter([(node, Mask::Force(bend % 2 == 0))])
}

/// Renders callbacks of an engine in which time stands still, without any evaluation.
fn rest() {
    let network = random(100);
    let program = Program::new(&network, network.masks());
    for (what, interpolation) in [
        ("rest-hold", Interpolation::Hold),
        ("rest-linear", Interpolation::Linear),
    ] {
        for period in PERIODS {
            let settings = Settings {
                speed: 0,
                interpolation,
                level: 0.5,
                ..Settings::default()
            };
            let (mut engine, mut handover) = engine(period);
            send(&mut handover, 0, settings, Some(start(&program, false)));
            let mut out = [0, 1].map(|_| vec![0.0; period as usize]);
            for _ in 0..400 / period + 8 {
                engine.render([&[]; 2], out.each_mut().map(Vec::as_mut_slice));
            }
            scenario(what, &network, &program, settings.rate, period);
            for _ in 0..16 {
                measured_callback(&mut engine, &[], black_box(&mut out));
            }
        }
    }
}

/// Prints the greatest number of gates admitted at a rate, for any block size: a line
/// `admitted RATE GATES`.
fn admit(large: &Network, rate: u32) {
    let settings = Settings {
        rate,
        ..Settings::default()
    };
    let program = Program::new(large, large.masks());
    let admitted = beaglebone().keeps_up(&program, &settings, Lanes::LANES);
    let most = admitted.map_or_else(|too_slow| too_slow.max_gates as usize, |()| MAX_GATES);
    println!("admitted {rate} {most}");
}

/// Renders callbacks of an engine while it is bent, reversed and given other networks as often
/// as it accepts changes.
fn play(what: &str, network: &Network, rate: u32, period: u32) {
    let program = Program::new(network, network.masks());
    let mut settings = Settings {
        rate,
        level: 0.5,
        ..Settings::default()
    };
    let (mut engine, mut handover) = engine(period);
    let platform = engine.platform();
    if platform
        .keeps_up(&program, &settings, Lanes::LANES)
        .is_err()
    {
        let refused = if what == "heard" {
            "heard-not"
        } else {
            "refused"
        };
        scenario(refused, network, &program, rate, period);
        return;
    }
    scenario(what, network, &program, rate, period);
    let mut builder = Builder::new();
    let mut out = [0, 1].map(|_| vec![0.0; period as usize]);
    let heard: Vec<f32> = (0..period).map(|i| (i % 7) as f32 / 7.0 - 0.4).collect();
    let mut sent = 0;
    send(&mut handover, sent, settings, Some(start(&program, false)));
    for _ in 0..FRAMES / period {
        handover.collect();
        if handover.ready() && engine.change() == Some(sent) {
            sent += 1;
            let bend = builder.build(network, &bent(network, sent));
            match sent % 8 {
                3 => {
                    settings.speed = -settings.speed;
                    send(&mut handover, sent, settings, None);
                }
                5 => {
                    settings.interpolation = Interpolation::Linear;
                    send(&mut handover, sent, settings, None);
                }
                7 => {
                    settings.interpolation = Interpolation::Hold;
                    send(&mut handover, sent, settings, Some(start(&bend, true)));
                }
                _ => send(&mut handover, sent, settings, Some(start(&bend, false))),
            }
        }
        measured_callback(&mut engine, black_box(&heard), black_box(&mut out));
    }
    assert!(sent > 4, "{sent} changes");
    assert_eq!(engine.counters().starved(), 0);
}

/// The platform described by the BeagleBone Black's file.
fn beaglebone() -> Platform {
    let board = built_in("bela-black").and_then(Description::board);
    board.expect("it is built in").platform
}

fn engine(period: u32) -> (Engine<Lanes>, Handover<Lanes>) {
    Engine::new(Platform {
        block: period,
        ..beaglebone()
    })
}

fn start(program: &Program, fade: bool) -> Start<Lanes> {
    Start {
        voice: Box::new(Voice::new(program.clone())),
        seek: None,
        fade,
    }
}

fn send(handover: &mut Handover<Lanes>, id: u32, settings: Settings, start: Option<Start<Lanes>>) {
    let change = Change {
        id,
        settings,
        start,
    };
    handover.send(change).expect("the engine was ready");
}
