//! Edits that can be undone: bends and mutations; and undo itself.

use std::sync::Arc;

use logicnet::Mask;
use logicnet::random::Rng;

use super::Instrument;
use super::change::{Affects, Change, Outcome};
use crate::bend_layers::can_bend;
use crate::command::Direction;
use crate::history::Stroke;
use crate::layout::Area;
use crate::mutation;
use crate::parameters::ParameterScope;
use crate::state::State;

impl Instrument {
    pub(super) fn touch(&mut self, state: &mut State, area: Option<Area>) -> Change {
        let touched = area.map_or_else(Vec::new, |area| state.layout.touched(area, state.radius()));
        // A finger that moves without reaching another gate changes nothing.
        if touched != state.touched && state.latched() {
            let mask = state.mask();
            let bends = &state.layers[state.layers.chosen()].bends;
            let is_bent = |node: &u32| bends.contains(*node);
            if let Some(first) = touched.first() {
                let latching = *self.latching.get_or_insert(!is_bent(first));
                let changed = touched.iter().filter(|node| is_bent(node) != latching);
                let bend = latching.then_some(mask);
                let bends: Vec<_> = changed.map(|node| (*node, bend)).collect();
                state.layers.paint(bends);
            }
        }
        state.touched = touched;
        if area.is_none() {
            self.latching = None;
        }
        self.bent(state, None)
    }

    pub(super) fn paint(
        &self,
        state: &mut State,
        bends: Vec<(u32, Option<Mask>)>,
        stroke: Option<u32>,
    ) -> Outcome {
        for (node, mask) in &bends {
            can_bend(&state.network, *node, *mask)?;
        }
        state.layers.paint(bends);
        Ok(self.bent(state, stroke.map(Stroke::Paint)))
    }

    /// Returns the change of bends that may differ from those of the present state. Bends
    /// that a finger hides must be playable too, so they count as different.
    pub(super) fn bent(&self, state: &State, stroke: Option<Stroke>) -> Change {
        let same = self.state.bends() == state.bends() && self.state.masks() == state.masks();
        Change {
            stroke,
            ..Change::if_changed(!same, Affects::Program)
        }
    }

    pub(super) fn mutate(&mut self, state: &mut State, seed: Option<u64>) -> Outcome {
        let mut seeded = seed.map(Rng::new);
        let rng = seeded.as_mut().unwrap_or(&mut self.rng);
        let network = mutation::mutated(&state.network, rng).ok_or("no gates to change")?;
        state.replace_network(network);
        Ok(Change::new(Affects::Network))
    }

    /// Undoes the last change, or redoes the next one.
    pub(super) fn undo(&mut self, state: &mut State, direction: Direction) -> Outcome {
        // Gates that the present touch has latched so far are one step.
        self.history
            .remember(&self.state, ParameterScope::Nothing, None);
        let (index, snapshot, scope) = self.history.look(direction)?;
        let swapped = !Arc::ptr_eq(&state.network, &snapshot.network);
        state.parameters.copy_from(&snapshot.parameters, scope);
        if swapped {
            state.set_network(Arc::clone(&snapshot.network));
        }
        if swapped || scope != ParameterScope::Nothing {
            state.controls.clone_from(&snapshot.controls);
        }
        if !swapped && scope == ParameterScope::All {
            state.lay_out();
        }
        state.network_index = snapshot.network_index;
        state.layers = snapshot.layers.clone();
        Ok(Change {
            history: Some(index),
            ..Change::new(if swapped {
                Affects::Network
            } else {
                Affects::Program
            })
        })
    }
}
