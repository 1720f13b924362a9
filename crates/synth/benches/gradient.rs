//! Differentiable logic on one core: its speed, and what it learns of two formulas.
//!
//! Usage: `cargo bench -p synth --bench gradient [-- SECONDS]`, of processor time for each line,
//! 10 unless given.

use std::time::Instant;

use synth::{Gradient, Loss, Measure, Table};

/// Number of times that a gate is trained at by a unit of work.
const TIMES: f64 = 8.0;

fn main() {
    let seconds = std::env::args().find_map(|word| word.parse().ok());
    let seconds: f64 = seconds.unwrap_or(10.0);
    println!("| formula | gates | bits right | samples right | million gate-samples a second |");
    println!("|---|---|---|---|---|");
    for (song, bits, gates) in [
        ("((t>>10)&42)*t", 14, 60),
        ("((t>>10)&42)*t", 14, 300),
        ("t*((t>>12|t>>8)&63&t>>4)", 16, 150),
        ("t*((t>>12|t>>8)&63&t>>4)", 16, 400),
        ("t*((t>>12|t>>8)&63&t>>4)", 16, 900),
    ] {
        train(song, bits, gates, seconds);
    }
}

/// Trains a network of at most this many gates to a formula, and prints a line of a table.
fn train(song: &str, bits: u32, gates: u32, seconds: f64) {
    let expression = bytebeat::Expression::parse(song).expect("the formula is right");
    let samples = (0..1 << bits).map(|t| expression.sample(t).into());
    let table = Table::new(samples.collect(), 8).expect("the table has 2^n samples");
    let loss = Loss::new(Measure::Bits, &table);
    let clock = Clock::start();
    let (mut work, mut part) = (0, 0.0);
    let mut gradient = Gradient::new(&table, &loss, gates, 1);
    while part < 1.0 && gradient.loss() > 0 {
        work += gradient.step(&loss, 1 << 18, part);
        part = clock.seconds() / seconds;
    }
    let samples = gradient.best().samples();
    let right = samples.iter().zip(table.samples()).filter(|(a, b)| a == b);
    let times = samples.len() as f64;
    println!(
        "| {} | {} | {:.3} | {:.3} | {:.0} |",
        song.replace('|', "\\|"),
        gradient.best().size(),
        1.0 - gradient.loss() as f64 / (8.0 * times),
        right.count() as f64 / times,
        work as f64 * TIMES / clock.seconds() / 1e6
    );
}

/// Processor time of the process, or the time that passes where that is not known.
struct Clock {
    started: Instant,
    used: Option<f64>,
}

impl Clock {
    fn start() -> Clock {
        Clock {
            started: Instant::now(),
            used: processor_seconds(),
        }
    }

    fn seconds(&self) -> f64 {
        match (processor_seconds(), self.used) {
            (Some(now), Some(start)) => now - start,
            _ => self.started.elapsed().as_secs_f64(),
        }
    }
}

/// Returns the processor time of the process, which Linux counts in nanoseconds.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(|ns: f64| ns / 1e9)
}
