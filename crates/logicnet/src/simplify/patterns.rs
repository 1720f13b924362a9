//! Patterns: the values of nodes at a few times, by which gates that make a function are
//! found among very many.

use alloc::vec::Vec;

use super::care::{Care, is_cover, is_equal};
use super::choices::Choice;
use super::tables::{Chunk, Tables};
use crate::Word;
use crate::random::Rng;
use crate::simd::vectorized;
use crate::xag::Lit;

/// Number of times in a pattern.
const TIMES: u32 = u64::BITS;
/// Maximum number of words of a table from which a pattern's times are taken; each has room
/// for four of them or more.
const MAX_WORDS: usize = 16;
/// Maximum number of covers that are paired.
const MAX_COVERS: usize = 48;
/// Maximum number of conjunctions that are found for a function and its complement each.
const MAX_CONJUNCTIONS: usize = 64;
/// Maximum number of exclusive sums that are tried.
const MAX_SUMS: usize = 32;
/// Number of literals near a function whose difference from it may be a conjunction.
const MAX_NEAREST: usize = 4;
/// Number of bits of a hash by which sums are looked up: more than twice [`MAX_GATES`].
///
/// [`MAX_GATES`]: crate::MAX_GATES
const HASH_BITS: u32 = 17;
/// Number of patterns that are compared together.
const BLOCK: usize = 8;

/// A function that must be 1 at some of a pattern's times and 0 at others.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    on: u64,
    off: u64,
}

impl Goal {
    /// Returns the function whose exclusive sum with a literal of this pattern is this one.
    fn sum_with(self, pattern: u64) -> Goal {
        Goal {
            on: self.on & !pattern | self.off & pattern,
            off: self.on & pattern | self.off & !pattern,
        }
    }

    fn complement(self) -> Goal {
        Goal {
            on: self.off,
            off: self.on,
        }
    }
}

/// A literal that is 1 wherever a function must be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cover {
    /// Number of the pattern's times at which it is 1 but must not be.
    excess: u32,
    lit: Lit,
    pattern: u64,
}

/// A literal that differs from a function at few times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Near {
    /// Number of the pattern's times at which it differs.
    distance: u32,
    lit: Lit,
    pattern: u64,
}

/// Two gates that make a function; the outer one's second operand is the inner one.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) outer: Choice,
    pub(super) inner: Choice,
}

/// The patterns of nodes.
#[derive(Default)]
pub(super) struct Patterns {
    nodes: Vec<u32>,
    values: Vec<u64>,
    /// True if these are all the times that matter.
    complete: bool,
    /// Working memory of sums: a bit map of the patterns' hashes.
    may_hold: Vec<u64>,
}

impl Patterns {
    /// Takes the patterns of nodes, in order, at the times at which a function matters, or at
    /// some of them if they are many. Returns the function at these times.
    pub(super) fn take(
        &mut self,
        tables: &Tables,
        care: &[Care],
        nodes: impl Iterator<Item = u32>,
        work: &mut u64,
    ) -> Goal {
        self.nodes.clear();
        self.nodes.extend(nodes);
        self.values.clear();
        self.values.resize(self.nodes.len(), 0);
        let all = care.iter().flat_map(words).count();
        let stride = all.div_ceil(MAX_WORDS).max(1);
        let mut goal = Goal { on: 0, off: 0 };
        self.complete = stride == 1;
        let mut place = 0;
        let mut left = all.div_ceil(stride) as u32;
        for word in care.iter().flat_map(words).step_by(stride) {
            let times = thin_out(word.on | word.off, (TIMES - place) / left);
            self.complete &= times == word.on | word.off;
            let compress = Compress::new(times);
            goal.on |= compress.apply(word.on) << place;
            goal.off |= compress.apply(word.off) << place;
            let row = tables.row(word.chunk);
            gather(
                row,
                word.column,
                &compress,
                place,
                &self.nodes,
                &mut self.values,
            );
            *work += self.nodes.len() as u64 / 2;
            place += times.count_ones();
            left -= 1;
        }
        goal
    }

    /// Finds gates of two nodes, and wires, that equal the function at the pattern's times,
    /// and most of which equal it at all times that matter.
    pub(super) fn gates(
        &mut self,
        tables: &Tables,
        care: &[Care],
        goal: Goal,
        rng: &mut Rng,
        work: &mut u64,
    ) -> Vec<Choice> {
        let mut found = Vec::new();
        let mut covers = self.covers(goal, self.nodes.len(), work);
        for (covers, inverted) in covers.iter_mut().zip([false, true]) {
            if !self.complete {
                *work += covers.len() as u64;
                covers.retain(|cover| is_cover(tables, care, cover.lit, inverted));
            }
            keep_least(covers, MAX_COVERS);
            let goal = if inverted { goal.complement() } else { goal };
            conjunctions(covers, goal, inverted, &mut found);
        }
        if !found.iter().any(|gate| gate.a == gate.b) {
            self.sums(tables, care, goal, rng, &mut found, work);
        }
        found
    }

    /// Finds exclusive sums of a literal and a conjunction that equal a function at the
    /// pattern's times. The conjunction is to be at the node `room` and reads earlier ones.
    pub(super) fn sums_of_conjunction(&self, goal: Goal, room: u32, work: &mut u64) -> Vec<Pair> {
        let earlier = self.nodes.partition_point(|&node| node < room);
        let mut found = Vec::new();
        let mut inner = Vec::new();
        for Near { lit, pattern, .. } in self.nearest(goal, work) {
            if lit.node() == room {
                continue;
            }
            let goal = goal.sum_with(pattern);
            inner.clear();
            conjunctions(
                &self.covers(goal, earlier, work)[0],
                goal,
                false,
                &mut inner,
            );
            found.extend(inner.iter().map(|&inner| Pair {
                outer: Choice {
                    a: Lit::new(lit.node(), false),
                    b: Lit::new(room, false),
                    xor: true,
                    inverted: lit.inverted(),
                },
                inner,
            }));
        }
        found
    }

    /// Finds literals of the first `count` nodes that are 1 wherever a function must be, and
    /// those that are 1 wherever it must be 0.
    fn covers(&self, goal: Goal, count: usize, work: &mut u64) -> [Vec<Cover>; 2] {
        let mut found = [Vec::new(), Vec::new()];
        let mut likely = Vec::new();
        find_covers(&self.values[..count], goal, &mut likely);
        for i in likely {
            let (node, value) = (self.nodes[i], self.values[i]);
            for inverted in [false, true] {
                let pattern = if inverted { !value } else { value };
                for (goal, found) in [goal, goal.complement()].iter().zip(&mut found) {
                    if goal.on & !pattern == 0 {
                        found.push(Cover {
                            excess: (goal.off & pattern).count_ones(),
                            lit: Lit::new(node, inverted),
                            pattern,
                        });
                    }
                }
            }
        }
        *work += count as u64 / 8;
        found
    }

    /// Finds exclusive sums of two nodes.
    fn sums(
        &mut self,
        tables: &Tables,
        care: &[Care],
        goal: Goal,
        rng: &mut Rng,
        found: &mut Vec<Choice>,
        work: &mut u64,
    ) {
        let mask = goal.on | goal.off;
        let first = mask & mask.wrapping_neg();
        // Of a pattern and its complement, the one that is 0 at the first time.
        let normal = |value: u64| if value & first == 0 { value } else { !value } & mask;
        let wanted = normal(goal.on);
        let place = |value: u64| {
            let hash = value.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - HASH_BITS);
            ((hash >> 6) as usize, hash & 63)
        };
        self.may_hold.clear();
        self.may_hold.resize(1 << (HASH_BITS - 6), 0);
        for &value in &self.values {
            let (word, bit) = place(normal(value));
            self.may_hold[word] |= 1 << bit;
        }
        let mut likely: Vec<(u64, usize)> = Vec::new();
        for (i, &value) in self.values.iter().enumerate().skip(1) {
            let (word, bit) = place(normal(value) ^ wanted);
            if self.may_hold[word] >> bit & 1 == 1 {
                likely.push((normal(value), i));
            }
        }
        likely.sort_unstable();
        let start = rng.below(likely.len().max(1) as u32) as usize;
        let (before, after) = likely.split_at(start);
        let mut tried = 0;
        for &(value, i) in after.iter().chain(before) {
            let from = likely.partition_point(|&(other, _)| other < value ^ wanted);
            let j = match likely.get(from) {
                Some(&(other, j)) if other == value ^ wanted && i < j => j,
                _ => continue,
            };
            let sum = Choice {
                a: Lit::new(self.nodes[i], false),
                b: Lit::new(self.nodes[j], false),
                xor: true,
                inverted: (self.values[i] ^ self.values[j] ^ goal.on) & first != 0,
            };
            if self.complete || is_equal(tables, care, sum, None) {
                found.push(sum);
            }
            tried += 1;
            if tried == MAX_SUMS {
                break;
            }
        }
        *work += self.nodes.len() as u64 / 2;
    }

    /// Finds the literals that differ from a function at the fewest times.
    fn nearest(&self, goal: Goal, work: &mut u64) -> Vec<Near> {
        let times = (goal.on | goal.off).count_ones();
        let mut of_nodes = Vec::with_capacity(self.nodes.len());
        distances(&self.values, goal, &mut of_nodes);
        let near = |(i, distance): (usize, u32)| {
            let inverted = 2 * distance > times;
            let value = self.values[i];
            Near {
                distance: if inverted { times - distance } else { distance },
                lit: Lit::new(self.nodes[i], inverted),
                pattern: if inverted { !value } else { value },
            }
        };
        let mut found: Vec<Near> = of_nodes.into_iter().enumerate().map(near).collect();
        keep_least(&mut found, MAX_NEAREST);
        *work += self.nodes.len() as u64 / 4;
        found
    }
}

/// Keeps the `most` least items.
fn keep_least<T: Ord>(items: &mut Vec<T>, most: usize) {
    if items.len() > most {
        items.select_nth_unstable(most);
        items.truncate(most);
    }
    items.sort_unstable();
}

/// Finds conjunctions of two covers that equal a function, and wires that do. The gates are
/// complemented if `inverted`.
fn conjunctions(covers: &[Cover], goal: Goal, inverted: bool, found: &mut Vec<Choice>) {
    let gate = |a: &Cover, b: &Cover| Choice {
        a: a.lit,
        b: b.lit,
        xor: false,
        inverted,
    };
    let most = found.len() + MAX_CONJUNCTIONS;
    for (k, a) in covers.iter().enumerate() {
        if found.len() == most {
            break;
        }
        if a.excess == 0 {
            // No gate is better than a wire.
            found.push(gate(a, a));
            break;
        }
        let fitting = covers[..k]
            .iter()
            .filter(|b| a.pattern & b.pattern & goal.off == 0);
        let left = most - found.len();
        found.extend(fitting.map(|b| gate(a, b)).take(left));
    }
}

vectorized! {
    /// Finds the indices of patterns of covers, and of some others.
    fn find_covers(patterns: &[u64], goal: Goal, found: &mut Vec<usize>) {
        let Goal { on, off } = goal;
        for (block, first) in patterns.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
            let any = block.iter().fold(0, |any, &pattern| {
                any | u8::from(on & !pattern == 0)
                    | u8::from(on & pattern == 0)
                    | u8::from(off & !pattern == 0)
                    | u8::from(off & pattern == 0)
            });
            if any != 0 {
                found.extend(first..first + block.len());
            }
        }
    }
}

vectorized! {
    /// Counts the times at which each pattern differs from a function.
    fn distances(patterns: &[u64], goal: Goal, found: &mut Vec<u32>) {
        found.extend(patterns.iter().map(|&pattern| goal.sum_with(pattern).on.count_ones()));
    }
}

vectorized! {
    /// Adds bits of a word of the tables of nodes to their patterns, from a place on.
    fn gather(
        row: &[Chunk],
        column: usize,
        compress: &Compress,
        place: u32,
        nodes: &[u32],
        patterns: &mut [u64],
    ) {
        for (&node, pattern) in nodes.iter().zip(patterns) {
            *pattern |= compress.apply(row[node as usize].0[column]) << place;
        }
    }
}

/// The times of a word of a table at which a function matters.
struct CareWord {
    chunk: usize,
    column: usize,
    on: u64,
    off: u64,
}

/// Returns the words of a chunk that have such times.
fn words(care: &Care) -> impl Iterator<Item = CareWord> + '_ {
    let word = |column| CareWord {
        chunk: care.chunk,
        column,
        on: care.on.0[column],
        off: care.off.0[column],
    };
    (0..Chunk::COLUMNS)
        .map(word)
        .filter(|word| word.on | word.off != 0)
}

/// Returns a word with at most `most` of its ones, evenly chosen.
fn thin_out(word: u64, most: u32) -> u64 {
    let stride = word.count_ones().div_ceil(most).max(1);
    let ones = (0..u64::BITS).filter(|bit| word >> bit & 1 == 1);
    ones.step_by(stride as usize)
        .fold(0, |chosen, bit| chosen | 1 << bit)
}

/// A selection of the bits of a word, moved together ("compress" in Warren, Hacker's Delight,
/// 2nd edition, 7-4).
struct Compress {
    bits: u64,
    moves: [u64; 6],
}

impl Compress {
    fn new(bits: u64) -> Compress {
        let mut moves = [0; 6];
        let (mut left, mut zeros) = (bits, !bits << 1);
        for (i, moved) in moves.iter_mut().enumerate() {
            let mut prefix = zeros;
            for shift in [1, 2, 4, 8, 16, 32] {
                prefix ^= prefix << shift;
            }
            *moved = prefix & left;
            left = left ^ *moved | *moved >> (1 << i);
            zeros &= !prefix;
        }
        Compress { bits, moves }
    }

    #[inline(always)]
    fn apply(&self, word: u64) -> u64 {
        let mut word = word & self.bits;
        for (i, moved) in self.moves.iter().enumerate() {
            let part = word & moved;
            word = word ^ part | part >> (1 << i);
        }
        word
    }
}
