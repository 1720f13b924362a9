//! Masks, which force, invert or replace gates without changing the network.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::{Index, Range};

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

    /// Returns the mask of a byte of a page, if it has one.
    fn of_byte(byte: u8) -> Option<&'static Mask> {
        BYTES.get(usize::from(byte.checked_sub(1)?))
    }

    /// Returns the byte of this mask in a page.
    fn byte(self) -> u8 {
        match self {
            Mask::Force(bit) => 1 + u8::from(bit),
            Mask::Invert => 3,
            Mask::Replace(op) => 4 + op.number(),
        }
    }
}

/// Masks in the order of their bytes, from byte 1.
static BYTES: [Mask; 19] = {
    let mut bytes = [Mask::Invert; 19];
    bytes[0] = Mask::Force(false);
    bytes[1] = Mask::Force(true);
    let mut number = 0;
    while number < 16 {
        if let Some(op) = Op::new(number) {
            bytes[3 + number as usize] = Mask::Replace(op);
        }
        number += 1;
    }
    bytes
};

/// Nodes of a page.
const PAGE: usize = 64;

/// The masks of [`PAGE`] nodes, a byte each; 0 for no mask.
type Page = [u8; PAGE];

/// Masks by node number, at most one a node.
///
/// Masks are an overlay: they refer to nodes by number and do not change the network.
/// Functions that take a network and masks ignore masks of nodes that the network does
/// not have, so that masks can outlive a change of networks. A [`Network`](crate::Network)
/// with such masks in its own file is rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// Pages with at least one mask, in order of their numbers. Networks have thousands of
    /// nodes, and histories thousands of masks: a byte a node is an eighth of a map.
    pages: Vec<(u32, Box<Page>)>,
}

impl Masks {
    /// No masks.
    pub const fn new() -> Masks {
        Masks { pages: Vec::new() }
    }

    /// Finds the page of a node, or the place where it belongs, and its place in the page.
    fn find(&self, node: u32) -> (Result<usize, usize>, usize) {
        let number = node / PAGE as u32;
        let page = match self.pages.last() {
            // Most masks are set in order.
            Some((last, _)) if *last < number => Err(self.pages.len()),
            _ => self.pages.binary_search_by_key(&number, |page| page.0),
        };
        (page, node as usize % PAGE)
    }

    /// Sets the mask of a node; returns the mask it had.
    pub fn set(&mut self, node: u32, mask: Mask) -> Option<Mask> {
        let (page, at) = self.find(node);
        let page = page.unwrap_or_else(|page| {
            let new = (node / PAGE as u32, Box::new([0; PAGE]));
            self.pages.insert(page, new);
            page
        });
        let byte = core::mem::replace(&mut self.pages[page].1[at], mask.byte());
        Mask::of_byte(byte).copied()
    }

    /// Removes the mask of a node and returns it.
    pub fn clear(&mut self, node: u32) -> Option<Mask> {
        let (page, at) = self.find(node);
        let page = page.ok()?;
        let masks = &mut *self.pages[page].1;
        let byte = core::mem::take(&mut masks[at]);
        if *masks == [0; PAGE] {
            self.pages.remove(page);
        }
        Mask::of_byte(byte).copied()
    }

    fn at(&self, node: u32) -> Option<&'static Mask> {
        let (page, at) = self.find(node);
        Mask::of_byte(self.pages[page.ok()?].1[at])
    }

    /// Returns the mask of a node.
    pub fn get(&self, node: u32) -> Option<Mask> {
        self.at(node).copied()
    }

    /// Returns whether a node is masked.
    pub fn contains(&self, node: u32) -> bool {
        self.at(node).is_some()
    }

    /// Returns whether no node is masked.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Number of masked nodes.
    pub fn len(&self) -> usize {
        let masked = |page: &Page| page.iter().filter(|byte| **byte != 0).count();
        self.pages.iter().map(|(_, page)| masked(page)).sum()
    }

    /// Returns the memory of the masks in bytes, apart from the value itself.
    pub fn heap_bytes(&self) -> usize {
        self.pages.capacity() * size_of::<(u32, Box<Page>)>() + self.pages.len() * PAGE
    }

    /// Iterates over the masked nodes in a range and their masks, in ascending order.
    pub(crate) fn range(&self, nodes: Range<u32>) -> impl Iterator<Item = (u32, Mask)> + '_ {
        let (Ok(first) | Err(first), _) = self.find(nodes.start);
        from(&self.pages[first..])
            .skip_while(move |(node, _)| *node < nodes.start)
            .take_while(move |(node, _)| *node < nodes.end)
    }

    /// Iterates over the masked nodes and their masks, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Mask)> + '_ {
        from(&self.pages)
    }
}

fn from(pages: &[(u32, Box<Page>)]) -> impl Iterator<Item = (u32, Mask)> + '_ {
    pages.iter().flat_map(|(number, page)| {
        let first = number * PAGE as u32;
        let masks = page.iter().enumerate();
        masks.filter_map(move |(at, byte)| Some((first + at as u32, *Mask::of_byte(*byte)?)))
    })
}

impl Index<u32> for Masks {
    type Output = Mask;

    /// Returns the mask of a node.
    ///
    /// # Panics
    /// If the node is not masked.
    fn index(&self, node: u32) -> &Mask {
        self.at(node).expect("a masked node")
    }
}

impl FromIterator<(u32, Mask)> for Masks {
    fn from_iter<I: IntoIterator<Item = (u32, Mask)>>(masks: I) -> Masks {
        let mut all = Masks::new();
        all.extend(masks);
        all
    }
}

impl<const N: usize> From<[(u32, Mask); N]> for Masks {
    fn from(masks: [(u32, Mask); N]) -> Masks {
        masks.into_iter().collect()
    }
}

impl Extend<(u32, Mask)> for Masks {
    fn extend<I: IntoIterator<Item = (u32, Mask)>>(&mut self, masks: I) {
        for (node, mask) in masks {
            self.set(node, mask);
        }
    }
}
