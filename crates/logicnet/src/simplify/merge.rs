//! Merging of nodes that compute the same function.

use alloc::vec::Vec;

use super::tables::{hashes, stream};
use crate::xag::{Lit, Xag};

/// Merges nodes that are equal or complementary at all times into the earliest of them;
/// constant nodes become the constant. Candidates have equal hashes of their whole truth
/// tables and are then compared in full.
pub(super) fn merge(xag: &Xag) -> Xag {
    let mut hashes = hashes(xag);
    let ones = hashes.pop().unwrap_or(0);
    let mut sorted: Vec<(u64, u32)> = hashes
        .iter()
        .enumerate()
        .map(|(node, &hash)| (hash.min(hash ^ ones), node as u32))
        .collect();
    sorted.sort_unstable();
    let mut first: Vec<u32> = (0..xag.nodes()).collect();
    for pair in sorted.windows(2) {
        if pair[0].0 == pair[1].0 {
            first[pair[1].1 as usize] = first[pair[0].1 as usize];
        }
    }

    keep_proven(xag, &hashes, &mut first);

    let mut merged = Xag::new(xag.counter_bits());
    let mut made: Vec<Lit> = (0..xag.first_gate())
        .map(|node| Lit::new(node, false))
        .collect();
    for (node, gate) in (xag.first_gate()..).zip(xag.gates()) {
        let same = first[node as usize];
        let lit = if same == node {
            merged.op(gate.kind.op(), made[gate.a as usize], made[gate.b as usize])
        } else {
            made[same as usize].invert_if(hashes[same as usize] != hashes[node as usize])
        };
        made.push(lit);
    }
    merged.set_outputs_of(xag, &made);
    merged
}

/// Undoes the merging of nodes that differ from the node they would become.
fn keep_proven(xag: &Xag, hashes: &[u64], first: &mut [u32]) {
    stream(xag, |values| {
        for (node, first) in first.iter_mut().enumerate() {
            let inverted = hashes[*first as usize] != hashes[node];
            if values[*first as usize].invert_if(inverted) != values[node] {
                *first = node as u32;
            }
        }
    });
}
