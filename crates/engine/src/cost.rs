//! The cost of evaluation on a platform, and the budget of a callback.

use logicnet::{Program, count};

use super::notes::MAX_NOTES;
use super::position::Position;
use super::{Clock, Settings};

/// Time that work takes on a platform, for one width of lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Nanoseconds for one gate and one group of lanes.
    pub gate_ns: f32,
    /// Nanoseconds to start a group of lanes and convert it to samples.
    pub group_ns: f32,
    /// Nanoseconds for one frame of output, or of input that a program hears.
    pub frame_ns: f32,
    /// Nanoseconds for any callback.
    pub callback_ns: f32,
}

/// Work of a callback. Gates and groups are those of the schedule, which is the same with
/// and without offloading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Gates evaluated, each for a group of lanes.
    pub gates: u32,
    /// Groups started.
    pub groups: u32,
    /// Frames of output.
    pub frames: u32,
    /// Samples that were evaluated in the callback that plays them.
    pub live: u32,
    /// Gates among these that another processor has evaluated.
    pub spared: u32,
    /// Groups among these that another processor has evaluated.
    pub offloaded: u32,
    /// Groups that were requested from it and missed.
    pub missed: u32,
    /// Nanoseconds spent on the exchange with the other processor.
    pub exchange_ns: u32,
}

impl Cost {
    /// Returns the nanoseconds of a callback with this work if the CPU does all of it, as it
    /// must be able to.
    pub fn of(&self, spent: Spent) -> f32 {
        self.callback_ns
            + self.gate_ns * spent.gates as f32
            + self.group_ns * spent.groups as f32
            + self.frame_ns * (spent.frames + spent.live) as f32
    }

    /// Returns the nanoseconds that offloading has saved: skipped gates, less the exchange.
    pub fn saved(&self, spent: Spent) -> f32 {
        self.gate_ns * spent.spared as f32 - spent.exchange_ns as f32
    }

    /// Returns the cost of starting a group, in gates.
    pub(super) fn group_gates(&self) -> u32 {
        (self.group_ns / self.gate_ns).ceil() as u32
    }

    /// Returns the cost of this work that counts for the budget, in gates.
    pub(super) fn gates(&self, spent: &Spent) -> u32 {
        let live = match spent.live {
            0 => 0,
            live => live.saturating_mul((self.frame_ns / self.gate_ns).ceil() as u32),
        };
        let groups = spent.groups.saturating_mul(self.group_gates());
        spent.gates.saturating_add(groups).saturating_add(live)
    }
}

/// Returns the most work of a callback of this many frames for a program of so many gates that
/// is evaluated in its callback, with so many notes and groups of so many lanes.
pub(super) fn live_work(gates: u32, frames: u32, notes: usize, lanes: usize) -> Spent {
    let groups = frames.div_ceil((lanes / notes).max(1) as u32);
    Spent {
        gates: gates.saturating_mul(groups),
        groups,
        frames,
        live: frames.saturating_mul(notes as u32),
        ..Spent::default()
    }
}

/// Output rate, block size and costs of a platform.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Platform {
    /// Frames per second, 1..=192,000.
    pub rate: u32,
    /// Frames per callback.
    pub block: u32,
    /// Costs of work.
    pub cost: Cost,
}

/// Share of a block's duration that evaluation may take.
const BUDGET: f32 = 0.25;

/// Share of the budget that a program may need continuously. The rest prepares new programs
/// while the old one plays on.
const STEADY: f32 = 0.4;

/// The work of a program that decides whether a platform keeps up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Groups of network samples, evaluated ahead.
    Samples {
        /// Network samples per second: rate times speed.
        rate: u32,
    },
    /// All gates in every callback, once for each group of lanes.
    Blocks {
        /// Frames of a callback.
        frames: u32,
        /// Output frames per second.
        rate: u32,
        /// Notes at the same time.
        notes: u32,
    },
}

/// A program needs too much work for the platform.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TooSlow {
    /// Gates of the program.
    pub gates: u32,
    /// Most gates possible.
    pub max_gates: u32,
    /// The work that decides.
    pub work: Work,
}

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let gates = count(self.gates as usize, "live gate");
        let most = self.max_gates;
        match self.work {
            Work::Samples { rate } => write!(
                f,
                "too slow here: {gates} at {rate} samples a second, but this board can play \
                 {most}; lower rate or speed, or simplify the network"
            ),
            Work::Blocks {
                frames,
                rate,
                notes,
            } => {
                write!(
                    f,
                    "too slow here: {gates} in each period of {frames} frames at {rate} Hz"
                )?;
                if notes > 1 {
                    write!(f, ", for {notes} notes")?;
                }
                write!(f, ", but this board can play {most}; ")?;
                let way = if notes > 1 {
                    "play fewer voices"
                } else {
                    "use a longer period"
                };
                write!(f, "{way}, or simplify the network")
            }
        }
    }
}

impl std::error::Error for TooSlow {}

impl Platform {
    /// Returns the duration of this many frames in nanoseconds.
    pub fn duration_ns(&self, frames: u32) -> f32 {
        frames as f32 * 1e9 / self.rate as f32
    }

    /// Returns the gates that a callback of this many frames may evaluate.
    pub(super) fn budget(&self, frames: u32) -> u32 {
        (BUDGET * self.duration_ns(frames) / self.cost.gate_ns) as u32
    }

    /// Returns the network samples that a callback reads with these settings, rounded up.
    pub fn pace(&self, settings: &Settings) -> u32 {
        let mut position = Position::new(self.rate);
        position.set_step(settings.rate, settings.speed);
        position.pace(self.block)
    }

    /// Checks that a program can be played continuously with these settings, in groups of
    /// this many lanes.
    ///
    /// # Errors
    /// Returns the numbers if it cannot.
    pub fn keeps_up(
        &self,
        program: &Program,
        settings: &Settings,
        lanes: usize,
    ) -> Result<(), TooSlow> {
        let is_live = settings.notes.is_some() || settings.clock != Clock::Running;
        if program.hears() || is_live {
            return self.keeps_up_live(program, settings, lanes);
        }
        let samples = f64::from(settings.rate) * f64::from(settings.speed.unsigned_abs()) / 100.0;
        let gates_a_second = f64::from(BUDGET * STEADY) * 1e9 / f64::from(self.cost.gate_ns);
        let a_group = gates_a_second * lanes as f64 / samples.max(1.0);
        let most = (a_group - f64::from(self.cost.group_gates())).max(0.0) as u32;
        let gates = program.gates() as u32;
        if gates <= most {
            return Ok(());
        }
        let rate = samples as u32;
        Err(TooSlow {
            gates,
            max_gates: most,
            work: Work::Samples { rate },
        })
    }

    /// Does what [`Platform::keeps_up`] does for a program that hears, or plays notes: every
    /// callback evaluates all its gates once for each group of frames.
    fn keeps_up_live(
        &self,
        program: &Program,
        settings: &Settings,
        lanes: usize,
    ) -> Result<(), TooSlow> {
        let notes = settings
            .notes
            .map_or(1, |notes| notes.places.clamp(1, MAX_NOTES));
        let without_gates = live_work(0, self.block, notes, lanes);
        let steady = (STEADY * self.budget(self.block) as f32) as u32;
        let room = steady.saturating_sub(self.cost.gates(&without_gates));
        let most = room / without_gates.groups.max(1);
        let gates = program.gates() as u32;
        if gates <= most {
            return Ok(());
        }
        Err(TooSlow {
            gates,
            max_gates: most,
            work: Work::Blocks {
                frames: self.block,
                rate: self.rate,
                notes: notes as u32,
            },
        })
    }

    /// Returns the load of a callback with this work, in thousandths of the duration of its
    /// block.
    pub fn load(&self, spent: Spent) -> u32 {
        (1000.0 * self.cost.of(spent) / self.duration_ns(spent.frames.max(1))) as u32
    }
}
