//! The calibration file: the ranges of analog inputs and the controls that they move, and
//! what MIDI controllers move.

use serde_json::{Value, json};

use super::change::Change;
use crate::save_request::SaveRequest;
use crate::state::State;

/// Requests that the calibration of a state is saved.
pub fn save(state: &State) -> Change {
    Change {
        save: Some(SaveRequest::Calibration(write(state))),
        ..Change::default()
    }
}

fn write(state: &State) -> String {
    let mut file = json!({
        "format": "gatebend-calibration",
        "inputs": state.analog.to_json(),
    });
    if let Some(controls) = state.analog.controls_to_json() {
        file["controls"] = controls;
    }
    let controllers = state.controllers.to_json();
    if !controllers.is_empty() {
        file["midi"] = json!(controllers);
    }
    format!("{file:#}\n")
}

/// Reads a calibration file into a state; what it leaves out stays.
///
/// # Errors
/// Returns a message if the file is invalid; nothing changes then.
pub fn read(state: &mut State, text: &str) -> Result<(), String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let inputs = value.get("inputs").and_then(Value::as_array);
    let inputs = inputs.ok_or("\"inputs\" is missing, a list of pairs")?;
    state.analog.calibrate(inputs)?;
    if let Some(names) = value.get("controls").and_then(Value::as_array) {
        state.analog.read_controls(names);
    }
    if let Some(controllers) = value.get("midi").and_then(Value::as_object) {
        state.controllers.read(controllers);
    }
    Ok(())
}
