//! Windows: parts of a graph whose tables fit in memory, to be changed one by one.

use alloc::vec;
use alloc::vec::Vec;

use crate::xag::{Lit, Xag};

/// Successive gates of a graph, as a graph of their own. Its variables are the other nodes
/// that these gates read, and its outputs are the gates that are read elsewhere.
pub(super) struct Window {
    pub(super) graph: Xag,
    /// The whole graph's node for each node: the constant, the variables, the gates.
    pub(super) nodes: Vec<u32>,
    /// The whole graph's node for each output.
    outputs: Vec<u32>,
}

/// Divides the gates of a graph, none of which is dead, into windows of at most `most` nodes,
/// at least 4. The first window has at most `first`, so that the borders can vary.
pub(super) fn divide(whole: &Xag, most: usize, first: usize) -> Vec<Window> {
    let mut last_reader = vec![0; whole.nodes() as usize];
    for (node, gate) in (whole.first_gate()..).zip(whole.gates()) {
        last_reader[gate.a as usize] = node;
        last_reader[gate.b as usize] = node;
    }
    for output in whole.outputs() {
        last_reader[output.node() as usize] = u32::MAX;
    }
    let mut windows = Vec::new();
    let (mut start, mut room) = (whole.first_gate(), first);
    while start < whole.nodes() {
        let window = Window::new(whole, start, room, &last_reader);
        start += window.graph.gates().len() as u32;
        room = most;
        windows.push(window);
    }
    windows
}

/// Makes the whole graph again, with other graphs that have the outputs of its windows.
pub(super) fn join(whole: &Xag, windows: &[Window], graphs: &[Xag]) -> Xag {
    let mut joined = Xag::new(whole.variables());
    let mut made: Vec<Lit> = (0..whole.nodes())
        .map(|node| Lit::new(node, false))
        .collect();
    for (window, graph) in windows.iter().zip(graphs) {
        let of_window = graph.copy_into(&mut joined, |number| {
            made[window.nodes[1 + number as usize] as usize]
        });
        for (&node, output) in window.outputs.iter().zip(graph.outputs()) {
            made[node as usize] = of_window[output.node() as usize].invert_if(output.inverted());
        }
    }
    joined.set_outputs_of(whole, &made);
    joined
}

impl Window {
    /// Makes the window of the gates from a node on, as many as there is room for, at least
    /// one.
    fn new(whole: &Xag, start: u32, room: usize, last_reader: &[u32]) -> Window {
        let mut nodes = vec![0];
        let mut is_variable = vec![false; whole.nodes() as usize];
        let mut end = start;
        while end < whole.nodes()
            && (nodes.len() + (end - start) as usize + 3 <= room || end == start)
        {
            if let Some(gate) = whole.gate(end) {
                for operand in [gate.a, gate.b] {
                    if operand < start && !is_variable[operand as usize] {
                        is_variable[operand as usize] = true;
                        nodes.push(operand);
                    }
                }
            }
            end += 1;
        }
        let mut graph = Xag::new(nodes.len() as u32 - 1);
        let mut made = vec![Lit::FALSE; whole.nodes() as usize];
        for (number, &node) in (0..).zip(&nodes[1..]) {
            made[node as usize] = graph.variable(number);
        }
        for node in start..end {
            if let Some(gate) = whole.gate(node) {
                let [a, b] = [gate.a, gate.b].map(|operand| made[operand as usize]);
                made[node as usize] = graph.op(gate.kind.op(), a, b);
            }
        }
        let outputs: Vec<u32> = (start..end)
            .filter(|&node| last_reader[node as usize] >= end)
            .collect();
        graph.set_outputs(outputs.iter().map(|&node| made[node as usize]));
        nodes.extend(start..end);
        debug_assert_eq!(nodes.len(), graph.nodes() as usize, "gates were repeated");
        Window {
            graph,
            nodes,
            outputs,
        }
    }
}
