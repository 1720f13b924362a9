//! Functions without structure, made of each other by matching.
//!
//! A diagram spends two to three gates on every few bits of a random function, although the
//! choice of one operand among thousands decides more than ten. Here the values of a function
//! are made piece by piece. For the next piece, of some 35 values, nodes a, b and c are found
//! with `(a & b) ^ c` equal to the rest there, which is the sum (XOR) of the function and its
//! terms so far. As a and c are 0 in all pieces before, those stay right. Terms, and the sums
//! of the last terms of functions that are done, are nodes to choose from for others.
//!
//! All functions wait side by side, and all pairs of nodes are compared with all of them at
//! once, so the functions that few gates are enough for come first. When too few do, further
//! nodes join the sums.

use logicnet::random::Rng;
use logicnet::{Lit, Op, Pace, Stopped, Xag};

use crate::table::counter_word;

/// Number of variables of the functions.
pub const VARIABLES: usize = 7;
/// Words of a function.
const STRIDE: usize = 1 << (VARIABLES - 6);
/// The values of a function, 64 a word.
type Values = [u64; STRIDE];

/// The ends of the pieces, and the nodes that terms have beside a and b at best: a full match
/// decides more values than a pair alone. Together they suit some ten thousand nodes.
const PIECES: [(usize, usize); 4] = [(34, 1), (68, 1), (102, 1), (128, 0)];
/// Most further nodes of a term.
const MAX_OTHERS: usize = 20;
/// Most pairs that a search goes through, and most sums that it compares them with.
const MAX_PAIRS: usize = 1 << 26;
const MAX_TARGETS: usize = 1 << 21;
/// Part of the nodes that comes to them between two searches for the shortest terms.
const GROWTH: usize = 10;
/// Number of seeds: functions of all variables, and functions that are 0 before each piece.
const MIXED: usize = 120;
const SEEDS: usize = 90;

/// Adds gates to a graph for functions of these variables, bottom first. Returns the literals,
/// or `None` if no terms were found for one.
pub fn make(
    graph: &mut Xag,
    variables: &[u32],
    functions: &[u64],
    pace: &mut dyn Pace,
) -> Result<Option<Vec<Lit>>, Stopped> {
    let rows = functions.chunks_exact(STRIDE).map(|function| Row {
        rest: std::array::from_fn(|word| function[word]),
        piece: 0,
        terms: Vec::new(),
        result: Lit::FALSE,
    });
    let mut matching = Matching {
        graph,
        nodes: Vec::new(),
        numbers: Vec::new(),
        rows: rows.collect(),
    };
    matching.seed(variables);
    for row in 0..matching.rows.len() {
        matching.proceed(row);
    }
    let made = matching.match_all(pace)?;
    Ok(made.then(|| matching.rows.iter().map(|row| row.result).collect()))
}

/// Functions in the making.
struct Matching<'a> {
    graph: &'a mut Xag,
    /// The nodes to choose from.
    nodes: Vec<Node>,
    /// Their numbers + 1 by nodes of the graph.
    numbers: Vec<u32>,
    rows: Vec<Row>,
}

struct Node {
    lit: Lit,
    values: Values,
    /// Number of zeros that the values begin with.
    zeros: usize,
}

/// A function in the making.
struct Row {
    /// The sum of the function and its terms.
    rest: Values,
    /// The next piece; the rest is 0 before it.
    piece: usize,
    /// The terms, those of the first pieces first.
    terms: Vec<usize>,
    /// The function, after the last piece.
    result: Lit,
}

/// A term for a row: a pair of nodes, and further nodes.
struct Term {
    op: Op,
    a: usize,
    b: usize,
    others: Vec<usize>,
}

impl Matching<'_> {
    /// Adds the variables, functions of all of them, and functions that are 0 before each
    /// piece.
    fn seed(&mut self, variables: &[u32]) {
        for (&variable, place) in variables.iter().zip(0..) {
            let values = std::array::from_fn(|word| counter_word(place, word));
            let lit = self.graph.variable(variable);
            self.add(lit, values);
        }
        let mut rng = Rng::new(0);
        // A shift register whose feedback is not linear loses nothing: the functions keep as
        // many ones as zeros.
        let mut mixed: Vec<usize> = (0..VARIABLES).collect();
        for step in 0..MIXED {
            let mut any = || mixed[step + 1 + rng.below(VARIABLES as u32 - 1) as usize];
            let op = if step % 2 == 0 { Op::A_NOT_B } else { Op::OR };
            let (a, b) = (any(), any());
            let product = self.gate(op, a, b);
            let sum = self.gate(Op::XOR, product, mixed[step]);
            mixed.push(sum);
        }
        mixed.drain(..VARIABLES + MIXED - SEEDS);
        for &(start, _) in &PIECES[..PIECES.len() - 1] {
            // index >= start, from the low bits up.
            let mut mask = start.trailing_zeros() as usize;
            for bit in mask + 1..VARIABLES {
                let op = if start >> bit & 1 == 1 {
                    Op::AND
                } else {
                    Op::OR
                };
                mask = self.gate(op, bit, mask);
            }
            for seed in 0..SEEDS {
                self.gate(Op::AND, mask, mixed[seed]);
            }
        }
    }

    /// Adds a node of the graph if it is new, and returns its number.
    fn add(&mut self, lit: Lit, values: Values) -> usize {
        let node = lit.node() as usize;
        if node >= self.numbers.len() {
            self.numbers.resize(node + 1, 0);
        }
        if self.numbers[node] == 0 {
            let first = values.iter().position(|&word| word != 0);
            let zeros = first.map_or(64 * STRIDE, |word| {
                64 * word + values[word].trailing_zeros() as usize
            });
            self.nodes.push(Node { lit, values, zeros });
            self.numbers[node] = self.nodes.len() as u32;
        }
        self.numbers[node] as usize - 1
    }

    /// Makes a gate and returns its node.
    fn gate(&mut self, op: Op, a: usize, b: usize) -> usize {
        let (a, b) = (&self.nodes[a], &self.nodes[b]);
        let values = std::array::from_fn(|word| combine(op, a.values[word], b.values[word]));
        let lit = self.graph.op(op, a.lit, b.lit);
        self.add(lit, values)
    }

    /// Makes the functions, and returns whether that succeeded.
    fn match_all(&mut self, pace: &mut dyn Pace) -> Result<bool, Stopped> {
        loop {
            for piece in (0..PIECES.len()).rev() {
                let rows = self.waiting(piece);
                self.search(piece, &rows, PIECES[piece].1, usize::MAX, pace)?;
            }
            let growth = self.nodes.len() / GROWTH + 1;
            let enough = self.nodes.len() + growth;
            while self.nodes.len() < enough {
                // Functions that are done have more sums to choose from, so the last pieces
                // come first.
                let places = (0..PIECES.len()).rev();
                let mut waiting = places.map(|piece| (piece, self.waiting(piece)));
                let Some((piece, rows)) = waiting.find(|(_, rows)| !rows.is_empty()) else {
                    return Ok(true);
                };
                let quota = growth / 6 + 1;
                let mut others = PIECES[piece].1 + 1;
                while !self.search(piece, &rows, others, quota, pace)? {
                    others += 1;
                    if others > MAX_OTHERS {
                        return Ok(false);
                    }
                }
            }
            let done: usize = self.rows.iter().map(|row| row.piece).sum();
            pace.progress(done as f64 / (self.rows.len() * PIECES.len()) as f64);
        }
    }

    /// Returns the rows that wait for a piece.
    fn waiting(&self, piece: usize) -> Vec<usize> {
        let rows = 0..self.rows.len();
        rows.filter(|&row| self.rows[row].piece == piece).collect()
    }

    /// Skips pieces of a row that are right, and sums its terms up after the last.
    fn proceed(&mut self, row: usize) {
        let Row { rest, piece, .. } = &mut self.rows[row];
        while *piece < PIECES.len() && extract(rest, *piece) == 0 {
            *piece += 1;
        }
        if *piece == PIECES.len() {
            let terms = std::mem::take(&mut self.rows[row].terms).into_iter().rev();
            if let Some(sum) = terms.reduce(|sum, term| self.gate(Op::XOR, sum, term)) {
                self.rows[row].result = self.nodes[sum].lit;
            }
        }
    }

    /// Looks for terms of a pair and up to `others` nodes that make a piece of rows right, and
    /// makes at most `quota` of them. Returns whether there were any.
    fn search(
        &mut self,
        piece: usize,
        rows: &[usize],
        others: usize,
        quota: usize,
        pace: &mut dyn Pace,
    ) -> Result<bool, Stopped> {
        if rows.is_empty() {
            return Ok(false);
        }
        let (start, end) = bounds(piece);
        // Nodes that are 0 before the piece come first.
        let all = 0..self.nodes.len();
        let is_free = |&node: &usize| (start..end).contains(&self.nodes[node].zeros);
        let mut nodes: Vec<usize> = all.clone().filter(is_free).collect();
        let free = nodes.len();
        nodes.extend(all.filter(|&node| self.nodes[node].zeros < start));
        // Of terms longer than at best, there are more than enough or too few.
        let mut most = MAX_TARGETS;
        if others > PIECES[piece].1 {
            let pairs = 2 * free * nodes.len();
            let wanted = (4 * quota as u128) << (end - start);
            most = most.min((wanted / pairs.max(1) as u128) as usize);
            let sums = (0..others).fold(rows.len(), |sums, _| sums.saturating_mul(free));
            if (pairs as u128 * sums as u128) >> (end - start) == 0 {
                return Ok(false);
            }
        }
        let value = |&node: &usize| extract(&self.nodes[node].values, piece);
        let values: Vec<u64> = nodes.iter().map(value).collect();
        let wanted = rows.iter().map(|&row| extract(&self.rows[row].rest, piece));
        let targets = Targets::new(&wanted.collect::<Vec<u64>>(), &values[..free], others, most);
        pace.work(targets.table.len() as u64)?;
        let mut found: Vec<Option<Term>> = rows.iter().map(|_| None).collect();
        let mut count = 0;
        // All nodes, or else nodes all over, and the newest first.
        let step = free * nodes.len() / MAX_PAIRS + 1;
        for a in (0..free).rev().step_by(step) {
            pace.work(nodes.len() as u64 / 4 + 1)?;
            let mut look = |op, b: usize| {
                let key = combine(op, values[a], values[b]);
                if targets.may_have(key) {
                    targets.find(key, |row, others| {
                        if found[row].is_none() {
                            count += 1;
                            found[row] = Some(Term {
                                op,
                                a: nodes[a],
                                b: nodes[b],
                                others: others.map(|other| nodes[other]).collect(),
                            });
                        }
                    });
                }
            };
            for b in 0..a {
                look(Op::AND, b);
                look(Op::OR, b);
            }
            for b in free..nodes.len() {
                look(Op::AND, b);
            }
            for b in 0..nodes.len() {
                look(Op::A_NOT_B, b);
            }
            if count >= quota {
                break;
            }
        }
        let found = rows.iter().zip(found);
        let found = found.filter_map(|(&row, term)| Some((row, term?)));
        for (row, term) in found.take(quota) {
            self.take(row, term);
        }
        Ok(count > 0)
    }

    /// Makes a term for a row.
    fn take(&mut self, row: usize, term: Term) {
        let pair = self.gate(term.op, term.a, term.b);
        let others = term.others.into_iter();
        let node = others.fold(pair, |sum, other| self.gate(Op::XOR, sum, other));
        for (rest, value) in self.rows[row].rest.iter_mut().zip(self.nodes[node].values) {
            *rest ^= value;
        }
        self.rows[row].terms.push(node);
        self.proceed(row);
    }
}

/// Returns an operation of values; the operations are the four that searches use.
#[inline(always)]
fn combine(op: Op, a: u64, b: u64) -> u64 {
    match op {
        Op::AND => a & b,
        Op::A_NOT_B => a & !b,
        Op::OR => a | b,
        _ => a ^ b,
    }
}

/// Returns the first index of a piece and the one after its last.
fn bounds(piece: usize) -> (usize, usize) {
    let start = if piece == 0 { 0 } else { PIECES[piece - 1].0 };
    (start, PIECES[piece].0)
}

/// Returns the values of a piece.
fn extract(values: &Values, piece: usize) -> u64 {
    let (start, end) = bounds(piece);
    let (word, shift) = (start / 64, start % 64);
    let high = match values.get(word + 1) {
        Some(next) if shift > 0 => next << (64 - shift),
        _ => 0,
    };
    (values[word] >> shift | high) & (u64::MAX >> (64 - (end - start)))
}

/// The sums of wanted values and nodes, found by their value.
struct Targets<'a> {
    nodes: &'a [u64],
    /// Sums of a wanted value, by its row, and nodes, to which one node more may be added.
    sums: Vec<(usize, Vec<usize>, u64)>,
    /// Bits of the values that there are, by their hash.
    filter: Vec<u64>,
    /// Hash table from values to the number of a sum and a node, + 1, with open addressing, at
    /// most half full.
    table: Vec<u32>,
    shift: u32,
}

/// Logarithm of the filter's bits per entry of the table.
const FILTER: u32 = 3;

impl<'a> Targets<'a> {
    /// Adds up to `others` nodes to the wanted values of the rows, for about `most` sums.
    fn new(wanted: &[u64], nodes: &'a [u64], others: usize, most: usize) -> Targets<'a> {
        let nodes = if others == 0 { &[] } else { nodes };
        let most = most / (nodes.len() + 1) + 1;
        let sums: Vec<_> = if others <= 1 || nodes.is_empty() {
            let rows = wanted.iter().enumerate().take(most);
            rows.map(|(row, &value)| (row, Vec::new(), value)).collect()
        } else {
            let mut rng = Rng::new(others as u64);
            let rows = (0..wanted.len()).cycle().take(most);
            rows.map(|row| {
                let mut any = || rng.below(nodes.len() as u32) as usize;
                let chosen: Vec<usize> = (1..others).map(|_| any()).collect();
                let sum = chosen
                    .iter()
                    .fold(wanted[row], |sum, &node| sum ^ nodes[node]);
                (row, chosen, sum)
            })
            .collect()
        };
        let size = (2 * sums.len() * (nodes.len() + 1))
            .next_power_of_two()
            .max(64);
        let mut targets = Targets {
            nodes,
            sums,
            filter: vec![0; (size << FILTER) / 64],
            table: vec![0; size],
            shift: 64 - size.trailing_zeros(),
        };
        for entry in 0..targets.sums.len() * (nodes.len() + 1) {
            let (_, _, value) = targets.entry(entry);
            let bit = targets.filter_bit(value);
            targets.filter[bit / 64] |= 1 << (bit % 64);
            let mut at = targets.place(value);
            while targets.table[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            targets.table[at] = entry as u32 + 1;
        }
        targets
    }

    /// Returns the number of the sum, the node added to it if there is one, and the value.
    fn entry(&self, entry: usize) -> (usize, Option<usize>, u64) {
        let per_sum = self.nodes.len() + 1;
        let (sum, node) = (entry / per_sum, (entry % per_sum).checked_sub(1));
        let added = node.map_or(0, |node| self.nodes[node]);
        (sum, node, self.sums[sum].2 ^ added)
    }

    #[inline(always)]
    fn filter_bit(&self, value: u64) -> usize {
        (hash(value) >> (self.shift - FILTER)) as usize
    }

    fn place(&self, value: u64) -> usize {
        (hash(value) >> self.shift) as usize
    }

    /// Returns false if there is no such value, in most cases.
    #[inline(always)]
    fn may_have(&self, value: u64) -> bool {
        let bit = self.filter_bit(value);
        self.filter[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// Calls `found` with the rows and the added nodes of a value.
    #[cold]
    fn find(&self, value: u64, mut found: impl FnMut(usize, &mut dyn Iterator<Item = usize>)) {
        let mut at = self.place(value);
        while let Some(entry) = self.table[at].checked_sub(1) {
            let (sum, node, known) = self.entry(entry as usize);
            if known == value {
                let (row, chosen, _) = &self.sums[sum];
                found(*row, &mut chosen.iter().copied().chain(node));
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }
}

/// Hashes by multiplication; the upper bits are mixed best.
#[inline(always)]
fn hash(value: u64) -> u64 {
    value.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
