//! Truth tables of every node of a graph, whole or in part.

use alloc::vec;
use alloc::vec::Vec;

use crate::counter::counter_column;
use crate::random::Rng;
use crate::simd::vectorized;
use crate::xag::{Kind, Lit, Xag};
use crate::{W512, Word};

/// A chunk of a node's table, which fills a cache line.
pub(super) type Chunk = W512;

/// Number of times in a chunk.
const CHUNK_TIMES: u32 = Chunk::LANES as u32;

impl Chunk {
    pub(super) const ONES: Chunk = W512([u64::MAX; Chunk::COLUMNS]);

    #[inline(always)]
    pub(super) fn invert_if(self, invert: bool) -> Chunk {
        let flip = u64::from(invert).wrapping_neg();
        W512(self.0.map(|word| word ^ flip))
    }

    #[inline(always)]
    pub(super) fn is_zero(self) -> bool {
        self.0.iter().fold(0, |any, word| any | word) == 0
    }

    #[inline(always)]
    pub(super) fn count_ones(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

/// Returns the chunk of a gate for its operands' chunks.
#[inline(always)]
fn apply(kind: Kind, a: Chunk, b: Chunk) -> Chunk {
    match kind {
        Kind::And => a.and(b),
        Kind::AndNot => a.and_not(b),
        Kind::Or => a.or(b),
        Kind::Xor => a.xor(b),
    }
}

/// Sets the chunks of the constant and of the bits of t. `word(bit, k)` returns a bit at the
/// times k .. k + 63 of the chunk.
fn set_inputs(xag: &Xag, word: impl Fn(u32, u32) -> u64, values: &mut [Chunk]) {
    values[0] = Chunk::ZERO;
    for bit in 0..xag.counter_bits() {
        values[xag.counter_bit(bit).node() as usize] =
            Chunk::from_columns(|j| word(bit, 64 * j as u32));
    }
}

vectorized! {
    /// Evaluates every gate, including dead ones.
    fn evaluate(xag: &Xag, values: &mut [Chunk]) {
        let first = xag.first_gate() as usize;
        for (i, gate) in xag.gates().iter().enumerate() {
            let (a, b) = (values[gate.a as usize], values[gate.b as usize]);
            values[first + i] = apply(gate.kind, a, b);
        }
    }
}

/// Calls `visit` with the truth tables of all nodes, one chunk of 512 times after another.
/// Tables shorter than a chunk are repeated to fill it.
pub(super) fn stream(xag: &Xag, mut visit: impl FnMut(&[Chunk])) {
    let mut values = vec![Chunk::ZERO; xag.nodes() as usize];
    let period = 1u32 << xag.counter_bits();
    for start in (0..period).step_by(CHUNK_TIMES as usize) {
        set_inputs(
            xag,
            |bit, k| counter_column(bit as u8, start + k),
            &mut values,
        );
        evaluate(xag, &mut values);
        visit(&values);
    }
}

/// Returns a hash of each node's whole truth table, then that of the table of all ones.
///
/// The hash is linear over GF(2): the hash of an exclusive sum of tables is the exclusive
/// sum of their hashes.
pub(super) fn hashes(xag: &Xag) -> Vec<u64> {
    let mut hashes = vec![0; xag.nodes() as usize + 1];
    let (ones, nodes) = hashes.split_last_mut().expect("a graph has node 0");
    let mut rng = Rng::new(0);
    stream(xag, |values| {
        let keys = core::array::from_fn(|_| [rng.next(), rng.next()]);
        mix_all(nodes, values, &keys);
        mix_all(core::slice::from_mut(ones), &[Chunk::ONES], &keys);
    });
    hashes
}

vectorized! {
    /// Adds a chunk to each hash, by linear steps. As the tables of counters are far from
    /// random, random keys select the bits of each word that are added unchanged, the bits
    /// that are added rotated, and the bits that are added a second time. Then follows
    /// Marsaglia's xorshift 13, 7, 17, whose period is 2^64 - 1.
    fn mix_all(hashes: &mut [u64], chunks: &[Chunk], keys: &[[u64; 2]; Chunk::COLUMNS]) {
        for (hash, chunk) in hashes.iter_mut().zip(chunks) {
            for (word, [split, twice]) in chunk.0.into_iter().zip(keys) {
                let mut h = *hash
                    ^ (word & split)
                    ^ (word & !split).rotate_left(29)
                    ^ (word & twice).rotate_left(47);
                h ^= h << 13;
                h ^= h >> 7;
                *hash = h ^ (h << 17);
            }
        }
    }
}

/// The tables of all nodes, at as many times as memory allows.
pub(super) struct Tables {
    /// Chunk c of node n is at index `c * nodes + n`: one chunk often decides, and the same
    /// chunk of many nodes is in the cache.
    chunks: Vec<Chunk>,
    nodes: usize,
    /// True if the tables have all times of the period.
    whole: bool,
}

impl Tables {
    /// Computes tables of at most `bytes` bytes, but at least one chunk. Times are in a
    /// scattered order, so that most nodes already differ in the first chunks.
    pub(super) fn new(xag: &Xag, bytes: usize) -> Tables {
        let nodes = xag.nodes() as usize;
        let period = 1u32 << xag.counter_bits();
        let all = period.div_ceil(CHUNK_TIMES) as usize;
        let count = all.min(bytes / (nodes * size_of::<Chunk>())).max(1);
        let mut chunks = vec![Chunk::ZERO; count * nodes];
        for (c, values) in chunks.chunks_mut(nodes).enumerate() {
            // The multiplier is odd, so that every time of the period occurs once.
            let start = c as u32 * CHUNK_TIMES;
            let time = |k: u32| (start + k).wrapping_mul(0x9e37_79b1) & (period - 1);
            let word = |bit: u32, k: u32| {
                (0..64).fold(0, |word, lane| {
                    word | u64::from(time(k + lane) >> bit & 1) << lane
                })
            };
            set_inputs(xag, word, values);
            evaluate(xag, values);
        }
        Tables {
            chunks,
            nodes,
            whole: count == all,
        }
    }

    /// Number of chunks.
    pub(super) fn count(&self) -> usize {
        self.chunks.len() / self.nodes
    }

    /// Returns whether the tables have all times of the period.
    pub(super) fn whole(&self) -> bool {
        self.whole
    }

    /// Returns chunk c of every node.
    #[inline(always)]
    pub(super) fn row(&self, c: usize) -> &[Chunk] {
        &self.chunks[c * self.nodes..(c + 1) * self.nodes]
    }

    /// Returns chunk c of every node, mutably.
    pub(super) fn row_mut(&mut self, c: usize) -> &mut [Chunk] {
        &mut self.chunks[c * self.nodes..(c + 1) * self.nodes]
    }

    /// Returns chunk c of a literal's table.
    #[inline(always)]
    pub(super) fn chunk(&self, c: usize, lit: Lit) -> Chunk {
        self.chunks[c * self.nodes + lit.node() as usize].invert_if(lit.inverted())
    }

    /// Counts the times at which each node is 1.
    pub(super) fn ones(&self) -> Vec<u32> {
        let mut ones = vec![0; self.nodes];
        for c in 0..self.count() {
            for (ones, chunk) in ones.iter_mut().zip(self.row(c)) {
                *ones += chunk.count_ones();
            }
        }
        ones
    }

    /// Number of times in the tables, including repeated ones.
    pub(super) fn times(&self) -> u32 {
        self.count() as u32 * CHUNK_TIMES
    }
}
