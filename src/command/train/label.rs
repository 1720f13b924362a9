//! The texts and the rate of a trained network.

use logicnet::{Masks, Network, Parts};
use serde::{Deserialize, Serialize};

/// The name, the texts and the rate of a network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Label {
    pub name: String,
    pub description: String,
    /// The file or the expression that was learned.
    pub source: String,
    /// Sample rate in Hz.
    pub rate: u32,
}

impl Label {
    /// Returns the parts of a network that is not trained: those of the network that training
    /// started from, with this label.
    pub fn parts(&self, from: Option<&Network>) -> Parts {
        Parts {
            name: self.name.clone(),
            description: Some(self.description.clone()).filter(|text| !text.is_empty()),
            source: Some(self.source.clone()).filter(|text| !text.is_empty()),
            sample_rate: self.rate,
            // Bends are part of what was trained.
            masks: Masks::new(),
            ..from.cloned().map(Network::into_parts).unwrap_or_default()
        }
    }
}
