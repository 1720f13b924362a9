//! Shared decision diagrams of a table's output bits.
//!
//! A diagram expands all output bits by one variable after the other. A function `f` of the
//! variable `x` is made of two functions without it, in one of three ways:
//! `f = x ? f1 : f0` (Shannon), `f = f0 ^ x & f2` (positive Davio) or `f = f1 ^ !x & f2`
//! (negative Davio), with `f2 = f0 ^ f1`. All functions of a level are expanded in the same way.
//! Equal functions are one node, and so are a function and its complement: references have a
//! complement bit.

use logicnet::{Lit, Pace, Stopped, Xag};

use crate::Table;

/// The expansion of all functions of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expansion {
    Shannon,
    PositiveDavio,
    NegativeDavio,
}

impl Expansion {
    pub const ALL: [Expansion; 3] = [
        Expansion::Shannon,
        Expansion::PositiveDavio,
        Expansion::NegativeDavio,
    ];
}

/// The values of the output bits in an order of the variables, 64 a word. A table of fewer
/// than 64 samples is repeated, so there are at least six variables.
#[derive(Clone, Debug)]
pub struct Planes {
    /// The variables, bottom first: bit i of a value's index within a plane is variable
    /// `order[i]`.
    order: Vec<u32>,
    words: Vec<u64>,
    /// Words of a plane.
    stride: usize,
}

impl Planes {
    /// Makes the planes of a table, in the order of the bits of t.
    pub fn new(table: &Table) -> Planes {
        Planes {
            order: (0..table.bits().max(6)).collect(),
            words: (0..table.sample_bits())
                .flat_map(|bit| table.plane(bit))
                .collect(),
            stride: table.words(),
        }
    }

    /// The variables, bottom first.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Swaps the variables at places i and i + 1.
    pub fn swap(&mut self, i: usize) {
        self.order.swap(i, i + 1);
        match i {
            0..5 => {
                let shift = 1 << i;
                // Indexes whose bit i is 1 and whose bit i + 1 is 0.
                let moved = [
                    0x2222_2222_2222_2222,
                    0x0c0c_0c0c_0c0c_0c0c,
                    0x00f0_00f0_00f0_00f0,
                    0x0000_ff00_0000_ff00,
                    0x0000_0000_ffff_0000,
                ][i];
                for word in &mut self.words {
                    let differs = (*word ^ *word >> shift) & moved;
                    *word ^= differs ^ differs << shift;
                }
            }
            5 => {
                for pair in self.words.chunks_exact_mut(2) {
                    let (low, high) = (pair[0], pair[1]);
                    pair[0] = low & 0xffff_ffff | high << 32;
                    pair[1] = low >> 32 | high & !0xffff_ffff;
                }
            }
            _ => {
                let size = 1 << (i - 6);
                for block in self.words.chunks_exact_mut(4 * size) {
                    let (low, high) = block.split_at_mut(2 * size);
                    low[size..].swap_with_slice(&mut high[..size]);
                }
            }
        }
    }

    /// Moves the variable at one place to another; the others keep their order.
    pub fn shift(&mut self, from: usize, to: usize) {
        for i in from..to {
            self.swap(i);
        }
        for i in (to..from).rev() {
            self.swap(i);
        }
    }

    /// Brings the variables into an order, bottom first.
    pub fn arrange(&mut self, order: &[u32]) {
        for (to, variable) in order.iter().enumerate() {
            let from = self.order.iter().position(|other| other == variable);
            self.shift(from.unwrap_or(to), to);
        }
    }
}

/// A reference to a function of a level: twice its number, plus 1 for the complement. The
/// function 0 is the constant 0.
type Reference = u32;

/// A diagram, and the memory for making others of the same size.
#[derive(Clone, Debug, Default)]
pub struct Diagram {
    /// For every level, top first, the functions' two parts in the level below.
    levels: Vec<Vec<[Reference; 2]>>,
    outputs: Vec<Reference>,
    /// Number of gates, as far as the nodes show it one by one.
    gates: usize,
    /// Functions of the level that is expanded and of the one below.
    functions: Functions,
    parts: Functions,
}

impl Diagram {
    /// Makes the diagram of planes, and returns the work. `expansions` belong to the places of
    /// their order, bottom first. Gives up with the gates so far when they exceed `limit`.
    pub fn make(
        &mut self,
        planes: &Planes,
        expansions: &[Expansion],
        limit: usize,
        pace: &mut dyn Pace,
    ) -> Result<u64, Stopped> {
        let variables = planes.order.len();
        let outputs = planes.words.chunks_exact(planes.stride);
        self.levels.resize_with(variables, Vec::new);
        self.levels.iter_mut().for_each(Vec::clear);
        self.gates = 0;
        self.functions.reset(variables, outputs.len());
        self.outputs.clear();
        self.outputs
            .extend(outputs.map(|plane| self.functions.add(plane)));
        let mut sum = 0;
        for (level, &expansion) in self.levels.iter_mut().zip(expansions.iter().rev()) {
            // Eight words are what a gate reads or writes at 512 times.
            let work = (self.functions.words.len() / 8 + self.functions.count()) as u64;
            pace.work(work)?;
            sum += work;
            self.gates += expand(&self.functions, &mut self.parts, expansion, level);
            if self.gates > limit {
                break;
            }
            std::mem::swap(&mut self.functions, &mut self.parts);
        }
        Ok(sum)
    }

    /// Number of gates, as far as the nodes show it one by one; a graph may share more.
    pub fn gates(&self) -> usize {
        self.gates
    }

    /// Adds the gates of the diagram to a graph, and returns the literals of the outputs.
    pub fn build(&self, order: &[u32], expansions: &[Expansion], graph: &mut Xag) -> Vec<Lit> {
        let mut below = vec![Lit::FALSE];
        let places = order.iter().zip(expansions).zip(self.levels.iter().rev());
        for ((&variable, &expansion), level) in places {
            let literal = |part: Reference| below[part as usize >> 1].invert_if(part & 1 == 1);
            let nodes = level.iter().map(|&[a, b]| {
                let (a, b) = (literal(a), literal(b));
                // Nothing depends on the variables that fill six.
                if variable >= graph.variables() {
                    return a;
                }
                let x = graph.variable(variable);
                match expansion {
                    Expansion::Shannon => multiplex(graph, x, b, a),
                    Expansion::PositiveDavio => {
                        let flips = graph.and(x, b);
                        graph.xor(a, flips)
                    }
                    Expansion::NegativeDavio => {
                        let flips = graph.and(!x, b);
                        graph.xor(a, flips)
                    }
                }
            });
            below = nodes.collect();
        }
        let outputs = self.outputs.iter();
        outputs
            .map(|&output| below[output as usize >> 1].invert_if(output & 1 == 1))
            .collect()
    }
}

/// Returns `high` if `select` is 1, otherwise `low`, in a single gate where that is possible.
fn multiplex(graph: &mut Xag, select: Lit, high: Lit, low: Lit) -> Lit {
    match (high.as_constant(), low.as_constant()) {
        (Some(false), _) => graph.and(!select, low),
        (Some(true), _) => graph.or(select, low),
        (_, Some(false)) => graph.and(select, high),
        (_, Some(true)) => graph.or(!select, high),
        _ if high == !low => graph.xor(select, low),
        _ => graph.mux(select, high, low),
    }
}

/// Number of gates of a node that is expanded into these parts.
fn gates(expansion: Expansion, [a, b]: [Reference; 2]) -> usize {
    if expansion == Expansion::Shannon {
        match (a >> 1, b >> 1) {
            _ if a == b => 0,
            (0, 0) => 0,
            (0, _) | (_, 0) => 1,
            (low, high) if low == high => 1,
            _ => 3,
        }
    } else {
        match (a >> 1, b >> 1) {
            (_, 0) if b == 0 => 0,
            (0, 0) => 0,
            (0, _) | (_, 0) => 1,
            (low, high) if low == high => 1,
            _ => 2,
        }
    }
}

/// Expands all functions of a level by their top variable. Returns the number of gates.
fn expand(
    functions: &Functions,
    parts: &mut Functions,
    expansion: Expansion,
    level: &mut Vec<[Reference; 2]>,
) -> usize {
    parts.reset(functions.variables - 1, 2 * functions.count());
    let mut sum = 0;
    let mut difference = vec![0; functions.stride.div_ceil(2)];
    for function in functions.words.chunks_exact(functions.stride) {
        let halves;
        let (low, high) = if functions.variables > 6 {
            function.split_at(functions.stride / 2)
        } else {
            let (size, mask) = (1 << parts.variables, parts.mask());
            halves = [function[0] & mask, function[0] >> size & mask];
            halves.split_at(1)
        };
        let references = if expansion == Expansion::Shannon {
            [parts.add(low), parts.add(high)]
        } else {
            for ((difference, low), high) in difference.iter_mut().zip(low).zip(high) {
                *difference = low ^ high;
            }
            let rest = if expansion == Expansion::PositiveDavio {
                low
            } else {
                high
            };
            [parts.add(rest), parts.add(&difference)]
        };
        sum += gates(expansion, references);
        level.push(references);
    }
    sum
}

/// Different functions of the same number of variables. Their first value is 0.
#[derive(Clone, Debug, Default)]
struct Functions {
    variables: usize,
    /// Words of a function, of which those of fewer than six variables use the low bits.
    stride: usize,
    words: Vec<u64>,
    /// Hash table from functions to their numbers + 1, with open addressing, at most half
    /// full.
    table: Vec<u32>,
}

impl Functions {
    /// Keeps the constant 0 alone, and makes space for this many functions more.
    fn reset(&mut self, variables: usize, expected: usize) {
        self.variables = variables;
        self.stride = 1 << variables.saturating_sub(6);
        self.words.clear();
        self.table.clear();
        self.table.resize((2 * expected + 2).next_power_of_two(), 0);
        let zero = vec![0; self.stride];
        self.add(&zero);
    }

    fn count(&self) -> usize {
        self.words.len() / self.stride
    }

    /// The values that a word has.
    fn mask(&self) -> u64 {
        match self.variables {
            0..6 => (1 << (1 << self.variables)) - 1,
            _ => u64::MAX,
        }
    }

    /// Returns the reference to a function, which is added if it is new.
    fn add(&mut self, function: &[u64]) -> Reference {
        let inverted = function[0] & 1;
        let flip = inverted.wrapping_neg() & self.mask();
        let mut hash = 0u64;
        for word in function {
            hash = (hash.rotate_left(23) ^ word ^ flip).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        let mask = self.table.len() - 1;
        let mut at = (hash ^ hash >> 32) as usize & mask;
        let number = loop {
            let Some(number) = self.table[at].checked_sub(1) else {
                let number = self.count() as u32;
                self.table[at] = number + 1;
                self.words.extend(function.iter().map(|word| word ^ flip));
                break number;
            };
            let start = number as usize * self.stride;
            let known = &self.words[start..start + self.stride];
            if known.iter().zip(function).all(|(a, b)| *a == b ^ flip) {
                break number;
            }
            at = (at + 1) & mask;
        };
        number << 1 | inverted as u32
    }
}
