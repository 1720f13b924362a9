//! What the instrument is at a moment: an immutable value for all surfaces.

use std::collections::BTreeMap;
use std::sync::Arc;

use logicnet::{Mask, Masks, Network};

use super::analog::{Analog, INPUTS, Target};
use super::layers::Layers;
use super::layout::{Area, Layout};
use super::parameters::{Key, Parameters};
use super::playback::Playback;
use super::surface::Button;

/// A page of the display.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The gates at work.
    #[default]
    Play,
    /// The parameters.
    Menu,
    /// The presets.
    Presets,
    /// The analog inputs.
    Inputs,
    /// What this is and how it does.
    About,
}

impl Page {
    /// All pages.
    pub const ALL: [Page; 5] = [
        Page::Play,
        Page::Menu,
        Page::Presets,
        Page::Inputs,
        Page::About,
    ];

    /// Returns its name in scripts and in the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Page::Play => "play",
            Page::Menu => "menu",
            Page::Presets => "presets",
            Page::Inputs => "inputs",
            Page::About => "about",
        }
    }

    /// Returns the page of this name.
    pub fn with_name(name: &str) -> Option<Page> {
        Page::ALL.into_iter().find(|page| page.name() == name)
    }
}

/// Everything the player has made of the instrument.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The network, as it was loaded.
    pub network: Arc<Network>,
    /// Where its gates lie.
    pub layout: Arc<Layout>,
    /// Which of the library it is, or was before it was changed.
    pub place: usize,
    /// Names of the library's networks, in order.
    pub library: Arc<Vec<String>>,
    /// Bends that last.
    pub layers: Layers,
    /// Gates under the finger, the nearest first.
    pub touched: Vec<u32>,
    /// The gate that analog inputs bend, if one is.
    pub steered: Option<u32>,
    /// What the analog inputs read.
    pub analog: Analog,
    /// Every parameter's value.
    pub parameters: Parameters,
    /// What the display shows.
    pub page: Page,
    /// The chosen row of the page.
    pub row: usize,
    /// The button under the finger.
    pub finger: Option<Button>,
    /// Names of the presets, in order.
    pub presets: Arc<Vec<String>>,
    /// Something to tell the player, until the next press or change.
    pub notice: Option<String>,
    /// How many notices there were: another one may say the same.
    pub notices: u32,
    /// Whether network time goes on; else it is paused, and silent.
    pub playing: bool,
    /// How often network time has started again by a command.
    pub resets: u32,
    /// The network time at which it did so last.
    pub t0: u32,
    /// How many steps undo and redo could go.
    pub history: (usize, usize),
    /// The id of the sound that goes with this.
    pub sound: u32,
}

impl State {
    /// What a bend makes of a gate.
    pub fn mask(&self) -> Mask {
        match self.parameters.get(Key::Bend) {
            0 => Mask::Force(false),
            1 => Mask::Force(true),
            _ => Mask::Invert,
        }
    }

    /// Whether bends last.
    pub fn latched(&self) -> bool {
        self.parameters.get(Key::Hold) == 1
    }

    /// How far the largest finger bends, as a part of the field's width.
    pub fn radius(&self) -> f32 {
        self.parameters.get(Key::Radius) as f32 / 100.0
    }

    /// The bends that last, of all layers together, by node.
    pub fn bends(&self) -> &BTreeMap<u32, Mask> {
        self.layers.bends()
    }

    /// The network's own masks with the bends that last over them.
    pub fn lasting_masks(&self) -> Masks {
        let mut masks = self.network.masks().clone();
        masks.extend(self.bends().iter().map(|(node, mask)| (*node, *mask)));
        masks
    }

    /// The lasting masks and that of the analog inputs: what there is once the finger is
    /// lifted.
    pub fn lifted_masks(&self) -> Masks {
        let mut masks = self.lasting_masks();
        masks.extend(self.steered.map(|node| (node, self.mask())));
        masks
    }

    /// All masks: those, and the finger's.
    pub fn masks(&self) -> Masks {
        let mut masks = self.lifted_masks();
        if self.touch_passes() {
            masks.extend(self.touched.iter().map(|node| (*node, self.mask())));
        }
        masks
    }

    /// The parameters that analog inputs move, by input.
    pub fn moved(&self) -> [Option<Key>; INPUTS] {
        std::array::from_fn(|input| Target::of(&self.parameters, input).key())
    }

    /// Whether it matters what an analog input reads.
    pub fn listens_to(&self, input: usize) -> bool {
        self.page == Page::Inputs
            || self.analog.learning() == Some(input)
            || Target::of(&self.parameters, input) != Target::Nothing
    }

    /// Whether a finger bends what will not last.
    pub(super) fn touch_passes(&self) -> bool {
        !self.touched.is_empty() && !self.latched()
    }

    /// Finds the gate that the analog inputs bend.
    pub(super) fn steer(&mut self) {
        let place = self.analog.place(&self.parameters);
        self.steered = place.and_then(|place| {
            self.layout
                .touched(Area::Finger(place, 0.0), 0.0)
                .first()
                .copied()
        });
    }

    /// The name of the library's network that it is, or was before it was changed.
    pub fn origin(&self) -> &str {
        self.library.get(self.place).map_or("", String::as_str)
    }

    /// Returns how the network is played; paused, it stands still and is silent.
    pub fn playback(&self) -> Playback {
        let playback = self.parameters.playback(self.network.sample_rate());
        if self.playing {
            return playback;
        }
        // A network that stands still is a constant; changes to it would click.
        Playback {
            speed: 0,
            level: 0.0,
            ..playback
        }
    }

    /// The rate it plays at, in Hz.
    pub fn rate(&self) -> u32 {
        self.parameters.playback(self.network.sample_rate()).rate
    }
}
