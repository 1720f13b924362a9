//! How many read each node, and what comes alive or dies with a reader.

use alloc::vec;
use alloc::vec::Vec;

use super::choices::Choice;

/// Readers of each node among outputs and live gates.
pub(super) struct Readers {
    counts: Vec<u32>,
    /// Working memory.
    stack: Vec<u32>,
}

impl Readers {
    pub(super) fn new(nodes: usize) -> Readers {
        Readers {
            counts: vec![0; nodes],
            stack: Vec::new(),
        }
    }

    pub(super) fn any(&self, node: u32) -> bool {
        self.counts[node as usize] > 0
    }

    /// Adds a reader of a node; gives the weight that comes alive.
    pub(super) fn add(&mut self, node: u32, gate: impl Fn(u32) -> Option<Choice>) -> u32 {
        let mut weight = 0;
        self.stack.push(node);
        while let Some(node) = self.stack.pop() {
            self.counts[node as usize] += 1;
            if self.counts[node as usize] == 1 {
                weight += self.follow(gate(node));
            }
        }
        weight
    }

    /// Takes away a reader of a node; gives the weight that dies.
    pub(super) fn remove(&mut self, node: u32, gate: impl Fn(u32) -> Option<Choice>) -> u32 {
        let mut weight = 0;
        self.stack.push(node);
        while let Some(node) = self.stack.pop() {
            self.counts[node as usize] -= 1;
            if self.counts[node as usize] == 0 {
                weight += self.follow(gate(node));
            }
        }
        weight
    }

    /// Adds the readers that a live gate is, without itself.
    pub(super) fn add_gate(&mut self, of: Choice, gate: impl Fn(u32) -> Option<Choice>) -> u32 {
        of.weight() + self.add(of.a.node(), &gate) + self.add(of.b.node(), &gate)
    }

    /// Takes away the readers that a live gate is.
    pub(super) fn remove_gate(&mut self, of: Choice, gate: impl Fn(u32) -> Option<Choice>) -> u32 {
        of.weight() + self.remove(of.a.node(), &gate) + self.remove(of.b.node(), &gate)
    }

    fn follow(&mut self, gate: Option<Choice>) -> u32 {
        let Some(gate) = gate else { return 0 };
        self.stack.extend([gate.a.node(), gate.b.node()]);
        gate.weight()
    }
}
