//! What can be asked of the instrument.

use logicnet::{Gate, Mask, Network};

use super::analog::Reading;
use super::gestures::Press;
use super::layout::Area;
use super::parameters::Key;
use super::saved::Saved;
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
    /// A network of the library, by its place.
    Choose(usize),
    /// Another network, of any origin.
    Load(Box<Network>),
    /// A random network; without a seed, another one each time.
    Random(Option<u64>),
    /// A few gates of the network changed, by chance; with a seed, always the same
    /// ones in the same way.
    Mutate(Option<u64>),
    /// Another operation and other operands of a gate, for good.
    Rewire(u32, Gate),
    /// Bends of nodes in the chosen layer, or none there: all of them or, if one
    /// cannot be, none.
    Paint {
        /// What becomes of which node.
        bends: Vec<(u32, Option<Mask>)>,
        /// The stroke that it is a part of, by a number that no two who paint have in
        /// common: as long as nothing else is done, all of it is undone together. Without
        /// one, it is a stroke of its own.
        stroke: Option<u32>,
    },
    /// Another layer of bends over all others, which is chosen then; without a
    /// name, it gets one.
    AddLayer(Option<String>),
    /// A layer removed, with its bends; the first one stays.
    RemoveLayer(usize),
    /// The layer that touches and paint go to.
    ChooseLayer(usize),
    /// A layer's strength in percent; above 100, 100. Again and again for one layer,
    /// it is one step of undo.
    SetStrength(usize, u8),
    /// No more bends in a layer.
    ClearLayer(usize),
    /// No more bends in any layer.
    ClearBends,
    /// The last change of bends, layers or network taken back.
    Undo,
    /// The last change taken back made again.
    Redo,
    /// Network time goes on, or stands still and nothing is heard.
    Play(bool),
    /// Network time starts again here; what lies beyond the period goes round.
    Seek(u32),
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
    /// What lasts, scope from elsewhere, and the network time to start at:
    /// network, layers, and those parameters that presets bring.
    Restore(Box<Saved>, Option<u32>),
    /// The first network and the parameters of the start, without bends; what
    /// was there before is kept as a preset.
    SafeStart,
    /// Something told to the player.
    Notice(String),
}

impl Command {
    /// A bend of one node, or none: the shortest stroke.
    pub fn bend(node: u32, mask: Option<Mask>) -> Command {
        Command::Paint {
            bends: vec![(node, mask)],
            stroke: None,
        }
    }
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
