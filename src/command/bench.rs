//! `gatebend bench`: measures how fast a network is evaluated.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use logicnet::random::Rng;
use logicnet::{Builder, Controls, Evaluator, Network, Program, W128, W256, W512, Word, count};
use serde_json::json;

use crate::{CommandResult, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The network file; - reads standard input
    network: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Time spent on each width.
const TIME_PER_WIDTH: Duration = Duration::from_millis(300);
/// Fewest periods rendered at each width, unless that takes too long.
const MIN_RUNS: usize = 5;
/// Longest time spent on each width.
const MAX_TIME_PER_WIDTH: Duration = Duration::from_secs(3);

struct Speed {
    lanes: usize,
    ns_min: f64,
    ns_median: f64,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let network = files::load(&self.network)?;
        let defaults = Controls::new(network.sources(), |_, default| default);
        let program = Builder::new().build_with(&network, network.masks(), &defaults);
        let live = network.live(network.masks());
        let live_gates = live[network.inputs() as usize..]
            .iter()
            .filter(|&&live| live)
            .count();
        let speeds = [
            measure::<u32>(&network, &program),
            measure::<u64>(&network, &program),
            measure::<W128>(&network, &program),
            measure::<W256>(&network, &program),
            measure::<W512>(&network, &program),
        ];
        let text = if self.json {
            let widths: Vec<_> = speeds
                .iter()
                .map(|s| json!({"lanes": s.lanes, "ns_min": s.ns_min, "ns_median": s.ns_median}))
                .collect();
            let gates = network.gates().len();
            let report = json!({"gates": gates, "live_gates": live_gates, "widths": widths});
            format!("{report}\n")
        } else {
            let mut text = format!(
                "{}, {live_gates} live, {} when evaluated; {} a period\n\
                 lanes  ns a sample: min  median\n",
                count(network.gates().len(), "gate"),
                program.gates(),
                count(network.period() as usize, "sample")
            );
            for s in &speeds {
                // Writing to a string never fails.
                let _ = writeln!(
                    text,
                    "{:>5}  {:>16.3}  {:>6.3}",
                    s.lanes, s.ns_min, s.ns_median
                );
            }
            text
        };
        files::print(text)
    }
}

fn measure<W: Word>(network: &Network, program: &Program) -> Speed {
    let mut evaluator = Evaluator::<W>::new(program.clone());
    let mut samples = vec![0; (network.period() as usize).max(W::LANES)];
    let mut runs = Vec::new();
    let started = Instant::now();
    while runs.is_empty()
        || started.elapsed() < TIME_PER_WIDTH
        || (runs.len() < MIN_RUNS && started.elapsed() < MAX_TIME_PER_WIDTH)
    {
        let run = Instant::now();
        if program.hears() {
            listen(&mut evaluator, samples.len());
        } else {
            evaluator.render(0, &mut samples);
        }
        runs.push(run.elapsed().as_nanos() as f64 / samples.len() as f64);
    }
    runs.sort_by(f64::total_cmp);
    Speed {
        lanes: W::LANES,
        ns_min: runs[0],
        ns_median: runs[runs.len() / 2],
    }
}

/// Evaluates a network for this many frames of noise, a multiple of the lanes.
fn listen<W: Word>(evaluator: &mut Evaluator<W>, frames: usize) {
    let mut rng = Rng::new(0);
    let [left, right] = [0, 1].map(|_| {
        let frames = (0..W::LANES).map(|_| rng.next() as u16);
        frames.collect::<Vec<_>>()
    });
    let mut levels = vec![0; W::LANES];
    for t0 in (0..frames as u32).step_by(W::LANES) {
        let times: Vec<u32> = (t0..t0 + W::LANES as u32).collect();
        evaluator.start_frames(&times, [&left, &right]);
        evaluator.finish();
        for channel in 0..evaluator.program().channels() {
            evaluator.levels(channel, &mut levels);
        }
    }
}
