//! The desk: a board whose audio clock, I2C bus, sensor and display are simulated.
//! Drivers and threads are the same as on every board.

#[cfg(not(target_arch = "wasm32"))]
mod interrupt;
#[cfg(not(target_arch = "wasm32"))]
mod live;
mod oled;
#[cfg(not(target_arch = "wasm32"))]
mod output;
mod pictures;
#[cfg(not(target_arch = "wasm32"))]
mod prompt;
mod pru;
mod script;
mod simulation;
#[cfg(feature = "sound-card")]
mod sound_card;
#[cfg(not(target_arch = "wasm32"))]
mod terminal;

use trill::sim::{RealTime, Time, VirtualTime};

use crate::panel::Clock;

pub use crate::runtime::scheduler::{JournalEntry, TimingModel};
#[cfg(not(target_arch = "wasm32"))]
pub use interrupt::Interrupt;
#[cfg(not(target_arch = "wasm32"))]
pub use live::{Live, play_live};
pub use oled::{Frame, Oled, Watch};
pub use pictures::{Album, write_png};
pub use pru::{Emulation, Pru};
pub use script::{Event, Part, Script};
pub use simulation::{Block, Desk, Guard, Simulation};
#[cfg(feature = "sound-card")]
pub use sound_card::rate as sound_card_rate;

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
