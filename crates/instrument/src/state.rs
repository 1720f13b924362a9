//! The state of the instrument: an immutable value that every surface reads.

use std::sync::Arc;

use logicnet::{Controls, Mask, Masks, Network};

use super::analog::{Analog, INPUTS, Target};
use super::bend_layers::BendLayers;
use super::controllers::Controllers;
use super::keyboard::{Keyboard, Voice};
use super::layout::{Area, Layout};
use super::notice;
use super::parameters::{ClockUse, Key, Parameters};
use super::pitch::{self, OCTAVE, SEMITONE};
use super::playback::{Note, Notes, Playback};
use super::preset::Preset;
use super::revision::Revision;
use super::surface::Button;
use super::tempo::Tempo;

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
    /// Positions of the network's controls, 0.0..=1.0, in the order of its sources.
    pub controls: Vec<f64>,
    /// The keys that are held, and their voices.
    pub keyboard: Keyboard,
    /// Octaves by which the key that sounds is lowered: as high as it is, the network cannot
    /// be played here.
    pub lowered: u8,
    /// Most keys that can sound at once here, 1 to 8: more of this network are too slow, or it
    /// reads the key that sounds.
    pub polyphony: usize,
    /// MIDI controllers and what they move.
    pub controllers: Controllers,
    /// The MIDI clock.
    pub tempo: Tempo,
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

/// Controls that follow a voice.
const NOTE: &str = "note";
const VELOCITY: &str = "velocity";
const GATE: &str = "gate";
/// Values of the parameter `keys`.
const KEYS_PITCH: i32 = 1;
const KEYS_OFF: i32 = 2;

/// Returns the rate in Hz at which a quarter note of this duration has so many samples.
fn synced_rate(samples: u32, quarter_ns: u64) -> u32 {
    let rate = u64::from(samples) * 1_000_000_000;
    ((rate + quarter_ns / 2) / quarter_ns.max(1)).clamp(1, 768_000) as u32
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

    /// Returns the values of the network's controls in the voice that leads.
    pub fn control_values(&self) -> Controls {
        self.control_values_of(self.lead())
    }

    /// Returns the values of the network's controls in a voice, or without one. Those called
    /// `note`, `velocity` and `gate` follow the voice: of 7 bits, they are its note and its
    /// velocity, and a gate is all ones while its key is held, otherwise 0.
    pub fn control_values_of(&self, voice: Option<&Voice>) -> Controls {
        let mut positions = self.controls.iter();
        Controls::new(self.network.sources(), |name, default| {
            let position = positions.next().copied().unwrap_or(default);
            let of_voice = voice.and_then(|voice| match name {
                NOTE => Some(f64::from(voice.key.1) / 128.0),
                VELOCITY => Some(f64::from(voice.velocity) / 128.0),
                GATE => Some(f64::from(u8::from(voice.gate))),
                _ => None,
            });
            of_voice.unwrap_or(position)
        })
    }

    /// Returns the voice that sounds, if keys decide what does.
    pub fn lead(&self) -> Option<&Voice> {
        self.keyboard.lead().filter(|_| self.has_keys())
    }

    /// Returns whether keys decide what sounds.
    pub fn has_keys(&self) -> bool {
        self.keyboard.in_use() && self.parameters.get(Key::Keys) != KEYS_OFF
    }

    /// Returns whether keys restart the time that all of them share.
    pub(super) fn retriggers(&self) -> bool {
        self.has_keys() && !self.is_polyphonic() && self.parameters.get(Key::Retrigger) == 1
    }

    /// Returns whether the network has a control of this name.
    fn has_control(&self, control: &str) -> bool {
        self.control_index(control).is_some()
    }

    /// Returns the place of the control of this name among the network's controls.
    pub(super) fn control_index(&self, control: &str) -> Option<usize> {
        self.control_names().position(|name| name == control)
    }

    /// Describes that the network has no control of this name.
    pub(super) fn no_control(&self, name: &str) -> String {
        let names: Vec<&str> = self.control_names().collect();
        match names[..] {
            [] => "this network has no controls".to_string(),
            _ => format!("no control {name:?}; there are {}", names.join(", ")),
        }
    }

    /// Returns the name of the control that an analog input moves, if the network has it.
    pub fn control_of(&self, input: usize) -> Option<&str> {
        if self.parameters.target(input) != Target::Control {
            return None;
        }
        let name = self.analog.control(input);
        let mut names = self.control_names();
        match name {
            Some(name) => names.find(|other| *other == name),
            None => names.nth(input),
        }
    }

    /// Sets the control that an analog input moves.
    pub(super) fn follow(&mut self, input: usize) {
        let index = self
            .control_of(input)
            .and_then(|name| self.control_index(name));
        if let (Some(index), Some(part)) = (index, self.analog.part(input)) {
            self.controls[index] = f64::from(part);
        }
    }

    /// Returns the names of the network's controls, in the order of its sources.
    pub fn control_names(&self) -> impl Iterator<Item = &str> {
        self.network.control_names()
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
            controls: self.controls.clone(),
            origin: None,
        }
    }

    /// Returns how the network is played; paused, it stands still and is silent.
    pub fn playback(&self) -> Playback {
        let playback = self.running();
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

    /// Returns how the network is played while it is not paused.
    pub fn running(&self) -> Playback {
        let base = self.base();
        if self.is_polyphonic() {
            return Playback {
                notes: Some(self.notes(base.rate)),
                ..base
            };
        }
        match self.lead() {
            Some(voice) => Playback {
                rate: pitch::shifted(base.rate, self.pitch(voice)),
                level: base.level * self.loudness(voice),
                ..base
            },
            // Nothing is held, and no voice sounds on.
            None if self.has_keys() => Playback { level: 0.0, ..base },
            None => base,
        }
    }

    /// Returns whether keys sound at once, each in its own time.
    fn is_polyphonic(&self) -> bool {
        self.most_voices() > 1 && self.keyboard.in_use() && self.plays_keys()
    }

    /// Returns whether keys play while they are held.
    fn plays_keys(&self) -> bool {
        ![KEYS_PITCH, KEYS_OFF].contains(&self.parameters.get(Key::Keys))
    }

    /// Returns whether it is silent because no key is held.
    pub fn waits_for_keys(&self) -> bool {
        let running = self.running();
        self.has_keys()
            && match running.notes {
                Some(notes) => notes.held.iter().all(Option::is_none),
                None => running.level == 0.0,
            }
    }

    /// Returns the number of voices that may sound.
    fn most_voices(&self) -> usize {
        (self.parameters.get(Key::Voices) as usize).min(self.polyphony)
    }

    /// Returns whether the network reads the key that sounds. Its voices are programs of their
    /// own then, and one of them plays.
    pub(super) fn reads_keys(&self) -> bool {
        [NOTE, VELOCITY, GATE]
            .iter()
            .any(|control| self.has_control(control))
    }

    /// Returns the keys that sound of a network with this rate in Hz.
    fn notes(&self, rate: u32) -> Notes {
        Notes {
            places: self.most_voices(),
            held: self.keyboard.voices().map(|voice| {
                let voice = voice.filter(|voice| voice.gate)?;
                Some(Note {
                    strike: voice.strike,
                    rate: pitch::shifted(rate, self.pitch(&voice)),
                    level: self.loudness(&voice),
                })
            }),
        }
    }

    /// Returns how the network is played with this many places for keys, all of them silent.
    pub(super) fn with_places(&self, places: usize) -> Playback {
        Playback {
            notes: Some(Notes {
                places,
                ..Notes::default()
            }),
            ..self.base()
        }
    }

    /// Returns how the network is played without keys while it is not paused.
    pub fn base(&self) -> Playback {
        let playback = self.parameters.playback(self.network.sample_rate());
        let quarter_ns = self.tempo.quarter_ns();
        match quarter_ns.filter(|_| self.parameters.clock_use() == ClockUse::Tempo) {
            Some(ns) => Playback {
                rate: synced_rate(self.parameters.get(Key::Quarter) as u32, ns),
                ..playback
            },
            None => playback,
        }
    }

    /// Returns the pitch of a voice, in the unit of [`pitch`]: that of its key above the root,
    /// unless the network reads the note, and that of the pitch wheel.
    fn pitch(&self, voice: &Voice) -> i32 {
        let (channel, note) = voice.key;
        let wheel = i32::from(self.keyboard.wheel(channel)) * self.parameters.get(Key::Wheel);
        let key = if self.has_control(NOTE) {
            0
        } else {
            (i32::from(note) - self.parameters.get(Key::Root)) * SEMITONE
        };
        // A wheel of n semitones turns 8192 n units each way.
        key + wheel - i32::from(self.lowered) * OCTAVE
    }

    /// Returns the level of a voice, 0.0 to 1.0: the square of its velocity as far as the
    /// parameter says, unless the network reads the velocity; and 0 once its key is released,
    /// unless the network reads the gate.
    fn loudness(&self, voice: &Voice) -> f32 {
        if self.parameters.get(Key::Keys) == KEYS_PITCH {
            return 1.0;
        }
        if !voice.gate && !self.has_control(GATE) {
            return 0.0;
        }
        if self.has_control(VELOCITY) {
            return 1.0;
        }
        // Both whole numbers are exact, so the quotient is the same on every machine.
        let (full, velocity) = (127 * 127, i32::from(voice.velocity));
        let softer = self.parameters.get(Key::Velocity) * (full - velocity * velocity);
        (100 * full - softer) as f32 / (100 * full) as f32
    }

    /// Gives the keyboard as many voices as may sound.
    pub(super) fn set_voices(&mut self) {
        let count = self.most_voices();
        self.keyboard.set_count(count);
    }

    /// Lowers the voice that sounds by another octave. Returns false if it plays the network
    /// at its own rate or below already.
    pub(super) fn lower(&mut self) -> bool {
        let is_high = self.lead().is_some_and(|voice| self.pitch(voice) > 0);
        self.lowered += u8::from(is_high);
        is_high
    }

    /// Returns the rate that the network is played at without keys, in Hz.
    pub fn rate(&self) -> u32 {
        self.base().rate
    }

    /// Shows the player a notice.
    pub(super) fn notify(&mut self, text: String) {
        self.notice = Some(notice::cut(text));
        self.notices = self.notices.wrapping_add(1);
    }

    /// Replaces the network, and removes all bends and all layers but the first.
    pub(super) fn set_network(&mut self, network: Arc<Network>) {
        self.controls = network.control_defaults();
        self.network = network;
        (0..INPUTS).for_each(|input| self.follow(input));
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
