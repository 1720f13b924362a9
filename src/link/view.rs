//! The instrument's state as clients see it, in terms of the protocol. Pure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use instrument::bend_layers::{BendLayer, BendLayers};
use instrument::parameters::{KEYS, Kind, Parameters};
use instrument::surface::{Button, Surface};
use instrument::{Page, Revision, State, Target};
use logicnet::{Mask, Network};

use super::protocol::{self, Bend, LayerChange, Parameter, Region, Welcome};

/// A state and the data derived from it, shared by all clients. Clones share their contents.
#[derive(Clone, Debug)]
pub struct View {
    state: Arc<State>,
    file: Arc<File>,
    /// The number of the network and its layout, which no other ones have.
    number: u64,
}

/// The number of the next network.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// The parts of a view that show whether a later one differs. The network is only a number:
/// a slow client must not hold an old one in memory.
#[derive(Debug, PartialEq)]
pub struct Seen {
    network: u64,
    layers: BendLayers,
    touched: (Vec<u32>, Option<u32>, Mask),
    parameters: Parameters,
    library: (Arc<Vec<String>>, usize),
    presets: Arc<Vec<String>>,
    transport: protocol::Transport,
    revision: Revision,
    history: (usize, usize),
    page: Page,
    /// The number of the notice, and whether it is still shown.
    notice: (u32, bool),
}

/// The file of a network.
#[derive(Debug)]
struct File {
    network: Arc<Network>,
    text: Arc<str>,
    revision: u32,
}

impl File {
    fn new(network: &Arc<Network>) -> File {
        let text = network.to_json();
        File {
            network: Arc::clone(network),
            revision: crc32fast::hash(text.as_bytes()),
            text: text.into(),
        }
    }
}

impl View {
    /// Creates the view of a state.
    pub fn new(state: Arc<State>) -> View {
        let file = Arc::new(File::new(&state.network));
        View {
            state,
            file,
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Replaces the state; fast while the network stays the same. Returns whether the state
    /// is another one.
    pub fn go_to(&mut self, state: &Arc<State>) -> bool {
        if Arc::ptr_eq(&self.state, state) {
            return false;
        }
        let is_same_network = Arc::ptr_eq(&self.file.network, &state.network);
        if !is_same_network {
            self.file = Arc::new(File::new(&state.network));
        }
        if !is_same_network || !Arc::ptr_eq(&self.state.layout, &state.layout) {
            self.number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        }
        self.state = Arc::clone(state);
        true
    }

    /// The state.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The file of its network.
    pub fn file(&self) -> Arc<str> {
        Arc::clone(&self.file.text)
    }

    /// The number that identifies its network: the checksum of its file.
    pub fn revision(&self) -> u32 {
        self.file.revision
    }

    /// Returns the parts that show whether a later view differs.
    pub fn seen(&self) -> Seen {
        let state = &*self.state;
        Seen {
            network: self.number,
            layers: state.layers.clone(),
            touched: (state.touched.clone(), state.steered, state.mask()),
            parameters: state.parameters.clone(),
            library: (Arc::clone(&state.network_names), state.network_index),
            presets: Arc::clone(&state.presets),
            transport: transport(state),
            revision: state.revision,
            history: state.history,
            page: state.page,
            notice: (state.notices, state.notice.is_some()),
        }
    }

    /// Returns the memory of the sections that differ from those of an earlier view in bytes,
    /// roughly. Only the network and the layers are long.
    pub fn bytes_since(&self, earlier: Option<&Seen>) -> usize {
        let layers = &self.state.layers;
        let network = if earlier.is_some_and(|earlier| earlier.network == self.number) {
            0
        } else {
            let cells = self.state.layout.cells().len();
            self.file.text.len() + cells * size_of::<(u32, f32, f32)>()
        };
        let bends = |layers: &BendLayers| -> usize {
            let counts = layers.iter().map(|layer| layer.bends.len());
            counts.sum::<usize>() * size_of::<(u32, Option<Bend>, bool)>()
        };
        let before = earlier.map(|earlier| &earlier.layers);
        if before == Some(layers) {
            return network;
        }
        network + bends(layers) + before.map_or(0, bends)
    }

    /// Returns the sections that differ from those of an earlier view; all, if there is none.
    /// Bends that differ are sent alone if `bends` is true and the layers are the same.
    pub fn sections(&self, earlier: Option<&Seen>, bends: bool) -> protocol::State {
        let now = self.seen();
        // A section is left out if its key is equal in both views.
        macro_rules! section {
            ($key:ident, $make:expr) => {{
                let is_same = earlier.is_some_and(|earlier| earlier.$key == now.$key);
                (!is_same).then(|| $make)
            }};
        }
        let state = &*self.state;
        let bends = earlier
            .filter(|_| bends)
            .and_then(|earlier| layer_changes(&earlier.layers, &state.layers));
        protocol::State {
            network: section!(network, self.network()),
            layers: if bends.is_some() {
                None
            } else {
                section!(layers, layers(state))
            },
            bends,
            touched: section!(
                touched,
                protocol::Touched {
                    nodes: state.touched.clone(),
                    steered: state.steered,
                    bend: state.mask().into(),
                }
            ),
            parameters: section!(
                parameters,
                KEYS.iter().map(|key| state.parameters.get(*key)).collect()
            ),
            library: section!(
                library,
                protocol::Library {
                    names: state.network_names.to_vec(),
                    place: state.network_index,
                }
            ),
            presets: section!(presets, state.presets.to_vec()),
            transport: section!(transport, transport(state)),
            revision: section!(
                revision,
                protocol::Revision {
                    edits: state.revision.edits,
                    resumed: state.revision.resumed,
                }
            ),
            history: section!(history, state.history),
            page: section!(page, state.page.name().to_string()),
            notice: section!(notice, state.notice.clone().unwrap_or_default()),
        }
    }

    fn network(&self) -> protocol::Network {
        let cells = self.state.layout.cells().iter();
        protocol::Network {
            revision: self.file.revision,
            target: Target::network(&self.state.network),
            file: self.file.text.as_ref().into(),
            places: cells
                .map(|cell| (cell.node, cell.at.x, cell.at.y))
                .collect(),
        }
    }
}

fn layers(state: &State) -> protocol::Layers {
    let layers = state.layers.iter().map(|layer| protocol::Layer {
        name: layer.name.clone(),
        strength: layer.strength,
        bends: bends(layer)
            .map(|(node, mask, counts)| (node, Bend::from(mask), counts))
            .collect(),
    });
    protocol::Layers {
        layers: layers.collect(),
        chosen: state.layers.chosen(),
    }
}

/// Returns a layer's bends by node, and whether its strength lets them through.
fn bends(layer: &BendLayer) -> impl Iterator<Item = (u32, Mask, bool)> {
    let mut bent = layer.bent().map(|(node, _)| node).peekable();
    let bends = layer.bends.iter();
    // Both are ordered by node.
    bends.map(move |(node, mask)| (node, mask, bent.next_if_eq(&node).is_some()))
}

/// Returns the bends that differ, if only bends do.
fn layer_changes(earlier: &BendLayers, later: &BendLayers) -> Option<Vec<LayerChange>> {
    let is_alike = |(earlier, later): (&BendLayer, &BendLayer)| {
        earlier.name == later.name && earlier.strength == later.strength
    };
    let are_alike = earlier.len() == later.len()
        && earlier.chosen() == later.chosen()
        && earlier.iter().zip(later.iter()).all(is_alike);
    if !are_alike || earlier == later {
        return None;
    }
    let pairs = earlier.iter().zip(later.iter()).enumerate();
    let changes = pairs.map(|(layer, (earlier, later))| LayerChange {
        layer,
        bends: changed_bends(earlier, later),
    });
    Some(changes.filter(|change| !change.bends.is_empty()).collect())
}

fn changed_bends(earlier: &BendLayer, later: &BendLayer) -> Vec<(u32, Option<Bend>, bool)> {
    let mut earlier = bends(earlier).peekable();
    let mut changes = Vec::new();
    for bend in bends(later) {
        let (node, mask, counts) = bend;
        while let Some((removed, ..)) = earlier.next_if(|(other, ..)| *other < node) {
            changes.push((removed, None, false));
        }
        if earlier.next_if(|(other, ..)| *other == node) != Some(bend) {
            changes.push((node, Some(mask.into()), counts));
        }
    }
    changes.extend(earlier.map(|(removed, ..)| (removed, None, false)));
    changes
}

fn transport(state: &State) -> protocol::Transport {
    protocol::Transport {
        playing: state.playing,
        rate: state.rate(),
        seeks: state.resets,
    }
}

/// Facts about the instrument that clients are welcomed with; they stay the same while the
/// program runs.
#[derive(Clone, Debug)]
pub struct InstrumentInfo {
    /// The board, e.g. `desk` or `bela-black`.
    pub board: String,
    /// Sample rate of the sound in hertz.
    pub rate: u32,
    /// True if sound can be streamed.
    pub sound: bool,
    /// True if the board has outputs through which it is heard.
    pub outputs: bool,
    /// The display's height in pixels; 0 without one.
    pub display: u8,
    /// The regions of the pad.
    pub surface: Surface,
}

impl InstrumentInfo {
    /// Adds the tables that clients need. `start` differs between starts of the program.
    pub fn welcome(self, start: u32) -> Welcome {
        let region = |name: &str, region: &instrument::surface::Region| Region {
            name: name.to_string(),
            corners: (region.least.x, region.least.y, region.most.x, region.most.y),
        };
        let buttons = self.surface.buttons.iter();
        let buttons = buttons.map(|(button, at)| region(button.name(), at));
        Welcome {
            version: protocol::VERSION,
            program: env!("CARGO_PKG_VERSION").into(),
            start,
            board: self.board,
            rate: self.rate,
            sound: self.sound,
            outputs: self.outputs,
            display: self.display,
            parameters: KEYS.iter().map(|key| row(key.parameter())).collect(),
            regions: std::iter::once(region("field", &self.surface.field))
                .chain(buttons)
                .collect(),
            bends: true,
            pages: Page::ALL.iter().map(|page| page_labels(*page)).collect(),
            token: None,
        }
    }
}

fn page_labels(page: Page) -> protocol::Page {
    let buttons = Button::ALL.iter().zip(page.button_labels());
    let label = |(button, label): (&Button, &str)| (button.name().into(), label.into());
    protocol::Page {
        name: page.name().into(),
        labels: buttons.map(label).collect(),
    }
}

fn row(parameter: &instrument::parameters::Parameter) -> Parameter {
    let (min, max) = parameter.range();
    let (step, stops, decimals, named, choices) = match parameter.kind {
        Kind::Number {
            step,
            stops,
            decimals,
            named,
            ..
        } => (step, stops, decimals, named, &[][..]),
        Kind::Choice(words) => (1, &[][..], 0, None, words),
    };
    Parameter {
        key: parameter.id.into(),
        name: parameter.name.into(),
        unit: parameter.unit.into(),
        about: parameter.about.into(),
        min,
        max,
        default: parameter.default,
        step,
        stops: stops.to_vec(),
        decimals,
        choices: choices.iter().map(ToString::to_string).collect(),
        named: named.map(|(value, name)| (value, name.into())),
    }
}
