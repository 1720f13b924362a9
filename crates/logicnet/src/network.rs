//! The network: gates in layers, checked on construction.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use serde_json::{Map, Value};

use crate::{InputEncoding, Mask, Masks, Op, OutputEncoding};

/// Maximum number of bits of t that a network reads; its period is at most 2^24 samples.
pub const MAX_COUNTER_BITS: u32 = 24;
/// Maximum number of inputs; only thermometer and one-hot encodings come near it.
pub const MAX_INPUTS: u32 = 4096;
/// Maximum number of gates, and of layers.
pub const MAX_GATES: usize = 65_536;
/// Maximum number of outputs in binary.
pub const MAX_BINARY_OUTPUTS: usize = 32;
/// Maximum number of outputs of a group sum.
pub const MAX_GROUP_SUM_OUTPUTS: usize = 4096;
/// Maximum sample rate in Hz.
pub const MAX_SAMPLE_RATE: u32 = 768_000;
/// Default sample rate in Hz, the usual one of bytebeat.
pub const DEFAULT_SAMPLE_RATE: u32 = 8000;

/// Fields of a network that are not unknown ones, so that [`Parts::extra`] cannot have them.
const FIELDS: [&str; 12] = [
    "format",
    "version",
    "name",
    "description",
    "source",
    "sample_rate",
    "inputs",
    "input_encoding",
    "layers",
    "outputs",
    "output_encoding",
    "masks",
];

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

/// A gate: an operation of two earlier nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The operation.
    pub op: Op,
    /// The node of the first operand.
    pub a: u32,
    /// The node of the second operand.
    pub b: u32,
}

/// A layer: gates that are shown together, and unknown fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    /// The gates, in node order.
    pub gates: Vec<Gate>,
    /// Fields that this version does not know; they are saved unchanged.
    pub extra: Map<String, Value>,
}

/// The parts of a network, not yet checked.
///
/// The inputs are the nodes 0..inputs; the gates are the nodes that follow, in order,
/// layer by layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// A short name for displays.
    pub name: String,
    /// A sentence about the network.
    pub description: Option<String>,
    /// The expression or file that the network came from.
    pub source: Option<String>,
    /// Sample rate at normal speed in Hz, 1..=[`MAX_SAMPLE_RATE`].
    pub sample_rate: u32,
    /// Number of inputs.
    pub inputs: u32,
    /// Encoding of t in the inputs.
    pub input_encoding: InputEncoding,
    /// The gates, in layers.
    pub layers: Vec<Layer>,
    /// Nodes of the outputs, least significant first.
    pub outputs: Vec<u32>,
    /// Encoding of the sample in the outputs.
    pub output_encoding: OutputEncoding,
    /// Masks that are saved with the network.
    pub masks: Masks,
    /// Fields that this version does not know; they are saved unchanged.
    pub extra: Map<String, Value>,
}

impl Default for Parts {
    fn default() -> Parts {
        Parts {
            name: "untitled".to_string(),
            description: None,
            source: None,
            sample_rate: DEFAULT_SAMPLE_RATE,
            inputs: 0,
            input_encoding: InputEncoding::default(),
            layers: Vec::new(),
            outputs: Vec::new(),
            output_encoding: OutputEncoding::default(),
            masks: Masks::new(),
            extra: Map::new(),
        }
    }
}

/// The reason that something is not a network, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    /// The path in the file, such as `layers[2].gates[17]`; empty for the whole file.
    pub path: String,
    /// A message that says what is wrong there and what would be right.
    pub problem: String,
}

impl NetworkError {
    pub(crate) fn new(path: impl Into<String>, problem: impl Into<String>) -> NetworkError {
        NetworkError {
            path: path.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.problem)
        } else {
            write!(f, "{}: {}", self.path, self.problem)
        }
    }
}

impl core::error::Error for NetworkError {}

/// A network of two-input gates. Every operand is an earlier node, and every count is
/// within its limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    parts: Parts,
    first_gate_of_layer: Vec<u32>,
    gates: Vec<Gate>,
    reached: Vec<(u32, Gate)>,
    counter_bits: u32,
}

impl TryFrom<Parts> for Network {
    type Error = NetworkError;

    fn try_from(mut parts: Parts) -> Result<Network, NetworkError> {
        check_rate(parts.sample_rate)?;
        let counter_bits = check_inputs(parts.inputs, parts.input_encoding)?;
        let gate_count: usize = parts.layers.iter().map(|layer| layer.gates.len()).sum();
        if gate_count > MAX_GATES {
            return Err(NetworkError::new(
                "layers",
                format!("{gate_count} gates, but a network has at most {MAX_GATES}"),
            ));
        }
        if parts.layers.len() > MAX_GATES {
            let layers = parts.layers.len();
            let problem = format!("{layers} layers, but a network has at most {MAX_GATES}");
            return Err(NetworkError::new("layers", problem));
        }
        check_extra(&parts)?;
        check_operands(parts.inputs, &parts.layers)?;
        let nodes = parts.inputs + gate_count as u32;
        check_outputs(&parts.outputs, nodes, parts.output_encoding)?;
        check_masks(&parts.masks, parts.inputs, nodes)?;
        let mut gates = Vec::with_capacity(gate_count);
        let mut first_gate_of_layer = Vec::with_capacity(parts.layers.len());
        for layer in &mut parts.layers {
            first_gate_of_layer.push(gates.len() as u32);
            gates.append(&mut layer.gates);
        }
        Ok(Network {
            reached: reached(parts.inputs, &gates, &parts.outputs),
            parts,
            first_gate_of_layer,
            gates,
            counter_bits,
        })
    }
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
    nodes.filter(|&(node, _)| read[node as usize]).collect()
}

/// Rejects unknown fields with the name of a known one.
fn check_extra(parts: &Parts) -> Result<(), NetworkError> {
    let problem = "a field of the format cannot be an unknown one too";
    if let Some(key) = FIELDS.iter().find(|key| parts.extra.contains_key(**key)) {
        return Err(NetworkError::new(*key, problem));
    }
    match parts
        .layers
        .iter()
        .position(|layer| layer.extra.contains_key("gates"))
    {
        Some(i) => Err(NetworkError::new(format!("layers[{i}].gates"), problem)),
        None => Ok(()),
    }
}

fn check_rate(rate: u32) -> Result<(), NetworkError> {
    if (1..=MAX_SAMPLE_RATE).contains(&rate) {
        return Ok(());
    }
    let problem = format!("{rate} Hz is outside 1..{MAX_SAMPLE_RATE}");
    Err(NetworkError::new("sample_rate", problem))
}

fn check_inputs(inputs: u32, encoding: InputEncoding) -> Result<u32, NetworkError> {
    let digit_bits = encoding.digit_bits();
    if !(1..=12).contains(&digit_bits) {
        let problem = format!("digits of {digit_bits} bits, but they have 1..12");
        return Err(NetworkError::new("input_encoding.digit_bits", problem));
    }
    let problem = match encoding.counter_bits(inputs) {
        None => format!(
            "{inputs} inputs are not whole digits of {} inputs",
            encoding.inputs_per_digit()
        ),
        Some(0) => "a network has at least 1 input".to_string(),
        Some(bits) if bits > MAX_COUNTER_BITS => {
            format!("{bits} bits of t, but a network reads at most {MAX_COUNTER_BITS}")
        }
        Some(_) if inputs > MAX_INPUTS => {
            format!("{inputs} inputs, but a network has at most {MAX_INPUTS}")
        }
        Some(bits) => return Ok(bits),
    };
    Err(NetworkError::new("inputs", problem))
}

fn check_operands(inputs: u32, layers: &[Layer]) -> Result<(), NetworkError> {
    let mut node = inputs;
    for (l, layer) in layers.iter().enumerate() {
        for (g, gate) in layer.gates.iter().enumerate() {
            for (which, operand) in [(1, gate.a), (2, gate.b)] {
                if operand >= node {
                    return Err(NetworkError::new(
                        format!("layers[{l}].gates[{g}][{which}]"),
                        format!(
                            "gate {node} reads node {operand}, but may only read the nodes \
                             before it, 0..{}",
                            node - 1
                        ),
                    ));
                }
            }
            node += 1;
        }
    }
    Ok(())
}

fn check_outputs(
    outputs: &[u32],
    nodes: u32,
    encoding: OutputEncoding,
) -> Result<(), NetworkError> {
    let (most, kind) = match encoding {
        OutputEncoding::Binary => (MAX_BINARY_OUTPUTS, "in binary"),
        OutputEncoding::GroupSum { groups } => {
            if !(1..=16).contains(&groups) || outputs.len() % usize::from(groups) != 0 {
                return Err(NetworkError::new(
                    "output_encoding.groups",
                    format!(
                        "{groups} groups of {} outputs; groups are 1..16 and divide the outputs",
                        outputs.len()
                    ),
                ));
            }
            (MAX_GROUP_SUM_OUTPUTS, "in a group sum")
        }
    };
    if outputs.is_empty() || outputs.len() > most {
        return Err(NetworkError::new(
            "outputs",
            format!("{} outputs, but there are 1..{most} {kind}", outputs.len()),
        ));
    }
    match outputs.iter().position(|&node| node >= nodes) {
        None => Ok(()),
        Some(i) => Err(NetworkError::new(
            format!("outputs[{i}]"),
            format!(
                "node {} does not exist; nodes are 0..{}",
                outputs[i],
                nodes - 1
            ),
        )),
    }
}

fn check_masks(masks: &Masks, inputs: u32, nodes: u32) -> Result<(), NetworkError> {
    for (i, (node, mask)) in masks.iter().enumerate() {
        let problem = if node >= nodes {
            format!("node {node} does not exist; nodes are 0..{}", nodes - 1)
        } else if node < inputs && matches!(mask, Mask::Replace(_)) {
            format!("node {node} is an input and has no operation to replace")
        } else {
            continue;
        };
        return Err(NetworkError::new(format!("masks[{i}]"), problem));
    }
    Ok(())
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
        self.parts.inputs
    }

    /// Encoding of t in the inputs.
    pub fn input_encoding(&self) -> InputEncoding {
        self.parts.input_encoding
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
    pub fn extra(&self) -> &Map<String, Value> {
        &self.parts.extra
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
        self.parts.inputs + self.gates.len() as u32
    }

    /// Number of bits of t that the network reads, 1..=[`MAX_COUNTER_BITS`].
    pub fn counter_bits(&self) -> u32 {
        self.counter_bits
    }

    /// Number of samples after which the sound repeats: 2 to the power of `counter_bits`.
    pub fn period(&self) -> u32 {
        1 << self.counter_bits
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
    pub fn layer_extra(&self, layer: usize) -> &Map<String, Value> {
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
