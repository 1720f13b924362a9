//! Training of a network in stages.

use std::fmt;

use logicnet::{Network, NetworkError, Parts};
use serde::{Deserialize, Serialize};

use crate::{Draft, DraftError, Loss, Measure, Table};

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

/// What is to be trained, and how.
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
    /// The codebook: an index network and a codeword network.
    Codebook,
    /// Differentiable logic.
    Gradient,
    /// Search by exact gains.
    Search,
    /// Simplification of the result.
    Simplify,
    /// Nothing is left to do.
    Done,
}

/// How far training has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The stage that the next step continues.
    pub stage: Stage,
    /// Work done so far.
    pub work: u64,
    /// The loss of the best network so far, by the measure; 0 if it is exact.
    pub loss: u64,
    /// Live gates of the best network so far.
    pub gates: usize,
}

/// The reason that training cannot start.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainError {
    /// The number of gates is not 1..=65,536.
    Gates(u32),
    /// The network to start from cannot be trained.
    From(DraftError),
    /// The network to start from reads another number of bits of t, or gives samples of
    /// another number of bits, than the table has.
    Shape,
    /// A frozen node is no gate of the network to start from.
    Frozen(u32),
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainError::Gates(gates) => write!(f, "{gates} gates; a network has 1 to 65,536"),
            TrainError::From(error) => error.fmt(f),
            TrainError::Shape => {
                f.write_str("it has other bits of t or of a sample than the sound")
            }
            TrainError::Frozen(node) => write!(f, "node {node} is no gate of it"),
        }
    }
}

impl std::error::Error for TrainError {}

/// Training of a network to a table. Does no IO and reads no clock: the caller gives it work
/// to do, and may stop after any step.
#[derive(Clone, Debug)]
pub struct Trainer {
    table: Table,
    loss: Loss,
    options: Options,
    work: u64,
    best: Draft,
}

impl Trainer {
    /// Starts training, from nothing or from a network.
    ///
    /// # Errors
    /// Fails if the options do not fit the table or the network.
    pub fn new(
        table: Table,
        options: Options,
        from: Option<&Network>,
    ) -> Result<Trainer, TrainError> {
        let loss = Loss::new(options.measure, &table);
        let best = if let Some(network) = from {
            Draft::from_network(network).map_err(TrainError::From)?
        } else {
            {
                let inputs = table.bits();
                let outputs = (0..u32::from(table.sample_bits())).map(|bit| bit % inputs);
                Draft {
                    inputs,
                    gates: Vec::new(),
                    outputs: outputs.collect(),
                }
            }
        };
        Ok(Trainer {
            table,
            loss,
            options,
            work: 0,
            best,
        })
    }

    /// Does about this much work, in each run, and returns how far training has come. `part`
    /// is the part of all work that is done before it, 0.0 to 1.0; searches cool with it. The
    /// unit of work is a gate at 512 times.
    ///
    /// The outcome depends on the table, the options, the network to start from, and the
    /// sequence of calls.
    pub fn step(&mut self, work: u64, part: f64) -> Status {
        let _ = part;
        self.work += work;
        self.status()
    }

    /// Returns how far training has come.
    pub fn status(&self) -> Status {
        let values = self.samples();
        let losses = values
            .iter()
            .enumerate()
            .map(|(t, &value)| self.loss.at(t, value));
        Status {
            stage: Stage::Search,
            work: self.work,
            loss: losses.sum(),
            gates: self.best.size(),
        }
    }

    /// The table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the samples of the best network so far.
    pub fn samples(&self) -> Vec<u16> {
        match self
            .network(Parts::default())
            .as_ref()
            .map(Table::of_network)
        {
            Ok(Ok(table)) => table.samples().to_vec(),
            _ => vec![0; self.table.samples().len()],
        }
    }

    /// Makes a network of the best result so far; name, rate and the like come from `parts`.
    ///
    /// # Errors
    /// Fails if the parts are wrong.
    pub fn network(&self, parts: Parts) -> Result<Network, NetworkError> {
        self.best.to_network(parts)
    }

    /// Returns everything that is needed to continue later exactly where this is now, as bytes.
    pub fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Continues from saved bytes.
    ///
    /// # Errors
    /// Fails with a sentence if the bytes are damaged, cut off or of another version.
    pub fn restore(bytes: &[u8]) -> Result<Trainer, String> {
        Err(format!("{} bytes are no checkpoint", bytes.len()))
    }
}
