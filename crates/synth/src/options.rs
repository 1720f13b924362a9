//! Choices of training.

use serde::{Deserialize, Serialize};

use crate::Measure;

/// The stages that may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// All stages.
    #[default]
    Auto,
    /// The exact diagram, or nothing if it has too many gates.
    Exact,
    /// Everything but the exact diagram.
    Search,
    /// Differentiable logic alone.
    Gradient,
}

/// The options of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// The stages that may be used.
    pub method: Method,
    /// Largest number of gates, 1..=65,536.
    pub gates: u32,
    /// The measure of errors.
    pub measure: Measure,
    /// The seed of all chance.
    pub seed: u64,
    /// Number of attempts side by side, each in a thread of its own where there are threads.
    /// The best of them counts. The outcome depends on it, so it does not follow the machine.
    pub runs: u32,
    /// Keeps the operands of all gates, and changes operations only.
    pub keep_wiring: bool,
    /// Nodes whose gates do not change.
    pub frozen: Vec<u32>,
}

/// Maximum number of runs side by side.
pub const MAX_RUNS: u32 = 64;

impl Options {
    /// Returns whether the gates of the network to start from keep their numbers.
    pub(crate) fn keeps_numbers(&self) -> bool {
        self.keep_wiring || !self.frozen.is_empty()
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            method: Method::Auto,
            gates: 1000,
            measure: Measure::default(),
            seed: 1,
            runs: 1,
            keep_wiring: false,
            frozen: Vec::new(),
        }
    }
}

/// A stage of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The exact diagram.
    Diagram,
    /// A rough copy, or a codebook: what a search can start from.
    Start,
    /// Differentiable logic.
    Gradient,
    /// Search by exact gains.
    Search,
    /// Simplification of the result.
    Simplify,
    /// Nothing is left to do.
    Done,
}
