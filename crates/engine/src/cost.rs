//! What evaluation costs on a platform, and what a callback may spend.

use logicnet::Program;

use super::Settings;
use super::position::Position;

/// The time that work takes on a platform, for one width of lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Nanoseconds for a gate and a group of lanes.
    pub gate_ns: f32,
    /// Nanoseconds to start a group of lanes and make samples of it.
    pub group_ns: f32,
    /// Nanoseconds for a frame of output.
    pub frame_ns: f32,
    /// Nanoseconds for a callback, whatever it does.
    pub callback_ns: f32,
}

/// What a callback has spent. Gates and groups are those of the schedule, which is the
/// same whoever evaluates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Gates evaluated, for a group of lanes each.
    pub gates: u32,
    /// Groups begun.
    pub groups: u32,
    /// Frames of output.
    pub frames: u32,
    /// Of the gates, those that another processor has spared the CPU.
    pub spared: u32,
    /// Of the groups, those that another processor has made.
    pub offloaded: u32,
    /// Groups that it was asked for, and has not made.
    pub missed: u32,
    /// Nanoseconds spent on the exchange with the other processor.
    pub exchange_ns: u32,
}

impl Cost {
    /// Nanoseconds of a callback that has spent this, if the CPU does it all, as it must
    /// be able to.
    pub fn of(&self, spent: Spent) -> f32 {
        self.callback_ns
            + self.gate_ns * spent.gates as f32
            + self.group_ns * spent.groups as f32
            + self.frame_ns * spent.frames as f32
    }

    /// Nanoseconds that offloading has freed: gates that were skipped, less the
    /// exchange.
    pub fn freed(&self, spent: Spent) -> f32 {
        self.gate_ns * spent.spared as f32 - spent.exchange_ns as f32
    }

    /// What beginning a group costs, in gates.
    pub(super) fn group_gates(&self) -> u32 {
        (self.group_ns / self.gate_ns).ceil() as u32
    }
}

/// Output rate and block of a platform, and what its work costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Platform {
    /// Frames a second, 1..=192,000.
    pub rate: u32,
    /// Frames a callback.
    pub block: u32,
    /// What work costs.
    pub cost: Cost,
}

/// Part of a block's time that evaluation may take.
const BUDGET: f32 = 0.25;

/// Part of the budget that a program may need all the time. What is left makes
/// changes of program possible while the old one plays on.
const STEADY: f32 = 0.4;

/// A program is too much work for the platform.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TooSlow {
    /// Gates of the program.
    pub gates: u32,
    /// The most gates that would do, at this rate and speed.
    pub most: u32,
    /// Network samples a second: rate times speed.
    pub rate: u32,
}

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "too slow here: {} live gates at {} samples a second, but this board can play {}; \
             lower rate or speed, or simplify the network",
            self.gates, self.rate, self.most
        )
    }
}

impl std::error::Error for TooSlow {}

impl Platform {
    /// Nanoseconds that this many frames last.
    pub fn duration_ns(&self, frames: u32) -> f32 {
        frames as f32 * 1e9 / self.rate as f32
    }

    /// Gates that a callback of this many frames may evaluate.
    pub(super) fn budget(&self, frames: u32) -> u32 {
        (BUDGET * self.duration_ns(frames) / self.cost.gate_ns) as u32
    }

    /// Network samples that a callback reads with these settings, rounded up.
    pub fn pace(&self, settings: &Settings) -> u32 {
        let mut position = Position::new(self.rate);
        position.set_step(settings.rate, settings.speed);
        position.pace(self.block)
    }

    /// Whether a program can be played all the time with these settings, in
    /// groups of so many lanes.
    ///
    /// # Errors
    /// With the numbers, when it cannot.
    pub fn keeps_up(
        &self,
        program: &Program,
        settings: &Settings,
        lanes: usize,
    ) -> Result<(), TooSlow> {
        let samples = f64::from(settings.rate) * f64::from(settings.speed.unsigned_abs()) / 100.0;
        let gates_a_second = f64::from(BUDGET * STEADY) * 1e9 / f64::from(self.cost.gate_ns);
        let a_group = gates_a_second * lanes as f64 / samples.max(1.0);
        let most = (a_group - f64::from(self.cost.group_gates())).max(0.0) as u32;
        let gates = program.gates() as u32;
        if gates <= most {
            return Ok(());
        }
        let rate = samples as u32;
        Err(TooSlow { gates, most, rate })
    }

    /// The load of a callback that has spent this, in thousandths of the time
    /// that its block lasts.
    pub fn load(&self, spent: Spent) -> u32 {
        (1000.0 * self.cost.of(spent) / self.duration_ns(spent.frames.max(1))) as u32
    }
}
