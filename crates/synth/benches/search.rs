//! Searches for the networks of two formulas, and of a file of samples of 8 bits. Prints seconds
//! of CPU time, gates, and the parts of the bits and of the samples that are right: the median of
//! five seeds, or of as many as the first argument says. The second argument is the file, and
//! what its networks give is written to `FILE.GATES`.
//!
//! cargo bench -p synth --bench search -- 5 FILE.u8

use std::fs;

use synth::{Draft, Loss, Measure, Search, Settings, Table, quiet_weights, start};

/// Work of a step.
const STEP: u64 = 200_000;

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let seeds: u64 = arguments
        .next()
        .map_or(5, |seeds| seeds.parse().expect("a number of seeds"));
    let melody = formula(14, |t| ((t >> 10) & 0x2a).wrapping_mul(t));
    let hard = formula(16, |t| t.wrapping_mul((t >> 12 | t >> 8) & 63 & t >> 4));
    bench("((t>>10)&42)*t, 14 bits, from nothing", seeds, |seed| {
        train(&melody, Measure::Bits, &nothing(&melody), 150, 10.0, seed)
    });
    bench(
        "t*((t>>12|t>>8)&63&t>>4), 16 bits, from nothing",
        seeds,
        |seed| train(&hard, Measure::Bits, &nothing(&hard), 900, 60.0, seed),
    );
    bench("the same, from its exact diagram", seeds, |seed| {
        let graph = synth::exact(&hard, &mut ()).expect("it has few gates");
        train(
            &hard,
            Measure::Bits,
            &Draft::from_graph(&graph),
            1250,
            60.0,
            seed,
        )
    });
    let Some(file) = arguments.next() else { return };
    let bytes = fs::read(&file).expect("the file can be read");
    let sound = Table::new(bytes.into_iter().map(u16::from).collect(), 8).expect("a table");
    for gates in [1500, 3000, 7000] {
        bench(&format!("{file}, {gates} gates"), seeds, |seed| {
            let loss = Loss::new(Measure::Squared, &sound);
            let from = start(&sound, &loss, gates, seed, &mut ()).expect("nothing stops it");
            let from = from.unwrap_or_else(|| nothing(&sound));
            let result = train(&sound, Measure::Squared, &from, gates, 58.0, seed);
            let samples: Vec<u8> = result.samples.iter().map(|&sample| sample as u8).collect();
            fs::write(format!("{file}.{gates}"), samples).expect("the outcome can be written");
            result
        });
    }
}

struct Outcome {
    seconds: f64,
    gates: usize,
    bits: f64,
    right: f64,
    samples: Vec<u16>,
}

fn bench(name: &str, seeds: u64, run: impl Fn(u64) -> Outcome) {
    let outcomes: Vec<Outcome> = (1..=seeds).map(run).collect();
    let median = |value: fn(&Outcome) -> f64| {
        let mut values: Vec<f64> = outcomes.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!(
        "{name}: {:.2} s, {} gates, {:.4} of bits, {:.4} of samples",
        median(|outcome| outcome.seconds),
        median(|outcome| outcome.gates as f64),
        median(|outcome| outcome.bits),
        median(|outcome| outcome.right)
    );
}

fn train(
    table: &Table,
    measure: Measure,
    from: &Draft,
    gates: u32,
    seconds: f64,
    seed: u64,
) -> Outcome {
    let settings = Settings {
        gates,
        keep_wiring: false,
        frozen: Vec::new(),
        seed,
    };
    let mut loss = Loss::new(measure, table);
    if measure == Measure::Squared {
        loss.set_weights(quiet_weights(table));
    }
    let grows = from.size() == 0;
    let began = cpu_seconds();
    let mut search = Search::new(table, loss, from, settings);
    let mut spent = 0.0;
    while spent < seconds && !(grows && search.loss() == 0) {
        search.step(STEP, spent / seconds);
        spent = cpu_seconds() - began;
    }
    let samples = search.best().samples();
    let pairs = || samples.iter().zip(table.samples());
    let count = samples.len() as f64;
    let wrong: u32 = pairs().map(|(a, b)| (a ^ b).count_ones()).sum();
    Outcome {
        seconds: spent,
        gates: search.best().size(),
        bits: 1.0 - f64::from(wrong) / count / f64::from(table.sample_bits()),
        right: pairs().filter(|(a, b)| a == b).count() as f64 / count,
        samples,
    }
}

fn formula(bits: u32, value: impl Fn(u32) -> u32) -> Table {
    let samples = (0..1 << bits).map(|t| (value(t) & 255) as u16);
    Table::new(samples.collect(), 8).expect("a table")
}

fn nothing(table: &Table) -> Draft {
    Draft {
        inputs: table.bits(),
        gates: vec![(0, 0, 0)],
        outputs: vec![table.bits(); table.sample_bits().into()],
    }
}

/// CPU time of this process, from Linux's scheduler.
fn cpu_seconds() -> f64 {
    let times = fs::read_to_string("/proc/self/schedstat").expect("Linux has it");
    let nanoseconds = times.split(' ').next().and_then(|time| time.parse().ok());
    nanoseconds.map_or(0.0, |time: f64| time * 1e-9)
}
