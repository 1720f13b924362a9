//! Presets: network files with bends and parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use logicnet::{Mask, Masks, Network, NetworkError, Parts};
use serde_json::{Map, Value, json};

use super::bend_layers::{BendLayer, BendLayers};
use super::parameters::{KEYS, ParameterScope, Parameters};

/// The field of a network file with the parameters, by id.
pub(super) const PARAMETERS: &str = "parameters";
/// The field with the nodes whose masks are the player's bends. In files of the first
/// version, which lack it, all masks are bends.
pub(super) const BENDS: &str = "bends";
/// The field with the network's own masks that bends cover.
const COVERED: &str = "covered";
/// The field with the bend layers, if they say more than the combined bends. A reader
/// that ignores it plays the combined bends, which sound the same.
const BEND_LAYERS: &str = "bend_layers";
/// The field with the name of the network that this was before it was changed; files of
/// running states have it.
const ORIGIN: &str = "from_library";
/// The field with the number of edits that led to a running state.
pub(super) const REVISION: &str = "revision";

/// Network, bends and parameters under a name. The file is a network file that sounds
/// like the preset, so every tool that plays networks also plays presets.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// The name of the preset and of its file.
    pub name: String,
    /// The network, with its own masks.
    pub network: Arc<Network>,
    /// Bends by the player.
    pub layers: BendLayers,
    /// Parameters; only those that presets hold count, unless there is an origin.
    pub parameters: Parameters,
    /// The name of the network that this was before it was changed, if this is a rescued
    /// state: that brings all parameters, and its file is that of a running state.
    pub origin: Option<String>,
}

/// Most presets that a player can save. Rescued states are saved beyond it.
pub const MAX_PRESETS: usize = 256;

/// The name of a preset with a rescued state, and the beginning of the names of further
/// ones.
pub const RESCUED: &str = "rescued";

impl Preset {
    /// Returns whether another preset sounds the same, whatever it is called.
    pub(super) fn sounds_like(&self, other: &Preset) -> bool {
        let mut parameters = KEYS.iter().filter(|key| self.scope().contains(**key));
        self.origin == other.origin
            && self.network == other.network
            && self.layers == other.layers
            && parameters.all(|key| self.parameters.get(*key) == other.parameters.get(*key))
    }

    /// Returns the text of the preset's file: a network file with all lasting masks, fields
    /// that say which of them are bends, and parameters.
    ///
    /// # Errors
    /// Fails if the bends do not fit the network.
    pub fn to_json(&self) -> Result<String, NetworkError> {
        Ok(Network::try_from(self.clone().into_parts())?.to_json())
    }

    /// Returns the parts of its file.
    pub(super) fn into_parts(self) -> Parts {
        let bends = self.layers.bends();
        let mut parts = (*self.network).clone().into_parts();
        let is_covered = |(node, _): &(u32, Mask)| bends.contains_key(node);
        let covered: Masks = parts.masks.iter().filter(is_covered).collect();
        let bent = bends.iter().map(|(node, mask)| (*node, *mask));
        parts.masks.extend(bent);
        // A network that was loaded from such a file has these fields already.
        for field in [PARAMETERS, BENDS, COVERED, BEND_LAYERS, ORIGIN, REVISION] {
            parts.extra.remove(field);
        }
        let mut fields = Map::new();
        for key in KEYS.iter().filter(|key| self.scope().contains(**key)) {
            fields.insert(key.parameter().id.into(), self.parameters.get(*key).into());
        }
        parts.extra.insert(PARAMETERS.into(), fields.into());
        let nodes: Vec<u32> = bends.keys().copied().collect();
        parts.extra.insert(BENDS.into(), nodes.into());
        if !covered.is_empty() {
            parts.extra.insert(COVERED.into(), (&covered).into());
        }
        if !self.layers.is_plain() {
            let layers = layers_value(&self.layers);
            parts.extra.insert(BEND_LAYERS.into(), layers);
        }
        if let Some(origin) = &self.origin {
            parts.extra.insert(ORIGIN.into(), origin.as_str().into());
        }
        parts
    }

    /// Reads a preset's file. Files of other versions play too: parameters that are missing
    /// have their defaults, and unknown ones are ignored.
    ///
    /// # Errors
    /// Returns an error that says where the file is invalid, and why.
    pub fn from_json(name: String, text: &str) -> Result<Preset, NetworkError> {
        let mut preset = Preset::with_all(name, Network::from_json(text)?)?;
        let mut parameters = Parameters::default();
        parameters.copy_from(&preset.parameters, preset.scope());
        preset.parameters = parameters;
        Ok(preset)
    }

    /// Returns which parameters its file holds: with an origin, it is that of a running
    /// state.
    pub(super) fn scope(&self) -> ParameterScope {
        match self.origin {
            Some(_) => ParameterScope::All,
            None => ParameterScope::Presets,
        }
    }

    /// Reads the fields of a preset's or a running state's file, with all parameters that it
    /// has. Missing fields have their defaults, and invalid ones are ignored.
    pub(super) fn with_all(name: String, file: Network) -> Result<Preset, NetworkError> {
        let mut parts = file.into_parts();
        let mut parameters = Parameters::default();
        if let Some(Value::Object(fields)) = parts.extra.remove(PARAMETERS) {
            for key in KEYS {
                let value = fields.get(key.parameter().id).and_then(Value::as_i64);
                if let Some(value) = value.and_then(|value| i32::try_from(value).ok()) {
                    parameters.set(*key, value);
                }
            }
        }
        let (bent, own): (Vec<_>, Vec<_>) = match parts.extra.remove(BENDS) {
            Some(Value::Array(nodes)) => {
                let nodes: BTreeSet<u64> = nodes.iter().filter_map(Value::as_u64).collect();
                let is_bend = |(node, _): &(u32, Mask)| nodes.contains(&u64::from(*node));
                parts.masks.iter().partition(is_bend)
            }
            _ => (parts.masks.iter().collect(), Vec::new()),
        };
        let bends: BTreeMap<u32, Mask> = bent.into_iter().collect();
        parts.masks = own.into_iter().collect();
        if let Some(covered) = parts.extra.remove(COVERED) {
            if let Ok(covered) = Masks::try_from(covered) {
                let is_covered = |(node, _): &(u32, Mask)| bends.contains_key(node);
                parts.masks.extend(covered.into_iter().filter(is_covered));
            }
        }
        let origin = match parts.extra.remove(ORIGIN) {
            Some(Value::String(origin)) => Some(origin),
            _ => None,
        };
        parts.extra.remove(REVISION);
        let layers = parts.extra.remove(BEND_LAYERS).and_then(layers_of);
        let network = Network::try_from(parts)?;
        // Layers that disagree with the masks are ignored: the masks are what sounds.
        let layers = layers
            .filter(|layers| *layers.bends() == bends && layers.fit(&network).is_ok())
            .unwrap_or_else(|| BendLayers::of(bends));
        Ok(Preset {
            name,
            network: Arc::new(network),
            layers,
            parameters,
            origin,
        })
    }
}

fn layers_value(layers: &BendLayers) -> Value {
    let layer = |layer: &BendLayer| {
        let masks: Masks = layer.bends.iter().map(|(n, mask)| (*n, *mask)).collect();
        json!({ "name": layer.name, "strength": layer.strength, "masks": Value::from(&masks) })
    };
    let list: Vec<Value> = layers.iter().map(layer).collect();
    json!({ "chosen": layers.chosen(), "layers": list })
}

/// Reads the bend layers of a file, if they are valid.
fn layers_of(mut value: Value) -> Option<BendLayers> {
    let chosen = usize::try_from(value.get("chosen")?.as_u64()?).ok()?;
    let Value::Array(list) = value.get_mut("layers")?.take() else {
        return None;
    };
    let layer = |mut layer: Value| {
        let masks = Masks::try_from(layer.get_mut("masks")?.take()).ok()?;
        Some(BendLayer {
            name: layer.get("name")?.as_str()?.to_string(),
            strength: u8::try_from(layer.get("strength")?.as_u64()?).ok()?,
            bends: masks.into_iter().collect(),
        })
    };
    BendLayers::new(list.into_iter().map(layer).collect::<Option<_>>()?, chosen)
}
