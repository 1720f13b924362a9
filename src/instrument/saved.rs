//! The running state as a text and back: what is there again after a restart.

use std::collections::BTreeMap;
use std::sync::Arc;

use logicnet::{Mask, Network, NetworkError};

use super::parameters::Parameters;
use super::preset::{self, Preset};
use super::state::State;

/// What lasts of a state: network, bends, all parameters, and the place in the
/// library. Its file is that of a preset, with more in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// The network, with masks of its own.
    pub network: Arc<Network>,
    /// The player's bends, by node.
    pub bends: BTreeMap<u32, Mask>,
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
            bends: state.bends.clone(),
            parameters: state.parameters.clone(),
            place: state.origin().to_string(),
        }
    }

    /// Whether nothing that lasts differs in a state. Quick, as long as the
    /// network is the very same.
    pub fn is_of(&self, state: &State) -> bool {
        self.bends == state.bends
            && self.parameters == state.parameters
            && self.place == state.origin()
            && (Arc::ptr_eq(&self.network, &state.network) || self.network == state.network)
    }

    /// The same as a preset.
    pub fn into_preset(self, name: String) -> Preset {
        Preset {
            name,
            network: self.network,
            bends: self.bends,
            parameters: self.parameters,
        }
    }

    /// The state's file.
    ///
    /// # Errors
    /// When the bends do not fit the network.
    pub fn to_json(&self) -> Result<String, NetworkError> {
        let (parameters, place) = (&self.parameters, Some(self.place.as_str()));
        preset::write(&self.network, &self.bends, parameters, |_| true, place)
    }

    /// Reads a state's file; any network file is one. Parameters that are not
    /// there are as they are at first, unknown ones are left out, and each is
    /// within its range.
    ///
    /// # Errors
    /// Names the place and says what is wrong there.
    pub fn from_json(text: &str) -> Result<Saved, NetworkError> {
        let file = preset::read(text, |_| true)?;
        Ok(Saved {
            place: file.place.unwrap_or_else(|| file.network.name().into()),
            network: Arc::new(file.network),
            bends: file.bends,
            parameters: file.parameters,
        })
    }
}
