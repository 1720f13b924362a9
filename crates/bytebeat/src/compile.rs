//! Compilation to gates: 32-bit arithmetic, limited to the bits that are needed.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use logicnet::{
    Lit, MAX_COUNTER_BITS, MAX_GATES, MAX_SAMPLE_RATE, Network, OutputEncoding, Pace, Parts,
    Source, Stopped, Xag, simplify_graph_paced,
};

use crate::expression::{Binary, Expression, Tree, Unary};

/// Number of gates, including dead ones, at which compilation gives up.
const MAX_RAW_GATES: usize = 16 * MAX_GATES;
/// Number of bits of t with which the period is looked for: t is a signed number, and not
/// negative.
const PERIOD_BITS: u32 = 31;
/// Memory of a gate before simplification in bytes, about, while the graph grows: the gate and
/// its entry in an index, in the old place and in the new one, which is twice as large.
const GATE_BYTES: usize = 64;
/// Work to make a gate, as [`Pace::work`] counts it.
const GATE_WORK: u64 = 16;
/// Number of bits of a value.
const BITS: usize = 32;

/// The reason that an expression cannot be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// The number of bits of t is not 1..=24.
    Bits(u32),
    /// The expression takes at least this many gates, more than a network may have.
    Gates(usize),
    /// The sample rate is not 1..=768,000.
    Rate(u32),
    /// The pace stopped the compilation.
    Stopped,
}

impl From<Stopped> for CompileError {
    fn from(_: Stopped) -> CompileError {
        CompileError::Stopped
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Bits(bits) => {
                write!(f, "{bits} bits of t; a network reads 1..{MAX_COUNTER_BITS}")
            }
            CompileError::Gates(gates) => write!(
                f,
                "it takes {gates} gates or more, and a network has at most {MAX_GATES}; fewer bits \
                 of t, or division and shifts by constants in place of variables, take fewer"
            ),
            CompileError::Rate(rate) => write!(f, "{rate} Hz is outside 1..{MAX_SAMPLE_RATE}"),
            CompileError::Stopped => f.write_str("stopped"),
        }
    }
}

impl core::error::Error for CompileError {}

impl Expression {
    /// Compiles to a simplified network that gives [`Expression::samples`] for every t below
    /// 2^bits and all values of the other signals. Takes up to ten seconds of a desktop.
    ///
    /// The network reads t, then the expression's [signals](Expression::signals). It does not
    /// read t if `bits` is 0.
    ///
    /// # Errors
    /// Fails if `bits` is not 1..=24, or 0 if the expression reads other signals, or if the
    /// network would have more than 65,536 gates.
    pub fn compile(&self, bits: u32) -> Result<Network, CompileError> {
        self.compile_paced(bits, &mut ())
    }

    /// Does the same as [`Expression::compile`], at a pace that the caller decides.
    ///
    /// # Errors
    /// Fails like [`Expression::compile`], or if the pace stops it.
    pub fn compile_paced(&self, bits: u32, pace: &mut dyn Pace) -> Result<Network, CompileError> {
        if !(self.least_bits()..=MAX_COUNTER_BITS).contains(&bits) {
            return Err(CompileError::Bits(bits));
        }
        let graph = self.graph(bits, pace)?;
        let gates = graph.live_gates().count();
        if gates > MAX_GATES {
            return Err(CompileError::Gates(gates));
        }
        let graph = simplify_graph_paced(graph, pace)?;
        let time = (bits > 0).then(|| Source::time(bits as u8));
        let parts = Parts {
            name: self.source.clone(),
            description: Some(self.describe(bits)),
            source: Some(self.source.clone()),
            sources: time.into_iter().chain(self.signals().cloned()).collect(),
            output_encoding: OutputEncoding::of_samples(
                self.channels(),
                self.dialect.sample_bits(),
            ),
            ..Parts::default()
        };
        Network::from_graph(&graph, parts).map_err(|_| CompileError::Gates(graph.gates().len()))
    }

    /// Returns the smallest number of bits of t with which the expression can be compiled.
    pub(crate) fn least_bits(&self) -> u32 {
        u32::from(self.reads.is_empty())
    }

    fn describe(&self, bits: u32) -> String {
        match (bits, self.reads.is_empty()) {
            (0, _) => "Compiled exactly for all inputs.".into(),
            (_, true) => format!("Compiled exactly for t below 2^{bits}."),
            (_, false) => format!("Compiled exactly for t below 2^{bits} and all other inputs."),
        }
    }

    /// Builds the graph of the samples for every t below 2^bits. Its variables are the bits
    /// of t, then those of the other signals in their order.
    fn graph(&self, bits: u32, pace: &mut dyn Pace) -> Result<Xag, CompileError> {
        let signals = self.dialect.signals();
        let mut places = vec![0..0; signals.len()];
        let mut variables = bits;
        for &number in &self.reads {
            let first = variables;
            variables += u32::from(signals[number].bits);
            places[number] = first..variables;
        }
        let mut compiler = Compiler {
            graph: Xag::new(variables),
            time: 0..bits,
            signals: places,
            pace,
            counted: 0,
        };
        let wanted = self.dialect.sample_bits().into();
        let mut outputs = Vec::new();
        for tree in &self.trees {
            outputs.extend_from_slice(&compiler.value(tree, wanted)?[..wanted]);
        }
        let mut graph = compiler.graph;
        graph.set_outputs(outputs);
        Ok(graph)
    }

    /// Returns a number of bits of t from which the samples repeat while the other signals
    /// stay the same: the sample at t is that at t modulo 2^bits, for every t below 2^31.
    /// Returns `None` if no such number below 31 is known.
    ///
    /// The result is exact or too large: it comes from the gates before simplification.
    pub fn period_bits(&self) -> Option<u32> {
        self.period_bits_paced(&mut ()).ok().flatten()
    }

    /// Does the same as [`Expression::period_bits`], at a pace.
    pub(crate) fn period_bits_paced(&self, pace: &mut dyn Pace) -> Result<Option<u32>, Stopped> {
        let graph = match self.graph(PERIOD_BITS, pace) {
            Ok(graph) => graph,
            Err(CompileError::Stopped) => return Err(Stopped),
            Err(_) => return Ok(None),
        };
        let of_gates = graph.live_gates().flat_map(|(_, gate)| [gate.a, gate.b]);
        let of_outputs = graph.outputs().iter().map(|output| output.node());
        // Node 0 is the constant, and node 1 is bit 0 of t.
        let bits = of_gates
            .chain(of_outputs)
            .filter(|&node| node <= PERIOD_BITS)
            .max()
            .unwrap_or(0);
        Ok((bits < PERIOD_BITS).then_some(bits))
    }
}

/// A value's bits, least significant first. Only the bits that were requested are valid.
type Value = [Lit; BITS];

const ZERO: Value = [Lit::FALSE; BITS];

struct Compiler<'a> {
    graph: Xag,
    /// Variables of t.
    time: Range<u32>,
    /// Variables of each signal of the dialect; none if the expression does not read it.
    signals: Vec<Range<u32>>,
    pace: &'a mut dyn Pace,
    /// Number of gates that the pace knows of.
    counted: usize,
}

impl Compiler<'_> {
    /// Computes the low `wanted` bits of a tree's value.
    fn value(&mut self, tree: &Tree, wanted: usize) -> Result<Value, CompileError> {
        let gates = self.graph.gates().len();
        if gates > MAX_RAW_GATES {
            return Err(CompileError::Gates(gates));
        }
        self.pace.memory(gates * GATE_BYTES)?;
        self.pace.work((gates - self.counted) as u64 * GATE_WORK)?;
        self.counted = gates;
        if let Some(constant) = tree.constant() {
            return Ok(core::array::from_fn(|i| {
                Lit::constant(constant >> i & 1 == 1)
            }));
        }
        match tree {
            Tree::T => Ok(self.variables(self.time.clone())),
            Tree::Signal(number) => Ok(self.variables(self.signals[*number].clone())),
            Tree::Number(..) => unreachable!("constants are handled above"),
            Tree::Unary(op, _, x) => self.unary(*op, x, wanted),
            Tree::Binary(op, _, xy) => self.binary(*op, &xy.0, &xy.1, wanted),
            Tree::Choice(parts) => {
                let (condition, then, otherwise) = &**parts;
                let condition = self.truth(condition)?;
                let then = self.value(then, wanted)?;
                let otherwise = self.value(otherwise, wanted)?;
                Ok(self.select(condition, then, otherwise))
            }
        }
    }

    /// Returns the unsigned number whose bits are these variables.
    fn variables(&self, mut variables: Range<u32>) -> Value {
        core::array::from_fn(|_| {
            let next = variables.next();
            next.map_or(Lit::FALSE, |number| self.graph.variable(number))
        })
    }

    /// Computes whether a tree's value is not 0.
    fn truth(&mut self, tree: &Tree) -> Result<Lit, CompileError> {
        let value = self.value(tree, BITS)?;
        Ok(self.any(value))
    }

    fn unary(&mut self, op: Unary, x: &Tree, wanted: usize) -> Result<Value, CompileError> {
        Ok(match op {
            Unary::Plus => self.value(x, wanted)?,
            Unary::Minus => {
                let x = self.value(x, wanted)?;
                self.subtract(ZERO, x, wanted).0
            }
            Unary::Complement => self.value(x, wanted)?.map(|bit| !bit),
            Unary::Not => truth_value(!self.truth(x)?),
        })
    }

    fn binary(
        &mut self,
        op: Binary,
        x: &Tree,
        y: &Tree,
        wanted: usize,
    ) -> Result<Value, CompileError> {
        match op {
            Binary::BitAnd | Binary::BitOr | Binary::BitXor => {
                let (x, y) = (self.value(x, wanted)?, self.value(y, wanted)?);
                return Ok(core::array::from_fn(|i| match op {
                    Binary::BitAnd => self.graph.and(x[i], y[i]),
                    Binary::BitOr => self.graph.or(x[i], y[i]),
                    _ => self.graph.xor(x[i], y[i]),
                }));
            }
            Binary::Add | Binary::Subtract | Binary::Multiply => {
                let (x, y) = (self.value(x, wanted)?, self.value(y, wanted)?);
                return Ok(match op {
                    Binary::Add => self.add(x, y, wanted),
                    Binary::Subtract => self.subtract(x, y, wanted).0,
                    _ => self.multiply(x, y, wanted),
                });
            }
            Binary::ShiftLeft | Binary::ShiftRight => return self.shift(op, x, y, wanted),
            Binary::And | Binary::Or => {
                let (x, y) = (self.truth(x)?, self.truth(y)?);
                let both = op == Binary::And;
                return Ok(truth_value(if both {
                    self.graph.and(x, y)
                } else {
                    self.graph.or(x, y)
                }));
            }
            _ => {}
        }
        let (x, y) = (self.value(x, BITS)?, self.value(y, BITS)?);
        Ok(match op {
            Binary::Divide => self.divide(x, y).0,
            Binary::Remainder => self.divide(x, y).1,
            Binary::Less => truth_value(self.less(x, y)),
            Binary::Greater => truth_value(self.less(y, x)),
            Binary::LessOrEqual => truth_value(!self.less(y, x)),
            Binary::GreaterOrEqual => truth_value(!self.less(x, y)),
            _ => {
                let differing = core::array::from_fn(|i| self.graph.xor(x[i], y[i]));
                let differ = self.any(differing);
                truth_value(differ.invert_if(op == Binary::Equal))
            }
        })
    }

    /// Computes whether any bit is 1.
    fn any(&mut self, value: Value) -> Lit {
        value
            .into_iter()
            .fold(Lit::FALSE, |any, bit| self.graph.or(any, bit))
    }

    fn select(&mut self, condition: Lit, then: Value, otherwise: Value) -> Value {
        core::array::from_fn(|i| self.graph.mux(condition, then[i], otherwise[i]))
    }

    /// Computes the low `wanted` bits of x + y, with a ripple carry.
    fn add(&mut self, x: Value, y: Value, wanted: usize) -> Value {
        let mut sum = ZERO;
        let mut carry = Lit::FALSE;
        for i in 0..wanted {
            let differ = self.graph.xor(x[i], y[i]);
            sum[i] = self.graph.xor(differ, carry);
            let both = self.graph.and(x[i], y[i]);
            let passed = self.graph.and(differ, carry);
            carry = self.graph.or(both, passed);
        }
        sum
    }

    /// Computes the low `wanted` bits of x - y, and whether it borrows: whether x < y,
    /// unsigned.
    fn subtract(&mut self, x: Value, y: Value, wanted: usize) -> (Value, Lit) {
        let mut difference = ZERO;
        let mut borrow = Lit::FALSE;
        for i in 0..wanted {
            let differ = self.graph.xor(x[i], y[i]);
            difference[i] = self.graph.xor(differ, borrow);
            let below = self.graph.and(!x[i], y[i]);
            let passed = self.graph.and(!differ, borrow);
            borrow = self.graph.or(below, passed);
        }
        (difference, borrow)
    }

    fn multiply(&mut self, x: Value, y: Value, wanted: usize) -> Value {
        let mut product = ZERO;
        for (i, &bit) in y[..wanted].iter().enumerate() {
            if bit != Lit::FALSE {
                let row = shifted_left(x, i).map(|lit| self.graph.and(lit, bit));
                product = self.add(product, row, wanted);
            }
        }
        product
    }

    /// Computes x < y, signed, as an unsigned comparison with complemented sign bits.
    fn less(&mut self, mut x: Value, mut y: Value) -> Lit {
        x[BITS - 1] = !x[BITS - 1];
        y[BITS - 1] = !y[BITS - 1];
        self.subtract(x, y, BITS).1
    }

    fn shift(
        &mut self,
        op: Binary,
        x: &Tree,
        y: &Tree,
        wanted: usize,
    ) -> Result<Value, CompileError> {
        let left = op == Binary::ShiftLeft;
        if let Some(count) = y.constant() {
            let count = (count & 31) as usize;
            if left {
                let x = self.value(x, wanted.saturating_sub(count))?;
                return Ok(shifted_left(x, count));
            }
            let x = self.value(x, (wanted + count).min(BITS))?;
            return Ok(shifted_right(x, count));
        }
        // A barrel shifter: each bit of the count selects a shift by its place value.
        let mut x = self.value(x, if left { wanted } else { BITS })?;
        let count = self.value(y, 5)?;
        for (i, &bit) in count[..5].iter().enumerate() {
            let shifted = if left {
                shifted_left(x, 1 << i)
            } else {
                shifted_right(x, 1 << i)
            };
            x = self.select(bit, shifted, x);
        }
        Ok(x)
    }

    /// Computes -x if `negative` is 1, otherwise x.
    fn negate_if(&mut self, negative: Lit, x: Value) -> Value {
        let flipped = x.map(|bit| self.graph.xor(bit, negative));
        let mut one = ZERO;
        one[0] = negative;
        self.add(flipped, one, BITS)
    }

    /// Computes the signed quotient and remainder, both 0 if y is 0, by restoring division
    /// of the magnitudes.
    fn divide(&mut self, x: Value, y: Value) -> (Value, Value) {
        let (x_negative, y_negative) = (x[BITS - 1], y[BITS - 1]);
        let dividend = self.negate_if(x_negative, x);
        let divisor = self.negate_if(y_negative, y);
        let (mut quotient, mut remainder) = (ZERO, ZERO);
        for i in (0..BITS).rev() {
            remainder = shifted_left(remainder, 1);
            remainder[0] = dividend[i];
            if remainder == ZERO {
                continue; // leading zeros of the dividend
            }
            let (difference, below) = self.subtract(remainder, divisor, BITS);
            quotient[i] = !below;
            remainder = self.select(below, remainder, difference);
        }
        let sign = self.graph.xor(x_negative, y_negative);
        let quotient = self.negate_if(sign, quotient);
        let remainder = self.negate_if(x_negative, remainder);
        let defined = self.any(y);
        (
            quotient.map(|bit| self.graph.and(bit, defined)),
            remainder.map(|bit| self.graph.and(bit, defined)),
        )
    }
}

fn truth_value(truth: Lit) -> Value {
    let mut value = ZERO;
    value[0] = truth;
    value
}

fn shifted_left(x: Value, count: usize) -> Value {
    core::array::from_fn(|i| if i >= count { x[i - count] } else { Lit::FALSE })
}

fn shifted_right(x: Value, count: usize) -> Value {
    core::array::from_fn(|i| x[(i + count).min(BITS - 1)])
}
