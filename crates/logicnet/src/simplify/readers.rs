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
        self.stack.push(node);
        self.update(gate, add_reader)
    }

    /// Adds a live gate as a reader of its operands; returns the weight that becomes live.
    pub(super) fn add_gate(&mut self, choice: Choice, gate: impl Fn(u32) -> Option<Choice>) -> u32 {
        self.follow(choice) + self.update(gate, add_reader)
    }

    /// Removes a live gate as a reader of its operands; returns the weight that becomes dead.
    pub(super) fn remove_gate(
        &mut self,
        choice: Choice,
        gate: impl Fn(u32) -> Option<Choice>,
    ) -> u32 {
        self.follow(choice) + self.update(gate, remove_reader)
    }

    /// Updates the counts of the nodes on the stack, and those of the operands of gates that
    /// become live or dead. Returns the weight of these gates.
    fn update(
        &mut self,
        gate: impl Fn(u32) -> Option<Choice>,
        changes_life: impl Fn(&mut u32) -> bool,
    ) -> u32 {
        let mut weight = 0;
        while let Some(node) = self.stack.pop() {
            if changes_life(&mut self.counts[node as usize]) {
                weight += gate(node).map_or(0, |gate| self.follow(gate));
            }
        }
        weight
    }

    /// Puts the operands of a gate on the stack; returns its weight.
    fn follow(&mut self, gate: Choice) -> u32 {
        self.stack.extend([gate.a.node(), gate.b.node()]);
        gate.weight()
    }
}

/// Returns whether this is the node's first reader.
fn add_reader(count: &mut u32) -> bool {
    *count += 1;
    *count == 1
}

/// Returns whether this was the node's last reader.
fn remove_reader(count: &mut u32) -> bool {
    *count -= 1;
    *count == 0
}
