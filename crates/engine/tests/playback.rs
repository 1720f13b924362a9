//! The engine on random platforms with random programs and changes: it keeps its
//! budget, applies changes in bounded time, and every frame is exact.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use engine::{Change, Cost, Engine, Interpolation, Platform, Settings, Start, Voice};
use logicnet::random::{Ops, Rng};
use logicnet::{Evaluator, Network, Program, W128};
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const LANES: usize = 128;
/// Bits of t that the networks read.
const BITS: u32 = 14;

fn settings(rng: &mut Rng) -> Settings {
    Settings {
        rate: [4000, 8000, 11_025, 44_100, 96_000][rng.below(5) as usize],
        speed: rng.below(801) as i32 - 400,
        interpolation: [Interpolation::Hold, Interpolation::Linear][rng.below(2) as usize],
        level: 0.5,
        ..Settings::default()
    }
}

/// Returns the most callbacks that a change may wait: the time of a few groups, or of a
/// few passes.
fn longest_wait(platform: &Platform, gates: usize, settings: &Settings) -> u32 {
    let budget = 0.25 * platform.duration_ns(platform.block) / platform.cost.gate_ns;
    let passes = 12.0 * (gates as f32 + 150.0) / budget;
    let samples = settings.rate as f32 * settings.speed.unsigned_abs() as f32 / 100.0;
    let pace = samples * platform.block as f32 / platform.rate as f32;
    let groups = if pace > 0.0 {
        (6.0 * LANES as f32 / pace).min(passes)
    } else {
        passes
    };
    (passes + groups) as u32 + 1 + platform.rate / 200 / platform.block + 8
}

/// The expected frames: network time as one whole number, and a table of all samples.
struct Oracle {
    /// Network time in parts of `1 / (100 * output rate)` of a sample.
    time: u64,
    parts: u64,
    settings: Settings,
    samples: Vec<u8>,
}

impl Oracle {
    fn new(rate: u32) -> Oracle {
        Oracle {
            time: 0,
            parts: 100 * u64::from(rate),
            settings: Settings::default(),
            samples: Vec::new(),
        }
    }

    fn change(&mut self, settings: Settings, program: Option<&Program>, seek: Option<u32>) {
        self.settings = settings;
        if let Some(t) = seek {
            self.time = u64::from(t) * self.parts;
        }
        if let Some(program) = program {
            self.samples = vec![0; 1 << BITS];
            Evaluator::<W128>::new(program.clone()).render(0, &mut self.samples);
        }
    }

    fn sample(&self, t: u64) -> f64 {
        f64::from(self.samples[t as usize % self.samples.len()]) - 128.0
    }

    /// Returns the next frame, if a program plays.
    fn next(&mut self) -> Option<f64> {
        if self.samples.is_empty() {
            return None;
        }
        let (t, part) = (self.time / self.parts, self.time % self.parts);
        let here = self.sample(t);
        let between = match self.settings.interpolation {
            Interpolation::Hold => 0.0,
            Interpolation::Linear => (self.sample(t + 1) - here) * part as f64 / self.parts as f64,
        };
        let step = i64::from(self.settings.rate) * i64::from(self.settings.speed);
        let time = self.time as i64 + step;
        self.time = time.rem_euclid((self.parts << 32) as i64) as u64;
        Some((here + between) / 128.0)
    }

    /// Largest difference from the engine's frames: its fractions have 16 bits.
    fn tolerance(&self) -> f64 {
        match self.settings.interpolation {
            Interpolation::Hold => 0.0,
            Interpolation::Linear => 2.0 * 2.0 / 65_536.0,
        }
    }
}

/// A change that was sent and has not been heard yet.
struct Sent {
    settings: Settings,
    program: Option<Program>,
    seek: Option<u32>,
    waited: u32,
    longest: u32,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn budgets_are_kept_changes_are_heard_and_frames_are_exact(
        seed in any::<u64>(),
        block in prop::sample::select(vec![2u32, 4, 16, 61, 128, 512]),
        rate in prop::sample::select(vec![22_050u32, 44_100, 48_000, 96_000]),
        width in prop_oneof![8usize..400, 400usize..4000],
    ) {
        let mut rng = Rng::new(seed);
        let cost = Cost { gate_ns: 14.0, group_ns: 2000.0, frame_ns: 60.0, callback_ns: 3000.0 };
        let platform = Platform { rate, block, cost };
        let budget = (0.25 * platform.duration_ns(block) / cost.gate_ns) as u32;
        let (mut engine, mut handover) = Engine::<W128>::new(platform);
        let begin = (cost.group_ns / cost.gate_ns).ceil() as u32;
        let (mut id, mut slowest) = (0, 0);
        let mut sent: Option<Sent> = None;
        let mut last: Option<Program> = None;
        let mut oracle = Oracle::new(rate);
        let (mut out, mut exact) = (vec![0.0; block as usize], vec![0.0; block as usize]);
        let mut right = out.clone();
        for _ in 0..3000 {
            handover.collect();
            // Settings alone, soon after the last change: time reversed, faster or slower.
            let program = match (&sent, &last) {
                (None, Some(_)) if rng.below(6) == 0 => Some(None),
                (None, _) if rng.below(20) == 0 => {
                    let network =
                        Network::random(BITS, &[width; 4], Ops::XorRich, rng.next()).unwrap();
                    Some(Some(Program::new(&network, network.masks())))
                }
                _ => None,
            };
            if let Some(program) = program {
                let settings = settings(&mut rng);
                let playing = program.as_ref().or(last.as_ref()).unwrap();
                if platform.keeps_up(playing, &settings, LANES).is_ok() {
                    id += 1;
                    let longest = longest_wait(&platform, playing.gates(), &settings);
                    let seek = (program.is_some() && rng.below(4) == 0).then(|| rng.next() as u32);
                    let start = program.clone().map(|program| Start {
                        voice: Box::new(Voice::new(program)),
                        seek,
                        fade: rng.below(3) == 0,
                    });
                    let sending = handover.send(Change { id, settings, start });
                    prop_assert!(sending.is_ok());
                    last = program.clone().or(last);
                    let longest = longest.max(slowest);
                    sent = Some(Sent { settings, program, seek, waited: 0, longest });
                }
            }
            assert_no_alloc(|| {
                let mut frames = exact.iter_mut();
                engine.render_tapped([&[]; 2], [&mut out, &mut right], |[left, _]| {
                    if let Some(place) = frames.next() {
                        *place = left;
                    }
                });
            });
            prop_assert_eq!(&out, &right);
            let spent = engine.spent();
            prop_assert!(spent.gates + begin * spent.groups <= budget, "{spent:?} of {budget}");
            prop_assert!(out.iter().all(|frame| frame.abs() <= 0.95));
            if engine.change() == Some(id) {
                if let Some(sent) = sent.take() {
                    oracle.change(sent.settings, sent.program.as_ref(), sent.seek);
                    // The next change may have to wait while this is the pace.
                    slowest = longest_wait(&platform, last.as_ref().unwrap().gates(), &sent.settings);
                }
            } else if let Some(sent) = &mut sent {
                sent.waited += 1;
                prop_assert!(sent.waited < sent.longest, "waits for {} callbacks", sent.waited);
            }
            for frame in &exact {
                let expected = oracle.next().unwrap_or(0.0);
                let error = (f64::from(*frame) - expected).abs();
                prop_assert!(error <= oracle.tolerance(), "{frame} instead of {expected}");
            }
            if !oracle.samples.is_empty() {
                prop_assert_eq!(u64::from(engine.counters().time()), oracle.time / oracle.parts);
            }
        }
        prop_assert_eq!(engine.counters().starved(), 0);
    }
}
