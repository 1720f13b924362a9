//! Memory of values that share parts.

use std::collections::BTreeSet;
use std::sync::Arc;

use logicnet::Network;

use super::bend_layers::BendLayers;

/// Counts the memory of networks and bend layers; what they share counts once.
#[derive(Default)]
pub struct Memory {
    bytes: usize,
    /// Addresses of the parts so far.
    counted: BTreeSet<usize>,
}

impl Memory {
    /// Adds a network and bend layers, and returns the memory of all so far in bytes.
    pub fn add(&mut self, network: &Arc<Network>, layers: &BendLayers) -> usize {
        self.add_shared(network, |network| {
            size_of::<Network>() + network.heap_bytes()
        });
        layers.count(self);
        self.bytes
    }

    /// Adds a part of a value. `bytes` returns its memory.
    pub fn add_shared<T>(&mut self, part: &Arc<T>, bytes: impl FnOnce(&T) -> usize) {
        if self.counted.insert(Arc::as_ptr(part) as usize) {
            self.bytes += bytes(part);
        }
    }
}
