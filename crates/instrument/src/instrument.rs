//! The instrument: applies commands to the state.

mod calibration;
mod change;
mod controls;
mod edits;
mod messages;
mod networks;
mod presets;
mod restore;

use std::sync::Arc;

use logicnet::random::Rng;
use logicnet::{Builder, Network};

use super::analog::Analog;
use super::bend_layers::BendLayers;
use super::command::{Command, Direction};
use super::controllers::Controllers;
use super::history::{History, Stroke};
use super::keyboard::Keyboard;
use super::layout::Layout;
use super::mutation;
use super::parameters::{Key, ParameterScope, Parameters};
use super::playback::Limits;
use super::preset::Preset;
use super::revision::Revision;
use super::save_request::SaveRequest;
use super::state::{Page, State};
use super::tempo::Tempo;
use change::{Affects, Change, Outcome};
use presets::Presets;

pub use change::Sound;

/// Results of a command besides the new state.
#[derive(Debug, Default)]
pub struct Effect {
    /// The new sound, if the change is audible.
    pub sound: Option<Sound>,
    /// The request to the storage, if there is something to save or delete.
    pub save: Option<SaveRequest>,
    /// The notice for the player once that is saved or deleted.
    pub saved: Option<String>,
}

/// The owner of the state: nothing else changes it.
pub struct Instrument {
    state: Arc<State>,
    /// Networks to choose from.
    networks: Vec<Arc<Network>>,
    /// Parameters of a start without a saved state.
    defaults: Parameters,
    presets: Presets,
    /// Programs that can be played here; without limits, all of them.
    limits: Option<Box<dyn Limits>>,
    builder: Builder,
    rng: Rng,
    history: History,
    /// True if the present touch latches gates, false if it frees them: its first gate
    /// decides.
    latching: Option<bool>,
    /// Gates under the touch that was refused last; it is not tried again at every scan.
    refused_touch: Vec<u32>,
}

impl Instrument {
    /// Creates an instrument that plays the first of some networks, and its first sound.
    ///
    /// With limits, the instrument refuses programs that cannot be played here. The seed
    /// is that of random networks and mutations without a seed of their own.
    ///
    /// # Errors
    /// Fails if there are no networks, or if the first one cannot be played here.
    pub fn new(
        networks: Vec<Network>,
        parameters: Parameters,
        presets: Vec<Preset>,
        limits: Option<Box<dyn Limits>>,
        seed: u64,
    ) -> Result<(Instrument, Sound), String> {
        let networks: Vec<Arc<Network>> = networks.into_iter().map(Arc::new).collect();
        let network = networks.first().ok_or("no network to play")?;
        let network_names = networks.iter().map(|network| network.name().into());
        let presets = Presets::new(presets);
        let mut state = State {
            network: Arc::clone(network),
            layout: Arc::new(Layout::new(network, parameters.get(Key::Dead) == 1)),
            network_index: 0,
            network_names: Arc::new(network_names.collect()),
            layers: BendLayers::default(),
            controls: network.control_defaults(),
            keyboard: Keyboard::default(),
            lowered: 0,
            polyphony: 1,
            controllers: Controllers::default(),
            tempo: Tempo::default(),
            touched: Vec::new(),
            steered: None,
            analog: Analog::default(),
            parameters: parameters.clone(),
            page: Page::Play,
            row: 0,
            finger: None,
            presets: Arc::new(presets.names()),
            notice: None,
            notices: 0,
            playing: true,
            resets: 0,
            t0: 0,
            history: (0, 0),
            sound: 0,
            revision: Revision::default(),
        };
        let mut instrument = Instrument {
            state: Arc::new(state.clone()),
            networks,
            defaults: parameters,
            presets,
            limits,
            builder: Builder::new(),
            rng: Rng::new(seed),
            history: History::new(&state),
            latching: None,
            refused_touch: Vec::new(),
        };
        let sound = instrument.first_sound(&mut state)?;
        instrument.state = Arc::new(state);
        Ok((instrument, sound))
    }

    /// Returns the state, which never changes: the next command makes another one.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// Reads the calibration file: the ranges of analog inputs, and what MIDI controllers move.
    /// Must be called before any reading arrives.
    ///
    /// # Errors
    /// Returns a message if the file is invalid; nothing changes then.
    pub fn calibrate(&mut self, text: &str) -> Result<(), String> {
        let mut state = (*self.state).clone();
        calibration::read(&mut state, text)?;
        self.state = Arc::new(state);
        Ok(())
    }

    /// Reserves names that presets must not take, such as those of unreadable files.
    pub fn reserve(&mut self, names: Vec<String>) {
        self.presets.reserve(names);
    }

    /// Shows the player a notice, until the next press.
    pub fn notify(&mut self, text: &str) {
        let mut state = (*self.state).clone();
        state.notify(text.to_string());
        self.state = Arc::new(state);
    }

    /// Applies a command of an instrument whose presets are not saved.
    ///
    /// # Errors
    /// Returns a message for the player if the command is refused; state and sound are
    /// unchanged then.
    pub fn apply(&mut self, command: Command) -> Result<Effect, String> {
        let mut effect = self.apply_with(command, || Ok(()))?;
        if let Some(saved) = effect.saved.take() {
            self.notify(&saved);
        }
        Ok(effect)
    }

    /// Applies a command, provided that `accept` returns no error if the command makes a
    /// request to the storage.
    ///
    /// # Errors
    /// Returns a message for the player if the command is refused, or that of `accept`;
    /// state and sound are unchanged then.
    pub fn apply_with(
        &mut self,
        command: Command,
        accept: impl FnOnce() -> Result<(), String>,
    ) -> Result<Effect, String> {
        let mut state = (*self.state).clone();
        let is_touch = matches!(command, Command::Touch(_));
        // The position of a knob is not an edit: after a restart, it is read again.
        let is_turn = matches!(command, Command::Turn(..));
        let events = match &command {
            Command::Midi(events) => events.clone(),
            _ => Vec::new(),
        };
        if !is_touch && !is_turn && events.is_empty() && !matches!(command, Command::Finger(_)) {
            state.notice = None;
        }
        let mut change = self.change(&mut state, command)?;
        if is_touch && !self.refused_touch.is_empty() && self.refused_touch == state.touched {
            return Ok(Effect::default());
        }
        let mut sound = self.sound(&mut state, &change, is_touch);
        if let (Err(problem), false) = (&sound, events.is_empty()) {
            (state, change) = self.keys_alone(&events, problem);
            sound = self.sound(&mut state, &change, false);
            if sound.is_err() {
                // Not even the keys can be played: a program in which they are bits is too
                // slow. Without them, it is not.
                state.keyboard.mute();
                sound = self.sound(&mut state, &Change::new(Affects::Program), false);
            }
        }
        if is_touch && sound.is_err() {
            self.refused_touch.clone_from(&state.touched);
        }
        let sound = sound?;
        change.save.as_ref().map_or(Ok(()), |_| accept())?;
        self.refused_touch.clear();
        if let Some(index) = change.history {
            self.history.go_to(index);
        }
        // A touch is one step of undo, however far it slides and whatever other commands
        // come meanwhile.
        let is_edit =
            self.state.layers != state.layers || !Arc::ptr_eq(&self.state.network, &state.network);
        if state.touched.is_empty() || (is_edit && !is_touch) {
            self.history.remember(&state, change.scope, change.stroke);
        }
        let is_set = (self.state.parameters != state.parameters
            || self.state.controls != state.controls)
            && !is_turn;
        // A state that was resumed has brought its revision.
        if (is_edit || is_set) && state.revision == self.state.revision {
            state.revision = state.revision.next();
        }
        self.history.note(&state);
        state.history = self.history.steps(&state);
        if let Some(request) = &change.save {
            self.presets.update(request, &mut state);
        }
        self.state = Arc::new(state);
        Ok(Effect {
            sound,
            save: change.save,
            saved: change.saved,
        })
    }

    /// Changes a copy of the state as a command says.
    #[expect(clippy::too_many_lines, reason = "an arm a command")]
    fn change(&mut self, state: &mut State, command: Command) -> Outcome {
        Ok(match command {
            Command::Touch(area) => self.touch(state, area),
            Command::Finger(button) => {
                state.finger = button;
                Change::default()
            }
            Command::Press(button, press) => self.press(state, button, press)?,
            Command::Swap(direction) => {
                let index = self.neighbour(state, direction)?;
                self.choose(state, index)?
            }
            Command::Choose(index) => self.choose(state, index)?,
            Command::Load(network) => {
                let network = Arc::new(*network);
                self.place_network(state, &network, network.name());
                Change::new(Affects::Network)
            }
            Command::LoadTrained {
                network,
                stroke,
                begins,
            } => self.load_trained(state, *network, stroke, begins)?,
            Command::LoadPreset(preset, whole) => self.load_preset(state, *preset, whole)?,
            Command::Random(seed) => self.random(state, seed)?,
            Command::Mutate(seed) => self.mutate(state, seed)?,
            Command::Rewire(node, gate) => {
                state.replace_network(mutation::rewired(&state.network, node, gate)?);
                Change::new(Affects::Program)
            }
            Command::Paint { bends, stroke } => self.paint(state, bends, stroke)?,
            Command::AddLayer(name) => {
                state.layers.add(name)?;
                Change::default()
            }
            Command::RemoveLayer(layer) => {
                state.layers.remove(layer)?;
                self.bent(state, None)
            }
            Command::ChooseLayer(layer) => {
                state.layers.choose(layer)?;
                Change::default()
            }
            Command::SetStrength(layer, strength) => {
                state.layers.set_strength(layer, strength)?;
                self.bent(state, Some(Stroke::Strength(layer)))
            }
            Command::ClearLayer(layer) => {
                state.layers.clear(layer)?;
                self.bent(state, None)
            }
            Command::ClearBends => {
                state.layers.clear_all();
                self.bent(state, None)
            }
            Command::Undo => self.undo(state, Direction::Previous)?,
            Command::Redo => self.undo(state, Direction::Next)?,
            Command::Play(playing) => {
                state.playing = playing;
                if playing {
                    state.keyboard.rest();
                }
                self.heard(state)
            }
            Command::Seek(t) => Change {
                seek: Some(state.seek(t)),
                ..Change::new(Affects::Program)
            },
            Command::Set(key, value) => {
                state.parameters.set(key, value);
                controls::parameter_set(state, key)
            }
            Command::Step(key, steps) => {
                state.parameters.step(key, steps);
                controls::parameter_set(state, key)
            }
            Command::Control(name, position) => self.set_control(state, &name, position)?,
            Command::Midi(events) => self.receive(state, &events),
            Command::LearnController(destination) => {
                state.controllers.learn(destination);
                Change::default()
            }
            Command::ForgetController(destination) => messages::forget(state, &destination)?,
            Command::Connect(input, name) => controls::connect(state, input, &name)?,
            Command::Turn(input, reading) => controls::turn(state, input, reading),
            Command::Learn(input) => controls::learn(state, input)?,
            Command::Show(page) => {
                state.page = page;
                state.row = 0;
                Change::default()
            }
            Command::SavePreset(name) => self.presets.save(state, name)?,
            Command::RecallPreset(name) => self.recall_preset(state, &name)?,
            Command::ReplacePreset(name) => self.presets.replace(state, name)?,
            Command::DeletePreset(name) => self.presets.delete(name)?,
            Command::RestorePreset(name) => self.presets.bring_back(name.as_deref())?,
            Command::Restore(saved, t) => Change {
                seek: t.map(|t| state.seek(t)),
                ..self.restore(state, &saved, ParameterScope::Presets)?
            },
            Command::Resume(saved, t) => {
                if !state.revision.precedes(saved.revision) {
                    return Err("what plays here is newer".into());
                }
                state.revision = Revision::resumed(saved.revision);
                self.change(state, Command::Restore(saved, t))?
            }
            Command::For(target, mut edit) => {
                target.aim(edit.layer_mut(), state)?;
                self.change(state, *edit)?
            }
            Command::SafeStart => self.safe_start(state),
            Command::Notice(notice) => {
                state.notify(notice);
                Change::default()
            }
        })
    }
}
