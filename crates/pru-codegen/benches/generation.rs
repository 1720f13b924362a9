//! Time to make PRU programs: `cargo bench -p pru-codegen`. The least of many counts,
//! as everything that disturbs a measurement makes it longer. The aim: 10 ms for 1,000
//! gates on a desktop core.

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
        let code = compile_graph(&graph).expect("it fits");
        let figures = code.figures();
        let began = Instant::now();
        let mut least = Duration::MAX;
        while began.elapsed() < Duration::from_secs(1) {
            let began = Instant::now();
            black_box(compile_graph(black_box(&graph)).expect("it fits"));
            least = least.min(began.elapsed());
        }
        println!(
            "{:5} {:5} {:14.2} {:5.2}",
            figures.gates,
            figures.peak,
            f64::from(figures.gate_cycles) / figures.gates as f64,
            least.as_secs_f64() * 1e3,
        );
    }
}
