//! A series of networks between two sounds.

use std::path::{Path, PathBuf};

use logicnet::Network;
use synth::Table;

use super::target::{Target, Wanted, stem};
use super::training::Training;
use super::{Arguments, Budget};
use crate::output::Output;
use crate::{CommandResult, Failure, print_message};

impl Arguments {
    /// Trains a network of both sounds at once, and then keeps its wiring: from the middle to
    /// both ends, each network starts from its neighbour.
    pub(super) fn run_morph(&self, other: &str) -> CommandResult {
        let output = self.network_output()?;
        let steps = self.steps as usize;
        let one = self.target()?;
        let other = Target::read(other, Wanted::like(&one, self.is_loop))?;
        for note in &other.notes {
            print_message(&format!("{}: {note}", other.source));
        }
        let paths: Vec<PathBuf> = (1..=steps)
            .map(|number| numbered(output, number, steps))
            .collect();
        let outputs = paths.iter().map(|path| Output::create(path));
        let outputs: Vec<Output> = outputs.collect::<Result<_, _>>()?;
        let gates = self.gates()?;
        let mut first = self.training(&one, gates, self.seed)?;
        first.label.description = format!(
            "Trained between {} and {}: at most {gates} gates, seed {}",
            one.source, other.source, self.seed
        );
        let middle = steps / 2;
        let blend = |number: usize| blended(&one.table, &other.table, number, steps - 1);
        let mut series = Series {
            arguments: self,
            first,
            networks: vec![None; steps],
        };
        series.first.budget = part(self.budget(), 0.5);
        series.train(middle, blend(middle)?, None)?;
        let down = (0..middle).rev().map(|number| (number, number + 1));
        let up = (middle + 1..steps).map(|number| (number, number - 1));
        series.first.budget = part(self.budget(), 0.5 / (steps - 1) as f64);
        for (number, neighbour) in down.chain(up) {
            series.train(number, blend(number)?, Some(neighbour))?;
        }
        for (output, network) in outputs.into_iter().zip(series.networks.iter().flatten()) {
            output.fill(self.named(network.clone())?.to_json().as_bytes())?;
        }
        Ok(())
    }
}

/// The networks so far.
struct Series<'a> {
    arguments: &'a Arguments,
    /// A training whose label and budget the others share.
    first: Training,
    networks: Vec<Option<Network>>,
}

impl Series<'_> {
    /// Trains a network to a table, from a neighbour if there is one.
    fn train(&mut self, number: usize, table: Table, neighbour: Option<usize>) -> CommandResult {
        let mut options = self.first.trainer.options().clone();
        let from = match neighbour {
            Some(neighbour) => self.networks[neighbour].clone(),
            None => self.first.from.clone(),
        };
        options.keep_wiring = neighbour.is_some();
        let trainer = synth::Trainer::new(table, options, from.as_ref());
        let mut training = Training {
            trainer: trainer.map_err(|error| Failure::Failed(error.to_string()))?,
            label: self.first.label.clone(),
            from,
            budget: self.first.budget,
            spent: super::Spent::default(),
            history: super::History::default(),
        };
        training.label.name = format!("{} {}", self.first.label.name, number + 1);
        let mut followers = self.arguments.followers(&training)?;
        training.run(&mut followers)?;
        print_message(&format!("{}: {}", number + 1, training.summary()));
        self.networks[number] = Some(training.network()?);
        Ok(())
    }
}

/// Returns a part of a budget.
fn part(budget: Budget, part: f64) -> Budget {
    match budget {
        Budget::Seconds(seconds) => Budget::Seconds(seconds * part),
        Budget::Work(work) => Budget::Work(((work as f64 * part) as u64).max(1)),
    }
}

/// Returns the samples between those of two tables: `number` of `count` parts of the second.
fn blended(one: &Table, other: &Table, number: usize, count: usize) -> Result<Table, Failure> {
    let samples = one.samples().iter().zip(other.samples()).map(|(a, b)| {
        let sum = usize::from(*a) * (count - number) + usize::from(*b) * number;
        ((sum + count / 2) / count) as u16
    });
    let table = Table::new(samples.collect(), one.sample_bits());
    table.map_err(|error| Failure::Failed(error.to_string()))
}

/// Returns the path with a number before its ending, with as many digits as the last one has.
fn numbered(path: &Path, number: usize, last: usize) -> PathBuf {
    let digits = last.to_string().len();
    let ending = path.extension().unwrap_or("json".as_ref());
    let name = format!("{}-{number:0digits$}", stem(path));
    path.with_file_name(name).with_extension(ending)
}
