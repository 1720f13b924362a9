//! Gates and CPU seconds of exact networks: `cargo bench -p synth --bench exact`. Arguments
//! that are files of 2^n raw 8-bit samples, such as speech, are measured too.

use bytebeat::Expression;
use cpu_time::ThreadTime;
use logicnet::random::Rng;
use synth::{ExactError, Table};

fn main() {
    let rng = &mut Rng::new(1);
    let mut random = |bits: u32, sample_bits: u8| {
        let samples = (0..1 << bits).map(|_| rng.below(1 << sample_bits) as u16);
        Table::new(samples.collect(), sample_bits).expect("a table")
    };
    let mut tables = vec![
        ("random, 2^12 x 8 bits".into(), random(12, 8)),
        ("random, 2^14 x 8 bits".into(), random(14, 8)),
        ("random, 2^20 x 16 bits".into(), random(20, 16)),
    ];
    for (text, bits) in [
        ("t&t>>8", 16),
        ("((t>>10)&42)*t", 14),
        ("t*((t>>12|t>>8)&63&t>>4)", 16),
    ] {
        let expression = Expression::parse(text).expect("an expression");
        let network = expression.compile(bits).expect("a network");
        tables.push((text.into(), Table::of_network(&network).expect("a table")));
    }
    for path in std::env::args()
        .skip(1)
        .filter(|path| !path.starts_with("--"))
    {
        let bytes = std::fs::read(&path).expect("a file");
        let samples = bytes.into_iter().map(u16::from);
        tables.push((path, Table::new(samples.collect(), 8).expect("2^n samples")));
    }
    println!("{:>8} {:>8}  table", "gates", "CPU s");
    for (name, table) in tables {
        let started = ThreadTime::now();
        let gates = match synth::exact(&table, &mut ()) {
            Ok(graph) => graph.live_gates().count(),
            Err(ExactError::Gates(gates)) => gates,
            Err(ExactError::Stopped) => unreachable!("full speed never stops"),
        };
        let seconds = started.elapsed().as_secs_f64();
        println!("{gates:8} {seconds:8.2}  {name}");
    }
}
