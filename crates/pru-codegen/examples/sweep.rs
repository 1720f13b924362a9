//! Searches for the most expensive gate: compiles a thousand random networks of 100 to 1,200
//! gates with at most 50 values alive, and prints the greatest number of cycles a gate. A
//! tenth of them is simplified first, which takes most of the time: some minutes.
//! `cargo run --release -p pru-codegen --example sweep [NETWORKS]`. Networks and results are
//! the same on every run. Fails if a network exceeds the promise.

use std::process::ExitCode;

use logicnet::random::{Ops, Rng};
use logicnet::{Masks, Network, simplify};
use pru_codegen::{Statistics, compile};

/// Default number of networks.
const NETWORKS: usize = 1000;
/// One of this many networks is simplified.
const SIMPLIFIED: usize = 10;
/// Greatest number of candidates for each network found.
const TRIES: usize = 20;
/// Promised maximum of cycles a gate, inversions and spills included.
const PROMISED: f64 = 1.5;
/// The range of gates and the peak of values alive for which the promise holds.
const GATES: std::ops::RangeInclusive<usize> = 100..=1200;
const PEAK: usize = 50;

fn a_gate(statistics: &Statistics) -> f64 {
    f64::from(statistics.gate_cycles) / statistics.gates as f64
}

fn main() -> ExitCode {
    let Ok(count) = std::env::args().nth(1).map_or(Ok(NETWORKS), |n| n.parse()) else {
        eprintln!("sweep: NETWORKS must be a number");
        return ExitCode::from(2);
    };
    let mut rng = Rng::new(1);
    let mut found: Vec<(Statistics, String)> = Vec::new();
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
        let statistics = code.statistics();
        if GATES.contains(&statistics.gates) && statistics.peak <= PEAK {
            let then = if simplified { ", simplified" } else { "" };
            let name = format!("{inputs} inputs, {layers} x {width}, {kind}, seed {seed}{then}");
            found.push((statistics, name));
        }
    }
    found.sort_by(|a, b| a_gate(&a.0).total_cmp(&a_gate(&b.0)));
    let Some((worst, name)) = found.last() else {
        eprintln!("sweep: found no network to which the promise applies");
        return ExitCode::FAILURE;
    };
    let mean = found.iter().map(|(f, _)| a_gate(f)).sum::<f64>() / found.len() as f64;
    let median = a_gate(&found[found.len() / 2].0);
    let most = a_gate(worst);
    println!("networks       {} of {tried}", found.len());
    println!("cycles a gate  mean {mean:.2}, median {median:.2}, maximum {most:.2}");
    println!("maximum        {name}: {worst:?}");
    if most <= PROMISED {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
