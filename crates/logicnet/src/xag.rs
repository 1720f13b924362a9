//! An xor-and graph: the form in which networks are evaluated, simplified and
//! built from expressions.
//!
//! Every node is kept in the polarity that makes it one of four operations of
//! its operands as they are kept; inversions exist only on literals and are
//! absorbed when a gate is made. So wires, inverters, constants and equal gates
//! cost nothing, and every gate is one machine instruction.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Not;

use crate::{InputEncoding, Mask, Masks, Network, Op};

/// A node or its complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lit(u32);

impl Lit {
    /// The constant 0, node 0.
    pub const FALSE: Lit = Lit(0);
    /// The constant 1, the complement of node 0.
    pub const TRUE: Lit = Lit(1);

    /// A node as it is kept, or its complement.
    pub const fn new(node: u32, inverted: bool) -> Lit {
        Lit(node << 1 | inverted as u32)
    }

    /// The constant of this value.
    pub const fn constant(value: bool) -> Lit {
        Lit(value as u32)
    }

    /// The node.
    pub const fn node(self) -> u32 {
        self.0 >> 1
    }

    /// Whether this is the node's complement.
    pub const fn inverted(self) -> bool {
        self.0 & 1 == 1
    }

    /// The literal, complemented if `invert`.
    #[must_use]
    pub const fn invert_if(self, invert: bool) -> Lit {
        Lit(self.0 ^ invert as u32)
    }

    /// The value, if this is a constant.
    pub const fn as_constant(self) -> Option<bool> {
        if self.node() == 0 {
            Some(self.inverted())
        } else {
            None
        }
    }
}

impl Not for Lit {
    type Output = Lit;

    fn not(self) -> Lit {
        self.invert_if(true)
    }
}

/// The four operations of a graph's gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// `a & b`
    And = 0,
    /// `a & !b`
    AndNot = 1,
    /// `a | b`
    Or = 2,
    /// `a ^ b`
    Xor = 3,
}

impl Kind {
    /// All four, in the order of their numbers.
    pub const ALL: [Kind; 4] = [Kind::And, Kind::AndNot, Kind::Or, Kind::Xor];

    /// The same operation in difflogic's numbering.
    pub const fn op(self) -> Op {
        match self {
            Kind::And => Op::AND,
            Kind::AndNot => Op::A_NOT_B,
            Kind::Or => Op::OR,
            Kind::Xor => Op::XOR,
        }
    }
}

/// A gate of a graph: an operation of two nodes as they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct XagGate {
    /// The operation.
    pub kind: Kind,
    /// The node of the first operand.
    pub a: u32,
    /// The node of the second operand; greater than `a` but for [`Kind::AndNot`].
    pub b: u32,
}

/// The graph. Nodes: 0 is the constant 0, 1..=bits are the bits of t (1 the
/// least significant), then gates, each reading earlier nodes only. No two
/// gates are the same operation of the same nodes.
#[derive(Clone, Debug, Default)]
pub struct Xag {
    counter_bits: u32,
    gates: Vec<XagGate>,
    outputs: Vec<Lit>,
    /// Gate index + 1 by hash of the gate, open addressing, at most half full.
    table: Vec<u32>,
}

impl Xag {
    /// A graph without gates that reads this many bits of t.
    pub fn new(counter_bits: u32) -> Xag {
        let mut xag = Xag::default();
        xag.reset(counter_bits, 0);
        xag
    }

    /// Empties the graph but keeps its memory.
    pub(crate) fn reset(&mut self, counter_bits: u32, expected_gates: usize) {
        self.counter_bits = counter_bits;
        self.gates.clear();
        self.outputs.clear();
        self.table.clear();
        self.table
            .resize((2 * expected_gates).next_power_of_two().max(64), 0);
    }

    /// Bits of t that the graph may read.
    pub fn counter_bits(&self) -> u32 {
        self.counter_bits
    }

    /// Bit `bit` of t.
    pub fn counter_bit(&self, bit: u32) -> Lit {
        debug_assert!(bit < self.counter_bits);
        Lit::new(1 + bit, false)
    }

    /// The gates; the first is node [`Xag::first_gate`].
    pub fn gates(&self) -> &[XagGate] {
        &self.gates
    }

    /// The node of the first gate.
    pub fn first_gate(&self) -> u32 {
        1 + self.counter_bits
    }

    /// Number of nodes: the constant, the bits of t and the gates.
    pub fn nodes(&self) -> u32 {
        self.first_gate() + self.gates.len() as u32
    }

    /// The gate at a node, or `None` for the constant and the bits of t.
    pub fn gate(&self, node: u32) -> Option<XagGate> {
        let index = node.checked_sub(self.first_gate())?;
        Some(self.gates[index as usize])
    }

    /// The outputs.
    pub fn outputs(&self) -> &[Lit] {
        &self.outputs
    }

    /// Sets the outputs.
    pub fn set_outputs(&mut self, outputs: impl IntoIterator<Item = Lit>) {
        self.outputs.clear();
        self.outputs.extend(outputs);
    }

    /// Sets the outputs to those of another graph, whose nodes were made as `made`.
    pub(crate) fn set_outputs_of(&mut self, other: &Xag, made: &[Lit]) {
        let outputs = other.outputs.iter();
        self.set_outputs(outputs.map(|lit| made[lit.node() as usize].invert_if(lit.inverted())));
    }

    /// `a AND b`.
    #[inline]
    pub fn and(&mut self, a: Lit, b: Lit) -> Lit {
        let (a, b) = (a.min(b), a.max(b));
        if a.node() == 0 {
            return if a == Lit::TRUE { b } else { Lit::FALSE };
        }
        if a.node() == b.node() {
            return if a == b { a } else { Lit::FALSE };
        }
        // Arithmetic in place of branches that no processor could predict.
        let (not_a, not_b) = (a.0 & 1, b.0 & 1);
        let kind = match not_a + not_b {
            0 => Kind::And,
            1 => Kind::AndNot,
            _ => Kind::Or,
        };
        let (a, b) = (a.node(), b.node());
        let swap = (a ^ b) & (not_a & !not_b).wrapping_neg();
        let gate = XagGate {
            kind,
            a: a ^ swap,
            b: b ^ swap,
        };
        self.intern(gate).invert_if(not_a & not_b == 1)
    }

    /// `a OR b`.
    #[inline]
    pub fn or(&mut self, a: Lit, b: Lit) -> Lit {
        !self.and(!a, !b)
    }

    /// `a XOR b`.
    #[inline]
    pub fn xor(&mut self, a: Lit, b: Lit) -> Lit {
        let inverted = a.inverted() ^ b.inverted();
        let (a, b) = (a.node().min(b.node()), a.node().max(b.node()));
        if a == b {
            return Lit::constant(inverted);
        }
        if a == 0 {
            return Lit::new(b, inverted);
        }
        self.intern(XagGate {
            kind: Kind::Xor,
            a,
            b,
        })
        .invert_if(inverted)
    }

    /// `if select { high } else { low }`.
    pub fn mux(&mut self, select: Lit, high: Lit, low: Lit) -> Lit {
        let differs = self.xor(high, low);
        let flipped = self.and(select, differs);
        self.xor(low, flipped)
    }

    /// Any operation of two literals.
    #[inline]
    pub fn op(&mut self, op: Op, a: Lit, b: Lit) -> Lit {
        let plan = &PLANS[usize::from(op.number() & 15)];
        let (a, b) = (a.invert_if(plan.invert_a), b.invert_if(plan.invert_b));
        let lit = match plan.form {
            Form::And => self.and(a, b),
            Form::Xor => self.xor(a, b),
            Form::A => a,
            Form::B => b,
            Form::False => Lit::FALSE,
        };
        lit.invert_if(plan.invert_out)
    }

    /// The node of this gate, made if there is none yet.
    #[inline]
    fn intern(&mut self, gate: XagGate) -> Lit {
        if 2 * self.gates.len() >= self.table.len() {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut at = hash(gate) & mask;
        loop {
            match self.table[at] {
                0 => break,
                entry if self.gates[entry as usize - 1] == gate => {
                    return Lit::new(self.counter_bits + entry, false);
                }
                _ => at = (at + 1) & mask,
            }
        }
        self.gates.push(gate);
        self.table[at] = self.gates.len() as u32;
        Lit::new(self.nodes() - 1, false)
    }

    #[cold]
    fn grow(&mut self) {
        let size = (2 * self.table.len()).max(64);
        self.table.clear();
        self.table.resize(size, 0);
        for (i, &gate) in self.gates.iter().enumerate() {
            let mut at = hash(gate) & (size - 1);
            while self.table[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            self.table[at] = i as u32 + 1;
        }
    }

    /// Gates that the outputs depend on, by gate index.
    pub fn live(&self) -> Vec<bool> {
        let mut uses = vec![0; self.nodes() as usize];
        self.count_uses(&mut uses, |uses| uses);
        uses[self.first_gate() as usize..]
            .iter()
            .map(|&n| n > 0)
            .collect()
    }

    /// Counts how often each node is read by outputs and by gates that are live,
    /// none of them dead ones: `uses` is the count that belongs to a node, 0 before.
    #[inline]
    pub(crate) fn count_uses<T>(&self, nodes: &mut [T], uses: impl Fn(&mut T) -> &mut u32) {
        for output in &self.outputs {
            *uses(&mut nodes[output.node() as usize]) += 1;
        }
        let first = self.first_gate() as usize;
        for (i, gate) in self.gates.iter().enumerate().rev() {
            if *uses(&mut nodes[first + i]) > 0 {
                *uses(&mut nodes[gate.a as usize]) += 1;
                *uses(&mut nodes[gate.b as usize]) += 1;
            }
        }
    }

    /// The live part of the graph, with other literals in place of the bits of t.
    pub(crate) fn copy(&self, counter_bits: u32, bit: impl Fn(u32) -> Lit) -> Xag {
        let mut copy = Xag::new(counter_bits);
        let mut made = Vec::with_capacity(self.nodes() as usize);
        made.push(Lit::FALSE);
        made.extend((0..self.counter_bits).map(bit));
        for (gate, live) in self.gates.iter().zip(self.live()) {
            made.push(if live {
                copy.op(gate.kind.op(), made[gate.a as usize], made[gate.b as usize])
            } else {
                Lit::FALSE
            });
        }
        copy.set_outputs_of(self, &made);
        copy
    }

    /// The live part of the graph.
    pub(crate) fn live_part(&self) -> Xag {
        self.copy(self.counter_bits, |bit| Lit::new(1 + bit, false))
    }

    /// The graph of a network under masks (these alone, not the network's own),
    /// with its live gates only.
    pub fn of(network: &Network, masks: &Masks) -> Xag {
        let mut xag = Xag::default();
        Lowering::default().lower(network, masks, &mut xag);
        xag
    }
}

/// Spreads gates over the table: multiplicative hashing in 32 bits, which every
/// processor does in a few instructions, of the two nodes and the kind; the good
/// bits are the upper ones.
#[inline]
fn hash(gate: XagGate) -> usize {
    let a = gate.a.wrapping_mul(0x9E37_79B1);
    let b = (gate.b << 2 | gate.kind as u32).wrapping_mul(0x85EB_CA77);
    let sum = a.wrapping_add(b);
    (sum ^ sum >> 15) as usize
}

/// How an operation is made: of its operands or their complements, and whether
/// the outcome is complemented.
struct Plan {
    form: Form,
    invert_a: bool,
    invert_b: bool,
    invert_out: bool,
}

enum Form {
    False,
    A,
    B,
    And,
    Xor,
}

/// The plans of all operations, by their numbers.
const PLANS: [Plan; 16] = {
    const NONE: Plan = Plan {
        form: Form::False,
        invert_a: false,
        invert_b: false,
        invert_out: false,
    };
    let mut plans = [NONE; 16];
    let mut number = 0;
    while number < 16 {
        if let Some(op) = Op::new(number) {
            plans[number as usize] = plan(op);
        }
        number += 1;
    }
    plans
};

const fn plan(op: Op) -> Plan {
    let [constant, only_a, only_b, both] = op.exclusive_sum();
    // ab ^ a ^ b and the like: a product of a and b, each complemented if the
    // other stands alone, and the product's own complement.
    let (form, invert_a, invert_b) = match (both, only_a, only_b) {
        (true, _, _) => (Form::And, only_b, only_a),
        (false, true, true) => (Form::Xor, false, false),
        (false, true, false) => (Form::A, false, false),
        (false, false, true) => (Form::B, false, false),
        (false, false, false) => (Form::False, false, false),
    };
    Plan {
        form,
        invert_a,
        invert_b,
        invert_out: constant ^ (both & only_a & only_b),
    }
}

/// Turns networks into graphs; keeps its memory from one to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lowering {
    ops: Vec<Op>,
    live: Vec<bool>,
    lits: Vec<Lit>,
}

impl Lowering {
    /// Makes `xag` the graph of a network under masks: linear in nodes and masks.
    pub(crate) fn lower(&mut self, network: &Network, masks: &Masks, xag: &mut Xag) {
        network.masked_ops(masks, &mut self.ops);
        network.mark_live(&self.ops, &mut self.live);
        xag.reset(network.counter_bits(), network.gates().len());
        self.lits.clear();
        self.lits.reserve(network.nodes() as usize);
        push_inputs(&mut self.lits, network, xag);
        for (node, mask) in masks.range(0..network.inputs()) {
            let lit = &mut self.lits[node as usize];
            *lit = match mask {
                Mask::Force(value) => Lit::constant(value),
                Mask::Invert => !*lit,
                Mask::Replace(_) => *lit,
            };
        }
        let live = &self.live[network.inputs() as usize..];
        for ((gate, &op), &live) in network.gates().iter().zip(&self.ops).zip(live) {
            let lit = if live {
                xag.op(op, self.lits[gate.a as usize], self.lits[gate.b as usize])
            } else {
                Lit::FALSE
            };
            self.lits.push(lit);
        }
        xag.set_outputs(
            network
                .outputs()
                .iter()
                .map(|&node| self.lits[node as usize]),
        );
    }
}

fn push_inputs(lits: &mut Vec<Lit>, network: &Network, xag: &mut Xag) {
    let encoding = network.input_encoding();
    let digit_bits = u32::from(encoding.digit_bits());
    let mut digit = Vec::new();
    for first in (0..network.counter_bits()).step_by(digit_bits as usize) {
        let bits = (first..first + digit_bits).map(|bit| xag.counter_bit(bit));
        match encoding {
            InputEncoding::Binary => lits.extend(bits),
            InputEncoding::Thermometer { .. } => {
                thermometer(&mut digit, bits.collect(), xag);
                lits.append(&mut digit);
            }
            InputEncoding::OneHot { .. } => {
                one_hot(&mut digit, bits.collect(), xag);
                lits.append(&mut digit);
            }
        }
    }
}

/// `v > j` for every j, by doubling: a new top bit h makes it `h OR (v > j)`
/// below, h itself in the middle and `h AND (v > j)` above.
fn thermometer(digit: &mut Vec<Lit>, bits: Vec<Lit>, xag: &mut Xag) {
    for h in bits {
        let half = digit.len();
        digit.push(h);
        for j in 0..half {
            let above = xag.and(h, digit[j]);
            digit.push(above);
            digit[j] = xag.or(h, digit[j]);
        }
    }
}

/// `v = j` for every j, by doubling.
fn one_hot(digit: &mut Vec<Lit>, bits: Vec<Lit>, xag: &mut Xag) {
    digit.push(Lit::TRUE);
    for h in bits {
        for j in 0..digit.len() {
            let above = xag.and(h, digit[j]);
            digit.push(above);
            digit[j] = xag.and(!h, digit[j]);
        }
    }
}
