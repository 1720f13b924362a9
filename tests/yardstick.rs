//! Network sizes after simplification, compared with the logic synthesis tool ABC
//! (Debian's `berkeley-abc`) if it is installed: our gates, counting XOR as one,
//! against the AND nodes of ABC's result.

use std::fmt::Write;
use std::process::Command;

use logicnet::random::Ops;
use logicnet::{Masks, Network, Op, simplify};

/// ABC's commands, repeated while they gain enough to be worth the time.
const SCRIPT: &str = "dch; balance; rewrite; refactor; resub;";
const ROUNDS: usize = 4;

/// Networks, and the most gates that each may have after simplification.
fn networks() -> Vec<(&'static str, Network, usize)> {
    let shipped = |name: &str| {
        let path = format!("{}/assets/networks/{name}.json", env!("CARGO_MANIFEST_DIR"));
        Network::from_json(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let random = |inputs, width, layers, seed| {
        Network::random(inputs, &vec![width; layers], Ops::XorRich, seed).unwrap()
    };
    vec![
        (
            "trained-forty-two, 2,552 gates",
            shipped("trained-forty-two"),
            43,
        ),
        ("trained-stairs, 4,008 gates", shipped("trained-stairs"), 83),
        ("random 10 x 100, 12 bits", random(12, 100, 10, 7), 605),
        ("random 6 x 256, 16 bits", random(16, 256, 6, 1), 288),
        ("random 8 x 512, 14 bits", random(14, 512, 8, 2), 871),
        ("random 8 x 2000, 16 bits", random(16, 2000, 8, 6), 1164),
        ("random 12 x 1024, 16 bits", random(16, 1024, 12, 1), 4312),
    ]
}

/// Returns the network in BLIF, with the truth table of each gate row by row.
fn blif(network: &Network) -> String {
    let mut text = ".model network\n.inputs".to_string();
    for i in 0..network.inputs() {
        write!(text, " n{i}").unwrap();
    }
    text += "\n.outputs";
    for i in 0..network.outputs().len() {
        write!(text, " o{i}").unwrap();
    }
    text += "\n";
    for (node, gate) in (network.inputs()..).zip(network.gates()) {
        let (a, b, table) = (gate.a, gate.b, |a, b| gate.op.apply(a, b));
        let zeros = !table(false, false) && !table(true, true);
        let ones = table(false, false) && table(true, true);
        if gate.op == Op::FALSE || (a == b && zeros) {
            writeln!(text, ".names n{node}").unwrap();
        } else if gate.op == Op::TRUE || (a == b && ones) {
            writeln!(text, ".names n{node}\n1").unwrap();
        } else if a == b {
            writeln!(
                text,
                ".names n{a} n{node}\n{} 1",
                u8::from(table(true, true))
            )
            .unwrap();
        } else {
            writeln!(text, ".names n{a} n{b} n{node}").unwrap();
            for (x, y) in [(false, false), (false, true), (true, false), (true, true)] {
                if table(x, y) {
                    writeln!(text, "{}{} 1", u8::from(x), u8::from(y)).unwrap();
                }
            }
        }
    }
    for (i, node) in network.outputs().iter().enumerate() {
        writeln!(text, ".names n{node} o{i}\n1 1").unwrap();
    }
    text + ".end\n"
}

/// Returns the number of AND nodes in ABC's result, or `None` if it is not installed.
fn abc(network: &Network) -> Option<usize> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.blif");
    std::fs::write(&path, blif(network)).unwrap();
    let script = format!(
        "read_blif {}; strash; {} print_stats",
        path.display(),
        SCRIPT.repeat(ROUNDS)
    );
    let output = Command::new("berkeley-abc")
        .args(["-c", &script])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let count = text
        .rsplit("and =")
        .next()
        .and_then(|rest| rest.split_whitespace().next());
    Some(
        count
            .and_then(|count| count.parse().ok())
            .unwrap_or_else(|| panic!("cannot read ABC's output: {text}")),
    )
}

/// Returns the size of a network in AND nodes, counting XOR as three.
fn and_nodes(network: &Network) -> usize {
    let xor = |op: Op| op == Op::XOR || op == Op::XNOR;
    network
        .gates()
        .iter()
        .map(|gate| if xor(gate.op) { 3 } else { 1 })
        .sum()
}

#[test]
fn simplified_networks_are_at_least_a_tenth_smaller_than_those_of_abc() {
    for (name, network, most) in networks() {
        let simplified = simplify(&network, &Masks::new());
        let gates = simplified.gates().len();
        assert!(
            gates <= most,
            "{name}: {gates} gates, expected at most {most}"
        );
        let Some(abc) = abc(&network) else {
            println!("{name:<32} {gates:>5} gates; berkeley-abc is not installed");
            continue;
        };
        let ratio = gates as f64 / abc as f64;
        println!(
            "{name:<32} {gates:>5} gates ({:>5} as ANDs)  ABC {abc:>5}  {ratio:.2}",
            and_nodes(&simplified)
        );
        assert!(ratio <= 0.9, "{name}: {gates} gates, ABC has {abc}");
    }
}
