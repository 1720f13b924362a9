//! Looks for the dearest gate: a thousand random networks of 100 to 1,200 gates whose
//! live words peak at 50 or less, and the most cycles that one of them takes for a gate.
//! A tenth is simplified first, which takes most of the time: some minutes.
//! `cargo run --release -p pru-codegen --example sweep [NETWORKS]`. The same networks,
//! and the same figures, on every run; fails if any takes more than is promised.

use std::process::ExitCode;

use logicnet::random::{Ops, Rng};
use logicnet::{Masks, Network, simplify};
use pru_codegen::{Figures, compile};

/// Networks that are found, without a number on the command line.
const NETWORKS: usize = 1000;
/// One of so many is simplified.
const SIMPLIFIED: usize = 10;
/// Networks looked at for each that is found, at most.
const TRIES: usize = 20;
/// Cycles a gate at most, inversions and spills included.
const PROMISED: f64 = 1.5;
/// Gates, and live words at most, that the promise is for.
const GATES: std::ops::RangeInclusive<usize> = 100..=1200;
const PEAK: usize = 50;

fn a_gate(figures: &Figures) -> f64 {
    f64::from(figures.gate_cycles) / figures.gates as f64
}

fn main() -> ExitCode {
    let Ok(count) = std::env::args().nth(1).map_or(Ok(NETWORKS), |n| n.parse()) else {
        eprintln!("sweep: how many networks is a number");
        return ExitCode::from(2);
    };
    let mut rng = Rng::new(1);
    let mut found: Vec<(Figures, String)> = Vec::new();
    let mut tried = 0;
    while found.len() < count && tried < TRIES * count {
        tried += 1;
        let (width, layers) = (8 + rng.below(48) as usize, 4 + rng.below(44) as usize);
        let inputs = 6 + rng.below(8);
        let (ops, kind) =
            [(Ops::XorRich, "XOR-rich"), (Ops::Uniform, "uniform")][rng.below(2) as usize];
        let seed = rng.below(u32::MAX).into();
        let network = Network::random(inputs, &vec![width; layers], ops, seed).expect("valid");
        let simplified = tried % SIMPLIFIED == 0;
        let network = if simplified {
            simplify(&network, &Masks::new())
        } else {
            network
        };
        let Ok(code) = compile(&network, &Masks::new()) else {
            continue;
        };
        let figures = code.figures();
        if GATES.contains(&figures.gates) && figures.peak <= PEAK {
            let then = if simplified { ", simplified" } else { "" };
            let name = format!("{inputs} inputs, {layers} x {width}, {kind}, seed {seed}{then}");
            found.push((figures, name));
        }
    }
    found.sort_by(|a, b| a_gate(&a.0).total_cmp(&a_gate(&b.0)));
    let Some((worst, name)) = found.last() else {
        eprintln!("sweep: found no network that the promise is for");
        return ExitCode::FAILURE;
    };
    let mean = found.iter().map(|(f, _)| a_gate(f)).sum::<f64>() / found.len() as f64;
    let median = a_gate(&found[found.len() / 2].0);
    let most = a_gate(worst);
    println!("networks       {} of {tried}", found.len());
    println!("cycles a gate  mean {mean:.2}, median {median:.2}, most {most:.2}");
    println!("the most       {name}: {worst:?}");
    if most <= PROMISED {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
