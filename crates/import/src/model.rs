//! Trained layers of gates, as tensors.

use logicnet::{MAX_GATES, Network, Op};

use crate::circuit::Circuit;
use crate::tensor::Tensor;
use crate::{ImportError, Options};

/// Most candidates of all operands, as a bound of work.
const MAX_CANDIDATES: usize = 1 << 26;

/// A layer of gates that read the layer before, or the inputs.
pub(crate) struct Layer<'a> {
    /// The name in the file.
    pub(crate) name: String,
    /// Number of nodes of the layer before, if the file says it.
    pub(crate) reads: Option<usize>,
    pub(crate) operations: Operations<'a>,
    pub(crate) wires: Wires<'a>,
}

/// The operations of a layer's gates. The first index is the gate.
pub(crate) enum Operations<'a> {
    /// Their numbers.
    Numbers(Tensor<'a>),
    /// A weight for each of the 16 operations, of which the first highest counts.
    Weights(Tensor<'a>),
    /// A value for each of the operands 00, 01, 10 and 11; the output is 1 where it is above
    /// the threshold, or at it.
    Values {
        values: Tensor<'a>,
        threshold: f64,
        inclusive: bool,
    },
    /// Coefficients of 1, B, A and AB, where A and B are 1 for 0 and -1 for 1; the output is 1
    /// where the sum is negative.
    Walsh(Tensor<'a>),
}

/// The operands of a layer's gates. The last index is the gate.
pub(crate) enum Wires<'a> {
    /// One tensor of both.
    Both(Tensor<'a>),
    /// One for each.
    Each(Tensor<'a>, Tensor<'a>),
    /// Candidates of both, of which the first with the highest score counts.
    Candidates {
        candidates: Tensor<'a>,
        scores: Tensor<'a>,
    },
}

/// Makes a network of layers; the last one gives the outputs.
pub(crate) fn network(
    layers: &[Layer],
    groups: Option<usize>,
    options: &Options,
) -> Result<Network, ImportError> {
    let Some(first) = layers.first() else {
        return Err(ImportError::whole("no layers of logic gates"));
    };
    let (mut gates, mut candidates) = (0, 0usize);
    for layer in layers {
        layer.check()?;
        gates += layer.gates();
        candidates = candidates.saturating_add(layer.candidates());
        if candidates > MAX_CANDIDATES {
            return Err(ImportError::at(
                &layer.name,
                "too many candidates of operands",
            ));
        }
        if gates > MAX_GATES {
            let problem = format!("{gates} gates so far; a network has at most {MAX_GATES}");
            return Err(ImportError::at(&layer.name, problem));
        }
    }
    let mut circuit = Circuit::new(first.inputs()?)?;
    let mut before = 0..circuit.inputs();
    for layer in layers {
        let count = before.len();
        if layer.reads.is_some_and(|reads| reads != count) {
            let reads = layer.reads.unwrap_or(0);
            let problem = format!("reads {reads} nodes, but the layer before has {count}");
            return Err(ImportError::at(&layer.name, problem));
        }
        let start = circuit.nodes();
        for gate in 0..layer.gates() {
            let op = layer.operation(gate)?;
            let a = layer.operand(gate, 0, count)? as u32;
            let b = layer.operand(gate, 1, count)? as u32;
            circuit.push(op, before.start + a, before.start + b)?;
        }
        before = start..circuit.nodes();
    }
    circuit.network(before.collect(), groups, options)
}

impl Layer<'_> {
    fn at(&self, problem: impl std::fmt::Display) -> ImportError {
        ImportError::at(&self.name, problem)
    }

    /// Number of gates.
    fn gates(&self) -> usize {
        self.operations.tensor().shape()[0]
    }

    /// Number of candidates of the operands of all gates, if they are chosen.
    fn candidates(&self) -> usize {
        match &self.wires {
            Wires::Candidates { candidates, .. } => candidates.shape().iter().product(),
            _ => 0,
        }
    }

    /// Checks that all tensors have the shapes that belong together.
    fn check(&self) -> Result<(), ImportError> {
        let shape = self.operations.tensor().shape();
        let (gates, fits) = match (&self.operations, shape) {
            (Operations::Numbers(_), &[gates])
            | (Operations::Weights(_), &[gates, 16])
            | (Operations::Values { .. } | Operations::Walsh(_), &[gates, 4]) => (gates, true),
            _ => (0, false),
        };
        if !fits {
            return Err(self.at(format!("weights of shape {shape:?} are not those of gates")));
        }
        if gates == 0 {
            return Err(self.at("has no gates"));
        }
        let wires = self.wires.tensors();
        for tensor in wires {
            let shape = tensor.shape();
            let operands = match (&self.wires, shape) {
                (Wires::Both(_), &[operands, own]) if own == gates => operands,
                (Wires::Each(..), &[own]) if own == gates => 2,
                (Wires::Candidates { candidates, .. }, &[choices, operands, own])
                    if own == gates && choices > 0 && shape == candidates.shape() =>
                {
                    operands
                }
                _ => {
                    let problem = format!("wiring of shape {shape:?} is not that of {gates} gates");
                    return Err(self.at(problem));
                }
            };
            if operands != 2 {
                let problem = format!("its gates read {operands} nodes each; only 2 are read here");
                return Err(self.at(problem));
            }
        }
        Ok(())
    }

    /// Number of inputs if this is the first layer: as many as it reads if the file does not
    /// say it.
    fn inputs(&self) -> Result<usize, ImportError> {
        if let Some(reads) = self.reads {
            return Ok(reads);
        }
        let mut inputs = 0;
        for gate in 0..self.gates() {
            for which in 0..2 {
                inputs = inputs.max(1 + self.operand(gate, which, MAX_GATES)?);
            }
        }
        Ok(inputs)
    }

    /// Returns the operation of a gate.
    fn operation(&self, gate: usize) -> Result<Op, ImportError> {
        let number = match &self.operations {
            Operations::Numbers(numbers) => numbers.index([gate], 16),
            Operations::Weights(weights) => highest(16, |i| weights.number([gate, i])),
            Operations::Values {
                values,
                threshold,
                inclusive,
            } => (0..4).try_fold(0, |number, i| {
                let value = values.number([gate, i])?;
                let one = value > *threshold || *inclusive && value == *threshold;
                Some(number << 1 | usize::from(one))
            }),
            Operations::Walsh(weights) => {
                let weight = |i| weights.number([gate, i]);
                let signs = [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)];
                signs.iter().try_fold(0, |number, (a, b)| {
                    let sum = weight(0)? + weight(1)? * b + weight(2)? * a + weight(3)? * a * b;
                    Some(number << 1 | usize::from(sum < 0.0))
                })
            }
        };
        number
            .and_then(|number| Op::new(number as u8))
            .ok_or_else(|| self.at(format!("the weights of gate {gate} are not numbers")))
    }

    /// Returns an operand of a gate, the first (0) or the second (1), which is below `count`.
    fn operand(&self, gate: usize, which: usize, count: usize) -> Result<usize, ImportError> {
        let number = match &self.wires {
            Wires::Both(both) => both.index([which, gate], count),
            Wires::Each(first, second) => [first, second][which].index([gate], count),
            Wires::Candidates { candidates, scores } => {
                let chosen = highest(scores.shape()[0], |i| scores.number([i, which, gate]));
                chosen.and_then(|chosen| candidates.index([chosen, which, gate], count))
            }
        };
        number.ok_or_else(|| {
            self.at(format!(
                "gate {gate} does not read one of the {count} nodes before the layer"
            ))
        })
    }
}

/// Returns the first index of the highest value, or `None` if one is not a number.
fn highest(count: usize, value: impl Fn(usize) -> Option<f64>) -> Option<usize> {
    let mut best = (0, value(0)?);
    for i in 1..count {
        let value = value(i)?;
        if value > best.1 {
            best = (i, value);
        }
    }
    Some(best.0)
}

impl<'a> Operations<'a> {
    fn tensor(&self) -> &Tensor<'a> {
        let (Operations::Numbers(tensor)
        | Operations::Weights(tensor)
        | Operations::Values { values: tensor, .. }
        | Operations::Walsh(tensor)) = self;
        tensor
    }
}

impl<'a> Wires<'a> {
    fn tensors(&self) -> Vec<&Tensor<'a>> {
        match self {
            Wires::Both(both) => vec![both],
            Wires::Each(first, second) => vec![first, second],
            Wires::Candidates { candidates, scores } => vec![candidates, scores],
        }
    }
}
