//! Buttons, parameters and analog inputs.

use super::Instrument;
use super::change::{Affects, Change, Outcome};
use crate::analog::{INPUTS, Reading};
use crate::command::{Command, Direction};
use crate::pages;
use crate::parameters::{KEYS, Key, Kind};
use crate::save_request::SaveRequest;
use crate::state::{Page, State};
use crate::surface::{Button, Press};

impl Instrument {
    /// Does what a button does on the page that is shown.
    pub(super) fn press(&mut self, state: &mut State, button: Button, press: Press) -> Outcome {
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
            (_, Button::Previous, _) => return Ok(choose_row(state, Direction::Previous)),
            (_, Button::Next, _) => return Ok(choose_row(state, Direction::Next)),
            (Page::Menu, Button::Mode, _) => step(KEYS[state.row], -1, press),
            (Page::Menu, Button::Clear, _) => step(KEYS[state.row], 1, press),
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
        self.change(state, command)
    }
}

fn choose_row(state: &mut State, direction: Direction) -> Change {
    state.row = direction.step(state.row, rows(state));
    Change::default()
}

/// Returns the number of rows of the page that is shown.
fn rows(state: &State) -> usize {
    match state.page {
        Page::Menu => KEYS.len(),
        Page::Presets => state.presets.len(),
        Page::Inputs => INPUTS,
        Page::About => pages::ABOUT_LINES,
        Page::Play => 1,
    }
}

/// Returns the command for a press that changes a parameter up (1) or down (-1): a hold
/// changes numbers faster, but not choices.
fn step(key: Key, direction: i32, press: Press) -> Command {
    let steps = match (press, key.parameter().kind) {
        (Press::Tap, _) | (_, Kind::Choice(_)) => 1,
        (Press::Hold, Kind::Number { .. }) => 10,
    };
    Command::Step(key, direction * steps)
}

/// Updates the state after a parameter was set.
pub fn parameter_set(state: &mut State, key: Key) -> Change {
    match key {
        Key::Volume | Key::Speed | Key::Rate | Key::Interpolation => Change::new(Affects::Settings),
        Key::Bend | Key::Hold => Change::if_changed(
            state.steered.is_some() || !state.touched.is_empty(),
            Affects::Program,
        ),
        Key::Dead => {
            let before = state.steered;
            state.lay_out();
            Change::if_changed(state.steered != before, Affects::Program)
        }
        _ => match Key::ANALOG.iter().position(|analog| *analog == key) {
            Some(input) => {
                let (steered, followed) = (steer(state), follow(state, input));
                // A new program is played with the new settings as well.
                match steered.affects {
                    Affects::Nothing => followed,
                    _ => steered,
                }
            }
            None => Change::default(),
        },
    }
}

/// Processes a new reading of an analog input.
pub fn turn(state: &mut State, input: usize, reading: Reading) -> Change {
    if input >= INPUTS {
        return Change::default();
    }
    state.analog.read(input, reading);
    if state.analog.learning() == Some(input) {
        // Nothing follows an input that is being calibrated: a refusal would lose readings.
        return Change::default();
    }
    follow(state, input)
}

/// Begins or ends the calibration of an analog input.
pub fn learn(state: &mut State, input: usize) -> Outcome {
    if state.analog.learning() != Some(input) {
        state.analog.learn(input)?;
        return Ok(Change::default());
    }
    match state.analog.learned() {
        Ok(()) => {
            let text = state.analog.to_json();
            Ok(Change {
                save: Some(SaveRequest::Calibration(text)),
                ..Change::default()
            })
        }
        Err(problem) => {
            // A failed calibration is over as well.
            state.notify(problem);
            Ok(Change::default())
        }
    }
}

/// Sets the parameter or the bend that an analog input controls.
fn follow(state: &mut State, input: usize) -> Change {
    let key = state.parameters.controlled_by(input);
    match (key, state.analog.part(input)) {
        (Some(key), Some(part)) => {
            let before = state.parameters.get(key);
            state.parameters.set_part(key, part);
            if state.parameters.get(key) == before {
                Change::default()
            } else {
                parameter_set(state, key)
            }
        }
        _ => steer(state),
    }
}

/// Finds the gate that the analog inputs bend.
fn steer(state: &mut State) -> Change {
    let before = state.steered;
    state.steer();
    Change::if_changed(state.steered != before, Affects::Program)
}
