//! Conversion of graphs to networks, in layers by depth.

use alloc::vec;
use alloc::vec::Vec;

use crate::source::spans;
use crate::{
    Gate, InputEncoding, Lit, Network, NetworkError, NetworkLayer, Op, Parts, Source, Xag,
};

impl Network {
    /// Makes a network of a graph's live gates, with binary inputs. Everything else, such
    /// as name, sample rate and output encoding, comes from `parts`. If these have no
    /// sources, the graph's variables are bits of t.
    ///
    /// # Errors
    /// Fails if the graph has more gates or outputs than a network may have, or if the
    /// other parts are wrong.
    pub fn from_graph(graph: &Xag, parts: Parts) -> Result<Network, NetworkError> {
        let levels = levels(graph);
        let mut order: Vec<u32> = (graph.first_gate()..graph.nodes())
            .filter(|&node| levels[node as usize] > 0)
            .collect();
        order.sort_by_key(|&node| levels[node as usize]);

        // A gate has the polarity of the first output that reads it.
        let mut inverted = vec![false; graph.nodes() as usize];
        for output in graph.outputs().iter().rev() {
            inverted[output.node() as usize] =
                output.inverted() && output.node() >= graph.first_gate();
        }
        let mut sources = parts.sources;
        if sources.is_empty() {
            sources.push(Source::time(graph.variables() as u8));
        }
        for source in &mut sources {
            source.encoding = InputEncoding::Binary;
        }
        let inputs = graph.variables();
        let mut numbers: Vec<u32> = vec![0; graph.nodes() as usize];
        for span in spans(&sources) {
            for (variable, node) in span.variables.zip(span.nodes) {
                if let Some(number) = numbers.get_mut(1 + variable as usize) {
                    *number = node;
                }
            }
        }
        let mut layers: Vec<NetworkLayer> = Vec::new();
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
            layers.resize_with(levels[node as usize] as usize, NetworkLayer::default);
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

        // Outputs that no gate gives in the right polarity get a gate in a last layer.
        let mut extra: Vec<(Lit, u32)> = Vec::new();
        let mut last = NetworkLayer::default();
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
            sources,
            layers,
            outputs,
            ..parts
        })
    }
}

/// Returns the depth of each live gate, which is 1 for those that read only variables. It
/// is 0 for all other nodes.
fn levels(graph: &Xag) -> Vec<u32> {
    let mut levels = vec![0; graph.nodes() as usize];
    for (node, gate) in graph.live_gates() {
        levels[node as usize] = 1 + levels[gate.a as usize].max(levels[gate.b as usize]);
    }
    levels
}
