//! Presets: a network file with its bends, and the parameters beside them.

use logicnet::{Network, NetworkError};
use serde_json::{Map, Value};

use super::parameters::{KEYS, Parameters};
use super::state::State;

/// The field of a network file that holds a preset's parameters.
const FIELD: &str = "parameters";

/// Network, bends and parameters under a name. Its file is a network file, so
/// that every tool that plays networks plays presets.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// Its name, which is its file's.
    pub name: String,
    /// The network, whose own masks are the bends.
    pub network: Network,
    /// The parameters.
    pub parameters: Parameters,
}

/// Most characters of a preset's name.
const MOST_CHARACTERS: usize = 40;

/// Whether a preset may have this name: letters, digits, spaces, `-` and `_`,
/// so that it can be a file's.
pub fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || "-_ ".contains(c);
    !name.is_empty()
        && name.chars().count() <= MOST_CHARACTERS
        && name.chars().all(fits)
        && name.trim() == name
}

impl Preset {
    /// What is played now, under a name.
    ///
    /// # Errors
    /// When the bends do not fit the network.
    pub fn of(state: &State, name: String) -> Result<Preset, NetworkError> {
        Ok(Preset {
            name,
            network: (*state.network).clone().with_masks(state.lasting_masks())?,
            parameters: state.parameters.clone(),
        })
    }

    /// The preset's file.
    ///
    /// # Errors
    /// When the network has a field of the parameters' name already that cannot
    /// be replaced.
    pub fn to_json(&self) -> Result<String, NetworkError> {
        let mut fields = Map::new();
        for key in KEYS.iter().filter(|key| key.in_presets()) {
            let value = self.parameters.get(*key);
            fields.insert(key.parameter().id.to_string(), Value::from(value));
        }
        let mut parts = self.network.clone().into_parts();
        parts.extra.insert(FIELD.to_string(), Value::Object(fields));
        Ok(Network::try_from(parts)?.to_json())
    }

    /// Reads a preset's file. Parameters that are not there, or unknown, are as
    /// they are at first: a file from another version still plays.
    ///
    /// # Errors
    /// Names the place and says what is wrong there.
    pub fn from_json(name: String, text: &str) -> Result<Preset, NetworkError> {
        let mut parts = Network::from_json(text)?.into_parts();
        let mut parameters = Parameters::default();
        if let Some(Value::Object(fields)) = parts.extra.remove(FIELD) {
            for key in KEYS.iter().filter(|key| key.in_presets()) {
                let value = fields.get(key.parameter().id).and_then(Value::as_i64);
                if let Some(value) = value.and_then(|value| i32::try_from(value).ok()) {
                    parameters.set(*key, value);
                }
            }
        }
        Ok(Preset {
            name,
            network: Network::try_from(parts)?,
            parameters,
        })
    }
}
