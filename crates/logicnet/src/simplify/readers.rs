//! Counts of each node's readers, and the nodes that become live or dead with a reader.

use alloc::vec;
use alloc::vec::Vec;

use super::choices::Choice;

/// Number of readers of each node among outputs and live gates.
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

    /// Returns whether a node has readers.
    pub(super) fn any(&self, node: u32) -> bool {
        self.counts[node as usize] > 0
    }

    /// Adds a reader of a node; returns the weight of the gates that become live.
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

    /// Removes a reader of a node; returns the weight of the gates that become dead.
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

    /// Adds a live gate as a reader of its operands; returns the weight that becomes live.
    pub(super) fn add_gate(&mut self, choice: Choice, gate: impl Fn(u32) -> Option<Choice>) -> u32 {
        choice.weight() + self.add(choice.a.node(), &gate) + self.add(choice.b.node(), &gate)
    }

    /// Removes a live gate as a reader of its operands; returns the weight that becomes dead.
    pub(super) fn remove_gate(
        &mut self,
        choice: Choice,
        gate: impl Fn(u32) -> Option<Choice>,
    ) -> u32 {
        choice.weight() + self.remove(choice.a.node(), &gate) + self.remove(choice.b.node(), &gate)
    }

    /// Puts the operands of a gate on the stack; returns its weight.
    fn follow(&mut self, gate: Option<Choice>) -> u32 {
        let Some(gate) = gate else { return 0 };
        self.stack.extend([gate.a.node(), gate.b.node()]);
        gate.weight()
    }
}
