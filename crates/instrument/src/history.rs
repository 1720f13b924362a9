//! The history: snapshots that undo and redo go through.

use std::sync::Arc;

use logicnet::{Gate, Network};
use serde_json::Value;

use super::bend_layers::BendLayers;
use super::command::Direction;
use super::parameters::{ParameterScope, Parameters};
use super::state::State;

/// Most snapshots.
const MAX_SNAPSHOTS: usize = 64;
/// Most memory of all snapshots, in bytes, roughly. The oldest are dropped beyond it, but
/// never the present one and the one before. Boards have 512 MB for everything.
const MAX_BYTES: usize = 64 << 20;
/// Memory of a mask in a map, in bytes, roughly.
const MASK_BYTES: usize = 16;

/// The part of a state that undo goes back to.
pub struct Snapshot {
    pub network: Arc<Network>,
    pub network_index: usize,
    pub layers: BendLayers,
    pub parameters: Parameters,
    /// Parameters that came with the change that led here.
    scope: ParameterScope,
    /// Memory of network and layers in bytes, roughly.
    network_bytes: usize,
    layers_bytes: usize,
}

impl Snapshot {
    /// Takes a snapshot. `before` is the one before it, whose network may be the same.
    fn of(state: &State, scope: ParameterScope, before: Option<&Snapshot>) -> Snapshot {
        let network_bytes = match before {
            Some(before) if Arc::ptr_eq(&before.network, &state.network) => before.network_bytes,
            _ => network_bytes(&state.network),
        };
        let masks = state.layers.iter().map(|layer| layer.bends.len());
        let masks = masks.sum::<usize>() + state.layers.bends().len();
        Snapshot {
            network: Arc::clone(&state.network),
            network_index: state.network_index,
            layers: state.layers.clone(),
            parameters: state.parameters.clone(),
            scope,
            network_bytes,
            layers_bytes: masks * MASK_BYTES,
        }
    }

    fn matches(&self, state: &State) -> bool {
        Arc::ptr_eq(&self.network, &state.network) && self.layers == state.layers
    }
}

/// A series of changes that undo takes back in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// Paint over gates, by the stroke's number.
    Paint(u32),
    /// A layer's strength, by the layer's index.
    Strength(usize),
}

/// Snapshots of the past, the present and what was undone; at least one.
pub struct History {
    snapshots: Vec<Snapshot>,
    /// The index of the present snapshot.
    now: usize,
    /// The stroke that led to the present snapshot, if it can continue.
    stroke: Option<Stroke>,
}

impl History {
    /// Creates a history that begins with a state.
    pub fn new(state: &State) -> History {
        History {
            snapshots: vec![Snapshot::of(state, ParameterScope::Nothing, None)],
            now: 0,
            stroke: None,
        }
    }

    /// Takes a snapshot of a state, unless only parameters out of `scope` differ from the
    /// present one. If a stroke continues, the snapshot replaces the present one.
    pub fn remember(&mut self, state: &State, scope: ParameterScope, stroke: Option<Stroke>) {
        if self.snapshots[self.now].matches(state) && scope == ParameterScope::Nothing {
            return;
        }
        let snapshot = Snapshot::of(state, scope, Some(&self.snapshots[self.now]));
        if stroke.is_some() && stroke == self.stroke {
            self.snapshots[self.now] = snapshot;
        } else {
            self.snapshots.truncate(self.now + 1);
            self.snapshots.push(snapshot);
            self.stroke = stroke;
        }
        let count = self.snapshots.len();
        let mut bytes = 0;
        let newest_first = self.snapshots.iter().rev().enumerate();
        let fitting = newest_first.take_while(|(i, snapshot)| {
            let later = count.checked_sub(*i).and_then(|at| self.snapshots.get(at));
            let shared = later.is_some_and(|later| Arc::ptr_eq(&later.network, &snapshot.network));
            bytes += snapshot.layers_bytes + if shared { 0 } else { snapshot.network_bytes };
            *i < 2 || (*i < MAX_SNAPSHOTS && bytes <= MAX_BYTES)
        });
        let fitting = fitting.count();
        self.snapshots.drain(..count - fitting);
        self.now = fitting - 1;
    }

    /// Returns the next or the previous snapshot, its index, and the parameters to take
    /// from it: those that came with the change between it and the present one.
    ///
    /// # Errors
    /// Fails at either end of the history.
    pub fn look(&self, direction: Direction) -> Result<(usize, &Snapshot, ParameterScope), String> {
        let (index, problem) = match direction {
            Direction::Previous => (self.now.checked_sub(1), "nothing to undo"),
            Direction::Next => (self.now.checked_add(1), "nothing to redo"),
        };
        let index = index.filter(|index| *index < self.snapshots.len());
        let index = index.ok_or(problem)?;
        let scope = self.snapshots[index.max(self.now)].scope;
        Ok((index, &self.snapshots[index], scope))
    }

    /// Makes another snapshot the present one.
    pub fn go_to(&mut self, index: usize) {
        self.now = index;
        self.stroke = None;
    }

    /// Updates the parameters of the present snapshot: changes of them are not steps.
    pub fn note(&mut self, parameters: &Parameters) {
        self.snapshots[self.now].parameters.clone_from(parameters);
    }

    /// Returns the steps that undo and redo can go from a state. A state without a
    /// snapshot counts as one step beyond the present one.
    pub fn steps(&self, state: &State) -> (usize, usize) {
        if self.snapshots[self.now].matches(state) {
            (self.now, self.snapshots.len() - 1 - self.now)
        } else {
            ((self.now + 1).min(MAX_SNAPSHOTS - 1), 0)
        }
    }
}

/// Returns the memory of a network in bytes, roughly. Fields of its file that have no
/// meaning here may be most of it.
fn network_bytes(network: &Network) -> usize {
    let texts = [network.description(), network.source()];
    let texts = texts.into_iter().flatten().map(str::len).sum::<usize>() + network.name().len();
    let fields: usize = network.extra().iter().map(field_bytes).sum();
    let masks = network.masks().iter().count() * MASK_BYTES;
    size_of_val::<[Gate]>(network.gates()) + masks + texts + fields
}

/// Returns the memory of a field, with its name and its part of the map.
fn field_bytes((name, value): (&String, &Value)) -> usize {
    size_of::<(String, Value)>() + name.len() + value_bytes(value)
}

/// Returns the memory that a value owns in addition to its own size.
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
