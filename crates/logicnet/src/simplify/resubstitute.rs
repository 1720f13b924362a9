//! Resubstitution under don't cares: a node may become any gate of two others
//! that differs from it only where no output can tell.

use alloc::vec;
use alloc::vec::Vec;

use super::choices::Choice;
use super::readers::Readers;
use super::tables::{Chunk, Tables};
use crate::random::Rng;
use crate::simd::vectorized;
use crate::xag::{Lit, Xag};

/// Most nodes for which exclusive sums are tried, pair by pair.
const MOST_SUM_NODES: usize = 600;
/// Most covers that are paired up.
const MOST_COVERS: usize = 48;

/// The graph with nodes made by better gates, or at random by others as good,
/// one node after another from the last to the first, until the work, in chunks
/// of tables looked at, is used up. Tables must be whole.
pub(super) fn resubstitute(xag: &Xag, tables: Tables, rng: &mut Rng, work: &mut u64) -> Xag {
    debug_assert!(tables.whole());
    let mut graph = Editable::new(xag, tables);
    for node in (xag.first_gate()..xag.nodes()).rev() {
        if *work == 0 {
            break;
        }
        if graph.readers.any(node) {
            graph.improve(node, rng, work);
        }
    }
    graph.finish()
}

/// A graph whose gates may be replaced, with the tables of what they are now.
/// Gates read earlier nodes only, before and after.
struct Editable<'a> {
    xag: &'a Xag,
    tables: Tables,
    gates: Vec<Option<Choice>>,
    readers: Readers,
    /// Nodes that a node's value goes into, itself first.
    above: Vec<u32>,
    is_above: Vec<bool>,
    /// Those of them that are outputs.
    outputs_above: Vec<u32>,
    /// Where some output can tell and the node is 1, chunk by chunk.
    on: Vec<Chunk>,
    /// Where some output can tell and the node is 0.
    off: Vec<Chunk>,
    flipped: Vec<Chunk>,
}

impl<'a> Editable<'a> {
    fn new(xag: &'a Xag, tables: Tables) -> Editable<'a> {
        let nodes = xag.nodes() as usize;
        let chunks = tables.count();
        let mut graph = Editable {
            xag,
            tables,
            gates: (0..xag.nodes())
                .map(|node| xag.gate(node).map(Choice::from))
                .collect(),
            readers: Readers::new(nodes),
            above: Vec::new(),
            is_above: vec![false; nodes],
            outputs_above: Vec::new(),
            on: vec![Chunk::ZERO; chunks],
            off: vec![Chunk::ZERO; chunks],
            flipped: vec![Chunk::ZERO; nodes],
        };
        for output in xag.outputs() {
            let Editable { gates, readers, .. } = &mut graph;
            readers.add(output.node(), |n| gates[n as usize]);
        }
        graph
    }

    /// Makes a node the best gate found for it, or one as good as its own.
    fn improve(&mut self, node: u32, rng: &mut Rng, work: &mut u64) {
        self.find_above(node);
        let used =
            self.above.len() as u64 * self.tables.count() as u64 + self.xag.outputs().len() as u64;
        *work = work.saturating_sub(used);
        observe(self, node);

        let Some(now) = self.gates[node as usize] else {
            return;
        };
        let mut candidates = Vec::new();
        find(self, node, &mut candidates, work);
        // Without the node's own gate, each candidate's weight is what it adds.
        let Editable { gates, readers, .. } = self;
        let mut best = (readers.remove_gate(now, |n| gates[n as usize]), now);
        for candidate in candidates {
            let added = readers.add_gate(candidate, |n| gates[n as usize]);
            readers.remove_gate(candidate, |n| gates[n as usize]);
            if added < best.0 || (added == best.0 && rng.below(4) == 0) {
                best = (added, candidate);
            }
        }
        readers.add_gate(best.1, |n| gates[n as usize]);
        gates[node as usize] = Some(best.1);
        if best.1 != now {
            self.recompute();
        }
    }

    /// Whether a node's table is up to date: a dead gate's may not be.
    fn usable(&self, node: u32) -> bool {
        self.readers.any(node) || self.gates[node as usize].is_none()
    }

    /// Collects the live nodes that a node's value goes into, in order.
    fn find_above(&mut self, node: u32) {
        for &node in &self.above {
            self.is_above[node as usize] = false;
        }
        self.above.clear();
        self.above.push(node);
        self.is_above[node as usize] = true;
        for reader in node + 1..self.xag.nodes() {
            let Some(gate) = self.gates[reader as usize].filter(|_| self.readers.any(reader))
            else {
                continue;
            };
            if self.is_above[gate.a.node() as usize] || self.is_above[gate.b.node() as usize] {
                self.above.push(reader);
                self.is_above[reader as usize] = true;
            }
        }
        let outputs = self.xag.outputs().iter().map(|lit| lit.node());
        self.outputs_above.clear();
        self.outputs_above
            .extend(outputs.filter(|&output| self.is_above[output as usize]));
        self.outputs_above.sort_unstable();
        self.outputs_above.dedup();
    }

    /// Brings the tables of the nodes above up to date.
    fn recompute(&mut self) {
        for c in 0..self.tables.count() {
            let row = self.tables.row_mut(c);
            for &node in &self.above {
                if let Some(gate) = self.gates[node as usize] {
                    row[node as usize] =
                        gate.of_chunks(row[gate.a.node() as usize], row[gate.b.node() as usize]);
                }
            }
        }
    }

    fn finish(self) -> Xag {
        let mut graph = Xag::new(self.xag.counter_bits());
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
    /// Finds where the outputs can tell a node's value: complements it and
    /// watches them, over all times.
    fn observe(graph: &mut Editable<'_>, node: u32) {
        let Editable { tables, gates, above, is_above, outputs_above, on, off, flipped, .. } = graph;
        for c in 0..tables.count() {
            let row = tables.row(c);
            flipped[node as usize] = row[node as usize].invert_if(true);
            for &reader in &above[1..] {
                if let Some(gate) = gates[reader as usize] {
                    let value = |node: usize| if is_above[node] { flipped[node] } else { row[node] };
                    flipped[reader as usize] =
                        gate.of_chunks(value(gate.a.node() as usize), value(gate.b.node() as usize));
                }
            }
            let mut told = Chunk::ZERO;
            for &output in outputs_above.iter() {
                let output = output as usize;
                told = told.or(row[output].xor(flipped[output]));
            }
            on[c] = told.and(row[node as usize]);
            off[c] = told.and_not(row[node as usize]);
        }
    }
}

/// Gates of two earlier nodes that agree with a node wherever it matters.
fn find(graph: &Editable<'_>, node: u32, found: &mut Vec<Choice>, work: &mut u64) {
    let mut looked = conjunctions(graph, node, false, found);
    looked += conjunctions(graph, node, true, found);
    if graph.gates.len() <= MOST_SUM_NODES {
        looked += exclusive_sums(graph, node, found);
    }
    *work = work.saturating_sub(looked);
}

vectorized! {
    /// Conjunctions of two literals that are the node, or its complement if
    /// `inverted`, and wires to one. Gives the chunks looked at.
    fn conjunctions(
        graph: &Editable<'_>,
        node: u32,
        inverted: bool,
        found: &mut Vec<Choice>,
    ) -> u64 {
        let tables = &graph.tables;
        let (on, off) = if inverted { (&graph.off, &graph.on) } else { (&graph.on, &graph.off) };
        let mut looked = 0;
        // Literals that are 1 wherever they must be, and how many times they
        // are 1 where they must not.
        let mut covers: Vec<(u32, Lit)> = Vec::new();
        for other in (0..node).filter(|&other| graph.usable(other)) {
            let (mut ones, mut zeros) = (true, true);
            let mut c = 0;
            while c < tables.count() && (ones || zeros) {
                let value = tables.row(c)[other as usize];
                ones &= on[c].and_not(value).is_zero();
                zeros &= on[c].and(value).is_zero();
                c += 1;
            }
            looked += c as u64;
            for (covering, flip) in [(ones, false), (zeros, true)] {
                if covering {
                    let lit = Lit::new(other, flip);
                    let mut excess = 0;
                    for c in 0..tables.count() {
                        excess += tables.chunk(c, lit).and(off[c]).count_ones();
                    }
                    covers.push((excess, lit));
                }
            }
        }
        covers.sort_unstable();
        covers.truncate(MOST_COVERS);
        for (k, &(excess, a)) in covers.iter().enumerate() {
            if excess == 0 {
                // It is the node itself: a wire, and no gate is better.
                found.push(Choice { a, b: a, xor: false, inverted });
                break;
            }
            for &(_, b) in &covers[..k] {
                let mut c = 0;
                while c < tables.count()
                    && tables.chunk(c, a).and(tables.chunk(c, b)).and(off[c]).is_zero()
                {
                    c += 1;
                }
                looked += c as u64 + 1;
                if c == tables.count() {
                    found.push(Choice { a, b, xor: false, inverted });
                }
            }
        }
        looked
    }
}

vectorized! {
    /// Exclusive sums of two nodes that are the node or its complement. Gives
    /// the chunks looked at.
    fn exclusive_sums(graph: &Editable<'_>, node: u32, found: &mut Vec<Choice>) -> u64 {
        let tables = &graph.tables;
        let mut looked = 0;
        for b in (1..node).filter(|&b| graph.usable(b)) {
            for a in (1..b).filter(|&a| graph.usable(a)) {
                let (mut same, mut opposite) = (true, true);
                let mut c = 0;
                while c < tables.count() && (same || opposite) {
                    let row = tables.row(c);
                    let sum = row[a as usize].xor(row[b as usize]);
                    let (on, off) = (graph.on[c], graph.off[c]);
                    same &= on.and_not(sum).or(off.and(sum)).is_zero();
                    opposite &= on.and(sum).or(off.and_not(sum)).is_zero();
                    c += 1;
                }
                looked += c as u64;
                if same || opposite {
                    let (a, b) = (Lit::new(a, false), Lit::new(b, false));
                    found.push(Choice { a, b, xor: true, inverted: !same });
                }
            }
        }
        looked
    }
}
