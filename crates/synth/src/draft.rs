//! Gates under construction, which the stages of training hand on.

use std::fmt;

use logicnet::{Gate, Lit, Mask, Network, NetworkError, Op, OutputEncoding, Parts, Xag};
use serde::{Deserialize, Serialize};

use crate::Table;
use crate::table::counter_word;

/// Maximum number of gates of a draft: an exact diagram may have many times those of the
/// network that is made of it.
pub(crate) const MAX_DRAFT_GATES: usize = 1 << 22;

/// A list of gates that read bits of t and earlier gates. Nodes are numbered as in a
/// [`Network`] that reads binary t: the bits of t, least significant first, then the gates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Number of bits of t.
    pub inputs: u32,
    /// The gates: number of the operation, and the nodes of the operands.
    pub gates: Vec<(u8, u32, u32)>,
    /// Nodes of the bits of a sample, least significant first.
    pub outputs: Vec<u32>,
}

/// The reason that a network cannot be trained further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftError {
    /// It reads other things than t in binary.
    Inputs,
    /// Its outputs are not the bits of one channel.
    Outputs,
}

impl fmt::Display for DraftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DraftError::Inputs => {
                "it reads more than t in binary; `gatebend simplify` makes other encodings binary"
            }
            DraftError::Outputs => "its outputs are not the bits of one channel",
        })
    }
}

impl std::error::Error for DraftError {}

impl Draft {
    /// Makes a draft of a graph's live gates.
    pub fn from_graph(graph: &Xag) -> Draft {
        let inputs = graph.variables();
        let mut draft = Draft {
            inputs,
            gates: Vec::new(),
            outputs: Vec::new(),
        };
        let mut nodes = vec![0; graph.nodes() as usize];
        for variable in 0..inputs {
            nodes[graph.variable(variable).node() as usize] = variable;
        }
        for (node, gate) in graph.live_gates() {
            let (a, b) = (nodes[gate.a as usize], nodes[gate.b as usize]);
            nodes[node as usize] = draft.push(gate.kind.op(), a, b);
        }
        // Inverted outputs and constants need gates of their own.
        for &output in graph.outputs() {
            let node = nodes[output.node() as usize];
            let op = match output.as_constant() {
                Some(value) => [Op::FALSE, Op::TRUE][usize::from(value)],
                None if output.inverted() => Op::NOT_A,
                None => {
                    draft.outputs.push(node);
                    continue;
                }
            };
            let made = draft.push(op, node, node);
            draft.outputs.push(made);
        }
        draft
    }

    fn push(&mut self, op: Op, a: u32, b: u32) -> u32 {
        self.gates.push((op.number(), a, b));
        self.inputs + self.gates.len() as u32 - 1
    }

    /// Makes a draft of a network under its own masks. Its gates keep their numbers.
    ///
    /// # Errors
    /// Fails if the network reads other things than t in binary, or if its outputs are not
    /// the bits of one channel.
    pub fn from_network(network: &Network) -> Result<Draft, DraftError> {
        let inputs = network.inputs();
        if network.variables() != inputs || network.counter_bits() != inputs {
            return Err(DraftError::Inputs);
        }
        match network.output_encoding() {
            OutputEncoding::Binary if network.outputs().len() == 8 => {}
            OutputEncoding::Channels { right: 0, .. } => {}
            _ => return Err(DraftError::Outputs),
        }
        let masks = network.masks();
        let gates = (inputs..).zip(network.gates()).map(|(node, gate)| {
            let mut op = masks.get(node).map_or(gate.op, |mask| mask.apply(gate.op));
            op = read_masked(op, masks.get(gate.a).filter(|_| gate.a < inputs), true);
            op = read_masked(op, masks.get(gate.b).filter(|_| gate.b < inputs), false);
            (op.number(), gate.a, gate.b)
        });
        let mut draft = Draft {
            inputs,
            gates: gates.collect(),
            outputs: Vec::new(),
        };
        for &output in network.outputs() {
            let mask = masks.get(output).filter(|_| output < inputs);
            let node = match mask {
                Some(mask) => draft.push(mask.apply(Op::A), output, output),
                None => output,
            };
            draft.outputs.push(node);
        }
        Ok(draft)
    }

    /// Number of nodes: bits of t and gates.
    pub fn nodes(&self) -> u32 {
        self.inputs + self.gates.len() as u32
    }

    /// Returns the samples at all t, of at most 2^20.
    pub fn samples(&self) -> Vec<u16> {
        let mut samples = vec![0; 1 << self.inputs];
        let mut values = Vec::with_capacity(self.nodes() as usize);
        for (word, samples) in samples.chunks_mut(64).enumerate() {
            values.clear();
            values.extend((0..self.inputs).map(|bit| counter_word(bit, word)));
            for &(op, a, b) in &self.gates {
                let op = Op::new(op).unwrap_or(Op::FALSE);
                let ones = op.exclusive_sum().map(|one| 0u64.wrapping_sub(one.into()));
                let (a, b) = (values[a as usize], values[b as usize]);
                values.push(ones[0] ^ ones[1] & a ^ ones[2] & b ^ ones[3] & a & b);
            }
            for (lane, sample) in samples.iter_mut().enumerate() {
                let bits = self.outputs.iter().rev();
                *sample = bits.fold(0, |sample, &node| {
                    sample << 1 | (values[node as usize] >> lane & 1) as u16
                });
            }
        }
        samples
    }

    /// Returns whether the numbers fit each other: operations are 0..=15, operands are earlier
    /// nodes, outputs are nodes, and there are as many bits of t and of samples as a table has.
    pub(crate) fn is_valid(&self, table: &Table) -> bool {
        let mut gates = (self.inputs..).zip(&self.gates);
        self.inputs == table.bits()
            && self.outputs.len() == usize::from(table.sample_bits())
            && self.gates.len() <= MAX_DRAFT_GATES
            && gates.all(|(node, &(op, a, b))| op < 16 && a < node && b < node)
            && self.outputs.iter().all(|&node| node < self.nodes())
    }

    /// Makes the graph of the gates.
    pub fn to_graph(&self) -> Xag {
        let mut graph = Xag::new(self.inputs);
        let mut lits: Vec<Lit> = (0..self.inputs).map(|i| graph.variable(i)).collect();
        for &(op, a, b) in &self.gates {
            lits.push(graph.op(
                Op::new(op).unwrap_or(Op::FALSE),
                lits[a as usize],
                lits[b as usize],
            ));
        }
        graph.set_outputs(self.outputs.iter().map(|&node| lits[node as usize]));
        graph
    }

    /// Number of gates that two-input logic needs for the outputs: constants, wires, inverters
    /// and repeated gates count as none.
    pub fn size(&self) -> usize {
        self.to_graph().live_gates().count()
    }

    /// Makes a network of the live gates, without constants, wires and inverters, in layers by
    /// depth. The rest comes from `parts`.
    ///
    /// # Errors
    /// Fails if the gates are too many for a network.
    pub fn to_network(&self, parts: Parts) -> Result<Network, NetworkError> {
        Network::from_graph(&self.to_graph(), self.with_encoding(parts))
    }

    /// Makes a network with all the gates as they are, so that they keep the numbers of those
    /// of [`Draft::from_network`].
    ///
    /// # Errors
    /// Fails if the gates are too many for a network.
    pub fn to_same_network(&self, parts: Parts) -> Result<Network, NetworkError> {
        let gate = |&(op, a, b): &(u8, u32, u32)| Gate {
            op: Op::new(op).unwrap_or(Op::FALSE),
            a,
            b,
        };
        let mut parts = self.with_encoding(parts);
        let mut gates = self.gates.iter().map(gate);
        // As many layers as there were, and a last one for gates that are new.
        for layer in &mut parts.layers {
            layer.gates = gates.by_ref().take(layer.gates.len()).collect();
        }
        let rest: Vec<Gate> = gates.collect();
        if !rest.is_empty() {
            parts.layers.push(logicnet::NetworkLayer {
                gates: rest,
                ..Default::default()
            });
        }
        parts.outputs.clone_from(&self.outputs);
        if parts.sources.is_empty() {
            parts
                .sources
                .push(logicnet::Source::time(self.inputs as u8));
        }
        parts.masks = logicnet::Masks::new();
        Network::try_from(parts)
    }

    fn with_encoding(&self, parts: Parts) -> Parts {
        Parts {
            output_encoding: OutputEncoding::of_samples(1, self.outputs.len() as u8),
            ..parts
        }
    }
}

/// Returns the operation that reads its first (or else its second) operand through a mask.
fn read_masked(op: Op, mask: Option<Mask>, first: bool) -> Op {
    let through = |bit| match mask {
        Some(mask) => mask.apply(Op::A).apply(bit, bit),
        None => bit,
    };
    let output = |a, b| {
        if first {
            op.apply(through(a), b)
        } else {
            op.apply(a, through(b))
        }
    };
    let bits = [(false, false), (false, true), (true, false), (true, true)];
    let number = bits
        .iter()
        .fold(0, |number, &(a, b)| number << 1 | u8::from(output(a, b)));
    Op::new(number).unwrap_or(Op::FALSE)
}
