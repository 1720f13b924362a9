//! Time to compile networks to PRU programs: `cargo bench -p pru-codegen`. Prints the
//! minimum of many runs, because disturbances only ever make a run longer. Target: 10 ms
//! for 1,000 gates on a desktop core.

use std::hint::black_box;
use std::time::{Duration, Instant};

use logicnet::random::Ops;
use logicnet::{Masks, Network, Xag};
use pru_codegen::compile_graph;

fn main() {
    println!("gates  peak  cycles a gate  ms");
    for (width, layers) in [(16, 20), (24, 24), (32, 24), (40, 28), (40, 34)] {
        let network = Network::random(12, &vec![width; layers], Ops::XorRich, 1).expect("valid");
        let graph = Xag::from_network(&network, &Masks::new());
        let code = compile_graph(&graph).expect("the program fits");
        let statistics = code.statistics();
        let began = Instant::now();
        let mut least = Duration::MAX;
        while began.elapsed() < Duration::from_secs(1) {
            let began = Instant::now();
            black_box(compile_graph(black_box(&graph)).expect("the program fits"));
            least = least.min(began.elapsed());
        }
        println!(
            "{:5} {:5} {:14.2} {:5.2}",
            statistics.gates,
            statistics.peak,
            f64::from(statistics.gate_cycles) / statistics.gates as f64,
            least.as_secs_f64() * 1e3,
        );
    }
}
