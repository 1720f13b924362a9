//! Training of a network in stages.

use std::borrow::Cow;
use std::fmt;

use logicnet::{MAX_GATES, Network, NetworkError, Pace, Parts, Stopped};
use serde::{Deserialize, Serialize};

use crate::checkpoint::{self, CheckpointError};
use crate::run::{Run, SavedRun, Task};
use crate::{Draft, DraftError, Loss, MAX_RUNS, Measure, Options, Stage, Table, quiet_weights};

/// The progress of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The stage that the next step continues.
    pub stage: Stage,
    /// Work done so far, of all runs.
    pub work: u64,
    /// The loss of the best network so far, by the measure; 0 if it is exact.
    pub loss: u64,
    /// Gates of the best network so far.
    pub gates: usize,
    /// Gates of the exact diagram, once it is made.
    pub exact_gates: Option<usize>,
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
///
/// ```
/// use synth::{Options, Stage, Table, Trainer};
///
/// let table = Table::new((0..256).map(|t| t & t >> 3 & 255).collect(), 8)?;
/// let mut trainer = Trainer::new(table, Options::default(), None)?;
/// while trainer.step(1 << 16, 0.0).stage != Stage::Done {}
/// assert_eq!(trainer.status().loss, 0, "the formula is exact");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Trainer {
    table: Table,
    loss: Loss,
    options: Options,
    work: u64,
    runs: Vec<Run>,
}

impl Trainer {
    /// Starts training, from nothing or from a network under its own masks.
    ///
    /// # Errors
    /// Fails if the options do not fit the table or the network.
    pub fn new(
        table: Table,
        options: Options,
        from: Option<&Network>,
    ) -> Result<Trainer, TrainError> {
        if !(1..=MAX_GATES as u32).contains(&options.gates) {
            return Err(TrainError::Gates(options.gates));
        }
        let from = match from {
            Some(network) => Some(Draft::from_network(network).map_err(TrainError::From)?),
            None => None,
        };
        let inputs = table.bits();
        let nodes = from.as_ref().map_or(inputs, Draft::nodes);
        if let Some(&node) = options
            .frozen
            .iter()
            .find(|&&node| node < inputs || node >= nodes)
        {
            return Err(TrainError::Frozen(node));
        }
        if let Some(from) = &from {
            if from.inputs != inputs || from.outputs.len() != usize::from(table.sample_bits()) {
                return Err(TrainError::Shape);
            }
        }
        let loss = loss(&table, &options);
        let runs = (0..options.runs.clamp(1, MAX_RUNS))
            .map(|number| Run::new(&table, &loss, &options, number, from.clone()))
            .collect();
        Ok(Trainer {
            table,
            loss,
            options,
            work: 0,
            runs,
        })
    }

    /// Does about this much work, in each run, and returns how far training has come. `part`
    /// is the part of all work that is done before it, 0.0 to 1.0: searches cool with it. The
    /// unit of work is a gate at 512 times. Making the exact diagram is one step, however long
    /// it takes, and so is making a start.
    ///
    /// The outcome depends on the table, the options, the network to start from, and the
    /// calls; not on the machine.
    pub fn step(&mut self, work: u64, part: f64) -> Status {
        match self.step_paced(work, part, &mut ()) {
            Ok(status) => status,
            Err(Stopped) => self.status(),
        }
    }

    /// Does the same as [`Trainer::step`], at a pace that the caller decides, which is asked
    /// while the exact diagram or a start is made.
    ///
    /// # Errors
    /// Fails if the pace stops it; a later step begins these again.
    pub fn step_paced(
        &mut self,
        work: u64,
        part: f64,
        pace: &mut dyn Pace,
    ) -> Result<Status, Stopped> {
        let task = Task {
            table: &self.table,
            loss: &self.loss,
            options: &self.options,
            work,
            part: part.clamp(0.0, 1.0),
        };
        match self.status().stage {
            Stage::Diagram => {
                // It is the same in all runs, and may be all that is needed.
                self.runs[0].make_diagram(&task, pace)?;
                let (first, others) = self.runs.split_at_mut(1);
                for run in others {
                    run.take_diagram(&first[0]);
                }
            }
            Stage::Start => {
                let rival = self.runs[0].make_start(&task, pace)?;
                for run in &mut self.runs {
                    run.begin(rival.clone(), &task);
                }
            }
            Stage::Simplify => {
                let best = self.best_index();
                self.runs[best].simplify(&task, pace)?;
            }
            Stage::Done => {}
            _ => step_all(&mut self.runs, &task),
        }
        self.work += work * self.runs.len() as u64;
        Ok(self.status())
    }

    /// Ends training: simplifies the best network, unless its gates keep their numbers. Takes
    /// up to ten seconds of a desktop.
    ///
    /// # Errors
    /// Fails if the pace stops it; the network stays as it is.
    pub fn finish(&mut self, pace: &mut dyn Pace) -> Result<Status, Stopped> {
        let task = Task {
            table: &self.table,
            loss: &self.loss,
            options: &self.options,
            work: 0,
            part: 1.0,
        };
        let best = self.best_index();
        if self.runs[best].stage() != Stage::Done {
            self.runs[best].simplify(&task, pace)?;
        }
        Ok(self.status())
    }

    /// Returns how far training has come. It is done once its best run is.
    pub fn status(&self) -> Status {
        let best = self.best_run();
        Status {
            stage: best.stage(),
            work: self.work,
            loss: best.loss(),
            gates: best.gates(),
            exact_gates: best.exact_gates(),
        }
    }

    /// Returns the run with the least loss, and of those the fewest gates.
    fn best_run(&self) -> &Run {
        &self.runs[self.best_index()]
    }

    fn best_index(&self) -> usize {
        let order = |&index: &usize| (self.runs[index].loss(), self.runs[index].gates());
        let best = (0..self.runs.len()).min_by_key(order);
        best.expect("there is at least one run")
    }

    /// Returns everything that is needed to continue exactly from here, as bytes.
    pub fn save(&self) -> Vec<u8> {
        checkpoint::write(&Saved {
            samples: Cow::Borrowed(self.table.samples()),
            sample_bits: self.table.sample_bits(),
            options: Cow::Borrowed(&self.options),
            work: self.work,
            runs: self.runs.iter().map(Run::save).collect(),
        })
    }

    /// Continues from saved bytes.
    ///
    /// # Errors
    /// Fails if the bytes are damaged, cut off, of another version or something else.
    pub fn restore(bytes: &[u8]) -> Result<Trainer, CheckpointError> {
        let saved: Saved = checkpoint::read(bytes)?;
        let table = Table::new(saved.samples.into_owned(), saved.sample_bits)
            .map_err(|_| CheckpointError::Damaged)?;
        let options = saved.options.into_owned();
        let sizes = (1..=MAX_RUNS as usize).contains(&saved.runs.len())
            && (1..=MAX_GATES as u32).contains(&options.gates);
        let loss = loss(&table, &options);
        let runs = saved.runs.into_iter();
        let runs: Option<Vec<Run>> = runs
            .map(|run| Run::restore(run, &table, &loss, &options))
            .collect();
        let runs = runs.filter(|_| sizes).ok_or(CheckpointError::Damaged)?;
        Ok(Trainer {
            table,
            loss,
            options,
            work: saved.work,
            runs,
        })
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
        self.best_run().best().samples()
    }

    /// Makes a network of the best result so far; name, rate and the like come from `parts`.
    /// If wiring is kept or nodes are frozen, all gates keep their numbers; otherwise dead
    /// gates, wires and inverters are left out.
    ///
    /// # Errors
    /// Fails if the parts are wrong.
    pub fn network(&self, parts: Parts) -> Result<Network, NetworkError> {
        let best = self.best_run().best();
        if self.options.keeps_numbers() {
            best.to_same_network(parts)
        } else {
            best.to_network(parts)
        }
    }
}

/// Returns the loss by the options' measure. Of squared errors, those in quiet frames count more.
fn loss(table: &Table, options: &Options) -> Loss {
    let mut loss = Loss::new(options.measure, table);
    if options.measure == Measure::Squared {
        loss.set_weights(quiet_weights(table));
    }
    loss
}

/// The state of training in a checkpoint.
#[derive(Serialize, Deserialize)]
struct Saved<'a> {
    samples: Cow<'a, [u16]>,
    sample_bits: u8,
    options: Cow<'a, Options>,
    work: u64,
    runs: Vec<SavedRun>,
}

/// Advances all runs, each in a thread of its own where there are threads.
fn step_all(runs: &mut [Run], task: &Task) {
    if runs.len() == 1 || cfg!(target_family = "wasm") {
        for run in runs {
            run.step(task);
        }
        return;
    }
    std::thread::scope(|scope| {
        for run in runs {
            scope.spawn(|| run.step(task));
        }
    });
}
