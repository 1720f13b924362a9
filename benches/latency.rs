//! Latency from finger and from key to loudspeaker in simulated time, with the same results on every
//! machine. `cargo bench --bench latency` prints the table and fails if a bound is exceeded.
//!
//! Bus, scan and callback times are simulated exactly. The board's processor time is a model
//! (`desk.model`), which is an assumption until a board has been measured.

use gatebend::board::desk::{Desk, Event, Simulation};
use instrument::parameters::Key;
use instrument::{Command, State};
use logicnet::Network;
use logicnet::random::{Ops, Rng};
use midi::Message;
use trill::sim::Finger;

/// Number of touches in each row of the table.
const TOUCHES: usize = 1000;
/// Duration of a touch, and the average rest before the next.
const TOUCH_NS: u64 = 60_000_000;
const REST_NS: u64 = 120_000_000;
const START_NS: u64 = 3_000_000_000;

/// Blocks from a callback to its first frame at the loudspeaker. Bela's PRU plays one block while
/// the next is rendered.
const OUTPUT_BLOCKS: u32 = 2;

/// Bounds at 400 kHz in ms: the 99th percentile of the latency, and its distance from the first.
const MOST_P99: f64 = 10.0;
const MOST_JITTER: f64 = 4.0;
/// The 99th percentile of a key's latency in ms, at 16 frames.
const MOST_KEY_P99: f64 = 5.0;
/// Duration of the three bytes of a key at 31,250 bits a second, each with a start and a stop bit.
const NOTE_NS: u64 = 960_000;

fn main() {
    println!("finger down to first changed sample, {TOUCHES} touches at random times, ms");
    println!("100 gates and the display busy; p1 / p50 / p99");
    for (hz, block) in [(400_000, 16), (400_000, 128), (100_000, 16), (100_000, 128)] {
        let touches = run(hz, block);
        println!("\nI2C at {} kHz, blocks of {block} frames", hz / 1000);
        let parts: [(&str, Part); 6] = [
            ("scan", |t| t.scan),
            ("bus, panel", |t| t.panel),
            ("instrument, program", |t| t.build),
            ("wait for a callback", |t| t.callback),
            ("output, two blocks", |t| t.output),
            ("total", Timing::total),
        ];
        for (name, part) in parts {
            let [p1, p50, p99] = percentiles(&touches, part);
            println!("{name:<20} {p1:6.2} {p50:6.2} {p99:6.2}");
        }
        let [p1, _, p99] = percentiles(&touches, Timing::total);
        println!("{:<20} {:6.2}", "jitter (p99 - p1)", p99 - p1);
        if (hz, block) == (400_000, 16) {
            assert!(p99 <= MOST_P99, "p99 is {p99:.2} ms");
            assert!(p99 - p1 <= MOST_JITTER, "jitter is {:.2} ms", p99 - p1);
        }
    }
    println!("\nkey down to first changed sample, {TOUCHES} keys at random times, ms");
    for block in [16, 128] {
        let keys = run_keys(block);
        println!("\nserial MIDI, blocks of {block} frames");
        let parts: [(&str, KeyPart); 5] = [
            ("three bytes", |k| k.bytes),
            ("instrument, program", |k| k.build),
            ("wait for a callback", |k| k.callback),
            ("output, two blocks", |k| k.output),
            ("total", KeyTiming::total),
        ];
        for (name, part) in parts {
            let [p1, p50, p99] = percentiles(&keys, part);
            println!("{name:<20} {p1:6.2} {p50:6.2} {p99:6.2}");
        }
        let [_, _, p99] = percentiles(&keys, KeyTiming::total);
        if block == 16 {
            assert!(p99 <= MOST_KEY_P99, "p99 is {p99:.2} ms");
        }
    }
}

/// Returns one part of a key's latency, in ms.
type KeyPart = fn(&KeyTiming) -> f64;

/// The parts of a key's latency, in ms.
struct KeyTiming {
    bytes: f64,
    build: f64,
    callback: f64,
    output: f64,
}

impl KeyTiming {
    fn total(&self) -> f64 {
        self.bytes + self.build + self.callback + self.output
    }
}

fn run_keys(block: u32) -> Vec<KeyTiming> {
    let mut rng = Rng::new(7);
    let mut events = Vec::new();
    let mut now = START_NS;
    for i in 0..TOUCHES {
        let (channel, note, velocity) = (0, 48 + (i % 24) as u8, 127);
        let press = Message::NoteOn {
            channel,
            note,
            velocity,
        };
        let release = Message::NoteOff { channel, note };
        for (at, message) in [(now, press), (now + TOUCH_NS, release)] {
            let command = Command::Midi(vec![midi::Event { at, message }]);
            events.push((at, Event::Command(command)));
        }
        now += TOUCH_NS + REST_NS / 2 + u64::from(rng.below(REST_NS as u32));
    }
    let mut desk = Desk::new(vec![network()]);
    desk.platform.block = block;
    let platform = desk.platform;
    let mut simulation = Simulation::new(desk, |_| Vec::new()).expect("the network is small");
    simulation.record_journal();
    simulation.schedule(events);
    let mut heard = std::collections::HashMap::new();
    simulation.run(
        now,
        |block| {
            if let Some(id) = block.id {
                heard.entry(id).or_insert(block.frame);
            }
        },
        |_| {},
    );
    let ms = |ns: u64| ns as f64 / 1e6;
    let is_down = |state: &State| state.lead().is_some_and(|voice| voice.gate);
    let keys: Vec<KeyTiming> = simulation
        .journal()
        .iter()
        .filter(|entry| is_down(&entry.state))
        .map(|entry| {
            let frame = heard[&entry.state.sound];
            let callback = frame * 1_000_000_000 / u64::from(platform.rate);
            let output = OUTPUT_BLOCKS * platform.block;
            KeyTiming {
                bytes: ms(NOTE_NS),
                build: ms(entry.ready - entry.sent),
                callback: ms(callback.saturating_sub(entry.ready)),
                output: f64::from(platform.duration_ns(output)) / 1e6,
            }
        })
        .collect();
    assert_eq!(keys.len(), TOUCHES, "each key is heard once");
    keys
}

/// Returns one part of a touch's latency, in ms.
type Part = fn(&Timing) -> f64;

/// The parts of a touch's latency, in ms.
struct Timing {
    scan: f64,
    panel: f64,
    build: f64,
    callback: f64,
    output: f64,
}

impl Timing {
    fn total(&self) -> f64 {
        self.scan + self.panel + self.build + self.callback + self.output
    }
}

fn percentiles<T>(all: &[T], part: impl Fn(&T) -> f64) -> [f64; 3] {
    let mut times: Vec<f64> = all.iter().map(part).collect();
    times.sort_by(f64::total_cmp);
    [1, 50, 99].map(|percent| times[(times.len() - 1) * percent / 100])
}

/// A network of 100 gates that keep changing on the display. The last gates are the sample's
/// bits: inverting one of them changes every sample.
fn network() -> Network {
    Network::random(16, &[46, 46, 8], Ops::XorRich, 5).expect("the network is valid")
}

fn run(hz: u32, block: u32) -> Vec<Timing> {
    let mut rng = Rng::new(7);
    let mut downs = Vec::new();
    let mut now = START_NS;
    for _ in 0..TOUCHES {
        downs.push(now);
        now += TOUCH_NS + REST_NS / 2 + u64::from(rng.below(REST_NS as u32));
    }
    let end = now;
    let mut desk = Desk::new(vec![network()]);
    desk.bus_hz = hz;
    desk.platform.block = block;
    desk.parts.parameters.set(Key::Bend, 2);
    desk.parts.parameters.set(Key::Radius, 0);
    let (timing, platform) = (desk.timing, desk.platform);

    // Touches the sample's highest bit, at the right edge.
    let finger = Finger {
        id: 1,
        touch: trill::Touch {
            x: 0.99,
            y: 0.02,
            size: 0.5,
        },
    };
    let times = downs.clone();
    let hand = move |now| {
        let last = times.partition_point(|down| *down <= now);
        let down = last > 0 && now < times[last - 1] + TOUCH_NS;
        if down { vec![finger] } else { vec![] }
    };
    let mut simulation = Simulation::new(desk, hand).expect("the network is small enough");
    simulation.record_journal();
    let mut heard = std::collections::HashMap::new();
    simulation.run(
        end,
        |block| {
            if let Some(id) = block.id {
                heard.entry(id).or_insert(block.frame);
            }
        },
        |_| {},
    );
    // The address, the status and the data of one touch, at 9 clocks a byte.
    let read_ns = (9 * 22 + 2) * 1_000_000_000 / u64::from(hz);
    let ms = |ns: u64| ns as f64 / 1e6;
    let touches: Vec<Timing> = simulation
        .journal()
        .iter()
        .filter(|entry| !entry.state.touched.is_empty())
        .map(|entry| {
            let down = downs[downs.partition_point(|down| *down <= entry.sent) - 1];
            let frame = heard[&entry.state.sound];
            let callback = frame * 1_000_000_000 / u64::from(platform.rate);
            let output = OUTPUT_BLOCKS * platform.block;
            Timing {
                scan: ms(entry.sent - timing.panel_ns - read_ns - down),
                panel: ms(timing.panel_ns + read_ns),
                build: ms(entry.ready - entry.sent),
                callback: ms(callback.saturating_sub(entry.ready)),
                output: f64::from(platform.duration_ns(output)) / 1e6,
            }
        })
        .collect();
    assert_eq!(touches.len(), TOUCHES, "each touch is heard once");
    touches
}
