//! What can be asked of the instrument.

use logicnet::{Mask, Network};

use super::analog::Reading;
use super::gestures::Press;
use super::layout::Area;
use super::parameters::Key;
use super::state::Page;
use super::surface::Button;

/// A command; every surface (touch, display menu, command line, clients) sends
/// these, and nothing else changes the instrument.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// The field is touched like this, or no longer.
    Touch(Option<Area>),
    /// A finger rests on a button, or no longer. For displays.
    Finger(Option<Button>),
    /// A button was pressed.
    Press(Button, Press),
    /// The next network of the library, or the one before.
    Swap(Direction),
    /// Another network, of any origin.
    Load(Box<Network>),
    /// A random network; without a seed, another one each time.
    Random(Option<u64>),
    /// A few gates of the network changed, by chance.
    Mutate,
    /// A bend of one node that lasts, or none.
    Bend(u32, Option<Mask>),
    /// No more bends.
    ClearBends,
    /// The last change of bends or network taken back, or made again.
    Undo,
    /// The last change taken back made again.
    Redo,
    /// Network time starts again at 0.
    ResetTime,
    /// A parameter's value; out of range, the nearest.
    Set(Key, i32),
    /// A parameter changed by so many steps.
    Step(Key, i32),
    /// An analog input reads this.
    Turn(usize, Reading),
    /// Learn the ends of an analog input's way, until this comes again: then what
    /// was learned counts.
    Learn(usize),
    /// A page of the display.
    Show(Page),
    /// Network, bends and parameters kept under a name; without one, a new name.
    SavePreset(Option<String>),
    /// A preset played again.
    RecallPreset(String),
    /// A preset forgotten.
    DeletePreset(String),
    /// The first network and the parameters of the start, without bends; what
    /// was there before is kept as a preset.
    SafeStart,
    /// Something told to the player.
    Notice(String),
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The one before.
    Previous,
    /// The next one.
    Next,
}

impl Direction {
    /// The index one on, going round.
    pub(super) fn from(self, index: usize, count: usize) -> usize {
        match self {
            Direction::Next => (index + 1) % count.max(1),
            Direction::Previous => (index + count.max(1) - 1) % count.max(1),
        }
    }
}
