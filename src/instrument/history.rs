//! The history: moments that undo and redo go through.

use std::sync::Arc;

use logicnet::Network;

use super::command::Direction;
use super::layers::Layers;
use super::parameters::Parameters;
use super::state::State;

/// Most moments.
const MOST: usize = 64;

/// What undo goes back to.
pub struct Moment {
    pub network: Arc<Network>,
    pub place: usize,
    pub layers: Layers,
    pub parameters: Parameters,
    /// It came with its own parameters, as presets do.
    brought: bool,
}

impl Moment {
    fn of(state: &State, brought: bool) -> Moment {
        Moment {
            network: Arc::clone(&state.network),
            place: state.place,
            layers: state.layers.clone(),
            parameters: state.parameters.clone(),
            brought,
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
            moments: vec![Moment::of(state, false)],
            now: 0,
            stroke: None,
        }
    }

    /// Makes this state the last moment, unless it is what is now; then it may
    /// still have brought its parameters. A stroke that goes on stays one moment.
    pub fn remember(&mut self, state: &State, brought: bool, stroke: Option<Stroke>) {
        if self.moments[self.now].is(state) && !brought {
            return;
        }
        if stroke.is_some() && stroke == self.stroke {
            self.moments[self.now] = Moment::of(state, brought);
            return;
        }
        self.moments.truncate(self.now + 1);
        self.moments.push(Moment::of(state, brought));
        if self.moments.len() > MOST {
            self.moments.remove(0);
        }
        self.now = self.moments.len() - 1;
        self.stroke = stroke;
    }

    /// The place of the next moment or the one before, the moment, and whether
    /// its parameters come as well: into what has brought its own, or out of it.
    pub fn look(&self, direction: Direction) -> Result<(usize, &Moment, bool), String> {
        let (place, problem) = match direction {
            Direction::Previous => (self.now.checked_sub(1), "nothing to undo"),
            Direction::Next => (self.now.checked_add(1), "nothing to do again"),
        };
        let place = place.filter(|place| *place < self.moments.len());
        let place = place.ok_or(problem)?;
        let brought = self.moments[place.max(self.now)].brought;
        Ok((place, &self.moments[place], brought))
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
