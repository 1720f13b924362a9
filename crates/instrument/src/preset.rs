//! Presets: network files with bends and parameters.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use logicnet::{MAX_EXTRA_BYTES, Mask, Masks, Network, NetworkError};
use serde::de::{DeserializeOwned, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::bend_layers::{BendLayer, BendLayers, MAX_LAYERS};
use super::bend_text;
use super::memory::Memory;
use super::parameters::{KEYS, ParameterScope, Parameters};

/// The field of a network file with the parameters, by id.
const PARAMETERS: &str = "parameters";
/// The field with the nodes whose masks are the player's bends. In files of the first
/// version, which lack it, all masks are bends.
const BENDS: &str = "bends";
/// The field with the network's own masks that bends cover.
const COVERED: &str = "covered";
/// The field with the bend layers, if they say more than the combined bends. A reader
/// that ignores it plays the combined bends, which sound the same.
const BEND_LAYERS: &str = "bend_layers";
/// The field with the name of the network that this was before it was changed; files of
/// running states have it.
const ORIGIN: &str = "from_library";
/// The field with the positions of the network's controls, by name.
const CONTROLS: &str = "controls";
/// The field with the number of edits that led to a running state.
const REVISION: &str = "revision";

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
    /// Positions of the network's controls, 0.0 to 1.0, in the order of its sources.
    pub controls: Vec<f64>,
    /// The name of the network that this was before it was changed, if this is a rescued
    /// state: that brings all parameters, and its file is that of a running state.
    pub origin: Option<String>,
}

/// Most presets that a player can save.
pub const MAX_PRESETS: usize = 256;
/// Most presets with rescued states, which are saved beyond [`MAX_PRESETS`].
pub const MAX_RESCUED: usize = 16;

/// Most memory of all presets in bytes: those of 256 networks of 2,000 gates, or of eight of
/// the most gates. [`fit`] checks it.
pub const MAX_PRESETS_BYTES: usize = 16 << 20;

/// Returns whether the instrument has memory for these presets. A network that several share
/// counts once.
pub fn fit<'a>(presets: impl IntoIterator<Item = &'a Preset>) -> bool {
    let mut memory = Memory::default();
    let mut presets = presets.into_iter();
    presets.all(|preset| {
        preset.count(&mut memory);
        memory.bytes() <= MAX_PRESETS_BYTES
    })
}

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
            && self.controls == other.controls
            && parameters.all(|key| self.parameters.get(*key) == other.parameters.get(*key))
    }

    /// Returns the memory of network and bends in bytes.
    pub fn memory(&self) -> usize {
        let mut memory = Memory::default();
        self.count(&mut memory);
        memory.bytes()
    }

    fn count(&self, memory: &mut Memory) {
        memory.add_network(&self.network);
        self.layers.count(memory);
    }

    /// Returns the text of the preset's file: a network file with all lasting masks, fields
    /// that say which of them are bends, and parameters.
    ///
    /// # Errors
    /// Fails if the bends do not fit the network.
    pub fn to_json(&self) -> Result<String, NetworkError> {
        self.write(None)
    }

    /// Returns the text of its file or, with a revision, that of a running state.
    pub(super) fn write(&self, revision: Option<u32>) -> Result<String, NetworkError> {
        let bends = self.layers.bends();
        let mut masks = self.network.masks().clone();
        let covered: Masks = masks
            .iter()
            .filter(|(node, _)| bends.contains(*node))
            .collect();
        masks.extend(bends.iter());
        let parameters = KEYS.iter().filter(|key| self.scope().contains(**key));
        let parameters: BTreeMap<&str, i32> = parameters
            .map(|key| (key.parameter().id, self.parameters.get(*key)))
            .collect();
        let nodes: Vec<u32> = bends.iter().map(|(node, _)| node).collect();
        let mut fields = vec![(PARAMETERS, json(&parameters)), (BENDS, json(&nodes))];
        if !covered.is_empty() {
            fields.push((COVERED, covered.to_json()));
        }
        if !self.layers.is_plain() {
            fields.push((BEND_LAYERS, write_layers(&self.layers)));
        }
        if !self.controls.is_empty() {
            let positions = self
                .network
                .control_names()
                .zip(self.controls.iter().copied());
            fields.push((CONTROLS, json(&positions.collect::<BTreeMap<&str, f64>>())));
        }
        if let Some(origin) = &self.origin {
            fields.push((ORIGIN, json(origin)));
        }
        if let Some(revision) = revision {
            fields.push((REVISION, json(&revision)));
        }
        fields.sort_by_key(|(name, _)| *name);
        let network = Network::clone(&self.network).with_masks(masks)?;
        Ok(network.to_json_with(&fields))
    }

    /// Reads a preset's file. Files of other versions play too: parameters that are missing
    /// have their defaults, and unknown ones are ignored.
    ///
    /// # Errors
    /// Returns an error that says where the file is invalid, and why.
    pub fn from_json(name: String, text: &str) -> Result<Preset, NetworkError> {
        let mut preset = File::read(text)?.preset(name)?;
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
}

/// A network file with the fields of presets and running states, in JSON.
pub(super) struct File<'t> {
    network: Network,
    parameters: Option<&'t str>,
    bends: Option<&'t str>,
    covered: Option<&'t str>,
    layers: Option<&'t str>,
    origin: Option<&'t str>,
    controls: Option<&'t str>,
    /// The number of edits that led to a running state.
    pub(super) revision: Option<u32>,
}

impl<'t> File<'t> {
    pub(super) fn read(text: &'t str) -> Result<File<'t>, NetworkError> {
        let names = [
            PARAMETERS,
            BENDS,
            COVERED,
            BEND_LAYERS,
            ORIGIN,
            CONTROLS,
            REVISION,
        ];
        let (network, values) = Network::from_json_with(text, names)?;
        let [
            parameters,
            bends,
            covered,
            layers,
            origin,
            controls,
            revision,
        ] = values;
        let is_short = |json: &&str| json.len() <= MAX_EXTRA_BYTES;
        Ok(File {
            network,
            parameters: parameters.filter(is_short),
            bends,
            covered,
            layers,
            origin: origin.filter(is_short),
            controls: controls.filter(is_short),
            revision: revision.filter(is_short).and_then(value),
        })
    }

    /// Returns whether this is the file of a preset or a state rather than of a network alone.
    pub(super) fn is_preset(&self) -> bool {
        self.bends.is_some()
    }

    /// Returns whether the file has parameters.
    pub(super) fn has_parameters(&self) -> bool {
        self.parameters.is_some()
    }

    /// Returns the network, with all masks.
    pub(super) fn into_network(self) -> Network {
        self.network
    }

    /// Takes the preset out of the file, with all parameters that it has. Missing fields have
    /// their defaults, and invalid ones are ignored.
    pub(super) fn preset(self, name: String) -> Result<Preset, NetworkError> {
        let parameters = self.parameters.and_then(read_parameters);
        let masks = self.network.masks();
        let bends = self.bends.and_then(|nodes| masked(nodes, masks));
        let bends = bends.unwrap_or_else(|| masks.clone());
        let mut own: Masks = masks
            .iter()
            .filter(|(node, _)| !bends.contains(*node))
            .collect();
        if let Some(Ok(covered)) = self.covered.map(Masks::from_json) {
            let is_covered = |(node, _): &(u32, Mask)| bends.contains(*node);
            own.extend(covered.iter().filter(is_covered));
        }
        let network = self.network.with_masks(own)?;
        let mut controls = network.control_defaults();
        if let Some(json) = self.controls {
            read_controls(json, &network, &mut controls);
        }
        // Layers that disagree with the masks are ignored: the masks are what sounds.
        let layers = self.layers.and_then(read_layers);
        let layers = layers
            .filter(|layers| *layers.bends() == bends && layers.fit(&network).is_ok())
            .unwrap_or_else(|| BendLayers::of(bends));
        Ok(Preset {
            name,
            network: Arc::new(network),
            layers,
            parameters: parameters.unwrap_or_default(),
            controls,
            origin: self.origin.and_then(value),
        })
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("numbers and texts are always JSON")
}

/// Reads a value, if it is one of this type.
fn value<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}

fn read_parameters(json: &str) -> Option<Parameters> {
    let mut parameters = Parameters::default();
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
    for key in KEYS {
        let number = fields.get(key.parameter().id);
        if let Some(number) = number.and_then(|number| value(number.get())) {
            parameters.set(*key, number);
        }
    }
    Some(parameters)
}

/// Reads the positions of a network's controls. Others are ignored, and positions out of
/// range are clamped.
fn read_controls(json: &str, network: &Network, controls: &mut [f64]) {
    let fields: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_str(json);
    let fields = fields.unwrap_or_default();
    for (name, control) in network.control_names().zip(controls) {
        let position = fields.get(name).and_then(|json| value::<f64>(json.get()));
        *control = position.map_or(*control, |position| position.clamp(0.0, 1.0));
    }
}

/// Returns the masks of the nodes in a list, if it is one. Other items are ignored.
fn masked(nodes: &str, masks: &Masks) -> Option<Masks> {
    struct Nodes<'a>(&'a Masks);

    impl<'t> Visitor<'t> for Nodes<'_> {
        type Value = Masks;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a list of nodes")
        }

        fn visit_seq<A: SeqAccess<'t>>(self, mut nodes: A) -> Result<Masks, A::Error> {
            let mut found = Masks::new();
            while let Some(node) = nodes.next_element::<&RawValue>()? {
                let node = node.get().parse().ok();
                found.extend(node.and_then(|node| Some((node, self.0.get(node)?))));
            }
            Ok(found)
        }
    }

    let mut json = serde_json::Deserializer::from_str(nodes);
    json.deserialize_seq(Nodes(masks)).ok()
}

fn write_layers(layers: &BendLayers) -> String {
    let layer = |layer: &BendLayer| {
        let (bends, name) = (bend_text::write(&layer.bends), json(&layer.name));
        let strength = layer.strength;
        format!(r#"{{"bends":"{bends}","name":{name},"strength":{strength}}}"#)
    };
    let list: Vec<String> = layers.iter().map(layer).collect();
    let (chosen, list) = (layers.chosen(), list.join(","));
    format!(r#"{{"chosen":{chosen},"layers":[{list}]}}"#)
}

/// Bend layers of a file.
#[derive(Deserialize)]
struct LayersFile<'t> {
    chosen: usize,
    #[serde(borrow)]
    layers: Vec<LayerFile<'t>>,
}

#[derive(Deserialize)]
struct LayerFile<'t> {
    name: String,
    strength: u8,
    bends: Option<String>,
    /// The bends as in a network's masks, in files of earlier versions.
    #[serde(borrow)]
    masks: Option<&'t RawValue>,
}

/// Reads the bend layers of a file, if they are valid.
fn read_layers(json: &str) -> Option<BendLayers> {
    let file: LayersFile = serde_json::from_str(json).ok()?;
    if file.layers.len() > MAX_LAYERS {
        return None;
    }
    let layer = |layer: LayerFile| {
        Some(BendLayer {
            name: layer.name,
            strength: layer.strength,
            bends: match (layer.bends, layer.masks) {
                (Some(text), _) => bend_text::read(&text)?,
                (None, masks) => Masks::from_json(masks?.get()).ok()?,
            },
        })
    };
    BendLayers::new(
        file.layers.into_iter().map(layer).collect::<Option<_>>()?,
        file.chosen,
    )
}
