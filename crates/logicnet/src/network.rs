//! The network: gates in layers, checked on construction.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::check::{Counts, check, check_masks};
use crate::source;
use crate::{
    Extra, Gate, InputEncoding, Masks, NetworkError, NetworkLayer, Op, OutputEncoding, Parts,
    Signal, Source, SourceSpan,
};

/// For each operation, by number, whether it reads its first and its second operand, if
/// the two are different nodes.
const READS: [(bool, bool); 16] = {
    let mut reads = [(false, false); 16];
    let mut number = 0;
    while number < 16 {
        if let Some(op) = Op::new(number) {
            reads[number as usize] = (op.reads_a(), op.reads_b());
        }
        number += 1;
    }
    reads
};

/// A network of two-input gates. Every operand is an earlier node, and every count is
/// within its limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    parts: Parts,
    first_gate_of_layer: Vec<u32>,
    gates: Vec<Gate>,
    reached: Vec<(u32, Gate)>,
    counts: Counts,
    /// Memory of all but the masks in bytes.
    heap_bytes: usize,
}

impl TryFrom<Parts> for Network {
    type Error = NetworkError;

    fn try_from(mut parts: Parts) -> Result<Network, NetworkError> {
        let counts = check(&parts)?;
        let count = parts.layers.iter().map(|layer| layer.gates.len()).sum();
        let mut gates = Vec::with_capacity(count);
        let mut first_gate_of_layer = Vec::with_capacity(parts.layers.len());
        for layer in &mut parts.layers {
            first_gate_of_layer.push(gates.len() as u32);
            gates.append(&mut core::mem::take(&mut layer.gates));
        }
        // A network may be kept for long: give back the room that its parts grew into.
        parts.layers.shrink_to_fit();
        parts.outputs.shrink_to_fit();
        let reached = reached(counts.inputs, &gates, &parts.outputs);
        Ok(Network {
            heap_bytes: heap_bytes(&parts)
                + size_of_val::<[u32]>(&first_gate_of_layer)
                + size_of_val::<[Gate]>(&gates)
                + size_of_val::<[(u32, Gate)]>(&reached),
            reached,
            parts,
            first_gate_of_layer,
            gates,
            counts,
        })
    }
}

/// Returns the memory of parts without their gates and masks in bytes.
fn heap_bytes(parts: &Parts) -> usize {
    let texts = [parts.description.as_ref(), parts.source.as_ref()];
    let texts = texts.into_iter().flatten().map(String::len).sum::<usize>() + parts.name.len();
    let extra = parts.layers.iter().map(|layer| layer.extra.heap_bytes());
    size_of_val::<[NetworkLayer]>(&parts.layers)
        + size_of_val::<[u32]>(&parts.outputs)
        + extra.sum::<usize>()
        + parts.extra.heap_bytes()
        + texts
}

/// Returns the gates for [`Network::reached`].
fn reached(inputs: u32, gates: &[Gate], outputs: &[u32]) -> Vec<(u32, Gate)> {
    let mut read = vec![false; inputs as usize + gates.len()];
    for &output in outputs {
        read[output as usize] = true;
    }
    let first_gate = inputs as usize;
    for (i, gate) in gates.iter().enumerate().rev() {
        if read[first_gate + i] {
            read[gate.a as usize] = true;
            read[gate.b as usize] = true;
        }
    }
    let nodes = (inputs..).zip(gates.iter().copied());
    let mut reached: Vec<_> = nodes.filter(|&(node, _)| read[node as usize]).collect();
    reached.shrink_to_fit();
    reached
}

impl Network {
    /// A short name for displays.
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// A sentence about the network.
    pub fn description(&self) -> Option<&str> {
        self.parts.description.as_deref()
    }

    /// The expression or file that the network came from.
    pub fn source(&self) -> Option<&str> {
        self.parts.source.as_deref()
    }

    /// Sample rate at normal speed in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.parts.sample_rate
    }

    /// Number of inputs; the first gate is the node of this number.
    pub fn inputs(&self) -> u32 {
        self.counts.inputs
    }

    /// Signals that the network reads, in the order of their inputs.
    pub fn sources(&self) -> &[Source] {
        &self.parts.sources
    }

    /// Iterates over the sources, with the numbers of their nodes and variables.
    pub fn spans(&self) -> impl Iterator<Item = SourceSpan<'_>> {
        source::spans(&self.parts.sources)
    }

    /// Iterates over names of the inputs for people: the signal and the number of the bit, or
    /// `in` and the node of other encodings.
    pub fn input_names(&self) -> impl Iterator<Item = String> {
        self.spans().flat_map(|SourceSpan { source, nodes, .. }| {
            let first = nodes.start;
            nodes.map(move |node| match (source.encoding, &source.signal) {
                (InputEncoding::Binary, Signal::Time) => format!("t{}", node - first),
                (InputEncoding::Binary, signal) => {
                    format!("{}.{}", signal.short_name(), node - first)
                }
                _ => format!("in{node}"),
            })
        })
    }

    /// Returns the name of an output for people: the number of the bit, and the channel if
    /// there are two.
    pub fn output_name(&self, output: usize) -> String {
        match self.output_encoding() {
            OutputEncoding::Channels { left, right: 1.. } => {
                let left = usize::from(left);
                match output.checked_sub(left) {
                    Some(bit) => format!("right {bit}"),
                    None => format!("left {output}"),
                }
            }
            _ => format!("bit {output}"),
        }
    }

    /// Returns the names of the controls, in the order of the sources.
    pub fn control_names(&self) -> impl Iterator<Item = &str> {
        self.sources()
            .iter()
            .filter_map(|source| match &source.signal {
                Signal::Control { name, .. } => Some(name.as_str()),
                _ => None,
            })
    }

    /// Returns the default positions of the controls, in the order of the sources.
    pub fn control_defaults(&self) -> Vec<f64> {
        let default = |source: &Source| match source.signal {
            Signal::Control { default, .. } => Some(default),
            _ => None,
        };
        self.sources().iter().filter_map(default).collect()
    }

    /// Returns whether the network reads a channel of sound.
    pub fn hears(&self) -> bool {
        let audio = |source: &Source| matches!(source.signal, Signal::Audio { .. });
        self.sources().iter().any(audio)
    }

    /// Nodes of the outputs, least significant first.
    pub fn outputs(&self) -> &[u32] {
        &self.parts.outputs
    }

    /// Encoding of the sample in the outputs.
    pub fn output_encoding(&self) -> OutputEncoding {
        self.parts.output_encoding
    }

    /// Masks that are saved with the network.
    pub fn masks(&self) -> &Masks {
        &self.parts.masks
    }

    /// Fields of the network that this version does not know.
    pub fn extra(&self) -> &Extra {
        &self.parts.extra
    }

    /// Returns the memory of the network in bytes, apart from the value itself.
    pub fn heap_bytes(&self) -> usize {
        self.heap_bytes + self.parts.masks.heap_bytes()
    }

    /// All gates, in node order.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// Gates that the outputs depend on if every gate reads both its operands, with their
    /// nodes, in node order. Under any masks, the outputs depend on no other gates.
    pub(crate) fn reached(&self) -> &[(u32, Gate)] {
        &self.reached
    }

    /// Number of nodes: inputs and gates.
    pub fn nodes(&self) -> u32 {
        self.inputs() + self.gates.len() as u32
    }

    /// Number of bits of t that the network reads, 0..=[`MAX_COUNTER_BITS`](crate::MAX_COUNTER_BITS).
    pub fn counter_bits(&self) -> u32 {
        self.counts.counter_bits
    }

    /// Number of bits of all values that the network reads.
    pub fn variables(&self) -> u32 {
        self.counts.variables
    }

    /// Number of samples after which the sound repeats, if sound and controls that the
    /// network reads stay the same: 2 to the power of `counter_bits`.
    pub fn period(&self) -> u32 {
        1 << self.counter_bits()
    }

    /// Number of layers.
    pub fn layer_count(&self) -> usize {
        self.first_gate_of_layer.len()
    }

    /// Iterates over the layers: the node of the first gate, and the gates.
    pub fn layers(&self) -> impl Iterator<Item = (u32, &[Gate])> {
        let ends = self.first_gate_of_layer.iter().skip(1).copied();
        self.first_gate_of_layer
            .iter()
            .zip(ends.chain([self.gates.len() as u32]))
            .map(|(&start, end)| {
                (
                    self.inputs() + start,
                    &self.gates[start as usize..end as usize],
                )
            })
    }

    /// Returns the parts for editing; `try_from` makes a network of them again.
    pub fn into_parts(self) -> Parts {
        let mut parts = self.parts;
        let mut gates = self.gates;
        for (layer, &first) in parts.layers.iter_mut().zip(&self.first_gate_of_layer).rev() {
            layer.gates = gates.split_off(first as usize);
        }
        parts
    }

    /// Returns the network with different masks.
    ///
    /// # Errors
    /// Fails if a mask is of a node that does not exist, or replaces the operation of an
    /// input.
    pub fn with_masks(mut self, masks: Masks) -> Result<Network, NetworkError> {
        check_masks(&masks, self.inputs(), self.nodes())?;
        self.parts.masks = masks;
        Ok(self)
    }

    /// Fields of a layer that this version does not know.
    ///
    /// # Panics
    /// If `layer` is not below [`Network::layer_count`].
    pub fn layer_extra(&self, layer: usize) -> &Extra {
        &self.parts.layers[layer].extra
    }

    /// Returns whether the outputs depend on each node under these masks, by node number.
    /// A node is dead if nothing reads it, or only gates that ignore it or are dead.
    pub fn live(&self, masks: &Masks) -> Vec<bool> {
        let (mut ops, mut live) = (Vec::new(), Vec::new());
        self.masked_ops(masks, &mut ops);
        self.mark_live(&ops, &mut live);
        live
    }

    /// Fills `ops` with the operation of each gate under these masks.
    pub(crate) fn masked_ops(&self, masks: &Masks, ops: &mut Vec<Op>) {
        ops.clear();
        ops.extend(self.gates.iter().map(|gate| gate.op));
        for (node, mask) in masks.range(self.inputs()..self.nodes()) {
            let op = &mut ops[(node - self.inputs()) as usize];
            *op = mask.apply(*op);
        }
    }

    /// Fills `live` as [`Network::live`] does, for these operations.
    pub(crate) fn mark_live(&self, ops: &[Op], live: &mut Vec<bool>) {
        live.clear();
        live.resize(self.nodes() as usize, false);
        for &output in self.outputs() {
            live[output as usize] = true;
        }
        let first_gate = self.inputs() as usize;
        for (i, (gate, op)) in self.gates.iter().zip(ops).enumerate().rev() {
            if live[first_gate + i] {
                let (reads_a, reads_b) = if gate.a == gate.b {
                    // The operands are always equal.
                    let reads = op.apply(false, false) != op.apply(true, true);
                    (reads, reads)
                } else {
                    READS[usize::from(op.number() & 15)]
                };
                live[gate.a as usize] |= reads_a;
                live[gate.b as usize] |= reads_b;
            }
        }
    }
}
