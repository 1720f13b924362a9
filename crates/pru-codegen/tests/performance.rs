//! The table of PRU programs in docs/performance.md; `UPDATE_PICTURES=1` writes it.

#[path = "../../../tests/made/mod.rs"]
mod made;

use std::fmt::Write;
use std::path::Path;

use logicnet::random::Ops;
use logicnet::{Masks, Network, simplify};
use pru_codegen::{Error, LANES, compile, prove};

/// Clock rate of the PRU.
const CYCLES_A_SECOND: f64 = 200e6;

/// The row of a network, which is simplified and whose program is proved first.
fn row(name: &str, network: &Network) -> String {
    let simplified = simplify(network, network.masks());
    let code = compile(&simplified, &Masks::new()).unwrap_or_else(|e| panic!("{name}: {e}"));
    prove(&code, network, network.masks()).unwrap_or_else(|e| panic!("{name}: {e}"));
    let f = code.statistics();
    let seconds = f64::from(f.cycles()) / CYCLES_A_SECOND;
    let share = |rate: f64| 100.0 * seconds * rate / f64::from(LANES);
    format!(
        "| {name} | {} | {} | {} | {} | {} | {} | {:.2} | {} | {} | {:.2} | {:.2} % | {:.2} % |\n",
        f.gates,
        f.inversions,
        f.peak,
        f.instructions,
        f.transfers,
        f.memory,
        f64::from(f.gate_cycles) / f.gates as f64,
        f.overhead_cycles,
        f.cycles(),
        seconds * 1e6,
        share(8000.0),
        share(44100.0),
    )
}

fn table() -> String {
    let mut table = String::from(
        "| network | gates | NOT | peak | instructions | bank transfers | RAM transfers | cycles a gate | overhead | cycles | \u{b5}s | 8 kHz | 44.1 kHz |\n",
    );
    writeln!(table, "|---{}", "|---".repeat(12) + "|").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/networks");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    for path in paths {
        let network = Network::from_json(&std::fs::read_to_string(&path).unwrap()).unwrap();
        if matches!(
            compile(&network, network.masks()),
            Err(Error::Signals | Error::Channels)
        ) {
            continue;
        }
        table += &row(path.file_stem().unwrap().to_str().unwrap(), &network);
    }
    for (width, layers) in [(16, 20), (24, 24), (32, 24), (40, 28), (40, 34), (100, 10)] {
        let network = Network::random(12, &vec![width; layers], Ops::XorRich, 7).unwrap();
        table += &row(&format!("random, {layers} x {width}"), &network);
    }
    table
}

#[test]
fn the_documented_table_is_up_to_date() {
    made::compare(
        "docs/performance.md",
        "cargo test -p pru-codegen --test performance",
        &table(),
    );
}
