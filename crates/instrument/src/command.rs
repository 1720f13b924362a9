//! Commands: everything that the instrument can do.

use logicnet::{Gate, Mask, Network};
use midi::Event;

use super::analog::Reading;
use super::controllers::Destination;
use super::layout::Area;
use super::parameters::Key;
use super::saved::Saved;
use super::state::Page;
use super::surface::{Button, Press};
use super::target::Target;

/// A command. Every surface (touch, menu, command line, page) sends these, and nothing
/// else changes the instrument.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Touches the field here, or lifts all fingers from it.
    Touch(Option<Area>),
    /// Rests a finger on a button, or lifts it; only displays show this.
    Finger(Option<Button>),
    /// Presses a button.
    Press(Button, Press),
    /// Plays the next network or the previous one.
    Swap(Direction),
    /// Plays the network with this index in [`State::network_names`].
    ///
    /// [`State::network_names`]: crate::State::network_names
    Choose(usize),
    /// Plays a network from elsewhere.
    Load(Box<Network>),
    /// Plays a network that is being trained. Undo reverts a stroke, all networks of a
    /// training, as a whole.
    LoadTrained {
        /// The network.
        network: Box<Network>,
        /// The number of the stroke. Surfaces that train at the same time must use different
        /// numbers.
        stroke: u32,
        /// True for the first network of the stroke. A later one is refused if something else
        /// was edited since the one before: bends belong to the gates that the player sees.
        begins: bool,
    },
    /// Plays the content of a preset's file: network, bends and, if true, parameters.
    LoadPreset(Box<Saved>, bool),
    /// Plays a random network; without a seed, a different one each time.
    Random(Option<u64>),
    /// Changes a few gates of the network at random; with a seed, the same gates in the
    /// same way each time.
    Mutate(Option<u64>),
    /// Replaces the gate of a node in the network.
    Rewire(u32, Gate),
    /// Bends or frees nodes in the chosen layer. If one node cannot be bent, the whole
    /// command is refused.
    Paint {
        /// Nodes with their masks; no mask frees the node.
        bends: Vec<(u32, Option<Mask>)>,
        /// The number of the stroke that this is part of. Undo reverts a stroke as a
        /// whole if no other change interrupts it. Surfaces that paint at the same time
        /// must use different numbers. Without one, this is a whole stroke.
        stroke: Option<u32>,
    },
    /// Adds a layer of bends above all others and chooses it; without a name, it gets one.
    AddLayer(Option<String>),
    /// Removes a layer with its bends; the first layer cannot be removed.
    RemoveLayer(usize),
    /// Chooses the layer that touches and paint go to.
    ChooseLayer(usize),
    /// Sets a layer's strength in percent, at most 100. A series of these for one layer is
    /// one step of undo.
    SetStrength(usize, u8),
    /// Frees all gates of a layer.
    ClearLayer(usize),
    /// Frees all gates of all layers.
    ClearBends,
    /// Undoes the last change of bends, layers or network.
    Undo,
    /// Redoes the change that was undone last.
    Redo,
    /// Starts network time, or pauses it, which silences the output.
    Play(bool),
    /// Sets network time, in samples; beyond the network's period it wraps around.
    Seek(u32),
    /// Sets a parameter, to the nearest value in its range.
    Set(Key, i32),
    /// Changes a parameter by steps.
    Step(Key, i32),
    /// Sets the control of the network with this name to a position, 0.0 to 1.0.
    Control(String, f64),
    /// Plays MIDI messages, in their order. Notes are never refused: if the rest of the
    /// messages cannot be played here, the keys alone are.
    Midi(Vec<Event>),
    /// Lets a parameter or control wait for the MIDI controller that moves next or, the second
    /// time, ends that.
    LearnController(Destination),
    /// Disconnects a parameter or control from its MIDI controller.
    ForgetController(Destination),
    /// Lets an analog input move the control of this name, of any network that has one.
    Connect(usize, String),
    /// Reports the reading of an analog input.
    Turn(usize, Reading),
    /// Begins to learn the ends of an analog input's range or, the second time, ends it
    /// and saves what was learned.
    Learn(usize),
    /// Shows a page on the display.
    Show(Page),
    /// Saves network, bends and parameters as a preset; without a name, it gets one. If
    /// another preset has the name, this one gets a number after it.
    SavePreset(Option<String>),
    /// Saves network, bends and parameters over a preset.
    ReplacePreset(String),
    /// Plays a preset.
    RecallPreset(String),
    /// Deletes a preset.
    DeletePreset(String),
    /// Brings back a preset that was deleted or replaced: the last one, or the last one of a
    /// name.
    RestorePreset(Option<String>),
    /// Plays a state from elsewhere: network, layers and those parameters that presets
    /// hold; and sets network time if it is given.
    Restore(Box<Saved>, Option<u32>),
    /// The same after a restart, with a state from before it. Refused if something was edited
    /// since the restart, or if the state has no more edits than the one that plays.
    Resume(Box<Saved>, Option<u32>),
    /// An edit that is refused if its target is gone.
    For(Target, Box<Command>),
    /// Plays the first network with the parameters of the start and without bends. The
    /// state before is saved as a preset.
    SafeStart,
    /// Shows the player a notice.
    Notice(String),
}

impl Command {
    /// Returns the index of the layer that it is about, if it has one.
    pub(super) fn layer_mut(&mut self) -> Option<&mut usize> {
        match self {
            Command::RemoveLayer(layer)
            | Command::ChooseLayer(layer)
            | Command::SetStrength(layer, _)
            | Command::ClearLayer(layer) => Some(layer),
            _ => None,
        }
    }

    /// Returns whether it only changes presets, so that its result waits for the disk.
    pub fn is_of_presets(&self) -> bool {
        matches!(
            self,
            Command::SavePreset(_)
                | Command::ReplacePreset(_)
                | Command::DeletePreset(_)
                | Command::RestorePreset(_)
        )
    }

    /// Bends or frees one node, as one stroke.
    pub fn bend(node: u32, mask: Option<Mask>) -> Command {
        Command::Paint {
            bends: vec![(node, mask)],
            stroke: None,
        }
    }
}

/// A direction through a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the beginning.
    Previous,
    /// Towards the end.
    Next,
}

impl Direction {
    /// Returns the index one step on, which wraps around.
    pub(super) fn step(self, index: usize, count: usize) -> usize {
        match self {
            Direction::Next => (index + 1) % count.max(1),
            Direction::Previous => (index + count.max(1) - 1) % count.max(1),
        }
    }
}
