//! Truth tables of every node of a graph, whole or in part.

use alloc::vec;
use alloc::vec::Vec;

use crate::counter::counter_column;
use crate::random::Rng;
use crate::simd::vectorized;
use crate::xag::{Kind, Lit, Xag};
use crate::{Pace, Stopped, W512, Word};

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

/// The masks of a gate: its value is `(a AND b AND [0]) XOR (a AND [1]) XOR (b AND [2])`.
/// Branches on the kind would be mispredicted.
#[inline(always)]
fn masks(kind: Kind) -> [u64; 3] {
    const ALL: u64 = u64::MAX;
    match kind {
        Kind::And => [ALL, 0, 0],
        Kind::AndNot => [ALL, ALL, 0],
        Kind::Or => [ALL, ALL, ALL],
        Kind::Xor => [0, ALL, ALL],
    }
}

/// Returns the chunk of a gate for its operands' chunks.
#[inline(always)]
fn apply(kind: Kind, a: Chunk, b: Chunk) -> Chunk {
    let [both, of_a, of_b] = masks(kind);
    W512(core::array::from_fn(|i| {
        let (a, b) = (a.0[i], b.0[i]);
        (a & b & both) ^ (a & of_a) ^ (b & of_b)
    }))
}

/// The 512 times of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    /// This time, a multiple of 512, and those after it.
    Consecutive(u32),
    /// Those of the chunk at this time in a scattered order of the whole period.
    Scattered(u32),
}

impl Times {
    /// Returns a bit of t at the times k .. k + 63 of the chunk.
    fn word(self, bit: u32, k: u32) -> u64 {
        match self {
            Times::Consecutive(start) => counter_column(bit as u8, start + k),
            // The multiplier is odd, so that every time of the period occurs once.
            Times::Scattered(start) => (0..64).fold(0, |word, lane| {
                let time = (start + k + lane).wrapping_mul(0x9e37_79b1);
                word | u64::from(time >> bit & 1) << lane
            }),
        }
    }
}

/// Number of chunks up to which a sample is the whole period: 2^18 times.
const WHOLE_CHUNKS: u32 = 512;
/// Number of scattered chunks of other samples.
const SCATTERED_CHUNKS: u32 = 64;
/// Largest number of chunks of a sample.
const MAX_CHUNKS: usize = 512;
/// Work to set a chunk of a bit of t at scattered times, as [`Pace::work`] counts it.
const INPUT_WORK: usize = 100;
/// Largest number of chunks that one proof adds.
const MAX_ADDED: usize = 64;

/// Times at which functions are compared first: all of a short period, or some of a long
/// one.
pub(super) struct Sample {
    variables: u32,
    chunks: Vec<Times>,
}

impl Sample {
    /// Creates the sample of a period of `2^variables` times. Of long periods it has
    /// scattered times, and those around the times at which bits of t change first.
    pub(super) fn new(variables: u32) -> Sample {
        let all = chunks_of(variables);
        let scattered = if all <= WHOLE_CHUNKS {
            all
        } else {
            SCATTERED_CHUNKS
        };
        let mut sample = Sample {
            variables,
            chunks: (0..scattered)
                .map(|c| Times::Scattered(c * CHUNK_TIMES))
                .collect(),
        };
        if !sample.whole() {
            let changes = (CHUNK_TIMES.ilog2()..variables).map(|bit| 1 << bit);
            sample.add(&[0]);
            for t in changes {
                sample.add(&[t - CHUNK_TIMES, t]);
            }
            sample.add(&[(1 << variables) - CHUNK_TIMES]);
        }
        sample
    }

    /// Returns whether the sample has all times of the period.
    pub(super) fn whole(&self) -> bool {
        chunks_of(self.variables) <= WHOLE_CHUNKS
    }

    /// Adds the chunks that begin at these times, as far as there is room; at most 64 of
    /// them, evenly chosen.
    pub(super) fn add(&mut self, starts: &[u32]) {
        for &start in starts
            .iter()
            .step_by(starts.len().div_ceil(MAX_ADDED).max(1))
        {
            let times = Times::Consecutive(start);
            if self.chunks.len() < MAX_CHUNKS && !self.chunks.contains(&times) {
                self.chunks.push(times);
            }
        }
    }
}

/// Returns the number of chunks of a period.
fn chunks_of(variables: u32) -> u32 {
    (1u32 << variables).div_ceil(CHUNK_TIMES)
}

/// Sets the chunks of the constant and of the bits of t.
fn set_inputs(xag: &Xag, times: Times, values: &mut [Chunk]) {
    values[0] = Chunk::ZERO;
    for bit in 0..xag.variables() {
        values[xag.variable(bit).node() as usize] =
            Chunk::from_columns(|j| times.word(bit, 64 * j as u32));
    }
}

vectorized! {
    /// Evaluates the gates, including dead ones, up to the last of `values`.
    fn evaluate(xag: &Xag, values: &mut [Chunk]) {
        let first = xag.first_gate() as usize;
        let gates = values.len().saturating_sub(first);
        for (i, gate) in xag.gates()[..gates].iter().enumerate() {
            let (a, b) = (values[gate.a as usize], values[gate.b as usize]);
            values[first + i] = apply(gate.kind, a, b);
        }
    }
}

/// Calls `visit` with the truth tables of all nodes at the times of a sample, one chunk
/// after another; it returns the work that it has done. Tables shorter than a chunk are
/// repeated to fill it.
pub(super) fn stream_sample(
    xag: &Xag,
    sample: &Sample,
    pace: &mut dyn Pace,
    mut visit: impl FnMut(&[Chunk]) -> usize,
) -> Result<(), Stopped> {
    let mut values = vec![Chunk::ZERO; xag.nodes() as usize];
    for &times in &sample.chunks {
        set_inputs(xag, times, &mut values);
        evaluate(xag, &mut values);
        let visited = visit(&values);
        let inputs = xag.variables() as usize * INPUT_WORK;
        pace.work((inputs + values.len() + visited) as u64)?;
    }
    Ok(())
}

/// Calls `visit` with the time at which a chunk starts and the truth tables of the first
/// `nodes` nodes, one chunk of the whole period after another; it returns the work that it
/// has done.
pub(super) fn stream(
    xag: &Xag,
    nodes: u32,
    pace: &mut dyn Pace,
    mut visit: impl FnMut(u32, &[Chunk]) -> usize,
) -> Result<(), Stopped> {
    let mut values = vec![Chunk::ZERO; nodes.max(xag.first_gate()) as usize];
    for start in (0..1u32 << xag.variables()).step_by(CHUNK_TIMES as usize) {
        set_inputs(xag, Times::Consecutive(start), &mut values);
        evaluate(xag, &mut values);
        let visited = visit(start, &values);
        pace.work((values.len() + visited) as u64)?;
    }
    Ok(())
}

/// Compares the outputs of two graphs over the whole period. Returns the starts of the
/// chunks with a difference; none if they are equal.
pub(super) fn differences(a: &Xag, b: &Xag, pace: &mut dyn Pace) -> Result<Vec<u32>, Stopped> {
    let mut found = Vec::new();
    let mut of_b = vec![Chunk::ZERO; b.nodes() as usize];
    stream(a, a.nodes(), pace, |start, of_a| {
        set_inputs(b, Times::Consecutive(start), &mut of_b);
        evaluate(b, &mut of_b);
        let value =
            |values: &[Chunk], lit: Lit| values[lit.node() as usize].invert_if(lit.inverted());
        let mut outputs = a.outputs().iter().zip(b.outputs());
        if outputs.any(|(&x, &y)| value(of_a, x) != value(&of_b, y)) {
            found.push(start);
        }
        of_b.len()
    })?;
    Ok(found)
}

/// Returns a hash of each node's table at the times of a sample, then that of the table of
/// all ones.
///
/// The hash is linear over GF(2): the hash of an exclusive sum of tables is the exclusive
/// sum of their hashes.
pub(super) fn hashes(xag: &Xag, sample: &Sample, pace: &mut dyn Pace) -> Result<Vec<u64>, Stopped> {
    let mut hashes = vec![0; xag.nodes() as usize + 1];
    let (ones, nodes) = hashes.split_last_mut().expect("a graph has node 0");
    let mut rng = Rng::new(0);
    stream_sample(xag, sample, pace, |values| {
        let keys = core::array::from_fn(|_| [rng.next(), rng.next()]);
        mix_all(nodes, values, &keys);
        mix_all(core::slice::from_mut(ones), &[Chunk::ONES], &keys);
        // Mixing a chunk into a hash takes as long as several gates.
        4 * values.len()
    })?;
    Ok(hashes)
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

/// The tables of all nodes at the times of a sample, as many as memory allows.
pub(super) struct Tables {
    /// Chunk c of node n is at index `c * nodes + n`: one chunk often decides, and the same
    /// chunk of many nodes is in the cache.
    chunks: Vec<Chunk>,
    nodes: usize,
    /// True if the tables have all times of the sample.
    complete: bool,
}

impl Tables {
    /// Computes tables of at most `bytes` bytes, but at least one chunk. Times are in a
    /// scattered order, so that most nodes already differ in the first chunks.
    pub(super) fn new(
        xag: &Xag,
        sample: &Sample,
        bytes: usize,
        pace: &mut dyn Pace,
    ) -> Result<Tables, Stopped> {
        let nodes = xag.nodes() as usize;
        let all = sample.chunks.len();
        let count = all.min(bytes / (nodes * size_of::<Chunk>())).max(1);
        let mut chunks = Vec::with_capacity(count * nodes);
        for &times in &sample.chunks[..count] {
            let start = chunks.len();
            chunks.resize(start + nodes, Chunk::ZERO);
            let values = &mut chunks[start..];
            set_inputs(xag, times, values);
            evaluate(xag, values);
            pace.work(nodes as u64)?;
        }
        Ok(Tables {
            chunks,
            nodes,
            complete: count == all,
        })
    }

    /// Returns the largest number of bytes that the tables of a graph of this many nodes take
    /// for any sample of a period.
    pub(super) fn most_bytes(nodes: u32, counter_bits: u32, bytes: usize) -> usize {
        let chunks = (chunks_of(counter_bits) as usize).min(MAX_CHUNKS);
        let chunk = nodes as usize * size_of::<Chunk>();
        (chunks * chunk).min(bytes).max(chunk)
    }

    /// Number of chunks.
    pub(super) fn count(&self) -> usize {
        self.chunks.len() / self.nodes
    }

    /// Returns whether the tables have all times of the sample.
    pub(super) fn complete(&self) -> bool {
        self.complete
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
