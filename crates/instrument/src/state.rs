//! The state of the instrument: an immutable value that every surface reads.

use std::sync::Arc;

use logicnet::{Mask, Masks, Network};

use super::analog::{Analog, INPUTS, Target};
use super::bend_layers::BendLayers;
use super::layout::{Area, Layout};
use super::notice;
use super::parameters::{Key, Parameters};
use super::playback::Playback;
use super::preset::Preset;
use super::revision::Revision;
use super::surface::Button;

named! {
    /// A page of the display.
    Page {
        /// Gates and their values.
        Play = "play",
        /// Parameters.
        Menu = "menu",
        /// Presets.
        Presets = "presets",
        /// Analog inputs.
        Inputs = "inputs",
        /// Version, network, and how the board performs.
        About = "about",
    }
}

impl Page {
    /// Returns what the surface's buttons do on this page when tapped, in a word each, in
    /// the order of [`Button::ALL`].
    pub const fn button_labels(self) -> [&'static str; 5] {
        match self {
            Page::Play => ["prev", "next", "mode", "clear", "time"],
            Page::Menu => ["up", "down", "less", "more", "back"],
            Page::Presets => ["up", "down", "keep", "play", "back"],
            Page::Inputs => ["up", "down", "moves", "learn", "back"],
            Page::About => ["up", "down", "mutate", "new", "back"],
        }
    }
}

/// The state of the instrument at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The network, without bends.
    pub network: Arc<Network>,
    /// Positions of its gates on the surface.
    pub layout: Arc<Layout>,
    /// The index in `network_names` of the network, or of the one it was before it was
    /// changed.
    pub network_index: usize,
    /// Names of the networks to choose from, in order.
    pub network_names: Arc<Vec<String>>,
    /// Lasting bends.
    pub layers: BendLayers,
    /// Gates under the finger; the nearest comes first.
    pub touched: Vec<u32>,
    /// The gate that analog inputs bend, if any.
    pub steered: Option<u32>,
    /// Readings and calibration of the analog inputs.
    pub analog: Analog,
    /// Values of all parameters.
    pub parameters: Parameters,
    /// The page that the display shows.
    pub page: Page,
    /// The chosen row of the page.
    pub row: usize,
    /// The button under the finger.
    pub finger: Option<Button>,
    /// Names of the presets, in order.
    pub presets: Arc<Vec<String>>,
    /// A message for the player, until the next press or change.
    pub notice: Option<String>,
    /// The number of notices so far, which tells two with the same text apart.
    pub notices: u32,
    /// True if network time runs; otherwise it is paused, and the output is silent.
    pub playing: bool,
    /// The number of times that a command has set network time.
    pub resets: u32,
    /// The network time that the last of them set.
    pub t0: u32,
    /// Steps that undo and redo can go.
    pub history: (usize, usize),
    /// The id of the sound of this state.
    pub sound: u32,
    /// The number of edits that led to it.
    pub revision: Revision,
}

impl State {
    /// Returns the mask that a bend puts on a gate.
    pub fn mask(&self) -> Mask {
        match self.parameters.get(Key::Bend) {
            0 => Mask::Force(false),
            1 => Mask::Force(true),
            _ => Mask::Invert,
        }
    }

    /// Returns whether bends by touch last after the touch.
    pub fn latched(&self) -> bool {
        self.parameters.get(Key::Hold) == 1
    }

    /// Returns the reach of the largest finger, as part of the surface's width.
    pub fn radius(&self) -> f32 {
        self.parameters.get(Key::Radius) as f32 / 100.0
    }

    /// Returns the lasting bends of all layers together, by node.
    pub fn bends(&self) -> &Masks {
        self.layers.bends()
    }

    /// Returns the network's own masks under the lasting bends.
    pub fn lasting_masks(&self) -> Masks {
        let mut masks = self.network.masks().clone();
        masks.extend(self.bends().iter());
        masks
    }

    /// Returns the lasting masks and that of the analog inputs: the masks that remain
    /// once the finger is lifted.
    pub fn lifted_masks(&self) -> Masks {
        let mut masks = self.lasting_masks();
        masks.extend(self.steered.map(|node| (node, self.mask())));
        masks
    }

    /// Returns all masks: lasting ones, that of the analog inputs and the finger's.
    pub fn masks(&self) -> Masks {
        let mut masks = self.lifted_masks();
        if self.has_momentary_touch() {
            masks.extend(self.touched.iter().map(|node| (*node, self.mask())));
        }
        masks
    }

    /// Returns whether a reading of an analog input can change anything.
    pub fn listens_to(&self, input: usize) -> bool {
        self.page == Page::Inputs
            || self.analog.learning() == Some(input)
            || self.parameters.target(input) != Target::Nothing
    }

    /// Returns whether a finger bends gates that it frees when it is lifted.
    pub(super) fn has_momentary_touch(&self) -> bool {
        !self.touched.is_empty() && !self.latched()
    }

    /// Returns the name of the network, or that of the one it was before it was changed.
    pub fn origin(&self) -> &str {
        let name = self.network_names.get(self.network_index);
        name.map_or("", String::as_str)
    }

    /// Returns network, bends and parameters as a preset.
    pub fn to_preset(&self, name: String) -> Preset {
        Preset {
            name,
            network: Arc::clone(&self.network),
            layers: self.layers.clone(),
            parameters: self.parameters.clone(),
            origin: None,
        }
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

    /// Returns the rate that the network is played at, in Hz.
    pub fn rate(&self) -> u32 {
        self.parameters.playback(self.network.sample_rate()).rate
    }

    /// Shows the player a notice.
    pub(super) fn notify(&mut self, text: String) {
        self.notice = Some(notice::cut(text));
        self.notices = self.notices.wrapping_add(1);
    }

    /// Replaces the network, and removes all bends and all layers but the first.
    pub(super) fn set_network(&mut self, network: Arc<Network>) {
        self.network = network;
        self.layers = BendLayers::default();
        self.touched.clear();
        self.lay_out();
    }

    /// Replaces the network by a changed one with as many nodes, and keeps the bends.
    pub(super) fn replace_network(&mut self, network: Network) {
        self.network = Arc::new(network);
        self.touched.clear();
        self.lay_out();
    }

    /// Lays the network's gates out, and finds the one that the analog inputs bend.
    pub(super) fn lay_out(&mut self) {
        let with_dead = self.parameters.get(Key::Dead) == 1;
        self.layout = Arc::new(Layout::new(&self.network, with_dead));
        self.steer();
    }

    /// Finds the gate that the analog inputs bend.
    pub(super) fn steer(&mut self) {
        let targets: [_; INPUTS] = std::array::from_fn(|input| self.parameters.target(input));
        let point = self.analog.bend_at(targets);
        let touched = |point| self.layout.touched(Area::Finger(point, 0.0), 0.0);
        self.steered = point.and_then(|point| touched(point).first().copied());
    }

    /// Sets network time, and returns it.
    pub(super) fn seek(&mut self, t: u32) -> u32 {
        self.resets = self.resets.wrapping_add(1);
        self.t0 = t;
        t
    }
}
