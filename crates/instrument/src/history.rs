//! The history: moments that undo and redo go through.

use std::sync::Arc;

use logicnet::{Gate, Network};
use serde_json::Value;

use super::command::Direction;
use super::layers::Layers;
use super::parameters::Parameters;
use super::state::State;

/// Most moments.
const MOST: usize = 64;
/// Most bytes of all moments, roughly; then the oldest go, up to the one before
/// what is now. Boards have half a gigabyte, for all.
const MOST_BYTES: usize = 64 << 20;
/// What a mask takes in a map, roughly.
const MASK_BYTES: usize = 16;

/// Which parameters came with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterScope {
    /// None.
    Nothing,
    /// Those that presets bring.
    Presets,
    /// All of them.
    All,
}

/// What undo goes back to.
pub struct Moment {
    pub network: Arc<Network>,
    pub place: usize,
    pub layers: Layers,
    pub parameters: Parameters,
    /// What it came with.
    scope: ParameterScope,
    /// What network and layers take, roughly.
    network_bytes: usize,
    layers_bytes: usize,
}

impl Moment {
    /// What a state is, after another moment if there is one.
    fn of(state: &State, scope: ParameterScope, before: Option<&Moment>) -> Moment {
        let network_bytes = match before {
            Some(before) if Arc::ptr_eq(&before.network, &state.network) => before.network_bytes,
            _ => network_bytes(&state.network),
        };
        let masks = state.layers.iter().map(|layer| layer.bends.len());
        let masks = masks.sum::<usize>() + state.layers.bends().len();
        Moment {
            network: Arc::clone(&state.network),
            place: state.place,
            layers: state.layers.clone(),
            parameters: state.parameters.clone(),
            scope,
            network_bytes,
            layers_bytes: masks * MASK_BYTES,
        }
    }

    fn is(&self, state: &State) -> bool {
        Arc::ptr_eq(&self.network, &state.network) && self.layers == state.layers
    }
}

/// A change that goes on: all of it is one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// Paint over gates, by the stroke's number.
    Paint(u32),
    /// The fader of a layer's strength.
    Strength(usize),
}

/// What was, is, and could be again; never empty.
pub struct History {
    moments: Vec<Moment>,
    now: usize,
    /// What made the moment that is now, if it may go on.
    stroke: Option<Stroke>,
}

impl History {
    /// A history that begins here.
    pub fn new(state: &State) -> History {
        History {
            moments: vec![Moment::of(state, ParameterScope::Nothing, None)],
            now: 0,
            stroke: None,
        }
    }

    /// Makes this state the last moment, unless it is what is now; then it may
    /// still have scope its parameters. A stroke that goes on stays one moment.
    pub fn remember(&mut self, state: &State, scope: ParameterScope, stroke: Option<Stroke>) {
        if self.moments[self.now].is(state) && scope == ParameterScope::Nothing {
            return;
        }
        let moment = Moment::of(state, scope, Some(&self.moments[self.now]));
        if stroke.is_some() && stroke == self.stroke {
            self.moments[self.now] = moment;
        } else {
            self.moments.truncate(self.now + 1);
            self.moments.push(moment);
            self.stroke = stroke;
        }
        let count = self.moments.len();
        let mut bytes = 0;
        let fit = self.moments.iter().rev().enumerate().take_while(|(i, m)| {
            let later = count.checked_sub(*i).and_then(|at| self.moments.get(at));
            let shared = later.is_some_and(|later| Arc::ptr_eq(&later.network, &m.network));
            bytes += m.layers_bytes + if shared { 0 } else { m.network_bytes };
            *i < 2 || (*i < MOST && bytes <= MOST_BYTES)
        });
        let fit = fit.count();
        self.moments.drain(..count - fit);
        self.now = fit - 1;
    }

    /// The place of the next moment or the one before, the moment, and which of
    /// its parameters come as well: into what has scope its own, or out of it.
    pub fn look(&self, direction: Direction) -> Result<(usize, &Moment, ParameterScope), String> {
        let (place, problem) = match direction {
            Direction::Previous => (self.now.checked_sub(1), "nothing to undo"),
            Direction::Next => (self.now.checked_add(1), "nothing to do again"),
        };
        let place = place.filter(|place| *place < self.moments.len());
        let place = place.ok_or(problem)?;
        let scope = self.moments[place.max(self.now)].scope;
        Ok((place, &self.moments[place], scope))
    }

    /// This moment is now.
    pub fn go_to(&mut self, place: usize) {
        self.now = place;
        self.stroke = None;
    }

    /// The parameters of the moment that is now, which are no step of their own.
    pub fn note(&mut self, parameters: &Parameters) {
        self.moments[self.now].parameters.clone_from(parameters);
    }

    /// How many steps undo and redo could go from a state: if it is not
    /// remembered yet, it is a step beyond what is now.
    pub fn steps(&self, state: &State) -> (usize, usize) {
        if self.moments[self.now].is(state) {
            (self.now, self.moments.len() - 1 - self.now)
        } else {
            ((self.now + 1).min(MOST - 1), 0)
        }
    }
}

/// What a network takes, roughly; most of it may be fields that mean nothing here.
fn network_bytes(network: &Network) -> usize {
    let texts = [
        network.description(),
        network.source(),
        Some(network.name()),
    ];
    let texts: usize = texts.into_iter().flatten().map(str::len).sum();
    let fields: usize = network.extra().iter().map(field_bytes).sum();
    let masks = network.masks().iter().count() * MASK_BYTES;
    size_of_val::<[Gate]>(network.gates()) + masks + texts + fields
}

/// A field with its name and its part of the map.
fn field_bytes((name, value): (&String, &Value)) -> usize {
    size_of::<(String, Value)>() + name.len() + value_bytes(value)
}

/// What a value holds beside itself.
fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(list) => {
            size_of_val::<[Value]>(list) + list.iter().map(value_bytes).sum::<usize>()
        }
        Value::Object(fields) => fields.iter().map(field_bytes).sum(),
        _ => 0,
    }
}
