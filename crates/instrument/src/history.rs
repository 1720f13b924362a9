//! The history: snapshots that undo and redo go through.

use std::sync::Arc;

use logicnet::Network;

use super::bend_layers::BendLayers;
use super::command::Direction;
use super::memory::Memory;
use super::parameters::{ParameterScope, Parameters};
use super::state::State;

/// Most snapshots.
const MAX_SNAPSHOTS: usize = 64;
/// Most memory of all snapshots in bytes. The oldest are dropped beyond it, but never the
/// present one and the one before. Boards have 512 MB for everything, and the program keeps
/// below 150 MB.
const MAX_BYTES: usize = 16 << 20;

/// The part of a state that undo goes back to.
pub struct Snapshot {
    pub network: Arc<Network>,
    pub network_index: usize,
    pub layers: BendLayers,
    pub parameters: Parameters,
    pub controls: Vec<f64>,
    /// Parameters that came with the change that led here.
    scope: ParameterScope,
}

impl Snapshot {
    fn of(state: &State, scope: ParameterScope) -> Snapshot {
        Snapshot {
            network: Arc::clone(&state.network),
            network_index: state.network_index,
            layers: state.layers.clone(),
            parameters: state.parameters.clone(),
            controls: state.controls.clone(),
            scope,
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
    /// Networks of a training, by the stroke's number.
    Training(u32),
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
            snapshots: vec![Snapshot::of(state, ParameterScope::Nothing)],
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
        let snapshot = Snapshot::of(state, scope);
        if stroke.is_some() && stroke == self.stroke {
            self.snapshots[self.now] = snapshot;
        } else {
            self.snapshots.truncate(self.now + 1);
            self.snapshots.push(snapshot);
            self.stroke = stroke;
        }
        let mut memory = Memory::default();
        let newest_first = self.snapshots.iter().rev().enumerate();
        let fitting = newest_first.take_while(|(i, snapshot)| {
            memory.add_network(&snapshot.network);
            snapshot.layers.count(&mut memory);
            *i < 2 || (*i < MAX_SNAPSHOTS && memory.bytes() <= MAX_BYTES)
        });
        let fitting = fitting.count();
        self.snapshots.drain(..self.snapshots.len() - fitting);
        self.now = fitting - 1;
    }

    /// Returns whether a stroke led to the present snapshot, so that it can continue.
    pub fn is_in(&self, stroke: Stroke) -> bool {
        self.stroke == Some(stroke)
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

    /// Updates parameters and controls of the present snapshot: changes of them are not steps.
    pub fn note(&mut self, state: &State) {
        let snapshot = &mut self.snapshots[self.now];
        snapshot.parameters.clone_from(&state.parameters);
        if Arc::ptr_eq(&snapshot.network, &state.network) {
            snapshot.controls.clone_from(&state.controls);
        }
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
