//! Resubstitution under don't-cares: a node may become any gate of two earlier nodes that
//! differs from it only where no output can observe it.

use alloc::vec;
use alloc::vec::Vec;

use super::choices::Choice;
use super::readers::Readers;
use super::tables::{Chunk, Tables};
use crate::random::Rng;
use crate::simd::vectorized;
use crate::xag::{Lit, Xag};
use crate::{Pace, Stopped, Word};

/// Maximum number of nodes of a graph in which all pairs are tried as exclusive sums.
const MAX_SUM_NODES: usize = 600;
/// Maximum number of covers that are paired.
const MAX_COVERS: usize = 48;

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
    debug_assert!(tables.complete());
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
    /// Times at which some output observes the node and the node is 1, by chunk.
    on: Vec<Chunk>,
    /// Times at which some output observes the node and the node is 0, by chunk.
    off: Vec<Chunk>,
    /// One chunk of each node in the fanout, with the node being improved complemented.
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
            fanout: Vec::new(),
            in_fanout: vec![false; nodes],
            fanout_outputs: Vec::new(),
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

    /// Replaces the gate of a node by the best one found, or at random by one as good.
    fn improve(
        &mut self,
        node: u32,
        rng: &mut Rng,
        work: &mut u64,
        pace: &mut dyn Pace,
    ) -> Result<(), Stopped> {
        self.find_fanout(node);
        let used =
            self.fanout.len() as u64 * self.tables.count() as u64 + self.xag.outputs().len() as u64;
        *work = work.saturating_sub(used);
        pace.work(used)?;
        observe(self, node);

        let Some(now) = self.gates[node as usize] else {
            return Ok(());
        };
        let mut candidates = Vec::new();
        find(self, node, &mut candidates, work, pace)?;
        // With the node's own gate removed, adding a candidate gives its whole cost.
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
        Ok(())
    }

    /// Returns whether a node's table is up to date, which those of dead gates may not be.
    fn usable(&self, node: u32) -> bool {
        self.readers.any(node) || self.gates[node as usize].is_none()
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

    /// Updates the tables of the fanout.
    fn recompute(&mut self) {
        for c in 0..self.tables.count() {
            let row = self.tables.row_mut(c);
            for &node in &self.fanout {
                if let Some(gate) = self.gates[node as usize] {
                    row[node as usize] =
                        gate.apply(row[gate.a.node() as usize], row[gate.b.node() as usize]);
                }
            }
        }
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
        let Editable { tables, gates, fanout, in_fanout, fanout_outputs, on, off, flipped, .. } = graph;
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
            on[c] = observed.and(row[node as usize]);
            off[c] = observed.and_not(row[node as usize]);
        }
    }
}

/// Finds gates of two earlier nodes that equal a node wherever an output observes it.
fn find(
    graph: &Editable<'_>,
    node: u32,
    found: &mut Vec<Choice>,
    work: &mut u64,
    pace: &mut dyn Pace,
) -> Result<(), Stopped> {
    let mut read = conjunctions(graph, node, false, found);
    read += conjunctions(graph, node, true, found);
    pace.work(read)?;
    if graph.gates.len() <= MAX_SUM_NODES {
        for b in (1..node).filter(|&b| graph.usable(b)) {
            let summed = exclusive_sums(graph, b, found);
            pace.work(summed)?;
            read += summed;
        }
    }
    *work = work.saturating_sub(read);
    Ok(())
}

vectorized! {
    /// Finds conjunctions of two literals that equal the node, or its complement if
    /// `inverted`, and wires that do. Returns the number of chunks read.
    fn conjunctions(
        graph: &Editable<'_>,
        node: u32,
        inverted: bool,
        found: &mut Vec<Choice>,
    ) -> u64 {
        let tables = &graph.tables;
        let (on, off) = if inverted { (&graph.off, &graph.on) } else { (&graph.on, &graph.off) };
        let mut read = 0;
        // Literals that are 1 wherever they must be, with the number of times at which they
        // are 1 but must not be.
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
            read += c as u64;
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
        covers.truncate(MAX_COVERS);
        for (k, &(excess, a)) in covers.iter().enumerate() {
            if excess == 0 {
                // The literal equals the node, so a wire suffices, and no gate is better.
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
                read += c as u64 + 1;
                if c == tables.count() {
                    found.push(Choice { a, b, xor: false, inverted });
                }
            }
        }
        read
    }
}

vectorized! {
    /// Finds exclusive sums of node b and an earlier one that equal the node being improved or
    /// its complement. Returns the number of chunks read.
    fn exclusive_sums(graph: &Editable<'_>, b: u32, found: &mut Vec<Choice>) -> u64 {
        let tables = &graph.tables;
        let mut read = 0;
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
            read += c as u64;
            if same || opposite {
                let (a, b) = (Lit::new(a, false), Lit::new(b, false));
                found.push(Choice { a, b, xor: true, inverted: !same });
            }
        }
        read
    }
}
