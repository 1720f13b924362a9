//! Selection of a choice for each node, so that few gates are needed.

use alloc::vec::Vec;

use super::choices::{Choice, Choices};
use super::readers::Readers;
use crate::random::Rng;
use crate::xag::{Lit, Xag};
use crate::{Pace, Stopped};

/// The rank of a node without one.
const UNRANKED: u32 = u32::MAX;
/// Number of steps of a walk, and the work of each, between two calls of [`Pace::work`].
const STRIDE: u32 = 1024;
const STEP_WORK: u64 = 16;

/// A choice for every node such that the graph has no cycle, with the counts from which the
/// cost of a change follows.
pub(super) struct Selection<'a> {
    xag: &'a Xag,
    choices: &'a Choices,
    /// The chosen gate of each node; the constant and the bits of t have none.
    gates: Vec<Option<Choice>>,
    readers: Readers,
    /// The position of each node in an order in which operands come first.
    rank: Vec<u32>,
    /// The weight of all live gates.
    cost: u32,
}

impl<'a> Selection<'a> {
    /// Selects the gates of the graph itself.
    pub(super) fn new(xag: &'a Xag, choices: &'a Choices) -> Selection<'a> {
        let mut selection = Selection {
            xag,
            choices,
            gates: (0..xag.nodes())
                .map(|node| xag.gate(node).map(Choice::from))
                .collect(),
            readers: Readers::new(xag.nodes() as usize),
            rank: (0..xag.nodes()).collect(),
            cost: 0,
        };
        let Selection {
            gates,
            readers,
            cost,
            ..
        } = &mut selection;
        for output in xag.outputs() {
            *cost += readers.add(output.node(), |n| gates[n as usize]);
        }
        selection
    }

    /// Changes the choice of a live node, unless that costs more.
    fn try_choice(&mut self, node: u32, choice: Choice) {
        let Some(old) = self.gates[node as usize] else {
            return;
        };
        let before = self.cost;
        self.switch(node, old, choice);
        if self.cost > before {
            self.switch(node, choice, old);
        }
    }

    fn switch(&mut self, node: u32, from: Choice, to: Choice) {
        let Selection { gates, readers, .. } = self;
        let died = readers.remove_gate(from, |n| gates[n as usize]);
        gates[node as usize] = Some(to);
        let born = readers.add_gate(to, |n| gates[n as usize]);
        self.cost = self.cost + born - died;
    }

    /// Walks randomly over the choices for `steps` steps. No step raises the cost; many leave
    /// it the same and make others possible.
    pub(super) fn walk(
        &mut self,
        steps: u32,
        rng: &mut Rng,
        pace: &mut dyn Pace,
    ) -> Result<(), Stopped> {
        let first = self.xag.first_gate();
        let gates = self.xag.gates().len() as u32;
        for step in 0..steps {
            if step % STRIDE == 0 {
                pace.work(STEP_WORK * u64::from(STRIDE.min(steps)))?;
            }
            let node = first + rng.below(gates);
            let choices = self.choices.of(node);
            if choices.len() < 2 || !self.readers.any(node) {
                continue;
            }
            let choice = choices[rng.below(choices.len() as u32) as usize];
            let rank = self.rank[node as usize];
            if self.gates[node as usize] != Some(choice)
                && self.rank[choice.a.node() as usize] < rank
                && self.rank[choice.b.node() as usize] < rank
            {
                self.try_choice(node, choice);
            }
        }
        Ok(())
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
                let gate = self.gates[node as usize].into_iter();
                let mut operands = gate.flat_map(|gate| [gate.a.node(), gate.b.node()]);
                let waiting = operands.find(|&n| self.rank[n as usize] == UNRANKED);
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
        let first = self.xag.first_gate();
        let mut order: Vec<u32> = (first..self.xag.nodes())
            .filter(|&node| self.readers.any(node))
            .collect();
        order.sort_unstable_by_key(|&node| self.rank[node as usize]);
        let mut graph = Xag::new(self.xag.variables());
        let mut made: Vec<Lit> = (0..self.xag.nodes())
            .map(|node| Lit::new(node, false))
            .collect();
        for node in order {
            if let Some(gate) = self.gates[node as usize] {
                made[node as usize] = gate.build(&mut graph, &made);
            }
        }
        graph.set_outputs_of(self.xag, &made);
        graph
    }
}
