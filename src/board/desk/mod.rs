//! A desk: a board whose audio clock, I2C bus, sensor and display are
//! simulated. Drivers and threads are those of every board.

mod live;
mod oled;
mod pictures;
mod script;
mod simulation;
#[cfg(feature = "sound-card")]
mod sound_card;

use trill::sim::{RealTime, Time, VirtualTime};

use crate::engine::{Cost, Platform};
use crate::panel::Clock;

pub use live::{Live, play_live};
pub use oled::{Frame, Oled};
pub use pictures::{Album, write_png};
pub use script::{Event, Part, Script, command};
pub use simulation::{Block, Desk, Entry, Guard, Model, Simulation};
#[cfg(feature = "sound-card")]
pub use sound_card::rate as sound_card_rate;

/// Lanes of the desk's engine: as on the BeagleBone Black, so that both play
/// the same, block for block.
pub type Lanes = logicnet::W128;

/// The platform that the desk pretends to be: a BeagleBone Black with a Bela
/// cape, 44.1 kHz and blocks of 16 frames. Its costs are assumptions until a
/// board was measured: 12 instructions a gate and 128 lanes is the aim, at
/// somewhat more than a cycle each on a 1 GHz Cortex-A8.
pub const BEAGLEBONE: Platform = Platform {
    rate: 44_100,
    block: 16,
    cost: Cost {
        gate_ns: 14.0,
        group_ns: 2000.0,
        frame_ns: 60.0,
        callback_ns: 3000.0,
    },
};

impl Clock for VirtualTime {
    fn now(&self) -> u64 {
        Time::now(self)
    }
}

impl Clock for RealTime {
    fn now(&self) -> u64 {
        Time::now(self)
    }
}
