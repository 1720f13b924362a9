//! Parameters and analog inputs.

use super::change::{Affects, Change};
use crate::analog::{INPUTS, Reading};
use crate::parameters::Key;
use crate::save_request::SaveRequest;
use crate::state::State;

/// Takes the new value of a parameter into account.
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
                if steered.affects == Affects::Nothing {
                    followed
                } else {
                    steered
                }
            }
            None => Change::default(),
        },
    }
}

/// Takes an analog input's new reading.
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
pub fn learn(state: &mut State, input: usize) -> Result<Change, String> {
    if state.analog.learning() != Some(input) {
        state.analog.learn(input)?;
        return Ok(Change::default());
    }
    match state.analog.learned() {
        Ok(()) => Ok(Change::save(SaveRequest::Calibration(
            state.analog.to_json(),
        ))),
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
