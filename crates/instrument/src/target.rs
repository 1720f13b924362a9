//! Targets: the network and the layer that an edit is meant for.

use logicnet::{Network, shorten};
use serde::Deserialize;

use super::mutation::MARK;
use super::state::State;

/// Most characters of a network's name that count.
const MAX_NAME: usize = 60;

/// A network, whatever gates of it were changed: its name and its number of nodes.
pub type NetworkTarget = (String, u32);

/// The part of the music that an edit is meant for. The player who makes the edit may not
/// know yet that another player, or a restart, has replaced it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Target {
    /// The network.
    pub network: Option<NetworkTarget>,
    /// The name of the layer whose index the edit has.
    pub layer: Option<String>,
}

impl Target {
    /// Returns the target that stands for a network.
    pub fn network(network: &Network) -> NetworkTarget {
        let name = network.name().trim_end_matches(MARK);
        (name.chars().take(MAX_NAME).collect(), network.nodes())
    }

    /// Checks that the target is part of a state, and corrects the index of the layer, which
    /// may have moved.
    ///
    /// # Errors
    /// Returns a message for the player if the target is gone.
    pub(super) fn aim(&self, layer: Option<&mut usize>, state: &State) -> Result<(), String> {
        if let Some(network) = &self.network {
            if *network != Target::network(&state.network) {
                let name = shorten(&network.0, MAX_NAME);
                return Err(format!("{name} no longer plays, so its edit was left out"));
            }
        }
        if let (Some(name), Some(index)) = (&self.layer, layer) {
            let is_named = |index: &usize| {
                let layer = state.layers.get(*index);
                layer.is_some_and(|layer| layer.name == *name)
            };
            let mut indices = std::iter::once(*index).chain(0..state.layers.len());
            *index = indices.find(is_named).ok_or_else(|| {
                let name = shorten(name, MAX_NAME);
                format!("the layer {name} is gone, so its edit was left out")
            })?;
        }
        Ok(())
    }
}
