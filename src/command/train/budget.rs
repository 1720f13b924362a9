//! The time or the work that training takes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The end of training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Budget {
    /// After this many seconds.
    Seconds(f64),
    /// After this much work in each run. The unit is a gate at 512 times.
    Work(u64),
}

/// The time and the work that training has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// Seconds, also those before it was resumed.
    pub seconds: f64,
    /// Work in each run.
    pub work: u64,
}

/// Work of the first step of training that is bounded by time: a few milliseconds.
const FIRST: u64 = 1 << 18;
/// Most work of a step, so that no step takes more than seconds.
const MOST: u64 = 1 << 24;
/// Least number of steps of training that is bounded by work.
const STEPS: u64 = 256;
/// Time in which a step of training that is bounded by time should be done.
const PACE: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(200)];

impl Budget {
    /// Returns the part that is spent, 0.0 to 1.0.
    pub fn part(self, spent: Spent) -> f64 {
        let part = match self {
            Budget::Seconds(seconds) => spent.seconds / seconds,
            Budget::Work(work) => spent.work as f64 / work as f64,
        };
        part.clamp(0.0, 1.0)
    }

    /// Returns the work of the next step. With a bound of work, it depends on that alone, so
    /// that the outcome does, too; otherwise on the last step's work and time.
    pub fn step(self, spent: Spent, last: Option<(u64, Duration)>) -> u64 {
        match (self, last) {
            (Budget::Work(work), _) => {
                let step = (work / STEPS).clamp(1, MOST);
                step.min(work.saturating_sub(spent.work))
            }
            (_, None) => FIRST,
            (_, Some((work, time))) if time < PACE[0] => (2 * work).min(MOST),
            (_, Some((work, time))) if time > PACE[1] => (work / 2).max(1),
            (_, Some((work, _))) => work,
        }
    }

    /// Estimates the seconds that are left.
    pub fn seconds_left(self, spent: Spent) -> f64 {
        match self {
            Budget::Seconds(seconds) => (seconds - spent.seconds).max(0.0),
            Budget::Work(_) => {
                let part = self.part(spent).max(1e-9);
                spent.seconds / part * (1.0 - part)
            }
        }
    }
}
