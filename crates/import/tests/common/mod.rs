//! Helpers that the tests share.

// Not every test uses all of it.
#![allow(dead_code)]

use std::fmt::Write;

use logicnet::Network;

/// Returns a network's outputs at t, gate by gate.
pub fn outputs(network: &Network, t: u32) -> Vec<bool> {
    let source = &network.sources()[0];
    let inputs = 0..network.inputs();
    let mut values: Vec<bool> = inputs.map(|i| source.encoding.input(i, t)).collect();
    for gate in network.gates() {
        values.push(
            gate.op
                .apply(values[gate.a as usize], values[gate.b as usize]),
        );
    }
    let outputs = network.outputs().iter();
    outputs.map(|&node| values[node as usize]).collect()
}

/// Writes a network as BLIF, a table a gate.
pub fn blif(network: &Network) -> String {
    let inputs: Vec<String> = (0..network.inputs()).map(|i| format!(" n{i}")).collect();
    let outputs = (0..network.outputs().len()).map(|i| format!(" o{i}"));
    let outputs: Vec<String> = outputs.collect();
    let mut text = format!(
        ".model network\n.inputs{}\n.outputs{}\n",
        inputs.concat(),
        outputs.concat()
    );
    for (node, gate) in (network.inputs()..).zip(network.gates()) {
        let (a, b) = (gate.a, gate.b);
        let mut rows = vec![(0, 0), (0, 1), (1, 0), (1, 1)];
        rows.retain(|&(x, y)| a != b || x == y);
        let all = rows.len();
        rows.retain(|&(x, y)| gate.op.apply(x == 1, y == 1));
        // ABC wants constants without inputs.
        if rows.is_empty() {
            writeln!(text, ".names n{node}").unwrap();
        } else if rows.len() == all {
            writeln!(text, ".names n{node}\n1").unwrap();
        } else if a == b {
            writeln!(text, ".names n{a} n{node}\n{} 1", rows[0].0).unwrap();
        } else {
            writeln!(text, ".names n{a} n{b} n{node}").unwrap();
            for (x, y) in rows {
                writeln!(text, "{x}{y} 1").unwrap();
            }
        }
    }
    for (i, node) in network.outputs().iter().enumerate() {
        writeln!(text, ".names n{node} o{i}\n1 1").unwrap();
    }
    text + ".end\n"
}
