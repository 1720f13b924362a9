//! The instrument's state as clients see it, in terms of the protocol. Pure.

use std::sync::Arc;

use logicnet::Network;

use super::protocol::{self, Bend, Parameter, Region, Welcome};
use instrument::State;
use instrument::parameters::{KEYS, Kind};
use instrument::surface::Surface;

/// A state and the data derived from it, shared by all clients. Clones share their contents.
#[derive(Clone, Debug)]
pub struct View {
    state: Arc<State>,
    file: Arc<File>,
}

/// The file of a network.
#[derive(Debug)]
struct File {
    network: Arc<Network>,
    text: String,
    revision: u32,
}

impl File {
    fn new(network: &Arc<Network>) -> File {
        let text = network.to_json();
        File {
            network: Arc::clone(network),
            revision: crc32fast::hash(text.as_bytes()),
            text,
        }
    }
}

impl View {
    /// Creates the view of a state.
    pub fn new(state: Arc<State>) -> View {
        let file = Arc::new(File::new(&state.network));
        View { state, file }
    }

    /// Replaces the state; fast while the network stays the same. Returns whether the state
    /// is another one.
    pub fn go_to(&mut self, state: &Arc<State>) -> bool {
        if Arc::ptr_eq(&self.state, state) {
            return false;
        }
        if !Arc::ptr_eq(&self.file.network, &state.network) {
            self.file = Arc::new(File::new(&state.network));
        }
        self.state = Arc::clone(state);
        true
    }

    /// The state.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The file of its network.
    pub fn file(&self) -> &str {
        &self.file.text
    }

    /// The number that identifies its network: the checksum of its file.
    pub fn revision(&self) -> u32 {
        self.file.revision
    }

    /// Returns the sections that differ from those of an earlier view; all, if there is none.
    pub fn sections(&self, earlier: Option<&View>) -> protocol::State {
        // A section is left out if its key is equal in both views.
        macro_rules! section {
            ($view:ident, $key:expr, $make:expr) => {{
                let $view = self;
                let key = $key;
                let is_same = earlier.is_some_and(|$view| key == $key);
                (!is_same).then(|| $make)
            }};
        }
        let state = &*self.state;
        protocol::State {
            network: section!(
                view,
                (Arc::as_ptr(&view.file), Arc::as_ptr(&view.state.layout)),
                self.network()
            ),
            layers: section!(view, &view.state.layers, layers(state)),
            touched: section!(
                view,
                (&view.state.touched, view.state.steered, view.state.mask()),
                protocol::Touched {
                    nodes: state.touched.clone(),
                    steered: state.steered,
                    bend: state.mask().into(),
                }
            ),
            parameters: section!(
                view,
                &view.state.parameters,
                KEYS.iter().map(|key| state.parameters.get(*key)).collect()
            ),
            library: section!(
                view,
                (
                    Arc::as_ptr(&view.state.network_names),
                    view.state.network_index
                ),
                protocol::Library {
                    names: state.network_names.to_vec(),
                    place: state.network_index,
                }
            ),
            presets: section!(view, &view.state.presets, state.presets.to_vec()),
            transport: section!(view, transport(&view.state), transport(state)),
            history: section!(view, view.state.history, state.history),
            page: section!(view, view.state.page, state.page.name().to_string()),
            notice: section!(
                view,
                (view.state.notices, view.state.notice.is_some()),
                state.notice.clone().unwrap_or_default()
            ),
        }
    }

    fn network(&self) -> protocol::Network {
        let cells = self.state.layout.cells().iter();
        protocol::Network {
            revision: self.file.revision,
            file: self.file.text.clone(),
            places: cells
                .map(|cell| (cell.node, cell.at.x, cell.at.y))
                .collect(),
        }
    }
}

fn layers(state: &State) -> protocol::Layers {
    let layers = state.layers.iter().map(|layer| {
        let mut bent = layer.bent().map(|(node, _)| node).peekable();
        protocol::Layer {
            name: layer.name.clone(),
            strength: layer.strength,
            bends: layer
                .bends
                .iter()
                .map(|(node, mask)| {
                    // Both are ordered by node.
                    let counts = bent.next_if_eq(node).is_some();
                    (*node, Bend::from(*mask), counts)
                })
                .collect(),
        }
    });
    protocol::Layers {
        layers: layers.collect(),
        chosen: state.layers.chosen(),
    }
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
            display: self.display,
            parameters: KEYS.iter().map(|key| row(key.parameter())).collect(),
            regions: std::iter::once(region("field", &self.surface.field))
                .chain(buttons)
                .collect(),
        }
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
