//! Graphs as networks again, in layers by depth.

use alloc::vec;
use alloc::vec::Vec;

use crate::network::{Gate, Layer, Network, NetworkError, Parts};
use crate::xag::{Lit, Xag};
use crate::{InputEncoding, Op};

impl Network {
    /// The network of a graph's live gates, with binary inputs. Name, rate,
    /// output encoding and whatever else is not gates come from `parts`.
    ///
    /// # Errors
    /// When the graph has more gates or outputs than a network may have.
    pub fn of_graph(graph: &Xag, parts: Parts) -> Result<Network, NetworkError> {
        let levels = levels(graph);
        let mut order: Vec<u32> = (graph.first_gate()..graph.nodes())
            .filter(|&node| levels[node as usize] > 0)
            .collect();
        order.sort_by_key(|&node| levels[node as usize]);

        // A gate is kept in the polarity that its first output wants.
        let mut inverted = vec![false; graph.nodes() as usize];
        for output in graph.outputs().iter().rev() {
            inverted[output.node() as usize] =
                output.inverted() && output.node() >= graph.first_gate();
        }
        let inputs = graph.counter_bits();
        let mut numbers: Vec<u32> = (0..graph.nodes())
            .map(|node| node.saturating_sub(1))
            .collect();
        let mut layers: Vec<Layer> = Vec::new();
        let mut next = inputs;
        for node in order {
            let Some(gate) = graph.gate(node) else {
                continue;
            };
            let (a, b) = (gate.a as usize, gate.b as usize);
            let mut op = gate.kind.op();
            if inverted[a] {
                op = op.complement_a();
            }
            if inverted[b] {
                op = op.complement_b();
            }
            if inverted[node as usize] {
                op = op.complement();
            }
            layers.resize_with(levels[node as usize] as usize, Layer::default);
            if let Some(layer) = layers.last_mut() {
                layer.gates.push(Gate {
                    op,
                    a: numbers[a],
                    b: numbers[b],
                });
            }
            numbers[node as usize] = next;
            next += 1;
        }

        // What no gate can give in the right polarity gets a gate of its own.
        let mut extra: Vec<(Lit, u32)> = Vec::new();
        let mut last = Layer::default();
        let outputs = graph
            .outputs()
            .iter()
            .map(|&lit| {
                let number = numbers[lit.node() as usize];
                let op = match lit.as_constant() {
                    Some(value) => [Op::FALSE, Op::TRUE][usize::from(value)],
                    None if lit.inverted() == inverted[lit.node() as usize] => return number,
                    None => Op::NOT_A,
                };
                if let Some(&(_, number)) = extra.iter().find(|(made, _)| *made == lit) {
                    return number;
                }
                last.gates.push(Gate {
                    op,
                    a: number,
                    b: number,
                });
                extra.push((lit, next));
                next += 1;
                next - 1
            })
            .collect();
        if !last.gates.is_empty() {
            layers.push(last);
        }
        Network::try_from(Parts {
            inputs,
            input_encoding: InputEncoding::Binary,
            layers,
            outputs,
            ..parts
        })
    }
}

/// The depth of every live gate, 1 for those that read bits of t only; 0 for
/// dead gates and all else.
fn levels(graph: &Xag) -> Vec<u32> {
    let live = graph.live();
    let mut levels = vec![0; graph.nodes() as usize];
    for (node, (gate, live)) in (graph.first_gate()..).zip(graph.gates().iter().zip(live)) {
        if live {
            levels[node as usize] = 1 + levels[gate.a as usize].max(levels[gate.b as usize]);
        }
    }
    levels
}
