//! The engine by itself, with whatever platforms, programs and changes: it keeps
//! its budget, changes over in time, and gives voices back.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use engine::{Change, Cost, Engine, Interpolation, Platform, Settings, Start, Voice};
use logicnet::random::{Ops, Rng};
use logicnet::{Evaluator, Network, Program, W128};
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const LANES: usize = 128;

fn settings(rng: &mut Rng) -> Settings {
    Settings {
        rate: [4000, 8000, 11_025, 44_100, 96_000][rng.below(5) as usize],
        speed: rng.below(801) as i32 - 400,
        interpolation: [Interpolation::Hold, Interpolation::Linear][rng.below(2) as usize],
        level: 0.5,
    }
}

/// Longest a change may wait, in callbacks: a few groups' time, or the time of a
/// few passes, and never for ever.
fn patience(platform: &Platform, gates: usize, settings: &Settings) -> u32 {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn budgets_are_kept_changes_come_and_frames_are_exact(
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
        let (mut sent, mut waited, mut allowed, mut slowest) = (0, 0, 0, 0);
        let mut sounding: Option<Evaluator<W128>> = None;
        let mut coming: Option<(Program, Settings)> = None;
        let mut last: Option<Program> = None;
        let (mut out, mut exact) = (vec![0.0; block as usize], vec![0.0; block as usize]);
        for _ in 0..3000 {
            handover.collect();
            // Settings alone, soon after: time reversed, faster or slower.
            if let (None, Some(program), 0) = (&coming, &last, rng.below(6)) {
                let settings = settings(&mut rng);
                if platform.keeps_up(program, &settings, LANES).is_ok() {
                    sent += 1;
                    let change = Change { id: sent, settings, start: None };
                    prop_assert!(handover.send(change).is_ok());
                    allowed = slowest.max(patience(&platform, program.gates(), &settings));
                    coming = Some((program.clone(), settings));
                    waited = 0;
                }
            }
            if coming.is_none() && rng.below(20) == 0 {
                let network = Network::random(14, &[width; 4], Ops::XorRich, rng.next()).unwrap();
                let program = Program::new(&network, network.masks());
                let settings = settings(&mut rng);
                if platform.keeps_up(&program, &settings, LANES).is_ok() {
                    sent += 1;
                    last = Some(program.clone());
                    let start = Start {
                        voice: Box::new(Voice::new(program.clone())),
                        seek: (rng.below(4) == 0).then(|| rng.next() as u32),
                        fade: rng.below(3) == 0,
                    };
                    let change = Change { id: sent, settings, start: Some(start) };
                    prop_assert!(handover.send(change).is_ok());
                    allowed = slowest.max(patience(&platform, program.gates(), &settings));
                    coming = Some((program, settings));
                    waited = 0;
                }
            }
            let before = engine.counters().time();
            assert_no_alloc(|| {
                let mut frames = exact.iter_mut();
                engine.render_tapped(&mut out, |frame| {
                    if let Some(place) = frames.next() {
                        *place = frame;
                    }
                });
            });
            let spent = engine.spent();
            prop_assert!(spent.gates + begin * spent.groups <= budget, "{spent:?} of {budget}");
            prop_assert!(out.iter().all(|frame| frame.abs() <= 0.95));
            if engine.change() == Some(sent) && coming.is_some() {
                let (program, settings) = coming.take().unwrap();
                // The next change may have to wait while this is the pace.
                slowest = patience(&platform, program.gates(), &settings);
                sounding = (settings.interpolation == Interpolation::Hold)
                    .then(|| Evaluator::new(program));
            } else if coming.is_some() {
                waited += 1;
                prop_assert!(waited < allowed, "waits for {waited} callbacks");
                // Where it goes on from is the old voice's business.
                continue;
            }
            // The last frame is one of the samples about the new position.
            if let Some(evaluator) = &mut sounding {
                let after = engine.counters().time();
                let mut near = vec![0; 40];
                evaluator.render(after.wrapping_sub(20), &mut near);
                let last = (exact.last().unwrap() * 128.0 + 128.0) as u8;
                let frames = u64::from(before.abs_diff(after));
                prop_assert!(frames > 1 << 24 || near.contains(&last));
            }
        }
        prop_assert_eq!(engine.counters().starved(), 0);
    }
}
