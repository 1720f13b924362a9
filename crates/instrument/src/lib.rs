//! The instrument: commands in, a new state out and, when the sound changes,
//! what the engine shall play.
//!
//! Pure: no files, no clock, no threads. [`Instrument`] is the only owner of the
//! truth; a command that is refused changes nothing.

#![forbid(unsafe_code)]

pub mod analog;
mod command;
pub mod commands;
pub mod gestures;
mod history;
pub mod layers;
pub mod layout;
mod mutation;
pub mod notice;
pub mod pages;
pub mod parameters;
mod playback;
pub mod preset;
mod saved;
mod state;
pub mod surface;

use std::sync::Arc;

use logicnet::random::{Ops, Rng};
use logicnet::{Builder, Mask, Masks, Network, Program};

pub use command::{Command, Direction};
pub use playback::{Limits, Playback};
pub use saved::Saved;
pub use state::{Page, State};

use analog::{Analog, INPUTS, Reading, Target};
use gestures::Press;
use history::{History, ParameterScope, Stroke};
use layers::Layers;
use layout::{Area, Layout};
use parameters::{KEYS, Key, Kind, Parameters};
use preset::{MOST_PRESETS, Preset, RESCUED};
use surface::Button;

/// What the engine shall play from now on.
#[derive(Debug)]
pub struct Sound {
    /// What tells it from others; [`State::sound`] of the state it belongs to.
    pub id: u32,
    /// A new program.
    pub program: Option<Program>,
    /// How it is played.
    pub playback: Playback,
    /// The network time to start at, if not where it is.
    pub seek: Option<u32>,
    /// Fade over to it: it is another network.
    pub fade: bool,
}

/// What shall be kept on disk.
#[derive(Clone, Debug, PartialEq)]
pub enum SaveRequest {
    /// This preset.
    Save(Box<Preset>),
    /// No longer the preset of this name.
    Delete(String),
    /// The analog inputs' calibration, as a file.
    Calibration(String),
}

impl SaveRequest {
    /// The preset's name; none of what is no preset.
    pub fn preset(&self) -> Option<&str> {
        match self {
            SaveRequest::Save(preset) => Some(&preset.name),
            SaveRequest::Delete(name) => Some(name),
            SaveRequest::Calibration(_) => None,
        }
    }

    /// Whether it is a state that was not played on from, and is nowhere else
    /// once that is replaced.
    pub fn is_rescue(&self) -> bool {
        matches!(self, SaveRequest::Save(preset) if preset.place.is_some())
    }
}

/// What a command led to, beside the new state.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The sound changes.
    pub sound: Option<Sound>,
    /// Something is to be kept.
    pub keep: Option<SaveRequest>,
}

/// Layers and inputs of a random network: deep enough to surprise, small enough
/// for every board.
const RANDOM_WIDTHS: [usize; 5] = [96, 96, 96, 96, 24];
const RANDOM_INPUTS: u32 = 16;

/// The only owner of the truth.
pub struct Instrument {
    state: Arc<State>,
    library: Vec<Arc<Network>>,
    /// The parameters of a start without a memory.
    defaults: Parameters,
    presets: Vec<Preset>,
    /// Programs that can be played here.
    limits: Option<Box<dyn Limits>>,
    builder: Builder,
    rng: Rng,
    history: History,
    /// Whether this touch latches gates or frees them: its first gate decides.
    latching: Option<bool>,
    /// Gates whose touch was refused, so that it is not tried at every scan.
    refused: Vec<u32>,
    /// Names that no preset may take.
    reserved: Vec<String>,
    sounds: u32,
}

/// What a command changes of the sound.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    Nothing,
    Settings,
    /// The program, of the same network.
    Bend,
    /// Another network.
    Network,
}

/// What a command leads to, beside the state.
#[derive(Clone, Copy)]
struct Change {
    heard: Heard,
    seek: Option<u32>,
    /// Another moment of the history is now.
    now: Option<usize>,
    /// The parameters that came with it.
    scope: ParameterScope,
    /// It may go on with the one before.
    stroke: Option<Stroke>,
}

const SAME: Change = Change {
    heard: Heard::Nothing,
    seek: None,
    now: None,
    scope: ParameterScope::Nothing,
    stroke: None,
};
const BENT: Change = Change {
    heard: Heard::Bend,
    ..SAME
};
const SET: Change = Change {
    heard: Heard::Settings,
    ..SAME
};
const SWAPPED: Change = Change {
    heard: Heard::Network,
    ..SAME
};

impl Instrument {
    /// An instrument that plays the first network of a library; with limits, only
    /// what the platform can play, in groups of so many lanes.
    ///
    /// # Errors
    /// When the library is empty, or its first network is too slow here.
    pub fn new(
        library: Vec<Network>,
        parameters: Parameters,
        presets: Vec<Preset>,
        limits: Option<Box<dyn Limits>>,
        seed: u64,
    ) -> Result<(Instrument, Sound), String> {
        let library: Vec<Arc<Network>> = library.into_iter().map(Arc::new).collect();
        let network = library.first().ok_or("no network to play")?;
        let names_of_library = library.iter().map(|network| network.name().into());
        let state = State {
            network: Arc::clone(network),
            layout: Arc::new(Layout::new(network, parameters.get(Key::Dead) == 1)),
            place: 0,
            library: Arc::new(names_of_library.collect()),
            layers: Layers::default(),
            touched: Vec::new(),
            steered: None,
            analog: Analog::default(),
            parameters: parameters.clone(),
            page: Page::Play,
            row: 0,
            finger: None,
            presets: Arc::new(names(&presets)),
            notice: None,
            notices: 0,
            playing: true,
            resets: 0,
            t0: 0,
            history: (0, 0),
            sound: 0,
        };
        let mut instrument = Instrument {
            state: Arc::new(state.clone()),
            library,
            defaults: parameters,
            presets,
            limits,
            builder: Builder::new(),
            rng: Rng::new(seed),
            history: History::new(&state),
            latching: None,
            refused: Vec::new(),
            reserved: Vec::new(),
            sounds: 0,
        };
        let mut state = state;
        let sound = instrument
            .sound(&mut state, SWAPPED, false)?
            .ok_or("a new network is a new sound")?;
        instrument.state = Arc::new(state);
        Ok((instrument, sound))
    }

    /// The state. Everything in it is of one moment.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// Takes the analog inputs' calibration from its file, before they are read.
    ///
    /// # Errors
    /// Says what is wrong with the file; the inputs' whole range counts then.
    pub fn calibrate(&mut self, text: &str) -> Result<(), String> {
        let mut state = (*self.state).clone();
        state.analog.calibrate(text)?;
        self.state = Arc::new(state);
        Ok(())
    }

    /// Names that presets must not take: what is kept under them is not known.
    pub fn reserve(&mut self, names: Vec<String>) {
        self.reserved = names;
    }

    /// Plays on from what was saved, before the first sound. What cannot be
    /// played here, and what is not trusted after starts that failed, is kept as
    /// a preset instead, and the player is told.
    pub fn resume(&mut self, saved: Saved, trusted: bool) -> Outcome {
        let problem = if trusted {
            match self.play_on(&saved) {
                Ok(sound) => {
                    return Outcome {
                        sound: Some(sound),
                        keep: None,
                    };
                }
                Err(problem) => problem,
            }
        } else {
            "safe start: the last ones failed".to_string()
        };
        self.set_aside(saved, &problem)
    }

    /// Keeps as a preset what shall not be played on from, and tells the player
    /// why, before the first sound.
    pub fn set_aside(&mut self, saved: Saved, why: &str) -> Outcome {
        let mut keep = None;
        let told = self.rescue(saved, &self.state, why, &mut keep);
        if let Some(keep) = &keep {
            self.keep(keep);
        }
        self.notify(&told);
        Outcome { sound: None, keep }
    }

    fn play_on(&mut self, saved: &Saved) -> Result<Sound, String> {
        let mut state = (*self.state).clone();
        self.restore(&mut state, saved, ParameterScope::All)?;
        let sound = self
            .sound(&mut state, SWAPPED, false)?
            .ok_or("a new network is a new sound")?;
        self.history = History::new(&state);
        self.state = Arc::new(state);
        Ok(sound)
    }

    /// Puts what was saved in place, and these of its parameters.
    fn restore(
        &self,
        state: &mut State,
        saved: &Saved,
        scope: ParameterScope,
    ) -> Result<(), String> {
        saved.layers.fit(&saved.network)?;
        bring(state, &saved.parameters, scope);
        self.put(state, &saved.network, &saved.place);
        state.layers = saved.layers.clone();
        Ok(())
    }

    /// Puts a network of any origin in place: the library's own, if it is that, and not a
    /// second one like it. One that has nothing to do with the library leaves the place
    /// there as it is.
    fn put(&self, state: &mut State, network: &Arc<Network>, name: &str) {
        state.place = self.place_of(network, name).unwrap_or(state.place);
        let own = &self.library[state.place];
        let network = if own == network { own } else { network };
        swap(state, Arc::clone(network));
    }

    /// Where the library has this network or, if it does not, one of this name, which it
    /// may have been before it was changed.
    fn place_of(&self, network: &Network, name: &str) -> Option<usize> {
        let find = |is: &dyn Fn(&Network) -> bool| self.library.iter().position(|own| is(own));
        find(&|own| own == network).or_else(|| find(&|own| own.name() == name))
    }

    /// Keeps what a state takes the place of as a preset, unless it is the same
    /// or there is such a preset already. Gives the words to tell.
    fn rescue(
        &self,
        saved: Saved,
        state: &State,
        why: &str,
        keep: &mut Option<SaveRequest>,
    ) -> String {
        if saved.is_of(state) {
            return why.to_string();
        }
        let same = |preset: &&Preset| Saved::of_preset(preset).is_some_and(|other| other == saved);
        let found = self.presets.iter().find(same);
        let name = found.map(|preset| preset.name.clone());
        let name = name.unwrap_or_else(|| {
            let name = preset::free_name(RESCUED, |name| self.is_taken(name));
            *keep = Some(SaveRequest::Save(Box::new(saved.into_preset(name.clone()))));
            name
        });
        format!("{why}; what was played is preset {name}")
    }

    fn is_taken(&self, name: &str) -> bool {
        self.reserved.iter().any(|reserved| reserved == name)
            || self.presets.iter().any(|preset| preset.name == name)
    }

    /// Does what a command says.
    ///
    /// # Errors
    /// Says in plain words why not; state and sound are then as before.
    pub fn apply(&mut self, command: Command) -> Result<Outcome, String> {
        let mut state = (*self.state).clone();
        let mut keep = None;
        let touch = matches!(command, Command::Touch(_));
        if !touch && !matches!(command, Command::Finger(_) | Command::Turn(..)) {
            state.notice = None;
        }
        let change = self.change(&mut state, command, &mut keep)?;
        if touch && !self.refused.is_empty() && self.refused == state.touched {
            return Ok(Outcome::default());
        }
        let sound = match self.sound(&mut state, change, touch) {
            Ok(sound) => sound,
            Err(problem) => {
                if touch {
                    self.refused = state.touched;
                }
                return Err(problem);
            }
        };
        self.refused.clear();
        if let Some(now) = change.now {
            self.history.go_to(now);
        }
        // A touch is one step of undo, however far it goes and whatever is done
        // meanwhile.
        let own =
            self.state.layers != state.layers || !Arc::ptr_eq(&self.state.network, &state.network);
        if state.touched.is_empty() || (own && !touch) {
            self.history.remember(&state, change.scope, change.stroke);
        }
        self.history.note(&state.parameters);
        state.history = self.history.steps(&state);
        self.state = Arc::new(state);
        if let Some(keep) = &keep {
            self.keep(keep);
        }
        Ok(Outcome { sound, keep })
    }

    /// Tells the player something, until the next press.
    pub fn notify(&mut self, text: &str) {
        let mut state = (*self.state).clone();
        tell(&mut state, text.to_string());
        self.state = Arc::new(state);
    }

    fn change(
        &mut self,
        state: &mut State,
        command: Command,
        keep: &mut Option<SaveRequest>,
    ) -> Result<Change, String> {
        match command {
            Command::Touch(area) => Ok(self.touch(state, area)),
            Command::Finger(button) => {
                state.finger = button;
                Ok(SAME)
            }
            Command::Press(button, press) => self.press(state, button, press, keep),
            Command::Swap(direction) => {
                let (place, network) = self.neighbour(state, direction)?;
                swap(state, network);
                state.place = place;
                Ok(SWAPPED)
            }
            Command::Choose(place) => self.choose(state, place),
            Command::Load(network) => {
                let network = Arc::new(*network);
                self.put(state, &network, network.name());
                Ok(SWAPPED)
            }
            Command::Random(seed) => self.random(state, seed),
            Command::Mutate(seed) => self.mutate(state, seed),
            Command::Rewire(node, gate) => {
                exchange(state, mutation::rewired(&state.network, node, gate)?);
                Ok(BENT)
            }
            Command::Paint { bends, stroke } => self.paint(state, bends, stroke),
            Command::AddLayer(name) => state.layers.add(name).map(|()| SAME),
            Command::RemoveLayer(layer) => {
                state.layers.remove(layer)?;
                Ok(self.bent(state, None))
            }
            Command::ChooseLayer(layer) => state.layers.choose(layer).map(|()| SAME),
            Command::SetStrength(layer, strength) => {
                state.layers.set_strength(layer, strength)?;
                Ok(self.bent(state, Some(Stroke::Strength(layer))))
            }
            Command::ClearLayer(layer) => {
                state.layers.clear(layer)?;
                Ok(self.bent(state, None))
            }
            Command::ClearBends => {
                state.layers.clear_all();
                Ok(self.bent(state, None))
            }
            Command::Undo => self.go_to(state, Direction::Previous),
            Command::Redo => self.go_to(state, Direction::Next),
            Command::Play(playing) => {
                state.playing = playing;
                let settings = self.state.playback() != state.playback();
                Ok(if settings { SET } else { SAME })
            }
            Command::Seek(t) => Ok(Change {
                seek: Some(seek(state, t)),
                ..BENT
            }),
            Command::Set(key, value) => {
                state.parameters.set(key, value);
                Ok(set(state, key))
            }
            Command::Step(key, steps) => {
                state.parameters.step(key, steps);
                Ok(set(state, key))
            }
            Command::Turn(input, reading) => Ok(turn(state, input, reading)),
            Command::Learn(input) => learn(state, input, keep),
            Command::Show(page) => {
                state.page = page;
                state.row = 0;
                Ok(SAME)
            }
            Command::SavePreset(name) => self.save_preset(state, name, keep),
            Command::RecallPreset(name) => self.recall_preset(state, &name),
            Command::DeletePreset(name) => self.delete_preset(state, name, keep),
            Command::Restore(saved, t) => {
                self.restore(state, &saved, ParameterScope::Presets)?;
                Ok(Change {
                    scope: ParameterScope::Presets,
                    seek: t.map(|t| seek(state, t)),
                    ..SWAPPED
                })
            }
            Command::SafeStart => Ok(self.safe_start(state, keep)),
            Command::Notice(notice) => {
                tell(state, notice);
                Ok(SAME)
            }
        }
    }

    /// What a change of the state sounds like; refuses what is too slow.
    fn sound(
        &mut self,
        state: &mut State,
        change: Change,
        touch: bool,
    ) -> Result<Option<Sound>, String> {
        if change.heard == Heard::Nothing {
            return Ok(None);
        }
        // Paused, it must not become what could not be played on.
        let playback = state.parameters.playback(state.network.sample_rate());
        // A bend may make it smaller for a while: it must fit without, too, or the finger
        // could not be lifted, nor the knob turned down. A touch that does not latch
        // changes neither.
        if !touch || state.latched() {
            if state.steered.is_some() {
                self.program(&state.network, &state.lasting_masks(), &playback)?;
            }
            if state.touch_passes() {
                self.program(&state.network, &state.lifted_masks(), &playback)?;
            }
        }
        // A change of settings alone may make the same program too slow.
        let program = self.program(&state.network, &state.masks(), &playback)?;
        self.sounds = self.sounds.wrapping_add(1);
        state.sound = self.sounds;
        Ok(Some(Sound {
            id: self.sounds,
            program: (change.heard != Heard::Settings).then_some(program),
            playback: state.playback(),
            seek: change.seek,
            fade: change.heard == Heard::Network && state.parameters.get(Key::Swap) == 0,
        }))
    }

    /// The program of a network under masks, if it can be played here.
    fn program(
        &mut self,
        network: &Network,
        masks: &Masks,
        playback: &Playback,
    ) -> Result<Program, String> {
        let program = self.builder.build(network, masks);
        if let Some(limits) = &self.limits {
            limits.check(&program, playback)?;
        }
        Ok(program)
    }

    /// The next network of the library that can be played here: one that is too
    /// slow must not bar the way to those behind it.
    fn neighbour(
        &mut self,
        state: &State,
        direction: Direction,
    ) -> Result<(usize, Arc<Network>), String> {
        let mut place = state.place;
        let mut problem = "there is no other network".to_string();
        for _ in 1..self.library.len() {
            place = direction.from(place, self.library.len());
            let network = Arc::clone(&self.library[place]);
            let playback = state.parameters.playback(network.sample_rate());
            match self.program(&network, network.masks(), &playback) {
                Ok(_) => return Ok((place, network)),
                Err(too_slow) => problem = format!("{}: {too_slow}", network.name()),
            }
        }
        Err(problem)
    }

    fn choose(&self, state: &mut State, place: usize) -> Result<Change, String> {
        let count = self.library.len();
        let network = self.library.get(place);
        let network = network.ok_or_else(|| format!("no such network; the library has {count}"))?;
        swap(state, Arc::clone(network));
        state.place = place;
        Ok(SWAPPED)
    }

    fn random(&mut self, state: &mut State, seed: Option<u64>) -> Result<Change, String> {
        let seed = seed.unwrap_or_else(|| self.rng.next() % 100_000);
        let network = Network::random(RANDOM_INPUTS, &RANDOM_WIDTHS, Ops::XorRich, seed)
            .map_err(|error| error.to_string())?;
        let network = Arc::new(network);
        self.put(state, &network, network.name());
        Ok(SWAPPED)
    }

    fn mutate(&mut self, state: &mut State, seed: Option<u64>) -> Result<Change, String> {
        let mut seeded = seed.map(Rng::new);
        let rng = seeded.as_mut().unwrap_or(&mut self.rng);
        let network = mutation::mutated(&state.network, rng).ok_or("no gates to change")?;
        exchange(state, network);
        Ok(SWAPPED)
    }

    fn paint(
        &self,
        state: &mut State,
        bends: Vec<(u32, Option<Mask>)>,
        stroke: Option<u32>,
    ) -> Result<Change, String> {
        for (node, mask) in &bends {
            layers::can_bend(&state.network, *node, *mask)?;
        }
        state.layers.paint(bends);
        Ok(self.bent(state, stroke.map(Stroke::Paint)))
    }

    fn touch(&mut self, state: &mut State, area: Option<Area>) -> Change {
        let touched = area.map_or_else(Vec::new, |area| state.layout.touched(area, state.radius()));
        if touched == state.touched {
            // Where the finger is exactly does not matter.
        } else if state.latched() {
            let mask = state.mask();
            let bends = &state.layers[state.layers.chosen()].bends;
            let is_bent = |node: &u32| bends.contains_key(node);
            if let Some(first) = touched.first() {
                let latching = *self.latching.get_or_insert(!is_bent(first));
                let changed: Vec<u32> = touched
                    .iter()
                    .copied()
                    .filter(|node| is_bent(node) != latching)
                    .collect();
                let bend = latching.then_some(mask);
                state
                    .layers
                    .paint(changed.into_iter().map(|node| (node, bend)));
            }
        }
        state.touched = touched;
        if area.is_none() {
            self.latching = None;
        }
        self.bent(state, None)
    }

    fn press(
        &mut self,
        state: &mut State,
        button: Button,
        press: Press,
        keep: &mut Option<SaveRequest>,
    ) -> Result<Change, String> {
        let command = match (state.page, button, press) {
            (Page::Play, Button::Previous, _) => Command::Swap(Direction::Previous),
            (Page::Play, Button::Next, Press::Tap) => Command::Swap(Direction::Next),
            (Page::Play, Button::Next, Press::Hold) => Command::Redo,
            (Page::Play, Button::Mode, Press::Tap) => Command::Step(Key::Bend, 1),
            (Page::Play, Button::Mode, Press::Hold) => Command::Step(Key::Hold, 1),
            (Page::Play, Button::Clear, Press::Tap) => Command::ClearBends,
            (Page::Play, Button::Clear, Press::Hold) => Command::Undo,
            (Page::Play, Button::Time, Press::Tap) if !state.playing => Command::Play(true),
            (Page::Play, Button::Time, Press::Tap) => Command::Seek(0),
            (_, Button::Time, Press::Tap) => Command::Show(Page::Play),
            (Page::Menu, Button::Time, Press::Hold) => Command::Show(Page::Presets),
            (Page::Presets, Button::Time, Press::Hold) => Command::Show(Page::Inputs),
            (Page::Inputs, Button::Time, Press::Hold) => Command::Show(Page::About),
            (_, Button::Time, Press::Hold) => Command::Show(Page::Menu),
            (_, Button::Previous, _) => {
                state.row = Direction::Previous.from(state.row, rows(state));
                return Ok(SAME);
            }
            (_, Button::Next, _) => {
                state.row = Direction::Next.from(state.row, rows(state));
                return Ok(SAME);
            }
            (Page::Menu, Button::Mode, _) => {
                let key = KEYS[state.row];
                Command::Step(key, -steps(key, press))
            }
            (Page::Menu, Button::Clear, _) => {
                let key = KEYS[state.row];
                Command::Step(key, steps(key, press))
            }
            (Page::Presets, Button::Mode, _) => Command::SavePreset(None),
            (Page::Presets, Button::Clear, press) => {
                let name = state.presets.get(state.row).ok_or("no preset yet")?;
                match press {
                    Press::Tap => Command::RecallPreset(name.clone()),
                    Press::Hold => Command::DeletePreset(name.clone()),
                }
            }
            (Page::Inputs, Button::Mode, _) => Command::Step(Key::ANALOG[state.row], 1),
            (Page::Inputs, Button::Clear, _) => Command::Learn(state.row),
            (Page::About, Button::Mode, _) => Command::Mutate(None),
            (Page::About, Button::Clear, _) => Command::Random(None),
        };
        self.change(state, command, keep)
    }

    fn go_to(&mut self, state: &mut State, direction: Direction) -> Result<Change, String> {
        // What a touch has latched so far is a step of its own.
        self.history
            .remember(&self.state, ParameterScope::Nothing, None);
        let (now, moment, scope) = self.history.look(direction)?;
        let swapped = !Arc::ptr_eq(&state.network, &moment.network);
        bring(state, &moment.parameters, scope);
        if scope == ParameterScope::All {
            lay_out(state);
        }
        if swapped {
            swap(state, Arc::clone(&moment.network));
        }
        state.place = moment.place;
        state.layers = moment.layers.clone();
        let change = if swapped { SWAPPED } else { BENT };
        Ok(Change {
            now: Some(now),
            ..change
        })
    }

    /// What bends that may differ from those of the state before lead to. What lasts may
    /// differ where a finger hides it, and must fit all the same.
    fn bent(&self, state: &State, stroke: Option<Stroke>) -> Change {
        let same = self.state.bends() == state.bends() && self.state.masks() == state.masks();
        let change = if same { SAME } else { BENT };
        Change { stroke, ..change }
    }

    fn save_preset(
        &mut self,
        state: &mut State,
        name: Option<String>,
        keep: &mut Option<SaveRequest>,
    ) -> Result<Change, String> {
        let name = name.unwrap_or_else(|| self.new_name());
        if !preset::is_name(&name) {
            return Err(format!(
                "{name:?} is no name for a preset: letters, digits, spaces, - and _"
            ));
        }
        let preset = Preset::of(state, name);
        let names = self.presets.len() + self.reserved.len();
        if names >= MOST_PRESETS && !self.is_taken(&preset.name) {
            return Err(format!(
                "there are {MOST_PRESETS} presets already; delete one first"
            ));
        }
        if self.reserved.contains(&preset.name) {
            return Err(format!(
                "a preset {:?} is there that could not be read; choose another name",
                preset.name
            ));
        }
        tell(state, format!("kept as {}", preset.name));
        *keep = Some(SaveRequest::Save(Box::new(preset)));
        Ok(SAME)
    }

    /// The first free of `preset 1`, `preset 2` and so on.
    fn new_name(&self) -> String {
        (1..=self.presets.len() + self.reserved.len() + 1)
            .map(|i| format!("preset {i}"))
            .find(|name| !self.is_taken(name))
            .unwrap_or_default()
    }

    fn recall_preset(&self, state: &mut State, name: &str) -> Result<Change, String> {
        let preset = self
            .presets
            .iter()
            .find(|preset| preset.name == name)
            .ok_or_else(|| no_preset(name))?;
        let scope = if let Some(saved) = Saved::of_preset(preset) {
            self.restore(state, &saved, ParameterScope::All)?;
            ParameterScope::All
        } else {
            bring(state, &preset.parameters, ParameterScope::Presets);
            self.put(state, &preset.network, preset.network.name());
            state.layers = preset.layers.clone();
            ParameterScope::Presets
        };
        Ok(Change { scope, ..SWAPPED })
    }

    fn delete_preset(
        &self,
        state: &mut State,
        name: String,
        keep: &mut Option<SaveRequest>,
    ) -> Result<Change, String> {
        if !self.presets.iter().any(|preset| preset.name == name) {
            return Err(no_preset(&name));
        }
        tell(state, format!("{name} is deleted"));
        *keep = Some(SaveRequest::Delete(name));
        Ok(SAME)
    }

    fn safe_start(&self, state: &mut State, keep: &mut Option<SaveRequest>) -> Change {
        let earlier = Saved::of(state);
        state.place = 0;
        state.parameters = self.defaults.clone();
        state.page = Page::Play;
        state.playing = true;
        state.analog.stop_learning();
        swap(state, Arc::clone(&self.library[0]));
        let told = self.rescue(earlier, state, "safe start", keep);
        tell(state, told);
        Change {
            scope: ParameterScope::All,
            ..SWAPPED
        }
    }

    fn keep(&mut self, keep: &SaveRequest) {
        let Some(name) = keep.preset() else {
            return;
        };
        self.presets.retain(|preset| preset.name != *name);
        if let SaveRequest::Save(preset) = keep {
            self.presets.push((**preset).clone());
        }
        self.presets.sort_by(|a, b| a.name.cmp(&b.name));
        let mut state = (*self.state).clone();
        state.presets = Arc::new(names(&self.presets));
        if state.page == Page::Presets {
            // What was kept is the chosen one; what was deleted, the one after it.
            let place = self.presets.iter().position(|preset| preset.name == *name);
            let last = state.presets.len().saturating_sub(1);
            state.row = place.unwrap_or(state.row).min(last);
        }
        self.state = Arc::new(state);
    }
}

/// Rows of the page that is shown.
fn rows(state: &State) -> usize {
    match state.page {
        Page::Menu => KEYS.len(),
        Page::Presets => state.presets.len(),
        Page::Inputs => INPUTS,
        Page::About => pages::ABOUT_LINES,
        Page::Play => 1,
    }
}

/// A hold goes further than a tap, but not round and round through choices.
fn steps(key: Key, press: Press) -> i32 {
    match (press, key.parameter().kind) {
        (Press::Tap, _) | (_, Kind::Choice(_)) => 1,
        (Press::Hold, Kind::Number { .. }) => 10,
    }
}

fn names(presets: &[Preset]) -> Vec<String> {
    presets.iter().map(|preset| preset.name.clone()).collect()
}

fn no_preset(name: &str) -> String {
    format!("no preset {name:?}")
}

fn tell(state: &mut State, notice: String) {
    state.notice = Some(notice::cut(notice));
    state.notices = state.notices.wrapping_add(1);
}

/// Takes these of other parameters.
fn bring(state: &mut State, parameters: &Parameters, scope: ParameterScope) {
    match scope {
        ParameterScope::Nothing => {}
        ParameterScope::Presets => state.parameters.bring(parameters),
        ParameterScope::All => state.parameters.clone_from(parameters),
    }
}

/// Puts another network in place, without bends and their layers.
fn swap(state: &mut State, network: Arc<Network>) {
    state.network = network;
    state.layers = Layers::default();
    state.touched.clear();
    lay_out(state);
}

/// Puts a changed network of as many nodes in place, bent as before.
fn exchange(state: &mut State, network: Network) {
    state.network = Arc::new(network);
    state.touched.clear();
    lay_out(state);
}

/// Starts network time again.
fn seek(state: &mut State, t: u32) -> u32 {
    state.resets = state.resets.wrapping_add(1);
    state.t0 = t;
    t
}

fn lay_out(state: &mut State) {
    let with_dead = state.parameters.get(Key::Dead) == 1;
    state.layout = Arc::new(Layout::new(&state.network, with_dead));
    state.steer();
}

/// What an analog input's new reading leads to.
fn turn(state: &mut State, input: usize, reading: Reading) -> Change {
    if input >= INPUTS {
        return SAME;
    }
    state.analog.read(input, reading);
    if state.analog.learning() == Some(input) {
        // It is turned for its ends' sake, which no refusal shall hide.
        return SAME;
    }
    follow(state, input)
}

/// Begins or ends to learn the ends of an analog input's way.
fn learn(
    state: &mut State,
    input: usize,
    keep: &mut Option<SaveRequest>,
) -> Result<Change, String> {
    if state.analog.learning() == Some(input) {
        match state.analog.learned() {
            Ok(()) => *keep = Some(SaveRequest::Calibration(state.analog.to_json())),
            // The end of learning is no less an end.
            Err(problem) => tell(state, problem),
        }
    } else {
        state.analog.learn(input)?;
    }
    Ok(SAME)
}

/// Brings what an analog input moves to where the input is.
fn follow(state: &mut State, input: usize) -> Change {
    let target = Target::of(&state.parameters, input);
    match (target.key(), state.analog.part(input)) {
        (Some(key), Some(part)) => {
            let before = state.parameters.get(key);
            state.parameters.set_part(key, part);
            if state.parameters.get(key) == before {
                return SAME;
            }
            set(state, key)
        }
        _ => steer(state),
    }
}

/// What the analog inputs bend now.
fn steer(state: &mut State) -> Change {
    let before = state.steered;
    state.steer();
    if state.steered == before { SAME } else { BENT }
}

/// What a parameter's new value leads to.
fn set(state: &mut State, key: Key) -> Change {
    match key {
        Key::Volume | Key::Speed | Key::Rate | Key::Interpolation => SET,
        // A finger may be bending just now.
        Key::Bend | Key::Hold if state.steered.is_some() || !state.touched.is_empty() => BENT,
        Key::Dead => {
            let before = state.steered;
            lay_out(state);
            if state.steered == before { SAME } else { BENT }
        }
        _ => match Key::ANALOG.iter().position(|analog| *analog == key) {
            Some(input) => {
                let (steered, followed) = (steer(state), follow(state, input));
                // A new program has the new settings, too.
                if steered.heard == Heard::Nothing {
                    followed
                } else {
                    steered
                }
            }
            None => SAME,
        },
    }
}
