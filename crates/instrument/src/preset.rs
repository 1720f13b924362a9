//! Presets: a network file with its bends, and the parameters beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use logicnet::{Mask, Masks, Network, NetworkError};
use serde_json::{Map, Value, json};

use super::layers::{Layer, Layers};
use super::parameters::{KEYS, Key, Parameters};
use super::state::State;

/// The field of a network file that holds parameters, by id.
const PARAMETERS: &str = "parameters";
/// The field with the nodes of those masks that are the player's bends. Files of
/// old have none: all their masks are.
const BENDS: &str = "bends";
/// The field with masks of the network's own that are beneath bends.
const COVERED: &str = "covered";
/// The field with the layers of bends, where they are more than bends: whether
/// each shows or not. Who does not know it has the bends that show, which is
/// what sounds.
const BEND_LAYERS: &str = "bend_layers";
/// The field that names the place in the library; running states have it.
const PLACE: &str = "from_library";

/// Network, bends and parameters under a name. Its file is a network file that
/// sounds as the preset does, so that every tool that plays networks plays
/// presets.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// Its name, which is its file's.
    pub name: String,
    /// The network, with masks of its own.
    pub network: Arc<Network>,
    /// The player's bends.
    pub layers: Layers,
    /// The parameters.
    pub parameters: Parameters,
    /// The place in the library, if this is a state that was not played on from:
    /// then it brings all parameters, and its file is that of a state.
    pub place: Option<String>,
}

/// Most presets that a player can keep. What is rescued is kept in any case.
pub const MOST_PRESETS: usize = 256;

/// Most characters of a preset's name.
const MOST_CHARACTERS: usize = 40;

/// The name of a preset that keeps what was not played on from, and what the
/// names of more of them begin with.
pub const RESCUED: &str = "rescued";

/// Whether a preset may have this name: letters, digits, spaces, `-` and `_`,
/// so that it can be a file's.
pub fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || "-_ ".contains(c);
    !name.is_empty()
        && name.chars().count() <= MOST_CHARACTERS
        && name.chars().all(fits)
        && name.trim() == name
}

/// A name, or the first of `name 2`, `name 3` and so on that is not taken.
pub fn free_name(name: &str, mut taken: impl FnMut(&str) -> bool) -> String {
    // Room for a number.
    let short: String = name.chars().take(MOST_CHARACTERS - 7).collect();
    let (mut free, mut number) = (name.to_string(), 1);
    while taken(&free) {
        number += 1;
        free = format!("{} {number}", short.trim_end());
    }
    free
}

impl Preset {
    /// What is played now, under a name.
    pub fn of(state: &State, name: String) -> Preset {
        Preset {
            name,
            network: Arc::clone(&state.network),
            layers: state.layers.clone(),
            parameters: state.parameters.clone(),
            place: None,
        }
    }

    /// The preset's file.
    ///
    /// # Errors
    /// When the bends do not fit the network.
    pub fn to_json(&self) -> Result<String, NetworkError> {
        let place = self.place.as_deref();
        write(&self.network, &self.layers, &self.parameters, place)
    }

    /// Reads a preset's file. Parameters that are not there, or unknown, are as
    /// they are at first: a file from another version still plays.
    ///
    /// # Errors
    /// Names the place and says what is wrong there.
    pub fn from_json(name: String, text: &str) -> Result<Preset, NetworkError> {
        let file = read(text)?;
        let mut scope = Parameters::default();
        scope.bring(&file.parameters);
        Ok(Preset {
            name,
            network: Arc::new(file.network),
            layers: file.layers,
            parameters: match file.place {
                Some(_) => file.parameters,
                None => scope,
            },
            place: file.place,
        })
    }
}

/// What a file of a preset or a running state has.
pub(super) struct File {
    pub network: Network,
    pub layers: Layers,
    pub parameters: Parameters,
    pub place: Option<String>,
}

/// A network file with all lasting masks, and fields that tell the bends among
/// them, and the parameters: with a place in the library all of them, as a state
/// has them, else those that presets bring.
pub(super) fn write(
    network: &Network,
    layers: &Layers,
    parameters: &Parameters,
    place: Option<&str>,
) -> Result<String, NetworkError> {
    let bends = layers.bends();
    let mut parts = network.clone().into_parts();
    let covered: Masks = parts
        .masks
        .iter()
        .filter(|(node, _)| bends.contains_key(node))
        .collect();
    parts
        .masks
        .extend(bends.iter().map(|(node, mask)| (*node, *mask)));
    // A network that was loaded from such a file has its fields.
    for field in [PARAMETERS, BENDS, COVERED, BEND_LAYERS, PLACE] {
        parts.extra.remove(field);
    }
    let mut fields = Map::new();
    let written = |key: &&Key| place.is_some() || key.in_presets();
    for key in KEYS.iter().filter(written) {
        fields.insert(key.parameter().id.into(), parameters.get(*key).into());
    }
    parts.extra.insert(PARAMETERS.into(), fields.into());
    let nodes: Vec<u32> = bends.keys().copied().collect();
    parts.extra.insert(BENDS.into(), nodes.into());
    if !covered.is_empty() {
        parts.extra.insert(COVERED.into(), (&covered).into());
    }
    if !layers.is_plain() {
        parts.extra.insert(BEND_LAYERS.into(), layers_value(layers));
    }
    if let Some(place) = place {
        parts.extra.insert(PLACE.into(), place.into());
    }
    Ok(Network::try_from(parts)?.to_json())
}

/// The same read again. What is not there is as at first, and what has no
/// meaning is left out.
pub(super) fn read(text: &str) -> Result<File, NetworkError> {
    let mut parts = Network::from_json(text)?.into_parts();
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
            let beneath = |(node, _): &(u32, Mask)| bends.contains_key(node);
            parts.masks.extend(covered.into_iter().filter(beneath));
        }
    }
    let place = match parts.extra.remove(PLACE) {
        Some(Value::String(place)) => Some(place),
        _ => None,
    };
    let layers = parts.extra.remove(BEND_LAYERS).and_then(layers_of);
    let network = Network::try_from(parts)?;
    // Layers that say anything else than the masks, which sound, are left out.
    let layers = layers
        .filter(|layers| *layers.bends() == bends && layers.fit(&network).is_ok())
        .unwrap_or_else(|| Layers::of(bends));
    Ok(File {
        network,
        layers,
        parameters,
        place,
    })
}

fn layers_value(layers: &Layers) -> Value {
    let list: Vec<Value> = layers
        .iter()
        .map(|layer| {
            let masks: Masks = layer.bends.iter().map(|(n, mask)| (*n, *mask)).collect();
            json!({ "name": layer.name, "strength": layer.strength, "masks": Value::from(&masks) })
        })
        .collect();
    json!({ "chosen": layers.chosen(), "layers": list })
}

/// The layers that a file says, if it is one to eight good ones.
fn layers_of(mut value: Value) -> Option<Layers> {
    let chosen = usize::try_from(value.get("chosen")?.as_u64()?).ok()?;
    let Value::Array(list) = value.get_mut("layers")?.take() else {
        return None;
    };
    let layer = |mut layer: Value| {
        Some(Layer {
            name: layer.get("name")?.as_str()?.to_string(),
            strength: u8::try_from(layer.get("strength")?.as_u64()?).ok()?,
            bends: Masks::try_from(layer.get_mut("masks")?.take())
                .ok()?
                .into_iter()
                .collect(),
        })
    };
    Layers::new(list.into_iter().map(layer).collect::<Option<_>>()?, chosen)
}
