//! Masks: gates forced, inverted or replaced, without touching the network.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map;
use core::ops::Range;

use crate::Op;

/// What is done to one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// The node is this constant.
    Force(bool),
    /// The node gives the complement of what it would.
    Invert,
    /// The gate computes another operation of the same operands. Gates only.
    Replace(Op),
}

impl Mask {
    /// The operation that a gate computes under this mask.
    pub const fn apply(self, op: Op) -> Op {
        match self {
            Mask::Force(false) => Op::FALSE,
            Mask::Force(true) => Op::TRUE,
            Mask::Invert => op.complement(),
            Mask::Replace(other) => other,
        }
    }
}

/// Masks by node number: at most one a node, in ascending order.
///
/// An overlay: it names nodes of a network but neither holds nor changes one.
/// Masks of nodes that a network does not have are ignored by everything that
/// takes both, so that masks can outlive a swap of networks; [`crate::Network`]
/// refuses to be built with such masks of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masks(BTreeMap<u32, Mask>);

impl Masks {
    /// No masks.
    pub const fn new() -> Masks {
        Masks(BTreeMap::new())
    }

    /// Puts a mask on a node; gives back the one it replaces.
    pub fn set(&mut self, node: u32, mask: Mask) -> Option<Mask> {
        self.0.insert(node, mask)
    }

    /// Takes the mask off a node and gives it back.
    pub fn clear(&mut self, node: u32) -> Option<Mask> {
        self.0.remove(&node)
    }

    /// The mask on a node.
    pub fn get(&self, node: u32) -> Option<Mask> {
        self.0.get(&node).copied()
    }

    /// Whether no node is masked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of masked nodes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Masks of the nodes in a range, in ascending order of node.
    pub(crate) fn range(&self, nodes: Range<u32>) -> impl Iterator<Item = (u32, Mask)> + '_ {
        self.0.range(nodes).map(|(&node, &mask)| (node, mask))
    }

    /// Masked nodes and their masks, in ascending order of node.
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
