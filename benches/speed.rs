//! Evaluation speed compared with a naive interpreter and with straight-line C as
//! difflogic's exporter writes it, compiled by the machine's gcc for 64-bit words and
//! for 512-bit vectors, all measured in the same run.
//!
//! `cargo bench --bench speed` prints a table; redirect it to a dated file in
//! `benches/runs/` to record it. Each candidate's samples are checked before it is
//! timed. `cargo bench --bench speed -- --quick` skips the C.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use logicnet::random::Ops;
use logicnet::{
    Builder, Evaluator, Gate, Mask, Masks, Network, Program, W128, W256, W512, Word, simplify,
};

/// Time spent on each candidate and network. The least time counts, because every
/// disturbance makes a measurement longer.
const TIME: Duration = Duration::from_millis(400);
/// Rounds of measurements; each candidate is timed once in each.
const ROUNDS: usize = 5;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let asset = |name: &str| {
        let path = format!("{}/assets/networks/{name}.json", env!("CARGO_MANIFEST_DIR"));
        Network::from_json(&std::fs::read_to_string(path).expect("shipped")).expect("valid")
    };
    let random = |inputs, width, layers, seed| {
        Network::random(inputs, &vec![width; layers], Ops::XorRich, seed).expect("valid")
    };
    println!("{}", machine());
    println!("ns a sample, the least measured; samples written out as bytes");
    for (name, network) in [
        ("random 12 x 1024, XOR-rich", random(16, 1024, 12, 1)),
        ("random 6 x 256, XOR-rich", random(16, 256, 6, 1)),
        ("trained-forty-two", asset("trained-forty-two")),
        ("trained-stairs", asset("trained-stairs")),
        ("street-surfer", asset("street-surfer")),
    ] {
        compare(name, &network, quick);
    }
    build(&random(12, 20, 50, 7));
    build(&random(12, 100, 10, 7));
}

fn machine() -> String {
    let output = |command: &str, argument: &str| {
        let output = Command::new(command).arg(argument).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        text.unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default()
            .to_string()
    };
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |key: &str| {
        let line = cpu
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap_or_default();
        line.split(": ").nth(1).unwrap_or("?").to_string()
    };
    format!(
        "{}; {} family {} model {}; {}; {}",
        output("date", "+%Y-%m-%d"),
        field("model name"),
        field("cpu family"),
        field("model\t"),
        output("rustc", "--version"),
        output("gcc", "--version"),
    )
}

fn compare(name: &str, network: &Network, quick: bool) {
    let program = Program::new(network, network.masks());
    let live = network.live(network.masks());
    let live_gates = live[network.inputs() as usize..]
        .iter()
        .filter(|&&live| live)
        .count();
    println!(
        "\n{name}: {} gates, {live_gates} live, {} in the program, {} runs, {} slots",
        network.gates().len(),
        program.gates(),
        program.runs(),
        program.slots()
    );
    let reference = naive(network, 0, network.period().min(1 << 12));

    let naive_ns = {
        let mut t0 = 0;
        least(1 << 8, || {
            black_box(naive(network, t0, 1 << 8));
            t0 = (t0 + (1 << 8)) % network.period();
        })
    };
    let line = |what: &str, ns: f64| println!("  {what:<34} {ns:>12.3}");
    line("naive interpreter", naive_ns);
    line(
        "program,  32 lanes",
        program_ns::<u32>(network, &program, &reference),
    );
    line(
        "program,  64 lanes",
        program_ns::<u64>(network, &program, &reference),
    );
    line(
        "program, 128 lanes",
        program_ns::<W128>(network, &program, &reference),
    );
    line(
        "program, 256 lanes",
        program_ns::<W256>(network, &program, &reference),
    );
    let folder = tempfile::tempdir().expect("a folder");
    let kinds = [
        ("gcc -O3, 64-bit words", false),
        ("gcc -O3, 512-bit vectors", true),
    ];
    let mut peers = Vec::new();
    for (what, wide) in kinds.into_iter().filter(|_| !quick) {
        match compiled(what, network, wide, folder.path(), &reference) {
            Ok(peer) => peers.push(peer),
            Err(problem) => println!("  {what}: skipped, {problem}"),
        }
    }
    // Measurements alternate, so that a disturbance affects all candidates.
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        best = best.min(program_ns::<W512>(network, &program, &reference));
        peers.iter_mut().for_each(Compiled::measure);
    }
    line("program, 512 lanes", best);
    for peer in &peers {
        line(peer.what, peer.least);
        println!(
            "    512 lanes / this                  {:>12.3}",
            best / peer.least
        );
    }
    println!(
        "    naive interpreter / 512 lanes     {:>12.0}",
        naive_ns / best
    );
    let simplified = simplify(network, network.masks());
    let simplified_program = Program::new(&simplified, simplified.masks());
    line(
        &format!(
            "simplified to {} gates, 512 lanes",
            simplified_program.gates()
        ),
        program_ns::<W512>(network, &simplified_program, &reference),
    );
}

/// Calls `run` repeatedly and returns the least time of a call, in ns a sample.
fn least(samples: u32, mut run: impl FnMut()) -> f64 {
    let started = Instant::now();
    let mut least = f64::MAX;
    while started.elapsed() < TIME {
        let run_started = Instant::now();
        run();
        least = least.min(run_started.elapsed().as_nanos() as f64);
    }
    least / f64::from(samples)
}

/// Renders one sample at a time, every gate, with one bool a node.
fn naive(network: &Network, t0: u32, count: u32) -> Vec<u8> {
    let mut nodes = vec![false; network.nodes() as usize];
    let inputs = network.inputs() as usize;
    (t0..t0 + count)
        .map(|t| {
            for (bit, node) in nodes[..inputs].iter_mut().enumerate() {
                *node = t >> bit & 1 == 1;
            }
            for (i, gate) in network.gates().iter().enumerate() {
                let (a, b) = (nodes[gate.a as usize], nodes[gate.b as usize]);
                nodes[inputs + i] = gate.op.apply(a, b);
            }
            let bits = network.outputs().iter().enumerate();
            bits.fold(0, |byte, (bit, &node)| {
                byte | u8::from(nodes[node as usize]) << bit
            })
        })
        .collect()
}

fn program_ns<W: Word>(network: &Network, program: &Program, reference: &[u8]) -> f64 {
    let mut evaluator = Evaluator::<W>::new(program.clone());
    let mut samples = vec![0; network.period() as usize];
    evaluator.render(0, &mut samples);
    assert!(
        samples[..reference.len()] == *reference,
        "{} lanes are wrong",
        W::LANES
    );
    least(network.period(), || {
        evaluator.render(0, black_box(&mut samples));
    })
}

/// A network compiled to an executable that times itself.
struct Compiled {
    what: &'static str,
    program: PathBuf,
    least: f64,
}

/// Compiles the network as straight-line C. The C reads prepared input words and writes
/// output words, not bytes, so that only the gates are measured.
fn compiled(
    what: &'static str,
    network: &Network,
    wide: bool,
    folder: &Path,
    reference: &[u8],
) -> Result<Compiled, String> {
    let source = folder.join("net.c");
    std::fs::write(&source, c_source(network, wide)).map_err(|error| error.to_string())?;
    let program = folder.join(if wide { "wide" } else { "narrow" });
    let output = Command::new("gcc")
        .args(["-O3", "-march=native", "-Wno-psabi", "-o"])
        .args([&program, &source])
        .output()
        .map_err(|_| "no gcc".to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let samples = run(&program, "samples");
    assert!(samples[..reference.len()] == *reference, "the C is wrong");
    Ok(Compiled {
        what,
        program,
        least: f64::MAX,
    })
}

impl Compiled {
    fn measure(&mut self) {
        let printed = run(&self.program, &TIME.as_secs_f64().to_string());
        let ns: f64 = String::from_utf8_lossy(&printed)
            .trim()
            .parse()
            .expect("a time");
        self.least = self.least.min(ns);
    }
}

fn run(program: &Path, argument: &str) -> Vec<u8> {
    Command::new(program)
        .arg(argument)
        .output()
        .expect("the executable was just compiled")
        .stdout
}

/// Returns C that evaluates all gates in order, as difflogic's exporter writes it.
fn c_source(network: &Network, wide: bool) -> String {
    let (inputs, outputs) = (network.inputs(), network.outputs().len());
    let (word, lanes) = if wide {
        ("typedef uint64_t W __attribute__((vector_size(64)));", 512)
    } else {
        ("typedef uint64_t W;", 64)
    };
    let mut gates = String::new();
    for (node, gate) in (inputs..).zip(network.gates()) {
        writeln!(gates, "W n{node} = {};", c_expression(*gate)).expect("writing to a string");
    }
    for (i, node) in network.outputs().iter().enumerate() {
        writeln!(gates, "out[{i}] = n{node};").expect("writing to a string");
    }
    let mut reads = String::new();
    for i in 0..inputs {
        writeln!(reads, "W n{i} = in[{i}];").expect("writing to a string");
    }
    let bits = network.counter_bits();
    format!(
        r#"#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
{word}
enum {{ BITS = {bits}, OUTPUTS = {outputs}, LANES = {lanes}, GROUPS = (1 << BITS) / LANES }};
static W in[GROUPS][BITS], out[GROUPS][OUTPUTS];
__attribute__((noinline)) static void net(const W *in, W *out)
{{
{reads}{gates}}}
static double now(void)
{{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}}
int main(int argc, char **argv)
{{
    for (int g = 0; g < GROUPS; g++) for (int k = 0; k < LANES; k++) for (int i = 0; i < BITS; i++)
        ((uint64_t *)&in[g][i])[k / 64] |= (uint64_t)((g * LANES + k) >> i & 1) << (k % 64);
    if (argc > 1 && strcmp(argv[1], "samples") == 0) {{
        for (int g = 0; g < GROUPS; g++) {{
            net(in[g], out[g]);
            for (int k = 0; k < LANES; k++) {{
                int sample = 0;
                for (int i = 0; i < OUTPUTS; i++)
                    sample |= (int)(((uint64_t *)&out[g][i])[k / 64] >> (k % 64) & 1) << i;
                putchar(sample);
            }}
        }}
        return 0;
    }}
    double end = now() + 1e9 * atof(argv[1]), least = 1e18;
    while (now() < end) {{
        double started = now();
        for (int g = 0; g < GROUPS; g++) net(in[g], out[g]);
        double taken = now() - started;
        if (taken < least) least = taken;
    }}
    printf("%f\n", least / (1 << BITS));
    return 0;
}}
"#
    )
}

fn c_expression(gate: Gate) -> String {
    let (a, b) = (gate.a, gate.b);
    match gate.op.number() {
        0 => "(W){0}".into(),
        1 => format!("n{a} & n{b}"),
        2 => format!("n{a} & ~n{b}"),
        3 => format!("n{a}"),
        4 => format!("~n{a} & n{b}"),
        5 => format!("n{b}"),
        6 => format!("n{a} ^ n{b}"),
        7 => format!("n{a} | n{b}"),
        8 => format!("~(n{a} | n{b})"),
        9 => format!("~(n{a} ^ n{b})"),
        10 => format!("~n{b}"),
        11 => format!("n{a} | ~n{b}"),
        12 => format!("~n{a}"),
        13 => format!("~n{a} | n{b}"),
        14 => format!("~(n{a} & n{b})"),
        _ => "~(W){0}".into(),
    }
}

/// Prints the time that building a program takes after a bend.
fn build(network: &Network) {
    let mut builder = Builder::new();
    let mut bend = 0;
    let ns = least(1, || {
        bend += 7;
        let node = network.inputs() + bend % network.gates().len() as u32;
        let masks = Masks::from_iter([(node, Mask::Force(bend % 2 == 0))]);
        black_box(builder.build(network, &masks));
    });
    let live = network.live(network.masks());
    let live_gates = live[network.inputs() as usize..]
        .iter()
        .filter(|&&live| live)
        .count();
    let gates = network.gates().len();
    println!(
        "\nbuild after a bend, {gates} gates, {live_gates} live: {:.1} us",
        ns / 1000.0
    );
}
