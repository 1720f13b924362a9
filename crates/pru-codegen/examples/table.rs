//! Prints what PRU programs of the shipped networks, and of random ones, take, as a
//! table in Markdown: `cargo run --release -p pru-codegen --example table`.
//!
//! Each network is simplified first, and each program proved over the whole period.

use std::path::Path;

use logicnet::random::Ops;
use logicnet::{Masks, Network, simplify};
use pru_codegen::{LANES, compile, prove};

/// The PRU's clock.
const CYCLES_A_SECOND: f64 = 200e6;

fn main() {
    println!(
        "| network | gates | NOT | peak | instructions | transfers | RAM | cycles a gate | frame | cycles | us | 8 kHz | 44.1 kHz |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/networks");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the shipped networks")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a file");
        let network = Network::from_json(&text).expect("a network");
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        row(&name, &network);
    }
    for (width, layers) in [(16, 20), (24, 24), (32, 24), (40, 28), (40, 34), (100, 10)] {
        let network = Network::random(12, &vec![width; layers], Ops::XorRich, 7);
        let name = format!("random, {layers} layers of {width}");
        row(&name, &network.expect("valid"));
    }
}

fn row(name: &str, network: &Network) {
    let simplified = simplify(network, network.masks());
    let code = match compile(&simplified, &Masks::new()) {
        Ok(code) => code,
        Err(error) => return println!("| {name} | {error} |"),
    };
    if let Err(failure) = prove(&code, network, network.masks()) {
        return println!("| {name} | WRONG: {failure} |");
    }
    let f = code.figures();
    let us = f64::from(f.cycles()) / CYCLES_A_SECOND * 1e6;
    let share = |rate: f64| 100.0 * us * 1e-6 * rate / f64::from(LANES);
    println!(
        "| {name} | {} | {} | {} | {} | {} | {} | {:.2} | {} | {} | {us:.2} | {:.2} % | {:.2} % |",
        f.gates,
        f.inversions,
        f.peak,
        f.instructions,
        f.transfers,
        f.memory,
        f64::from(f.gate_cycles) / f.gates as f64,
        f.frame_cycles,
        f.cycles(),
        share(8000.0),
        share(44100.0),
    );
}
