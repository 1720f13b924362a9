//! Export to Graphviz DOT.

use alloc::format;
use alloc::string::String;
use core::fmt::{Arguments, Write};

use crate::{Mask, Masks, Network};

/// Returns a network under masks as a directed graph for Graphviz. Layers are side by side,
/// dead nodes grey and dashed, and masked ones red.
pub fn to_dot(network: &Network, masks: &Masks) -> String {
    let live = network.live(masks);
    let mut dot = String::new();
    let mut line = |text: Arguments| _ = writeln!(dot, "{text}");
    line(format_args!("digraph {} {{", quoted(network.name())));
    line(format_args!(
        "  rankdir=LR; node [shape=box, style=rounded, fontname=\"sans-serif\"];"
    ));
    line(format_args!("  {{ rank=same;"));
    for (node, name) in (0..).zip(network.input_names()) {
        line(format_args!(
            "    n{node} [label={}, shape=circle{}];",
            quoted(&name),
            style(live[node as usize], masks.get(node))
        ));
    }
    line(format_args!("  }}"));
    for (first, gates) in network.layers() {
        line(format_args!("  {{ rank=same;"));
        for (node, gate) in (first..).zip(gates) {
            let mask = masks.get(node);
            let op = mask.map_or(gate.op, |mask| mask.apply(gate.op));
            line(format_args!(
                "    n{node} [label={}{}];",
                quoted(&format!("{node}\n{}", op.name())),
                style(live[node as usize], mask)
            ));
        }
        line(format_args!("  }}"));
        for (node, gate) in (first..).zip(gates) {
            let op = masks.get(node).map_or(gate.op, |mask| mask.apply(gate.op));
            let color = if live[node as usize] { "black" } else { "grey" };
            for (reads, operand) in [(op.reads_a(), gate.a), (op.reads_b(), gate.b)] {
                if reads {
                    line(format_args!("  n{operand} -> n{node} [color={color}];"));
                }
            }
        }
    }
    for (i, node) in network.outputs().iter().enumerate() {
        let name = network.output_name(i);
        line(format_args!(
            "  out{i} [label=\"{name}\", shape=plaintext]; n{node} -> out{i};"
        ));
    }
    line(format_args!("}}"));
    dot
}

fn style(live: bool, mask: Option<Mask>) -> &'static str {
    match (mask, live) {
        (Some(_), _) => ", color=red, fontcolor=red, penwidth=2",
        (None, true) => "",
        (None, false) => ", color=grey, fontcolor=grey, style=\"rounded,dashed\"",
    }
}

/// Returns text as a DOT string, with escaped quotes, backslashes and line ends.
fn quoted(text: &str) -> String {
    let text = text.replace(|c: char| c.is_control() && c != '\n', " ");
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
