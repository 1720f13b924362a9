//! The network: gates in layers, checked once, on construction.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use serde_json::{Map, Value};

use crate::{InputEncoding, Mask, Masks, Op, OutputEncoding};

/// Most bits of t a network may read; a period is at most 2^24 samples.
pub const MAX_COUNTER_BITS: u32 = 24;
/// Most inputs, which only thermometer and one-hot encodings come near.
pub const MAX_INPUTS: u32 = 4096;
/// Most gates.
pub const MAX_GATES: usize = 65_536;
/// Most outputs in binary.
pub const MAX_BINARY_OUTPUTS: usize = 32;
/// Most outputs of a group sum.
pub const MAX_GROUP_SUM_OUTPUTS: usize = 4096;
/// Highest sample rate in Hz.
pub const MAX_SAMPLE_RATE: u32 = 768_000;
/// The rate of the bytebeat tradition in Hz, and the default.
pub const DEFAULT_SAMPLE_RATE: u32 = 8000;

/// Whether an operation of this number reads its operands, if they differ.
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

/// One gate: an operation of two earlier nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// What it computes.
    pub op: Op,
    /// The node of the first operand.
    pub a: u32,
    /// The node of the second operand.
    pub b: u32,
}

/// A layer: gates shown together, and whatever else its file says of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    /// The gates, in node order.
    pub gates: Vec<Gate>,
    /// Fields this version does not know, kept for the next save.
    pub extra: Map<String, Value>,
}

/// What a network is made of, before it is checked.
///
/// Node numbers: the inputs are 0..inputs, then the gates follow in order,
/// layer by layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// A short name for displays.
    pub name: String,
    /// A sentence for people.
    pub description: Option<String>,
    /// The expression or file that the network came from.
    pub source: Option<String>,
    /// The rate it is meant to be played at, in Hz, 1..=[`MAX_SAMPLE_RATE`].
    pub sample_rate: u32,
    /// Number of inputs.
    pub inputs: u32,
    /// How t becomes inputs.
    pub input_encoding: InputEncoding,
    /// The gates.
    pub layers: Vec<Layer>,
    /// Nodes of the outputs.
    pub outputs: Vec<u32>,
    /// How outputs become a sample.
    pub output_encoding: OutputEncoding,
    /// Masks that belong to the network as it was saved.
    pub masks: Masks,
    /// Fields this version does not know, kept for the next save.
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

/// Why something is not a network, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    /// The place in the file, such as `layers[2].gates[17]`; empty for the whole.
    pub place: String,
    /// What is wrong there and what would be right.
    pub problem: String,
}

impl NetworkError {
    pub(crate) fn new(place: impl Into<String>, problem: impl Into<String>) -> NetworkError {
        NetworkError {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.problem)
        } else {
            write!(f, "{}: {}", self.place, self.problem)
        }
    }
}

impl core::error::Error for NetworkError {}

/// A checked network of two-input gates: every operand is an earlier node,
/// every count is within its bound.
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

/// See [`Network::reached`].
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

/// Unknown fields must not have the names of known ones.
fn check_extra(parts: &Parts) -> Result<(), NetworkError> {
    let problem = "a field of the format cannot be an unknown one too";
    if let Some(key) = crate::json::FIELDS
        .iter()
        .find(|key| parts.extra.contains_key(**key))
    {
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

    /// A sentence for people.
    pub fn description(&self) -> Option<&str> {
        self.parts.description.as_deref()
    }

    /// The expression or file that the network came from.
    pub fn source(&self) -> Option<&str> {
        self.parts.source.as_deref()
    }

    /// The rate it is meant to be played at, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.parts.sample_rate
    }

    /// Number of inputs; the first gate is the node of this number.
    pub fn inputs(&self) -> u32 {
        self.parts.inputs
    }

    /// How t becomes inputs.
    pub fn input_encoding(&self) -> InputEncoding {
        self.parts.input_encoding
    }

    /// Nodes of the outputs.
    pub fn outputs(&self) -> &[u32] {
        &self.parts.outputs
    }

    /// How outputs become a sample.
    pub fn output_encoding(&self) -> OutputEncoding {
        self.parts.output_encoding
    }

    /// Masks that belong to the network as it was saved.
    pub fn masks(&self) -> &Masks {
        &self.parts.masks
    }

    /// Fields of the file that this version does not know.
    pub fn extra(&self) -> &Map<String, Value> {
        &self.parts.extra
    }

    /// All gates, in node order.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// The gates that outputs depend on if every gate reads both its operands, with
    /// their nodes, in node order. No masks make outputs depend on others.
    pub(crate) fn reached(&self) -> &[(u32, Gate)] {
        &self.reached
    }

    /// Number of nodes: inputs and gates.
    pub fn nodes(&self) -> u32 {
        self.parts.inputs + self.gates.len() as u32
    }

    /// Bits of t that the network reads, 1..=[`MAX_COUNTER_BITS`].
    pub fn counter_bits(&self) -> u32 {
        self.counter_bits
    }

    /// Samples before the sound repeats: 2 to the power of the counter's bits.
    pub fn period(&self) -> u32 {
        1 << self.counter_bits
    }

    /// Number of layers.
    pub fn layer_count(&self) -> usize {
        self.first_gate_of_layer.len()
    }

    /// The layers, each as the number of its first gate's node and its gates.
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

    /// The parts again, for an edit; give them back through `try_from`.
    pub fn into_parts(self) -> Parts {
        let mut parts = self.parts;
        let mut gates = self.gates;
        for (layer, &first) in parts.layers.iter_mut().zip(&self.first_gate_of_layer).rev() {
            layer.gates = gates.split_off(first as usize);
        }
        parts
    }

    /// The same network with other masks of its own.
    ///
    /// # Errors
    /// When a mask names a node that does not exist, or replaces the operation
    /// of an input.
    pub fn with_masks(mut self, masks: Masks) -> Result<Network, NetworkError> {
        check_masks(&masks, self.inputs(), self.nodes())?;
        self.parts.masks = masks;
        Ok(self)
    }

    pub(crate) fn layer_extra(&self, layer: usize) -> &Map<String, Value> {
        &self.parts.layers[layer].extra
    }

    /// Which nodes the outputs depend on under these masks, by node number:
    /// inputs and gates that are never read, or only by gates that ignore
    /// them, are dead.
    pub fn live(&self, masks: &Masks) -> Vec<bool> {
        let (mut ops, mut live) = (Vec::new(), Vec::new());
        self.masked_ops(masks, &mut ops);
        self.mark_live(&ops, &mut live);
        live
    }

    /// The operation of each gate under these masks, into memory that is used again.
    pub(crate) fn masked_ops(&self, masks: &Masks, ops: &mut Vec<Op>) {
        ops.clear();
        ops.extend(self.gates.iter().map(|gate| gate.op));
        for (node, mask) in masks.range(self.inputs()..self.nodes()) {
            let op = &mut ops[(node - self.inputs()) as usize];
            *op = mask.apply(*op);
        }
    }

    /// [`Network::live`] for these operations, into memory that is used again.
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
                    // Only the diagonal of the table counts.
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
