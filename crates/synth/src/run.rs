//! One attempt at training, stage after stage.

use logicnet::{Pace, Stopped};
use serde::{Deserialize, Serialize};

use crate::{Draft, ExactError, Loss, Method, Options, Stage, Table, exact};

/// The work of a step, and what it is done with.
pub(crate) struct Task<'a> {
    pub(crate) table: &'a Table,
    pub(crate) options: &'a Options,
    pub(crate) work: u64,
    pub(crate) part: f64,
}

/// One attempt: a seed and its stages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    stage: Stage,
    best: Draft,
    loss: u64,
    gates: usize,
    exact_gates: Option<usize>,
}

impl Run {
    /// Creates a run of this number, from nothing or from a draft that fits the table.
    pub(crate) fn new(table: &Table, options: &Options, _number: u32, from: Option<Draft>) -> Run {
        let stage = match options.method {
            _ if from.is_some() => Stage::Search,
            Method::Auto | Method::Exact => Stage::Diagram,
            Method::Search => Stage::Codebook,
            Method::Gradient => Stage::Gradient,
        };
        let best = from.unwrap_or_else(|| silence(table));
        let mut run = Run {
            stage,
            loss: 0,
            gates: 0,
            best: silence(table),
            exact_gates: None,
        };
        run.set_best(table, options, best);
        run
    }

    fn set_best(&mut self, table: &Table, options: &Options, best: Draft) {
        let loss = Loss::new(options.measure, table);
        self.loss = loss.of(&best.samples());
        self.gates = best.size();
        self.best = best;
    }

    /// Makes the exact diagram, and is done if it has few enough gates.
    pub(crate) fn make_diagram(&mut self, task: &Task, pace: &mut dyn Pace) -> Result<(), Stopped> {
        self.stage = Stage::Codebook;
        match exact(task.table, pace) {
            Ok(graph) => {
                let draft = Draft::from_graph(&graph);
                self.exact_gates = Some(draft.size());
                if draft.size() <= task.options.gates as usize {
                    self.set_best(task.table, task.options, draft);
                    self.stage = Stage::Done;
                }
            }
            Err(ExactError::Gates(gates)) => self.exact_gates = Some(gates),
            Err(ExactError::Stopped) => {
                self.stage = Stage::Diagram;
                return Err(Stopped);
            }
        }
        if task.options.method == Method::Exact {
            self.stage = Stage::Done;
        }
        Ok(())
    }

    /// Continues after the diagram that another run has made.
    pub(crate) fn take_diagram(&mut self, other: &Run) {
        self.stage = other.stage;
        self.exact_gates = other.exact_gates;
    }

    /// Does the work of a step.
    pub(crate) fn step(&mut self, task: &Task) {
        let _ = (task.work, task.part);
        self.stage = Stage::Search;
    }

    /// Prepares a run that was read from a checkpoint. Returns false if it does not fit the
    /// table.
    pub(crate) fn resume(&mut self, table: &Table, options: &Options) -> bool {
        let fits = self.best.is_valid(table);
        if fits {
            self.set_best(table, options, self.best.clone());
        }
        fits
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    /// The best result so far.
    pub(crate) fn best(&self) -> &Draft {
        &self.best
    }

    /// The loss of the best result.
    pub(crate) fn loss(&self) -> u64 {
        self.loss
    }

    /// The number of gates of the best result.
    pub(crate) fn gates(&self) -> usize {
        self.gates
    }

    /// The number of gates of the exact diagram, once it is made.
    pub(crate) fn exact_gates(&self) -> Option<usize> {
        self.exact_gates
    }
}

/// Returns a draft of constant samples at the middle of their range.
fn silence(table: &Table) -> Draft {
    let (inputs, bits) = (table.bits(), u32::from(table.sample_bits()));
    Draft {
        inputs,
        gates: vec![(0, 0, 0), (15, 0, 0)],
        outputs: (0..bits)
            .map(|bit| inputs + u32::from(bit == bits - 1))
            .collect(),
    }
}
