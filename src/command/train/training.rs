//! One training, from its start or a checkpoint to its end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use logicnet::{Network, Pace, Stopped, count};
use synth::{Quality, Stage, Status, Trainer, spectral_distance, spectrogram};

use super::budget::{Budget, Spent};
use super::history::History;
use super::label::Label;
use super::listening::Listening;
use crate::progress::Progress;
use crate::{CommandResult, Failure};

/// A training.
pub struct Training {
    pub trainer: Trainer,
    pub label: Label,
    /// The network that it started from.
    pub from: Option<Network>,
    pub budget: Budget,
    pub spent: Spent,
    pub history: History,
}

/// Saves a training.
pub type Save<'a> = Box<dyn Fn(&Training) -> CommandResult + 'a>;

/// The surroundings of a training while it goes on.
pub struct Followers<'a> {
    /// Ends it once it is set.
    pub stop: &'a AtomicBool,
    /// Saves it, every few seconds and at the end.
    pub save: Option<Save<'a>>,
    /// Plays the newest network.
    pub listening: Option<Listening>,
}

impl Followers<'_> {
    /// Returns whether the training is to end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

/// Time between two checkpoints. With the longest step, at most ten seconds are lost.
const CHECKPOINTS: Duration = Duration::from_secs(4);
/// Time between two networks to hear.
const NETWORKS: Duration = Duration::from_secs(1);

/// Something that is done now and then.
struct Often {
    interval: Duration,
    last: Option<Instant>,
}

impl Often {
    fn new(interval: Duration) -> Often {
        Often {
            interval,
            last: None,
        }
    }

    /// Returns whether it is time again; the first time at once.
    fn is_due(&mut self) -> bool {
        let is_due = self.last.is_none_or(|last| last.elapsed() >= self.interval);
        if is_due {
            self.last = Some(Instant::now());
        }
        is_due
    }
}

/// Stops a step that takes long, when the training is stopped or its time is over.
struct Bound<'a> {
    stop: &'a AtomicBool,
    end: Option<Instant>,
}

impl Pace for Bound<'_> {
    fn work(&mut self, _: u64) -> Result<(), Stopped> {
        let is_over = self.end.is_some_and(|end| Instant::now() >= end);
        if self.stop.load(Ordering::Acquire) || is_over {
            return Err(Stopped);
        }
        Ok(())
    }
}

impl Training {
    /// Trains until nothing is left to do, the budget is spent, or it is stopped.
    pub fn run(&mut self, followers: &mut Followers) -> Result<(), Failure> {
        let started = Instant::now();
        let before = self.spent.seconds;
        let mut progress = Progress::new("training");
        let [mut saving, mut hearing] = [CHECKPOINTS, NETWORKS].map(Often::new);
        let mut last = None;
        let mut status = self.trainer.status();
        while status.stage != Stage::Done
            && self.budget.part(self.spent) < 1.0
            && !followers.is_stopped()
        {
            let begun = Instant::now();
            let work = self.budget.step(self.spent, last);
            let mut bound = Bound {
                stop: followers.stop,
                end: match self.budget {
                    Budget::Seconds(_) => {
                        let left = self.budget.seconds_left(self.spent);
                        Some(begun + Duration::from_secs_f64(left))
                    }
                    Budget::Work(_) => None,
                },
            };
            let part = self.budget.part(self.spent);
            let stepped = self.trainer.step_paced(work, part, &mut bound);
            self.spent.seconds = before + started.elapsed().as_secs_f64();
            let Ok(next) = stepped else { break };
            status = next;
            self.spent.work += work;
            last = Some((work, begun.elapsed()));
            let quality = self.quality();
            self.history.add(self.spent, &quality);
            progress.show(format_args!("{}", self.describe(&status, &quality)));
            if let Some(save) = followers.save.as_ref().filter(|_| saving.is_due()) {
                save(self)?;
            }
            if let Some(listening) = followers.listening.as_mut().filter(|_| hearing.is_due()) {
                listening.play(&self.network()?)?;
            }
        }
        if let Some(save) = &followers.save {
            save(self)?;
        }
        Ok(())
    }

    /// Compares the best network so far with the sound.
    pub fn quality(&self) -> Quality {
        Quality::new(self.trainer.table(), &self.trainer.samples())
    }

    /// Returns the best network so far.
    pub fn network(&self) -> Result<Network, Failure> {
        let parts = self.label.parts(self.from.as_ref());
        let network = self.trainer.network(parts);
        network.map_err(|error| Failure::Failed(error.to_string()))
    }

    /// Describes the present state in a line.
    fn describe(&self, status: &Status, quality: &Quality) -> String {
        let stage = match status.stage {
            Stage::Diagram => "diagram",
            Stage::Start => "start",
            Stage::Gradient => "gradient",
            Stage::Search => "search",
            Stage::Simplify => "simplify",
            Stage::Done => "done",
        };
        format!(
            "({stage}): {:5.2} % of bits wrong, {:5.1} dB, {:5} gates, {:4.0} s left ",
            100.0 * (1.0 - quality.all_bits()),
            quality.snr,
            status.gates,
            self.budget.seconds_left(self.spent)
        )
    }

    /// Says that there is no exact diagram within the gates.
    pub fn no_diagram(&self) -> String {
        let most = self.trainer.options().gates;
        match self.trainer.status().exact_gates {
            Some(gates) => format!(
                "the exact diagram has {gates} gates, more than {most}; give more --gates or \
                 fewer --sample-bits, or leave out --method"
            ),
            None => "the exact diagram was not finished".to_string(),
        }
    }

    /// Describes the result.
    pub fn summary(&self) -> String {
        let status = self.trainer.status();
        let gates = count(status.gates, "gate");
        if status.loss == 0 {
            let samples = count(self.trainer.table().samples().len(), "sample");
            return format!("{gates}, exact at all {samples}");
        }
        let quality = self.quality();
        let bits = self.trainer.table().sample_bits();
        let [own, other] = [self.trainer.table().samples(), &self.trainer.samples()]
            .map(|samples| spectrogram(samples, bits));
        format!(
            "{gates}; {:.1} % of bits and {:.1} % of samples are right; signal-to-noise {:.1} dB, \
             log-spectral distance {:.1} dB",
            100.0 * quality.all_bits(),
            100.0 * quality.samples,
            quality.snr,
            spectral_distance(&own, &other)
        )
    }
}
