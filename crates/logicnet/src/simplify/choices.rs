//! Choices: the ways to make a node as one gate of two others.

use alloc::vec;
use alloc::vec::Vec;

use super::tables::{Chunk, Sample, Tables, hashes, stream_sample};
use crate::simd::vectorized;
use crate::xag::{Kind, Lit, Xag, XagGate};
use crate::{Pace, Stopped, Word};

/// A way to make a node: `a AND b` or `a XOR b`, complemented if `inverted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) a: Lit,
    pub(super) b: Lit,
    pub(super) xor: bool,
    pub(super) inverted: bool,
}

impl Choice {
    /// Returns the gate's chunk for its operands' chunks.
    #[inline(always)]
    pub(super) fn apply(self, a: Chunk, b: Chunk) -> Chunk {
        let (a, b) = (
            a.invert_if(self.a.inverted()),
            b.invert_if(self.b.inverted()),
        );
        if self.xor { a.xor(b) } else { a.and(b) }.invert_if(self.inverted)
    }

    /// Returns the cost of a gate: 0 for a wire, 8 for AND and 9 for XOR, which takes three
    /// instructions on processors without one for it.
    pub(super) fn weight(self) -> u32 {
        if self.a == self.b {
            0
        } else {
            8 + u32::from(self.xor)
        }
    }

    /// Adds the gate to another graph, in which `made` has the literals of the nodes.
    pub(super) fn build(self, graph: &mut Xag, made: &[Lit]) -> Lit {
        let a = made[self.a.node() as usize].invert_if(self.a.inverted());
        let b = made[self.b.node() as usize].invert_if(self.b.inverted());
        let gate = if self.xor {
            graph.xor(a, b)
        } else {
            graph.and(a, b)
        };
        gate.invert_if(self.inverted)
    }
}

impl From<XagGate> for Choice {
    fn from(gate: XagGate) -> Choice {
        // `a OR b` is the complement of `!a AND !b`.
        let or = gate.kind == Kind::Or;
        Choice {
            a: Lit::new(gate.a, or),
            b: Lit::new(gate.b, or || gate.kind == Kind::AndNot),
            xor: gate.kind == Kind::Xor,
            inverted: or,
        }
    }
}

/// Maximum number of covers, the tightest, that are paired to make one literal.
const MAX_COVERS: usize = 64;
/// Maximum number of conjunctions of a node; with exclusive sums, half that of its choices.
const MAX_CONJUNCTIONS: usize = 32;

/// The choices of every node.
pub(super) struct Choices(Vec<Vec<Choice>>);

impl Choices {
    /// Finds the choices of all nodes of a graph whose nodes are all different functions, of
    /// pairs of nodes that are at most `reach` apart. The first choice of a node is its gate
    /// in the graph. Each choice equals the node at all times of the sample, independently of
    /// the choices for other nodes.
    pub(super) fn find(
        xag: &Xag,
        sample: &Sample,
        reach: u32,
        table_bytes: usize,
        pace: &mut dyn Pace,
    ) -> Result<Choices, Stopped> {
        let tables = Tables::new(xag, sample, table_bytes, pace)?;
        let mut found = conjunctions(&tables, xag.nodes(), reach, pace)?;
        let hashes = hashes(xag, sample, pace)?;
        exclusive_sums(&hashes, reach, &mut found, pace)?;
        for (node, choices) in found.iter_mut().enumerate() {
            match xag.gate(node as u32) {
                Some(gate) => choices.insert(0, gate.into()),
                // A bit of t can equal a gate of other nodes but is never made from them.
                None => choices.clear(),
            }
        }
        keep_equal(xag, sample, &mut found, pace)?;
        Ok(Choices(found))
    }

    /// Returns the choices of a node; the constant and the bits of t have none.
    pub(super) fn of(&self, node: u32) -> &[Choice] {
        &self.0[node as usize]
    }
}

/// Finds conjunctions of two literals that equal a node or its complement at all times in
/// the tables.
fn conjunctions(
    tables: &Tables,
    nodes: u32,
    reach: u32,
    pace: &mut dyn Pace,
) -> Result<Vec<Vec<Choice>>, Stopped> {
    let ones = Ones {
        of_nodes: tables.ones(),
        times: tables.times(),
    };
    let mut found = vec![Vec::new(); nodes as usize];
    for (i, mut covers) in covers(tables, nodes, reach, &ones, pace)?
        .into_iter()
        .enumerate()
        .skip(2)
    {
        let (node, inverted) = (i as u32 / 2, i % 2 == 1);
        let function = Lit::new(node, inverted);
        covers.sort_unstable_by_key(|&lit| (ones.of(lit), lit));
        covers.truncate(MAX_COVERS);
        for (k, &b) in covers.iter().enumerate() {
            for &a in &covers[..k] {
                // Where the function is 0, at most one of the two may be 1.
                let fits = ones.of(a) + ones.of(b) <= ones.times + ones.of(function);
                if !fits || found[node as usize].len() >= MAX_CONJUNCTIONS {
                    break;
                }
                let (meets, read) = meet_in(tables, a, b, function);
                pace.work(read)?;
                if meets {
                    found[node as usize].push(Choice {
                        a,
                        b,
                        xor: false,
                        inverted,
                    });
                }
            }
        }
    }
    Ok(found)
}

/// Counts of the times at which literals are 1.
struct Ones {
    of_nodes: Vec<u32>,
    times: u32,
}

impl Ones {
    fn of(&self, lit: Lit) -> u32 {
        let ones = self.of_nodes[lit.node() as usize];
        if lit.inverted() {
            self.times - ones
        } else {
            ones
        }
    }
}

/// Finds, for each literal by index, literals that cover it, which means that they are 1
/// whenever it is. Keeps the tightest, at most twice [`MAX_COVERS`].
fn covers(
    tables: &Tables,
    nodes: u32,
    reach: u32,
    ones: &Ones,
    pace: &mut dyn Pace,
) -> Result<Vec<Vec<Lit>>, Stopped> {
    let mut covers: Vec<Vec<Lit>> = vec![Vec::new(); 2 * nodes as usize];
    let mut disjoint = Vec::new();
    for f in 2..nodes {
        disjoint.clear();
        pace.work(find_disjoint(tables, f, reach, &mut disjoint))?;
        for &(a, b) in &disjoint {
            // As a and b are never 1 together, the complement of each covers the other.
            for (covered, by) in [(a, !b), (b, !a)] {
                let covers = &mut covers[index(covered)];
                covers.push(by);
                if covers.len() == 2 * MAX_COVERS {
                    covers.select_nth_unstable_by_key(MAX_COVERS, |&lit| (ones.of(lit), lit));
                    covers.truncate(MAX_COVERS);
                }
            }
        }
    }
    Ok(covers)
}

fn index(lit: Lit) -> usize {
    2 * lit.node() as usize + usize::from(lit.inverted())
}

vectorized! {
    /// Finds pairs of a literal of node f and one of an earlier node within reach that are
    /// never 1 together. Returns the number of chunks read.
    fn find_disjoint(tables: &Tables, f: u32, reach: u32, found: &mut Vec<(Lit, Lit)>) -> u64 {
        let mut read = 0;
        let row = tables.row(0);
        let of_f = row[f as usize];
        for g in f.saturating_sub(reach).max(1)..f {
            // One bit for each of the four pairs of literals, set if they are ever 1 together.
            let mut met = quadrants(of_f, row[g as usize]);
            let mut c = 1;
            while met != 0b1111 && c < tables.count() {
                let row = tables.row(c);
                met |= quadrants(row[f as usize], row[g as usize]);
                c += 1;
            }
            read += c as u64;
            for quadrant in 0..4u8 {
                if met >> quadrant & 1 == 0 {
                    found.push((Lit::new(f, quadrant & 2 != 0), Lit::new(g, quadrant & 1 != 0)));
                }
            }
        }
        read
    }
}

/// Returns four bits: bit 2 i + j is 1 if f, complemented if i, and g, complemented if j, are
/// 1 together at some time.
#[inline(always)]
fn quadrants(f: Chunk, g: Chunk) -> u8 {
    let both = u8::from(!f.and(g).is_zero());
    let f_only = u8::from(!f.and_not(g).is_zero());
    let g_only = u8::from(!g.and_not(f).is_zero());
    let neither = u8::from(f.or(g) != Chunk::ONES);
    both | f_only << 1 | g_only << 2 | neither << 3
}

vectorized! {
    /// Returns whether the function is 1 whenever both a and b are, and the number of chunks
    /// read.
    fn meet_in(tables: &Tables, a: Lit, b: Lit, function: Lit) -> (bool, u64) {
        for c in 0..tables.count() {
            let both = tables.chunk(c, a).and(tables.chunk(c, b));
            if !both.and_not(tables.chunk(c, function)).is_zero() {
                return (false, c as u64 + 1);
            }
        }
        (true, tables.count() as u64)
    }
}

/// Finds triples of nodes whose exclusive sum is constant, by the linear hashes of tables,
/// the last of which is that of all ones: each node is the exclusive sum of the other two or
/// its complement.
fn exclusive_sums(
    hashes: &[u64],
    reach: u32,
    found: &mut [Vec<Choice>],
    pace: &mut dyn Pace,
) -> Result<(), Stopped> {
    let Some((&ones, hashes)) = hashes.split_last() else {
        return Ok(());
    };
    let by_hash = Index::new(hashes, ones);
    for a in 1..hashes.len() as u32 {
        pace.work(reach.min(a).into())?;
        for b in a.saturating_sub(reach).max(1)..a {
            let sum = hashes[a as usize] ^ hashes[b as usize];
            let Some(c) = by_hash.node(sum.min(sum ^ ones)) else {
                continue;
            };
            if c < b && c > 0 {
                let inverted = hashes[c as usize] != sum;
                for (node, a, b) in [(a, b, c), (b, a, c), (c, a, b)] {
                    if found[node as usize].len() >= 2 * MAX_CONJUNCTIONS {
                        continue;
                    }
                    let (a, b) = (Lit::new(a, false), Lit::new(b, false));
                    found[node as usize].push(Choice {
                        a,
                        b,
                        xor: true,
                        inverted,
                    });
                }
            }
        }
    }
    Ok(())
}

/// An index of nodes by the smaller of the hashes of their function and its complement.
/// Most lookups find nothing, so a small bit map is tried first.
struct Index {
    may_hold: Vec<u64>,
    sorted: Vec<(u64, u32)>,
}

impl Index {
    fn new(hashes: &[u64], ones: u64) -> Index {
        let nodes = (1..).zip(&hashes[1..]);
        let mut index = Index {
            may_hold: vec![0; (hashes.len() / 2).next_power_of_two()],
            sorted: nodes
                .map(|(node, &hash)| (hash.min(hash ^ ones), node))
                .collect(),
        };
        index.sorted.sort_unstable();
        for i in 0..index.sorted.len() {
            let (word, bit) = index.bit_of(index.sorted[i].0);
            index.may_hold[word] |= 1 << bit;
        }
        index
    }

    /// Returns the word and the bit of a hash in the bit map.
    #[inline]
    fn bit_of(&self, hash: u64) -> (usize, u32) {
        let hash = hash >> 24;
        (
            (hash >> 6) as usize & (self.may_hold.len() - 1),
            hash as u32 & 63,
        )
    }

    /// Returns the node with a hash.
    #[inline]
    fn node(&self, hash: u64) -> Option<u32> {
        let (word, bit) = self.bit_of(hash);
        if self.may_hold[word] >> bit & 1 == 0 {
            return None;
        }
        let found = self.sorted.binary_search_by_key(&hash, |&(hash, _)| hash);
        Some(self.sorted[found.ok()?].1)
    }
}

/// Removes the choices that differ from their node at some time of the sample.
fn keep_equal(
    xag: &Xag,
    sample: &Sample,
    found: &mut [Vec<Choice>],
    pace: &mut dyn Pace,
) -> Result<(), Stopped> {
    stream_sample(xag, sample, pace, |values| {
        let mut compared = 0;
        for (choices, &chunk) in found.iter_mut().zip(values) {
            compared += choices.len();
            choices.retain(|choice| {
                let a = values[choice.a.node() as usize];
                let b = values[choice.b.node() as usize];
                choice.apply(a, b) == chunk
            });
        }
        compared
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Ops;
    use crate::{Masks, Network};

    /// Covers choices found from one chunk of each table and from whole tables.
    #[test]
    fn choices_hold_at_every_time() {
        let network = Network::random(11, &[60; 5], Ops::XorRich, 4).unwrap();
        let graph = Xag::from_network(&network, &Masks::new());
        let sample = Sample::new(graph.variables());
        let graph = super::super::merge::merge(&graph, &sample, &mut ())
            .unwrap()
            .live_part();
        let mut counts = Vec::new();
        for bytes in [0, 1 << 20] {
            let Choices(mut found) =
                Choices::find(&graph, &sample, graph.nodes(), bytes, &mut ()).unwrap();
            let count = |found: &[Vec<Choice>]| found.iter().map(Vec::len).sum::<usize>();
            let before = count(&found);
            keep_equal(&graph, &sample, &mut found, &mut ()).unwrap();
            assert_eq!(count(&found), before, "some choices differ from their node");
            let inputs = &found[..graph.first_gate() as usize];
            assert!(
                inputs.iter().all(Vec::is_empty),
                "bits of t have no choices"
            );
            counts.push(before);
        }
        // Choices include more than the gates of the graph.
        assert!(
            counts.iter().all(|&count| count > graph.gates().len() + 10),
            "{counts:?}"
        );
    }
}
