//! Merging of nodes that compute the same function.

use alloc::vec::Vec;

use super::tables::{Chunk, Sample, hashes, stream, stream_sample};
use crate::xag::{Lit, Xag};
use crate::{Pace, Stopped};

/// Merges nodes that are equal or complementary at all times of a sample into the earliest
/// of them; constant nodes become the constant.
pub(super) fn merge(xag: &Xag, sample: &Sample, pace: &mut dyn Pace) -> Result<Xag, Stopped> {
    let mut merge = Merge::new(xag, sample, xag.nodes(), pace)?;
    stream_sample(xag, sample, pace, |values| {
        merge.keep_equal(values);
        merge.candidates.len()
    })?;
    Ok(merge.graph(xag))
}

/// Merges nodes like [`merge`], but only among the first `nodes` nodes, and only those that
/// are equal or complementary at all times of the period. Where others are not, the sample
/// gets more times. Returns `None` if no nodes seem to be equal.
pub(super) fn merge_proven(
    xag: &Xag,
    sample: &mut Sample,
    nodes: u32,
    pace: &mut dyn Pace,
) -> Result<Option<Xag>, Stopped> {
    let mut merge = Merge::new(xag, sample, nodes, pace)?;
    if merge.candidates.is_empty() {
        return Ok(None);
    }
    let mut differing = Vec::new();
    stream(xag, nodes, pace, |start, values| {
        if !merge.keep_equal(values) {
            differing.push(start);
        }
        merge.candidates.len()
    })?;
    sample.add(&differing);
    Ok(Some(merge.graph(xag)))
}

/// Nodes to merge.
struct Merge {
    /// The nodes that are merged into others.
    candidates: Vec<u32>,
    /// The node that each node is merged into; itself for all others.
    first: Vec<u32>,
    /// True for nodes that are complementary to theirs.
    inverted: Vec<bool>,
}

impl Merge {
    /// Finds candidates by hash, among the first `nodes` nodes.
    fn new(xag: &Xag, sample: &Sample, nodes: u32, pace: &mut dyn Pace) -> Result<Merge, Stopped> {
        let mut hashes = hashes(xag, sample, pace)?;
        let ones = hashes.pop().unwrap_or(0);
        let mut sorted: Vec<(u64, u32)> = (0..nodes)
            .zip(&hashes)
            .map(|(node, &hash)| (hash.min(hash ^ ones), node))
            .collect();
        sorted.sort_unstable();
        let mut first: Vec<u32> = (0..xag.nodes()).collect();
        for pair in sorted.windows(2) {
            if pair[0].0 == pair[1].0 {
                first[pair[1].1 as usize] = first[pair[0].1 as usize];
            }
        }
        let candidates = (0..nodes)
            .filter(|&node| first[node as usize] != node)
            .collect();
        let into = first.iter().map(|&into| hashes[into as usize]);
        let inverted = into
            .zip(&hashes)
            .map(|(into, &hash)| into != hash)
            .collect();
        Ok(Merge {
            candidates,
            first,
            inverted,
        })
    }

    /// Undoes the merging of nodes that differ from the node they would become in these
    /// chunks. Returns true if there are none.
    fn keep_equal(&mut self, values: &[Chunk]) -> bool {
        let Merge {
            candidates,
            first,
            inverted,
        } = self;
        let before = candidates.len();
        candidates.retain(|&node| {
            let at = node as usize;
            let equal = values[first[at] as usize].invert_if(inverted[at]) == values[at];
            if !equal {
                first[at] = node;
            }
            equal
        });
        candidates.len() == before
    }

    /// Returns the graph with these nodes merged.
    fn graph(&self, xag: &Xag) -> Xag {
        let mut merged = Xag::new(xag.variables());
        let mut made: Vec<Lit> = (0..xag.first_gate())
            .map(|node| Lit::new(node, false))
            .collect();
        for (node, gate) in (xag.first_gate()..).zip(xag.gates()) {
            let same = self.first[node as usize];
            let lit = if same == node {
                merged.op(gate.kind.op(), made[gate.a as usize], made[gate.b as usize])
            } else {
                made[same as usize].invert_if(self.inverted[node as usize])
            };
            made.push(lit);
        }
        merged.set_outputs_of(xag, &made);
        merged
    }
}
