//! Selection of a choice for each node, so that few gates are needed.

use alloc::vec;
use alloc::vec::Vec;

use super::choices::{Choice, Choices};
use super::readers::Readers;
use crate::random::Rng;
use crate::xag::{Lit, Xag};

/// The rank of a node without one.
const UNRANKED: u32 = u32::MAX;

/// A choice for every node such that the graph has no cycle, with the counts from which the
/// cost of a change follows.
pub(super) struct Selection<'a> {
    xag: &'a Xag,
    choices: &'a Choices,
    /// The index into each node's choices.
    chosen: Vec<u16>,
    readers: Readers,
    /// The position of each node in an order in which operands come first.
    rank: Vec<u32>,
    /// The weight of all live gates.
    cost: u32,
}

impl<'a> Selection<'a> {
    /// Selects the gates of the graph itself.
    pub(super) fn new(xag: &'a Xag, choices: &'a Choices) -> Selection<'a> {
        let nodes = xag.nodes() as usize;
        let mut selection = Selection {
            xag,
            choices,
            chosen: vec![0; nodes],
            readers: Readers::new(nodes),
            rank: (0..nodes as u32).collect(),
            cost: 0,
        };
        for output in xag.outputs() {
            let Selection {
                choices,
                chosen,
                readers,
                ..
            } = &mut selection;
            selection.cost += readers.add(output.node(), |n| gate(choices, chosen, n));
        }
        selection
    }

    fn choice(&self, node: u32) -> Choice {
        choice_of(self.choices, &self.chosen, node)
    }

    /// Changes the choice of a live node, unless that costs more.
    fn try_choice(&mut self, node: u32, choice: u16) {
        let old = self.chosen[node as usize];
        let before = self.cost;
        self.switch(node, choice);
        if self.cost > before {
            self.switch(node, old);
        }
    }

    fn switch(&mut self, node: u32, choice: u16) {
        let Selection {
            choices,
            chosen,
            readers,
            ..
        } = self;
        let died = readers.remove_gate(choice_of(choices, chosen, node), |n| {
            gate(choices, chosen, n)
        });
        chosen[node as usize] = choice;
        let born = readers.add_gate(choice_of(choices, chosen, node), |n| {
            gate(choices, chosen, n)
        });
        self.cost = self.cost + born - died;
    }

    /// Walks randomly over the choices for `steps` steps. No step raises the cost; many leave
    /// it the same and make others possible.
    pub(super) fn walk(&mut self, steps: u32, rng: &mut Rng) {
        let first = self.xag.first_gate();
        let gates = self.xag.gates().len() as u32;
        for _ in 0..steps {
            let node = first + rng.below(gates);
            let choices = self.choices.of(node);
            if choices.len() < 2 || !self.readers.any(node) {
                continue;
            }
            let choice = rng.below(choices.len() as u32) as u16;
            let Choice { a, b, .. } = choices[usize::from(choice)];
            let rank = self.rank[node as usize];
            if choice != self.chosen[node as usize]
                && self.rank[a.node() as usize] < rank
                && self.rank[b.node() as usize] < rank
            {
                self.try_choice(node, choice);
            }
        }
    }

    /// Ranks all nodes again, in a random order that fits the selection, so that other
    /// choices become possible.
    pub(super) fn rerank(&mut self, rng: &mut Rng) {
        let first = self.xag.first_gate();
        self.rank.fill(UNRANKED);
        for node in 0..first {
            self.rank[node as usize] = node;
        }
        let mut roots: Vec<u32> = (first..self.xag.nodes()).collect();
        rng.shuffle(&mut roots);
        let mut next = first;
        let mut path = Vec::new();
        for root in roots {
            path.push(root);
            while let Some(&node) = path.last() {
                let Choice { a, b, .. } = self.choice(node);
                let operands = [a.node(), b.node()];
                let waiting = operands
                    .into_iter()
                    .find(|&n| self.rank[n as usize] == UNRANKED);
                match waiting {
                    _ if self.rank[node as usize] != UNRANKED => _ = path.pop(),
                    Some(operand) => path.push(operand),
                    None => {
                        self.rank[node as usize] = next;
                        next += 1;
                        path.pop();
                    }
                }
            }
        }
    }

    /// Returns the selected graph.
    pub(super) fn graph(&self) -> Xag {
        let mut order: Vec<u32> = (self.xag.first_gate()..self.xag.nodes())
            .filter(|&node| self.readers.any(node))
            .collect();
        order.sort_unstable_by_key(|&node| self.rank[node as usize]);
        let mut graph = Xag::new(self.xag.counter_bits());
        let mut made: Vec<Lit> = vec![Lit::FALSE; self.xag.nodes() as usize];
        for node in 0..self.xag.first_gate() {
            made[node as usize] = Lit::new(node, false);
        }
        for node in order {
            made[node as usize] = self.choice(node).build(&mut graph, &made);
        }
        graph.set_outputs_of(self.xag, &made);
        graph
    }
}

/// Returns the selected choice of a gate's node.
fn choice_of(choices: &Choices, chosen: &[u16], node: u32) -> Choice {
    choices.of(node)[usize::from(chosen[node as usize])]
}

/// Returns the selected choice of a node; the constant and the bits of t have none.
fn gate(choices: &Choices, chosen: &[u16], node: u32) -> Option<Choice> {
    choices
        .of(node)
        .get(usize::from(chosen[node as usize]))
        .copied()
}
