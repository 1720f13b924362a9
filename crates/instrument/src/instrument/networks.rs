//! The choice of the network: one of the instrument, a random one or another.

use std::sync::Arc;

use logicnet::Network;
use logicnet::random::Ops;

use super::Instrument;
use super::change::{Affects, Change, Outcome};
use crate::command::Direction;
use crate::history::Stroke;
use crate::state::State;

/// Widths of a random network's layers: deep enough for surprises, and small enough for
/// every board.
const RANDOM_WIDTHS: [usize; 5] = [96, 96, 96, 96, 24];
const RANDOM_INPUTS: u32 = 16;

impl Instrument {
    /// Returns the index of the next network that can be played here. Networks that are too
    /// slow are skipped, so that they do not hide those after them.
    pub(super) fn neighbour(
        &mut self,
        state: &State,
        direction: Direction,
    ) -> Result<usize, String> {
        let mut index = state.network_index;
        let mut problem = "there is no other network".to_string();
        for _ in 1..self.networks.len() {
            index = direction.step(index, self.networks.len());
            let network = Arc::clone(&self.networks[index]);
            let playback = state.parameters.playback(network.sample_rate());
            match self.program(&network, network.masks(), &playback) {
                Ok(_) => return Ok(index),
                Err(too_slow) => problem = format!("{}: {too_slow}", network.name()),
            }
        }
        Err(problem)
    }

    pub(super) fn choose(&self, state: &mut State, index: usize) -> Outcome {
        let count = self.networks.len();
        let network = self.networks.get(index);
        let network = network.ok_or_else(|| format!("no such network; the library has {count}"))?;
        state.set_network(Arc::clone(network));
        state.network_index = index;
        Ok(Change::new(Affects::Network))
    }

    pub(super) fn random(&mut self, state: &mut State, seed: Option<u64>) -> Outcome {
        let seed = seed.unwrap_or_else(|| self.rng.next() % 100_000);
        let network = Network::random(RANDOM_INPUTS, &RANDOM_WIDTHS, Ops::XorRich, seed)
            .map_err(|error| error.to_string())?;
        let network = Arc::new(network);
        self.place_network(state, &network, network.name());
        Ok(Change::new(Affects::Network))
    }

    /// Replaces the network by one of a training, unless something else was edited since the
    /// training's last one.
    pub(super) fn load_trained(
        &self,
        state: &mut State,
        network: Network,
        stroke: u32,
        begins: bool,
    ) -> Outcome {
        let stroke = Stroke::Training(stroke);
        if !begins && !self.history.is_in(stroke) {
            return Err("learning has stopped, since something else was edited".into());
        }
        let network = Arc::new(network);
        self.place_network(state, &network, network.name());
        Ok(Change {
            stroke: Some(stroke),
            ..Change::new(Affects::Network)
        })
    }

    /// Replaces the network by one from elsewhere. If the instrument has an equal one, that
    /// one is shared; if it has neither an equal one nor one called `name`, the index is
    /// unchanged.
    pub(super) fn place_network(&self, state: &mut State, network: &Arc<Network>, name: &str) {
        state.network_index = self.index_of(network, name).unwrap_or(state.network_index);
        let own = &self.networks[state.network_index];
        let network = if own == network { own } else { network };
        state.set_network(Arc::clone(network));
    }

    /// Finds an equal network or else one with this name, which the network may have been
    /// before it was changed.
    fn index_of(&self, network: &Network, name: &str) -> Option<usize> {
        let find = |is: &dyn Fn(&Network) -> bool| self.networks.iter().position(|own| is(own));
        find(&|own| own == network).or_else(|| find(&|own| own.name() == name))
    }
}
