//! The times at which a node matters.

use super::choices::Choice;
use super::patterns::Pair;
use super::tables::{Chunk, Tables};
use crate::Word;
use crate::simd::vectorized;
use crate::xag::Lit;

/// The times of a chunk at which some output observes a node.
#[derive(Clone, Copy)]
pub(super) struct Care {
    pub(super) chunk: usize,
    /// Those at which the node is 1.
    pub(super) on: Chunk,
    /// Those at which the node is 0.
    pub(super) off: Chunk,
}

vectorized! {
    /// Returns whether a gate equals the node wherever it matters. If it is the outer one of a
    /// pair, the inner one gives its second operand.
    pub(super) fn is_equal(
        tables: &Tables,
        care: &[Care],
        gate: Choice,
        pair: Option<Pair>,
    ) -> bool {
        care.iter().all(|care| {
            let row = tables.row(care.chunk);
            let of = |gate: Choice, b: Chunk| gate.apply(row[gate.a.node() as usize], b);
            let b = match pair {
                Some(Pair { inner, .. }) => of(inner, row[inner.b.node() as usize]),
                None => row[gate.b.node() as usize],
            };
            let value = of(gate, b);
            care.on.and_not(value).or(care.off.and(value)).is_zero()
        })
    }
}

vectorized! {
    /// Returns whether a literal is 1 wherever the node must be 1, or must be 0 if `inverted`.
    pub(super) fn is_cover(tables: &Tables, care: &[Care], lit: Lit, inverted: bool) -> bool {
        care.iter().all(|care| {
            let wanted = if inverted { care.off } else { care.on };
            wanted.and_not(tables.chunk(care.chunk, lit)).is_zero()
        })
    }
}
