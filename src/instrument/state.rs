//! What the instrument is at a moment: an immutable value for all surfaces.

use std::collections::BTreeMap;
use std::sync::Arc;

use logicnet::{Mask, Masks, Network};

use super::analog::Analog;
use super::layout::{Area, Layout};
use super::parameters::{Key, Parameters};
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
    /// Bends that last, by node.
    pub bends: BTreeMap<u32, Mask>,
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
    /// How often network time has started again at 0.
    pub resets: u32,
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

    /// The network's own masks with the bends that last over them.
    pub fn lasting_masks(&self) -> Masks {
        let mut masks = self.network.masks().clone();
        masks.extend(self.bends.iter().map(|(node, mask)| (*node, *mask)));
        masks
    }

    /// The lasting masks, those of the finger, and that of the analog inputs.
    pub fn masks(&self) -> Masks {
        let mut masks = self.lasting_masks();
        let touched = self.touched.iter().filter(|_| !self.latched());
        let passing = touched.chain(&self.steered);
        masks.extend(passing.map(|node| (*node, self.mask())));
        masks
    }

    /// Whether anything is bent that will not last.
    pub(super) fn bends_pass(&self) -> bool {
        self.steered.is_some() || !(self.touched.is_empty() || self.latched())
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

    /// The rate it plays at, in Hz.
    pub fn rate(&self) -> u32 {
        self.parameters.settings(self.network.sample_rate()).rate
    }
}
