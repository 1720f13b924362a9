//! Saved states: the part of a state that survives a restart.

use std::sync::Arc;

use logicnet::{Network, NetworkError};

use super::analog::INPUTS;
use super::bend_layers::BendLayers;
use super::parameters::{KEYS, Key, Parameters};
use super::preset::{File, Preset};
use super::state::State;

/// The part of a state that survives a restart: network, bend layers, all parameters, and
/// the network's origin. The file is that of a preset with more fields.
///
/// Two are equal if the music is; revisions do not count.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The network, with its own masks.
    pub network: Arc<Network>,
    /// Bends by the player.
    pub layers: BendLayers,
    /// Values of all parameters.
    pub parameters: Parameters,
    /// Positions of the network's controls: [`State::controls`].
    pub controls: Vec<f64>,
    /// The name of the network that this was before it was changed: [`State::origin`].
    pub origin: String,
    /// The number of edits that led to it: [`Revision::edits`](crate::Revision::edits).
    pub revision: u32,
}

impl PartialEq for Saved {
    fn eq(&self, other: &Saved) -> bool {
        self.network == other.network
            && self.layers == other.layers
            && self.parameters == other.parameters
            && self.controls == other.controls
            && self.origin == other.origin
    }
}

impl Saved {
    /// Copies the part of a state that survives a restart.
    pub fn of(state: &State) -> Saved {
        Saved {
            network: Arc::clone(&state.network),
            layers: state.layers.clone(),
            parameters: state.parameters.clone(),
            controls: state.controls.clone(),
            origin: state.origin().to_string(),
            revision: state.revision.edits,
        }
    }

    /// Returns whether a state is the same, apart from parameters that an analog input
    /// controls: they follow the input after a restart. Fast if the network is shared.
    pub fn matches(&self, state: &State) -> bool {
        let controlled: [_; INPUTS] =
            std::array::from_fn(|input| state.parameters.controlled_by(input));
        let same = |key: &Key| {
            controlled.contains(&Some(*key))
                || self.parameters.get(*key) == state.parameters.get(*key)
        };
        self.layers == state.layers
            && self.controls == state.controls
            && KEYS.iter().all(same)
            && self.origin == state.origin()
            && (Arc::ptr_eq(&self.network, &state.network) || self.network == state.network)
    }

    /// Returns a preset with all of it.
    pub fn into_preset(self, name: String) -> Preset {
        Preset {
            name,
            network: self.network,
            layers: self.layers,
            parameters: self.parameters,
            controls: self.controls,
            origin: Some(self.origin),
        }
    }

    /// Returns the text of the state's file.
    ///
    /// # Errors
    /// Fails if the bends do not fit the network.
    pub fn to_json(&self) -> Result<String, NetworkError> {
        let preset = self.clone().into_preset(String::new());
        preset.write(Some(self.revision))
    }

    /// Reads a state's file; any network file is one. Parameters that are missing have their
    /// defaults, unknown ones are ignored, and values out of range are clamped.
    ///
    /// # Errors
    /// Returns an error that says where the file is invalid, and why.
    pub fn from_json(text: &str) -> Result<Saved, NetworkError> {
        Saved::from_file(File::read(text)?)
    }

    /// Takes a state out of its file.
    ///
    /// # Errors
    /// Fails if the file's masks do not fit its network.
    pub(super) fn from_file(file: File) -> Result<Saved, NetworkError> {
        Ok(Saved {
            revision: file.revision.unwrap_or(0),
            ..file.preset(String::new())?.into()
        })
    }
}

impl From<Preset> for Saved {
    fn from(preset: Preset) -> Saved {
        let name = preset.network.name();
        Saved {
            origin: preset.origin.unwrap_or_else(|| name.into()),
            network: preset.network,
            layers: preset.layers,
            parameters: preset.parameters,
            controls: preset.controls,
            revision: 0,
        }
    }
}
