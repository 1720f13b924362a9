//! Memory of values that share parts.

use std::collections::BTreeSet;
use std::sync::Arc;

use logicnet::Network;

/// Counts the memory of networks and bend layers; what they share counts once.
#[derive(Default)]
pub struct Memory {
    bytes: usize,
    /// Addresses of the parts so far.
    counted: BTreeSet<usize>,
}

impl Memory {
    /// Returns the memory so far in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a network.
    pub fn add_network(&mut self, network: &Arc<Network>) {
        self.add(network, |network| {
            size_of::<Network>() + network.heap_bytes()
        });
    }

    /// Adds a part that others may share. `bytes` returns its memory.
    pub fn add<T>(&mut self, part: &Arc<T>, bytes: impl FnOnce(&T) -> usize) {
        if self.counted.insert(Arc::as_ptr(part) as usize) {
            self.bytes += bytes(part);
        }
    }
}
