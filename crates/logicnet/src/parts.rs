//! The parts of networks, and their limits.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::{Extra, Masks, Op, OutputEncoding, Source};

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
/// Maximum number of bytes of a network's name, of its description and of its source.
pub const MAX_TEXT_BYTES: usize = 64 << 10;
/// Maximum sample rate in Hz.
pub const MAX_SAMPLE_RATE: u32 = 768_000;
/// Default sample rate in Hz, the usual one of bytebeat.
pub const DEFAULT_SAMPLE_RATE: u32 = 8000;

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
pub struct NetworkLayer {
    /// The gates, in node order.
    pub gates: Vec<Gate>,
    /// Fields that this version does not know; they are saved unchanged.
    pub extra: Extra,
}

/// The parts of a network, not yet checked.
///
/// The inputs of the sources are the first nodes; the gates are the nodes that follow, in
/// order, layer by layer.
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
    /// Signals that the network reads, in the order of their inputs.
    pub sources: Vec<Source>,
    /// The gates, in layers.
    pub layers: Vec<NetworkLayer>,
    /// Nodes of the outputs, least significant first, channel by channel.
    pub outputs: Vec<u32>,
    /// Encoding of the sample in the outputs.
    pub output_encoding: OutputEncoding,
    /// Masks that are saved with the network.
    pub masks: Masks,
    /// Fields that this version does not know; they are saved unchanged.
    pub extra: Extra,
}

impl Parts {
    /// Number of inputs of all sources; the first gate is the node of this number. Sources
    /// with an encoding that does not fit count as none.
    pub fn inputs(&self) -> u32 {
        self.sources.iter().filter_map(Source::inputs).sum()
    }
}

impl Default for Parts {
    fn default() -> Parts {
        Parts {
            name: "untitled".to_string(),
            description: None,
            source: None,
            sample_rate: DEFAULT_SAMPLE_RATE,
            sources: Vec::new(),
            layers: Vec::new(),
            outputs: Vec::new(),
            output_encoding: OutputEncoding::default(),
            masks: Masks::new(),
            extra: Extra::default(),
        }
    }
}
