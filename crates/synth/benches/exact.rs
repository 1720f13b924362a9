//! Gates and CPU seconds of exact networks: `cargo bench -p synth --bench exact`, or of files
//! of 2^n raw 8-bit samples, such as speech: `cargo bench -p synth --bench exact -- $PWD/a.u8`.

use bytebeat::Expression;
use cpu_time::ThreadTime;
use logicnet::random::Rng;
use synth::{ExactError, Table};

fn main() {
    let arguments = std::env::args().skip(1);
    let paths: Vec<String> = arguments.filter(|path| !path.starts_with("--")).collect();
    println!("{:>8} {:>8}  table", "gates", "CPU s");
    for path in &paths {
        let bytes = std::fs::read(path).expect("a file");
        let samples = bytes.into_iter().map(u16::from);
        measure(
            path,
            &Table::new(samples.collect(), 8).expect("2^n samples"),
        );
    }
    if !paths.is_empty() {
        return;
    }
    for (text, bits) in [
        ("t&t>>8", 16),
        ("((t>>10)&42)*t", 14),
        ("t*((t>>12|t>>8)&63&t>>4)", 16),
    ] {
        let expression = Expression::parse(text).expect("an expression");
        let network = expression.compile(bits).expect("a network");
        measure(text, &Table::of_network(&network).expect("a table"));
    }
    let mut rng = Rng::new(1);
    for (bits, sample_bits) in [(12, 8), (14, 8), (20, 16)] {
        let samples = (0..1 << bits).map(|_| rng.below(1 << sample_bits) as u16);
        let table = Table::new(samples.collect(), sample_bits).expect("a table");
        measure(&format!("random, 2^{bits} x {sample_bits} bits"), &table);
    }
}

/// Prints a line about the exact network of a table.
fn measure(name: &str, table: &Table) {
    let started = ThreadTime::now();
    let gates = match synth::exact(table, &mut ()) {
        Ok(graph) => graph.live_gates().count(),
        Err(ExactError::Gates(gates)) => gates,
        Err(ExactError::Stopped) => unreachable!("full speed never stops"),
    };
    let seconds = started.elapsed().as_secs_f64();
    println!("{gates:8} {seconds:8.2}  {name}");
}
