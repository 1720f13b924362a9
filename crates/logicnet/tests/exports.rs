//! Exports: C and Faust are compiled and run over the whole period and compared with the oracle;
//! DOT is searched for its nodes and edges.

mod common;

use std::path::Path;
use std::process::Command;

use logicnet::export::{to_c, to_dot, to_faust};
use logicnet::random::Ops;
use logicnet::{Mask, Masks, Network, Signal};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// A C program that writes the bytes of `NAME_sample` at every t, then the outputs of
/// `NAME_evaluate` on words of 64 lanes.
const MAIN: &str = r#"
#include <stdio.h>
#include "tune.h"
int main(void)
{
    uint32_t period = (uint32_t)1 << TUNE_COUNTER_BITS;
    for (uint32_t t = 0; t < period; t++) putchar(tune_sample(t));
    for (uint32_t t0 = 0; t0 < period; t0 += 64) {
        TUNE_WORD in[TUNE_COUNTER_BITS], out[TUNE_OUTPUTS];
        for (int i = 0; i < TUNE_COUNTER_BITS; i++) {
            in[i] = 0;
            for (uint32_t k = 0; k < 64; k++) in[i] |= (TUNE_WORD)((t0 + k) >> i & 1) << k;
        }
        tune_evaluate(in, out);
        for (uint32_t k = 0; k < 64 && t0 + k < period; k++)
            for (int i = 0; i < TUNE_OUTPUTS; i++) putchar((int)(out[i] >> k & 1));
    }
    return 0;
}
"#;

fn has_compiler() -> bool {
    Command::new("cc").arg("--version").output().is_ok()
}

fn compile(folder: &Path, flags: &[&str], main: &str) {
    std::fs::write(folder.join("main.c"), main).unwrap();
    let output = Command::new("cc")
        .args(["-Wall", "-Wextra", "-Werror", "-O1", "-o", "tune", "main.c"])
        .args(flags)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn check_c(network: &Network, masks: &Masks) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tune.h"), to_c(network, masks, "tune")).unwrap();
    compile(folder.path(), &["-std=c99", "-pedantic"], MAIN);
    let output = Command::new(folder.path().join("tune")).output().unwrap();
    let mut expected = Vec::new();
    for t in 0..network.period() {
        expected.push(common::sample(network, masks, t));
    }
    for t in 0..network.period() {
        expected.extend(common::outputs(network, masks, t).into_iter().map(u8::from));
    }
    assert!(output.stdout == expected, "{}", network.to_json());
}

#[test]
fn exported_c_gives_every_sample_and_every_output() {
    if !has_compiler() {
        return; // test.sh reports that this was skipped
    }
    let mut runner = TestRunner::deterministic();
    for _ in 0..12 {
        let (network, masks) = common::masked_networks()
            .new_tree(&mut runner)
            .unwrap()
            .current();
        check_c(&network, &masks);
    }
    let large = Network::random(13, &[120; 8], Ops::XorRich, 8).unwrap();
    check_c(
        &large,
        &Masks::from_iter([(500, Mask::Force(true)), (5, Mask::Invert)]),
    );
}

/// A C program that reads the values of four signals for each sample and writes the levels of
/// both channels.
const LISTENING: &str = r#"
#include <stdio.h>
#include "tune.h"
int main(void)
{
    unsigned t, left, right, a, b2;
    while (scanf("%u %u %u %u %u", &t, &left, &right, &a, &b2) == 5) {
        tune_inputs inputs = {SIGNALS};
        int16_t levels[TUNE_CHANNELS];
        tune_levels(&inputs, levels);
        printf("%d %d\n", levels[0], levels[TUNE_CHANNELS - 1]);
    }
    return 0;
}
"#;

#[test]
fn exported_c_reads_sound_and_controls() {
    if !has_compiler() {
        return; // test.sh reports that this was skipped
    }
    let mut runner = TestRunner::deterministic();
    let mut written = 0;
    while written < 8 {
        let (network, masks) = common::masked(common::listening_networks())
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let header = to_c(&network, &masks, "tune");
        if !header.contains("tune_levels") {
            continue;
        }
        written += 1;
        let fields = network.sources().iter().map(|source| match &source.signal {
            Signal::Time => ".t = t".to_string(),
            Signal::Audio { channel: 0 } => format!(".audio0 = left >> {}", 16 - source.bits),
            Signal::Audio { .. } => format!(".audio1 = right >> {}", 16 - source.bits),
            Signal::Control { name, .. } => {
                format!(".control_{name} = {name} & {}", (1 << source.bits) - 1)
            }
        });
        let fields: Vec<String> = fields.collect();
        let unused = "(void)t; (void)left; (void)right; (void)a; (void)b2;";
        let main = LISTENING.replace("SIGNALS", &fields.join(", ")).replace(
            "int16_t levels",
            &format!("{unused}\n        int16_t levels"),
        );
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tune.h"), header).unwrap();
        compile(folder.path(), &["-std=c99"], &main);
        let mut rng = logicnet::random::Rng::new(written);
        let signals: Vec<[u32; 5]> = (0..500)
            .map(|_| [16, 16, 16, 16, 16].map(|bits| rng.below(1 << bits)))
            .collect();
        let text = signals
            .iter()
            .map(|[t, left, right, a, b2]| format!("{t} {left} {right} {a} {b2}\n"))
            .collect::<Vec<_>>()
            .concat();
        let input = folder.path().join("signals");
        std::fs::write(&input, text).unwrap();
        let output = Command::new(folder.path().join("tune"))
            .stdin(std::fs::File::open(input).unwrap())
            .output()
            .unwrap();
        let expected = signals
            .iter()
            .map(|&[t, left, right, a, b2]| {
                let nodes = common::nodes_for(&network, &masks, |signal| {
                    let source = network
                        .sources()
                        .iter()
                        .find(|s| s.signal == *signal)
                        .unwrap();
                    match signal {
                        Signal::Time => t,
                        Signal::Audio { channel: 0 } => left >> (16 - source.bits),
                        Signal::Audio { .. } => right >> (16 - source.bits),
                        Signal::Control { name, .. } if name == "a" => a,
                        Signal::Control { .. } => b2,
                    }
                });
                let level = |channel| common::level(&network, &nodes, channel) * 32_768.0;
                format!("{} {}\n", level(0), level(1))
            })
            .collect::<Vec<_>>()
            .concat();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            expected,
            "{}",
            network.to_json()
        );
    }
}

/// Also tries names that could break the header's comment and identifiers.
#[test]
fn exported_c_works_with_other_word_types() {
    if !has_compiler() {
        return; // test.sh reports that this was skipped
    }
    let mut parts = Network::random(9, &[40; 4], Ops::Uniform, 2)
        .unwrap()
        .into_parts();
    parts.name = "*/ int x; /* \u{1f39b} \\".into();
    parts.description = Some("two\nlines ???/".into());
    let network = Network::try_from(parts).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let header = to_c(&network, &Masks::new(), "9 lives!");
    std::fs::write(folder.path().join("tune.h"), header).unwrap();
    let main = r#"
typedef unsigned long long V __attribute__((vector_size(64)));
#define NETWORK_9_LIVES__WORD V
#include <stdio.h>
#include "tune.h"
int main(void)
{
    V in[9] = {{0}}, out[8];
    for (int t = 0; t < 512; t++) for (int i = 0; i < 9; i++)
        in[i][t / 64] |= (unsigned long long)(t >> i & 1) << (t % 64);
    network_9_lives__evaluate(in, out);
    for (int t = 0; t < 512; t++) {
        int sample = 0;
        for (int i = 0; i < 8; i++) sample |= (int)(out[i][t / 64] >> (t % 64) & 1) << i;
        putchar(sample);
    }
    return 0;
}
"#;
    compile(folder.path(), &["-std=gnu99", "-Wno-psabi"], main);
    let output = Command::new(folder.path().join("tune")).output().unwrap();
    let expected: Vec<u8> = (0..512)
        .map(|t| common::sample(&network, &Masks::new(), t))
        .collect();
    assert!(output.stdout == expected);
}

fn has_faust() -> bool {
    Command::new("faust").arg("--version").output().is_ok()
}

/// Returns the number that a signal has at time t, as a whole number and in Faust.
fn number_at(signal: &Signal, bits: u8, t: u32) -> (u32, String) {
    let factor = match signal {
        Signal::Time => 1,
        Signal::Audio { channel: 0 } => 40_503,
        Signal::Audio { .. } => 30_011,
        Signal::Control { name, .. } if name == "a" => 20_011,
        Signal::Control { .. } => 10_007,
    };
    let last = (1u32 << bits) - 1;
    let number = (t * factor) & last;
    (number, format!("(t * {factor}) & {last}"))
}

/// Number of frames that a Faust program plays; no period is longer.
const TIMES: u32 = 1 << 10;

/// All networks are functions of one program, which is compiled once.
#[test]
fn exported_faust_is_a_library_of_exact_functions() {
    if !has_faust() || !has_compiler() {
        return; // test.sh reports that this was skipped
    }
    let mut runner = TestRunner::deterministic();
    let plain = common::masked_networks();
    let listening = common::masked(common::listening_networks());
    let mut cases: Vec<(Network, Masks)> = Vec::new();
    for _ in 0..24 {
        cases.push(plain.new_tree(&mut runner).unwrap().current());
        cases.push(listening.new_tree(&mut runner).unwrap().current());
    }
    let large = Network::random(10, &[200; 8], Ops::XorRich, 8).unwrap();
    cases.push((large, Masks::from_iter([(500, Mask::Force(true))])));

    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let (mut libraries, mut levels) = (Vec::new(), Vec::new());
    for (i, (network, masks)) in cases.iter().enumerate() {
        write(&format!("n{i}.dsp"), &to_faust(network, masks));
        let numbers = network.sources().iter();
        let numbers: Vec<String> = numbers
            .map(|source| number_at(&source.signal, source.bits, 0).1)
            .collect();
        libraries.push(format!("n{i} = library(\"n{i}.dsp\");\n"));
        levels.push(format!("n{i}.levels({})", numbers.join(", ")));
    }
    let (libraries, levels) = (libraries.concat(), levels.join(", "));
    let program = format!("t = +(1') ~ _;\n{libraries}process = {levels};\n");
    write("all.dsp", &program);
    for (tool, arguments) in [
        ("faust", ["-a", "csvplot.cpp", "all.dsp", "-o", "all.cpp"]),
        ("c++", ["-O1", "-w", "all.cpp", "-o", "all"]),
    ] {
        let mut command = Command::new(tool);
        let output = command
            .args(arguments)
            .current_dir(&folder)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{tool}: {errors}");
    }
    let output = Command::new(folder.path().join("all"))
        .args(["-n", &TIMES.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(rows.len(), TIMES as usize);
    for (t, row) in (0..).zip(rows) {
        let mut found = row.split(",\t");
        for (network, masks) in &cases {
            let nodes = common::nodes_for(network, masks, |signal| {
                let sources = network.sources();
                let source = sources.iter().find(|source| source.signal == *signal);
                number_at(signal, source.unwrap().bits, t).0
            });
            for channel in 0..network.output_encoding().channels() {
                let level = common::level(network, &nodes, channel);
                let found: f32 = found.next().unwrap().parse().unwrap();
                assert_eq!(f64::from(found), level, "t = {t}: {}", network.to_json());
            }
        }
    }
}

#[test]
fn dot_has_every_node_and_every_wire_that_is_read() {
    let network = Network::from_json(
        r#"{"format":"gatebend-network","version":1,"name":"say \"hi\"","inputs":2,
            "layers":[{"gates":[[6,0,1],[3,0,1]]},{"gates":[[1,2,3]]}],"outputs":[4,2]}"#,
    )
    .unwrap();
    let dot = to_dot(&network, &Masks::from_iter([(3, Mask::Force(true))]));
    assert!(dot.starts_with("digraph \"say \\\"hi\\\"\" {"));
    for wire in [
        "n0 -> n2",
        "n1 -> n2",
        "n2 -> n4",
        "n3 -> n4",
        "n4 -> out0",
        "n2 -> out1",
    ] {
        assert_eq!(dot.matches(wire).count(), 1, "{wire} in {dot}");
    }
    // The masked gate is constant: it is red and reads nothing.
    assert!(!dot.contains("n0 -> n3"));
    assert!(dot.contains("n3 [label=\"3\\ntrue\", color=red"));
}
