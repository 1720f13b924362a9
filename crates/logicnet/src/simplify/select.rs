//! Selection: which choice each node is made by, for the fewest gates.

use alloc::vec;
use alloc::vec::Vec;

use super::choices::{Choice, Choices};
use crate::random::Rng;
use crate::xag::{Lit, Xag};

/// The rank of a node that has none yet.
const UNRANKED: u32 = u32::MAX;

/// A choice for every node such that the graph has no cycle, and the counts
/// that tell what a change would save.
pub(super) struct Selection<'a> {
    xag: &'a Xag,
    choices: &'a Choices,
    /// Index into the node's choices.
    chosen: Vec<u16>,
    /// Readers of each node among outputs and live gates.
    readers: Vec<u32>,
    /// Place in an order in which every node comes after its operands.
    rank: Vec<u32>,
    cost: u32,
    /// Working memory of `reference` and `dereference`.
    stack: Vec<u32>,
}

impl<'a> Selection<'a> {
    /// The graph as it is.
    pub(super) fn new(xag: &'a Xag, choices: &'a Choices) -> Selection<'a> {
        let nodes = xag.nodes() as usize;
        let mut selection = Selection {
            xag,
            choices,
            chosen: vec![0; nodes],
            readers: vec![0; nodes],
            rank: (0..nodes as u32).collect(),
            cost: 0,
            stack: Vec::new(),
        };
        for output in xag.outputs() {
            selection.cost += selection.reference(output.node());
        }
        selection
    }

    fn choice(&self, node: u32) -> Choice {
        self.choices.of(node)[usize::from(self.chosen[node as usize])]
    }

    /// Adds a reader of a node; gives the weight that comes alive.
    fn reference(&mut self, node: u32) -> u32 {
        let mut weights = 0;
        self.stack.push(node);
        while let Some(node) = self.stack.pop() {
            let readers = &mut self.readers[node as usize];
            *readers += 1;
            if *readers == 1 && node >= self.xag.first_gate() {
                let choice = self.choice(node);
                weights += weight(choice);
                self.stack.extend([choice.a.node(), choice.b.node()]);
            }
        }
        weights
    }

    /// Takes away a reader of a node; gives the weight that dies.
    fn dereference(&mut self, node: u32) -> u32 {
        let mut weights = 0;
        self.stack.push(node);
        while let Some(node) = self.stack.pop() {
            let readers = &mut self.readers[node as usize];
            *readers -= 1;
            if *readers == 0 && node >= self.xag.first_gate() {
                let choice = self.choice(node);
                weights += weight(choice);
                self.stack.extend([choice.a.node(), choice.b.node()]);
            }
        }
        weights
    }

    /// Tries another choice for a live node and keeps it unless the graph grows.
    fn try_choice(&mut self, node: u32, choice: u16) {
        let old = self.chosen[node as usize];
        let before = self.cost;
        self.switch(node, choice);
        if self.cost > before {
            self.switch(node, old);
        }
    }

    fn switch(&mut self, node: u32, choice: u16) {
        let now = self.choice(node);
        let died = self.dereference(now.a.node()) + self.dereference(now.b.node()) + weight(now);
        self.chosen[node as usize] = choice;
        let now = self.choice(node);
        let born = self.reference(now.a.node()) + self.reference(now.b.node()) + weight(now);
        self.cost = self.cost + born - died;
    }

    /// A random walk of `steps` steps over the choices, none of which makes the
    /// graph larger; many leave its size as it is and open the way for others.
    pub(super) fn walk(&mut self, steps: u32, rng: &mut Rng) {
        let first = self.xag.first_gate();
        let gates = self.xag.gates().len() as u32;
        for _ in 0..steps {
            let node = first + rng.below(gates);
            let choices = self.choices.of(node);
            if choices.len() < 2 || self.readers[node as usize] == 0 {
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

    /// Ranks all nodes anew, in a random order that fits what is chosen, so
    /// that other choices become possible.
    pub(super) fn rank_anew(&mut self, rng: &mut Rng) {
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

    /// The graph that is chosen.
    pub(super) fn graph(&self) -> Xag {
        let mut order: Vec<u32> = (self.xag.first_gate()..self.xag.nodes())
            .filter(|&node| self.readers[node as usize] > 0)
            .collect();
        order.sort_unstable_by_key(|&node| self.rank[node as usize]);
        let mut graph = Xag::new(self.xag.counter_bits());
        let mut made: Vec<Lit> = vec![Lit::FALSE; self.xag.nodes() as usize];
        for node in 0..self.xag.first_gate() {
            made[node as usize] = Lit::new(node, false);
        }
        for node in order {
            let choice = self.choice(node);
            let a = made[choice.a.node() as usize].invert_if(choice.a.inverted());
            let b = made[choice.b.node() as usize].invert_if(choice.b.inverted());
            let gate = if choice.xor {
                graph.xor(a, b)
            } else {
                graph.and(a, b)
            };
            made[node as usize] = gate.invert_if(choice.inverted);
        }
        graph.set_outputs(
            self.xag
                .outputs()
                .iter()
                .map(|lit| made[lit.node() as usize].invert_if(lit.inverted())),
        );
        graph
    }
}

/// What a gate counts: all nearly the same, XOR a little more, since it takes
/// three where there is none.
fn weight(choice: Choice) -> u32 {
    8 + u32::from(choice.xor)
}
