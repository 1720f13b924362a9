//! Masks, which force, invert or replace gates without changing the network.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map;
use core::ops::Range;

use crate::Op;

/// A change to one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// Makes the node this constant.
    Force(bool),
    /// Complements the node.
    Invert,
    /// Replaces the gate's operation; not for inputs.
    Replace(Op),
}

impl Mask {
    /// Returns the operation that a gate computes under this mask.
    pub const fn apply(self, op: Op) -> Op {
        match self {
            Mask::Force(false) => Op::FALSE,
            Mask::Force(true) => Op::TRUE,
            Mask::Invert => op.complement(),
            Mask::Replace(other) => other,
        }
    }
}

/// Masks by node number, at most one a node.
///
/// Masks are an overlay: they refer to nodes by number and do not change the network.
/// Functions that take a network and masks ignore masks of nodes that the network does
/// not have, so that masks can outlive a change of networks. A [`Network`](crate::Network)
/// with such masks in its own file is rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masks(BTreeMap<u32, Mask>);

impl Masks {
    /// No masks.
    pub const fn new() -> Masks {
        Masks(BTreeMap::new())
    }

    /// Sets the mask of a node; returns the mask it had.
    pub fn set(&mut self, node: u32, mask: Mask) -> Option<Mask> {
        self.0.insert(node, mask)
    }

    /// Removes the mask of a node and returns it.
    pub fn clear(&mut self, node: u32) -> Option<Mask> {
        self.0.remove(&node)
    }

    /// Returns the mask of a node.
    pub fn get(&self, node: u32) -> Option<Mask> {
        self.0.get(&node).copied()
    }

    /// Returns whether no node is masked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of masked nodes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Iterates over the masked nodes in a range and their masks, in ascending order.
    pub(crate) fn range(&self, nodes: Range<u32>) -> impl Iterator<Item = (u32, Mask)> + '_ {
        self.0.range(nodes).map(|(&node, &mask)| (node, mask))
    }

    /// Iterates over the masked nodes and their masks, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Mask)> + '_ {
        self.0.iter().map(|(&node, &mask)| (node, mask))
    }
}

impl FromIterator<(u32, Mask)> for Masks {
    fn from_iter<I: IntoIterator<Item = (u32, Mask)>>(masks: I) -> Masks {
        Masks(masks.into_iter().collect())
    }
}

impl Extend<(u32, Mask)> for Masks {
    fn extend<I: IntoIterator<Item = (u32, Mask)>>(&mut self, masks: I) {
        self.0.extend(masks);
    }
}

impl IntoIterator for Masks {
    type Item = (u32, Mask);
    type IntoIter = btree_map::IntoIter<u32, Mask>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
