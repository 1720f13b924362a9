//! From finger to loudspeaker, in simulated time: the same figures on every
//! machine. `cargo bench --bench latency` prints the table and fails when a bound
//! is not kept.
//!
//! Bus, scan and callback times are simulated to the clock; what the board's
//! processor takes is the model in `src/board/turns.rs`, an assumption
//! until a board was measured.

use gatebend::board::desk::{Desk, Simulation};
use instrument::parameters::Key;
use logicnet::Network;
use logicnet::random::{Ops, Rng};
use trill::sim::Finger;

/// Touches that each row of the table is made of.
const TOUCHES: usize = 1000;
/// A touch, and the rest before the next, on average.
const TOUCH_NS: u64 = 60_000_000;
const REST_NS: u64 = 120_000_000;
const START_NS: u64 = 3_000_000_000;

/// From a callback to its first frame at the loudspeaker, in blocks: how Bela
/// buffers. The PRU plays one block while the next is rendered.
const OUTPUT_BLOCKS: u32 = 2;

/// Bounds at 400 kHz, in ms: the latency that 99 of 100 touches keep, and what
/// lies between them and the fastest.
const MOST_P99: f64 = 10.0;
const MOST_JITTER: f64 = 4.0;

fn main() {
    println!("finger down to first changed sample, {TOUCHES} touches at random times, ms");
    println!("100 gates and the display busy; p1 / p50 / p99");
    for (hz, block) in [(400_000, 16), (400_000, 128), (100_000, 16), (100_000, 128)] {
        let touches = run(hz, block);
        println!("\nI2C at {} kHz, blocks of {block} frames", hz / 1000);
        let stages: [(&str, Stage); 6] = [
            ("scan seen and done", |t| t.scan),
            ("bus, panel", |t| t.panel),
            ("instrument, program", |t| t.build),
            ("wait for a callback", |t| t.callback),
            ("output, two blocks", |t| t.output),
            ("in all", Touch::total),
        ];
        for (name, stage) in stages {
            let [p1, p50, p99] = percentiles(&touches, stage);
            println!("{name:<20} {p1:6.2} {p50:6.2} {p99:6.2}");
        }
        let [p1, _, p99] = percentiles(&touches, Touch::total);
        println!("{:<20} {:6.2}", "jitter (p99 - p1)", p99 - p1);
        if (hz, block) == (400_000, 16) {
            assert!(p99 <= MOST_P99, "p99 is {p99:.2} ms");
            assert!(p99 - p1 <= MOST_JITTER, "jitter is {:.2} ms", p99 - p1);
        }
    }
}

/// One stage of a touch, in ms.
type Stage = fn(&Touch) -> f64;

/// Where the time of a touch went, in ms.
struct Touch {
    scan: f64,
    panel: f64,
    build: f64,
    callback: f64,
    output: f64,
}

impl Touch {
    fn total(&self) -> f64 {
        self.scan + self.panel + self.build + self.callback + self.output
    }
}

fn percentiles(touches: &[Touch], stage: impl Fn(&Touch) -> f64) -> [f64; 3] {
    let mut times: Vec<f64> = touches.iter().map(stage).collect();
    times.sort_by(f64::total_cmp);
    [1, 50, 99].map(|percent| times[(times.len() - 1) * percent / 100])
}

/// A network of 100 gates that are restless on the display, its sample's bits
/// last: inverting one of those changes every sample.
fn network() -> Network {
    Network::random(16, &[46, 46, 8], Ops::XorRich, 5).expect("a fine network")
}

fn run(hz: u32, block: u32) -> Vec<Touch> {
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

    // On the sample's highest bit, at the right edge.
    let finger = Finger {
        id: 1,
        x: 0.99,
        y: 0.02,
        size: 0.5,
    };
    let times = downs.clone();
    let hand = move |now| {
        let last = times.partition_point(|down| *down <= now);
        let down = last > 0 && now < times[last - 1] + TOUCH_NS;
        if down { vec![finger] } else { vec![] }
    };
    let mut simulation = Simulation::new(desk, hand).expect("a small network");
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
    // Status, data for one touch, and the address, at 9 clocks a byte.
    let read_ns = (9 * 22 + 2) * 1_000_000_000 / u64::from(hz);
    let ms = |ns: u64| ns as f64 / 1e6;
    let touches: Vec<Touch> = simulation
        .journal()
        .iter()
        .filter(|entry| !entry.state.touched.is_empty())
        .map(|entry| {
            let down = downs[downs.partition_point(|down| *down <= entry.sent) - 1];
            let frame = heard[&entry.state.sound];
            let callback = frame * 1_000_000_000 / u64::from(platform.rate);
            let output = OUTPUT_BLOCKS * platform.block;
            Touch {
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
