//! The desk: a board whose audio clock, I2C bus, sensor and display are simulated.
//! Drivers and threads are the same as on every board.

#[cfg(not(target_arch = "wasm32"))]
mod live;
mod oled;
mod pictures;
mod pru;
#[cfg(not(target_arch = "wasm32"))]
mod recording;
mod script;
mod simulation;

use embedded_hal::delay::DelayNs;
use trill::sim::Time;

use crate::panel::Clock;

pub use crate::runtime::scheduler::{JournalEntry, TimingModel};
#[cfg(all(feature = "sound-card", not(target_arch = "wasm32")))]
pub use live::SystemMidi;
#[cfg(not(target_arch = "wasm32"))]
pub use live::{
    Surroundings, has_screen, play_live, play_through_sound_card, sound_card_rate, watch_signals,
};
pub use oled::{DisplayFrame, Oled, Watch};
pub use pictures::{Animation, write_png};
pub use pru::{Emulation, Pru};
#[cfg(not(target_arch = "wasm32"))]
pub use recording::Recording;
pub use script::{Event, Part, Script};
pub use simulation::{Block, Desk, Guard, Simulation};

impl<T: Time + DelayNs> Clock for T {
    fn now(&self) -> u64 {
        Time::now(self)
    }
}
