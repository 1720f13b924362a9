//! The running state as a text and back: what is there again after a restart.

use std::sync::Arc;

use logicnet::{Network, NetworkError};

use super::layers::Layers;
use super::parameters::{KEYS, Key, Parameters};
use super::preset::{self, Preset};
use super::state::State;

/// What lasts of a state: network, layers of bends, all parameters, and the place in the
/// library. Its file is that of a preset, with more in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// The network, with masks of its own.
    pub network: Arc<Network>,
    /// The player's bends.
    pub layers: Layers,
    /// All parameters.
    pub parameters: Parameters,
    /// The name of the library's network that it is, or was before it was
    /// changed.
    pub place: String,
}

impl Saved {
    /// What lasts of a state.
    pub fn of(state: &State) -> Saved {
        Saved {
            network: Arc::clone(&state.network),
            layers: state.layers.clone(),
            parameters: state.parameters.clone(),
            place: state.origin().to_string(),
        }
    }

    /// Whether nothing that lasts differs in a state. Quick, as long as the
    /// network is the very same. What an analog input moves does not last: it is
    /// where the input is.
    pub fn is_of(&self, state: &State) -> bool {
        let moved = state.moved();
        let lasts = |key: &&Key| !moved.contains(&Some(**key));
        self.layers == state.layers
            && KEYS
                .iter()
                .filter(lasts)
                .all(|key| self.parameters.get(*key) == state.parameters.get(*key))
            && self.place == state.origin()
            && (Arc::ptr_eq(&self.network, &state.network) || self.network == state.network)
    }

    /// The same as a preset that brings all of it.
    pub fn into_preset(self, name: String) -> Preset {
        Preset {
            name,
            network: self.network,
            layers: self.layers,
            parameters: self.parameters,
            place: Some(self.place),
        }
    }

    /// What was made a preset like this.
    pub fn of_preset(preset: &Preset) -> Option<Saved> {
        preset.place.clone().map(|place| Saved {
            network: Arc::clone(&preset.network),
            layers: preset.layers.clone(),
            parameters: preset.parameters.clone(),
            place,
        })
    }

    /// The state's file.
    ///
    /// # Errors
    /// When the bends do not fit the network.
    pub fn to_json(&self) -> Result<String, NetworkError> {
        let (parameters, place) = (&self.parameters, Some(self.place.as_str()));
        preset::write(&self.network, &self.layers, parameters, place)
    }

    /// Reads a state's file; any network file is one. Parameters that are not
    /// there are as they are at first, unknown ones are left out, and each is
    /// within its range.
    ///
    /// # Errors
    /// Names the place and says what is wrong there.
    pub fn from_json(text: &str) -> Result<Saved, NetworkError> {
        let file = preset::read(text)?;
        Ok(Saved {
            place: file.place.unwrap_or_else(|| file.network.name().into()),
            network: Arc::new(file.network),
            layers: file.layers,
            parameters: file.parameters,
        })
    }
}
