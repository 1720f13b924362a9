//! Resubstitution under don't-cares: a node may become any gate of two earlier nodes that
//! differs from it only where no output can observe it.

use alloc::vec;
use alloc::vec::Vec;

use super::care::{Care, is_equal};
use super::choices::Choice;
use super::patterns::Patterns;
use super::readers::Readers;
use super::tables::{Chunk, Tables};
use crate::random::Rng;
use crate::simd::vectorized;
use crate::xag::{Lit, Xag};
use crate::{Pace, Stopped, Word};

/// Least cost of a gate, and of those that die with it, for which two gates are tried: that
/// of three ([`Choice::weight`]).
const LEAST_COST_FOR_TWO: u32 = 24;

/// Work to know the cost of a gate, in table chunks read.
const CANDIDATE_WORK: u64 = 8;

/// Replaces the gates of a graph by better ones, or at random by others as good, one node
/// after another from the last to the first. Stops when the budget `work`, the number of
/// table chunks to read, is spent. The result is equal at the times of the tables, which must
/// be complete.
pub(super) fn resubstitute(
    xag: &Xag,
    tables: Tables,
    rng: &mut Rng,
    work: &mut u64,
    pace: &mut dyn Pace,
) -> Result<Xag, Stopped> {
    let mut graph = Editable::new(xag, tables);
    for node in (xag.first_gate()..xag.nodes()).rev() {
        if *work == 0 {
            break;
        }
        if graph.readers.any(node) {
            graph.improve(node, rng, work, pace)?;
        }
    }
    Ok(graph.finish())
}

/// A graph whose gates can be replaced, with their current tables. Gates always read
/// earlier nodes.
struct Editable<'a> {
    xag: &'a Xag,
    tables: Tables,
    gates: Vec<Option<Choice>>,
    readers: Readers,
    /// The node being improved, then the live nodes that depend on it (its transitive fanout).
    fanout: Vec<u32>,
    in_fanout: Vec<bool>,
    /// The outputs in the fanout.
    fanout_outputs: Vec<u32>,
    /// The times at which some output observes the node.
    care: Vec<Care>,
    /// The patterns of earlier nodes at some of these times.
    patterns: Patterns,
    /// One chunk of each node in the fanout, with the node being improved complemented.
    flipped: Vec<Chunk>,
}

impl<'a> Editable<'a> {
    fn new(xag: &'a Xag, tables: Tables) -> Editable<'a> {
        let nodes = xag.nodes() as usize;
        let mut graph = Editable {
            xag,
            tables,
            gates: (0..xag.nodes())
                .map(|node| xag.gate(node).map(Choice::from))
                .collect(),
            readers: Readers::new(nodes),
            fanout: Vec::new(),
            in_fanout: vec![false; nodes],
            fanout_outputs: Vec::new(),
            care: Vec::new(),
            patterns: Patterns::default(),
            flipped: vec![Chunk::ZERO; nodes],
        };
        for output in xag.outputs() {
            let Editable { gates, readers, .. } = &mut graph;
            readers.add(output.node(), |n| gates[n as usize]);
        }
        graph
    }

    /// Replaces the gate of a node by the best one found, or at random by one as good, or by
    /// two gates if that removes three or more.
    fn improve(
        &mut self,
        node: u32,
        rng: &mut Rng,
        work: &mut u64,
        pace: &mut dyn Pace,
    ) -> Result<(), Stopped> {
        let Some(now) = self.gates[node as usize] else {
            return Ok(());
        };
        self.find_fanout(node);
        let mut used =
            self.fanout.len() as u64 * self.tables.count() as u64 + self.xag.outputs().len() as u64;
        observe(self, node);
        let Editable {
            gates,
            readers,
            patterns,
            tables,
            care,
            ..
        } = self;
        // Tables of dead gates may not be up to date.
        let usable = (0..node).filter(|&n| readers.any(n) || gates[n as usize].is_none());
        let goal = patterns.take(tables, care, usable, &mut used);
        let found = patterns.gates(tables, care, goal, rng, &mut used);
        used += u64::from(node) + CANDIDATE_WORK * found.len() as u64;
        // With the node's own gate removed, adding a candidate gives its whole cost.
        let mut best = (readers.remove_gate(now, |n| gates[n as usize]), now);
        for candidate in found {
            let added = readers.add_gate(candidate, |n| gates[n as usize]);
            readers.remove_gate(candidate, |n| gates[n as usize]);
            let better = added < best.0 || (added == best.0 && rng.below(4) == 0);
            if better && is_equal(tables, care, candidate, None) {
                best = (added, candidate);
            }
        }
        let (mut cost, mut gate) = best;
        let mut inner = None;
        // An operand that died with the gate has room for an inner gate.
        let died = |&n: &u32| !readers.any(n) && gates[n as usize].is_some();
        let room = [now.a.node(), now.b.node()].into_iter().filter(died).max();
        if let Some(room) = room.filter(|_| cost >= LEAST_COST_FOR_TWO) {
            let before = gates[room as usize];
            for pair in patterns.sums_of_conjunction(goal, room, &mut used) {
                used += CANDIDATE_WORK;
                gates[room as usize] = Some(pair.inner);
                let added = readers.add_gate(pair.outer, |n| gates[n as usize]);
                readers.remove_gate(pair.outer, |n| gates[n as usize]);
                if added < cost && is_equal(tables, care, pair.outer, Some(pair)) {
                    (cost, gate) = (added, pair.outer);
                    inner = Some((room, pair.inner));
                }
            }
            gates[room as usize] = before;
        }
        *work = work.saturating_sub(used);
        pace.work(used)?;
        if let Some((room, inner)) = inner {
            gates[room as usize] = Some(inner);
            compute(tables, gates, &[room]);
        }
        gates[node as usize] = Some(gate);
        readers.add_gate(gate, |n| gates[n as usize]);
        if gate != now {
            compute(tables, gates, &self.fanout);
        }
        Ok(())
    }

    /// Finds the fanout of a node, in node order.
    fn find_fanout(&mut self, node: u32) {
        for &node in &self.fanout {
            self.in_fanout[node as usize] = false;
        }
        self.fanout.clear();
        self.fanout.push(node);
        self.in_fanout[node as usize] = true;
        for reader in node + 1..self.xag.nodes() {
            let Some(gate) = self.gates[reader as usize].filter(|_| self.readers.any(reader))
            else {
                continue;
            };
            if self.in_fanout[gate.a.node() as usize] || self.in_fanout[gate.b.node() as usize] {
                self.fanout.push(reader);
                self.in_fanout[reader as usize] = true;
            }
        }
        let outputs = self.xag.outputs().iter().map(|lit| lit.node());
        self.fanout_outputs.clear();
        self.fanout_outputs
            .extend(outputs.filter(|&output| self.in_fanout[output as usize]));
        self.fanout_outputs.sort_unstable();
        self.fanout_outputs.dedup();
    }

    /// Returns the edited graph.
    fn finish(self) -> Xag {
        let mut graph = Xag::new(self.xag.variables());
        let mut made: Vec<Lit> = vec![Lit::FALSE; self.gates.len()];
        for node in 0..self.xag.nodes() {
            made[node as usize] = match self.gates[node as usize] {
                None => Lit::new(node, false),
                Some(gate) if self.readers.any(node) => gate.build(&mut graph, &made),
                Some(_) => Lit::FALSE,
            };
        }
        graph.set_outputs_of(self.xag, &made);
        graph
    }
}

vectorized! {
    /// Finds the times at which outputs observe a node's value, by complementing it.
    fn observe(graph: &mut Editable<'_>, node: u32) {
        let Editable { tables, gates, fanout, in_fanout, fanout_outputs, care, flipped, .. } = graph;
        care.clear();
        for c in 0..tables.count() {
            let row = tables.row(c);
            flipped[node as usize] = row[node as usize].invert_if(true);
            for &reader in &fanout[1..] {
                if let Some(gate) = gates[reader as usize] {
                    let value = |node: usize| if in_fanout[node] { flipped[node] } else { row[node] };
                    flipped[reader as usize] =
                        gate.apply(value(gate.a.node() as usize), value(gate.b.node() as usize));
                }
            }
            let mut observed = Chunk::ZERO;
            for &output in fanout_outputs.iter() {
                let output = output as usize;
                observed = observed.or(row[output].xor(flipped[output]));
            }
            if !observed.is_zero() {
                let value = row[node as usize];
                care.push(Care { chunk: c, on: observed.and(value), off: observed.and_not(value) });
            }
        }
    }
}

vectorized! {
    /// Computes the tables of nodes, which are in order.
    fn compute(tables: &mut Tables, gates: &[Option<Choice>], nodes: &[u32]) {
        for c in 0..tables.count() {
            let row = tables.row_mut(c);
            for &node in nodes {
                if let Some(gate) = gates[node as usize] {
                    row[node as usize] =
                        gate.apply(row[gate.a.node() as usize], row[gate.b.node() as usize]);
                }
            }
        }
    }
}
