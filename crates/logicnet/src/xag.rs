//! XOR-AND graphs, the form in which networks are evaluated, simplified and built from
//! expressions.
//!
//! A graph has gates of four operations, each a single machine instruction. Inversions
//! exist only on references to nodes ([`Lit`]) and are absorbed when a gate is made. Wires,
//! inverters, constants and repeated gates therefore add no gates.
//!
//! ```
//! use logicnet::{Network, Parts, Xag};
//!
//! let mut graph = Xag::new(2);
//! let (a, b) = (graph.variable(0), graph.variable(1));
//! let either = graph.or(a, b);
//! let both = graph.and(a, b);
//! let differ = graph.and(either, !both);
//! graph.set_outputs([differ, !a]);
//! assert_eq!(graph.gates().len(), 3);
//! assert_eq!(graph.and(a, b), both, "repeated gates are shared");
//! let network = Network::from_graph(&graph, Parts::default())?;
//! assert_eq!(network.outputs().len(), 2);
//! # Ok::<(), logicnet::NetworkError>(())
//! ```

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Not;

use crate::{Controls, Gate, InputEncoding, Mask, Masks, Network, Op, Signal, SourceSpan};

/// A literal: a node of a graph or its complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lit(u32);

impl Lit {
    /// The constant 0, node 0.
    pub const FALSE: Lit = Lit(0);
    /// The constant 1, the complement of node 0.
    pub const TRUE: Lit = Lit(1);

    /// Creates the literal of a node, or of its complement if `inverted`.
    pub const fn new(node: u32, inverted: bool) -> Lit {
        Lit(node << 1 | inverted as u32)
    }

    /// Returns the constant of this value.
    pub const fn constant(value: bool) -> Lit {
        Lit(value as u32)
    }

    /// The node.
    pub const fn node(self) -> u32 {
        self.0 >> 1
    }

    /// Returns whether this is the node's complement.
    pub const fn inverted(self) -> bool {
        self.0 & 1 == 1
    }

    /// Returns the literal, complemented if `invert`.
    #[must_use]
    pub const fn invert_if(self, invert: bool) -> Lit {
        Lit(self.0 ^ invert as u32)
    }

    /// Returns the value if this is a constant.
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
    /// All kinds, in the order of their numbers.
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

/// A gate of a graph: an operation of two earlier nodes, not complemented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct XagGate {
    /// The operation.
    pub kind: Kind,
    /// The node of the first operand.
    pub a: u32,
    /// The node of the second operand; greater than `a` except for [`Kind::AndNot`].
    pub b: u32,
}

/// An XOR-AND graph.
///
/// Node 0 is the constant 0. The next nodes are the variables: the bits of t, least
/// significant first, then those of [other sources](crate::SourceSpan). Then follow the
/// gates, each of which reads earlier nodes. No two gates are the same operation of the same
/// nodes.
#[derive(Clone, Debug, Default)]
pub struct Xag {
    variables: u32,
    gates: Vec<XagGate>,
    outputs: Vec<Lit>,
    /// Hash table from gates to gate index + 1, with open addressing, at most half full.
    table: Vec<u32>,
}

impl Xag {
    /// Creates a graph without gates that reads this many variables.
    pub fn new(variables: u32) -> Xag {
        let mut xag = Xag::default();
        xag.reset(variables, 0);
        xag
    }

    /// Empties the graph and keeps its memory.
    pub(crate) fn reset(&mut self, variables: u32, expected_gates: usize) {
        self.variables = variables;
        self.gates.clear();
        self.outputs.clear();
        self.table.clear();
        self.table
            .resize((2 * expected_gates).next_power_of_two().max(64), 0);
    }

    /// Number of variables that the graph may read.
    pub fn variables(&self) -> u32 {
        self.variables
    }

    /// Returns a variable, such as a bit of t.
    pub fn variable(&self, number: u32) -> Lit {
        debug_assert!(number < self.variables);
        Lit::new(1 + number, false)
    }

    /// The gates; the first is node [`Xag::first_gate`].
    pub fn gates(&self) -> &[XagGate] {
        &self.gates
    }

    /// The node of the first gate.
    pub fn first_gate(&self) -> u32 {
        1 + self.variables
    }

    /// Number of nodes: the constant, the variables and the gates.
    pub fn nodes(&self) -> u32 {
        self.first_gate() + self.gates.len() as u32
    }

    /// Returns the gate at a node, or `None` for the constant and the variables.
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

    /// Sets the outputs to those of another graph, given the literals of its nodes in this
    /// one.
    pub(crate) fn set_outputs_of(&mut self, other: &Xag, made: &[Lit]) {
        let outputs = other.outputs.iter();
        self.set_outputs(outputs.map(|lit| made[lit.node() as usize].invert_if(lit.inverted())));
    }

    /// Returns `a AND b`.
    #[inline]
    pub fn and(&mut self, a: Lit, b: Lit) -> Lit {
        self.op(Op::AND, a, b)
    }

    /// Returns `a OR b`.
    #[inline]
    pub fn or(&mut self, a: Lit, b: Lit) -> Lit {
        self.op(Op::OR, a, b)
    }

    /// Returns `a XOR b`.
    #[inline]
    pub fn xor(&mut self, a: Lit, b: Lit) -> Lit {
        self.op(Op::XOR, a, b)
    }

    /// Returns `high` if `select` is 1, otherwise `low`.
    pub fn mux(&mut self, select: Lit, high: Lit, low: Lit) -> Lit {
        let differs = self.xor(high, low);
        let flipped = self.and(select, differs);
        self.xor(low, flipped)
    }

    /// Returns an operation of two literals.
    pub fn op(&mut self, op: Op, a: Lit, b: Lit) -> Lit {
        self.make(op, a, b)
    }

    /// Does what [`Xag::op`] does, inlined into the loop that makes a whole graph.
    #[inline(always)]
    fn make(&mut self, op: Op, a: Lit, b: Lit) -> Lit {
        let Form { op, kind, inverted } = Form::of(op, a.inverted(), b.inverted());
        let (a, b) = (a.node(), b.node());
        // An operation of a node and itself, or of a node and 0, is that node or 0.
        let node_or_0 = |node, is_node| Lit::new(if is_node { node } else { 0 }, inverted);
        let (low, high) = (a.min(b), a.max(b));
        if low == high {
            return node_or_0(a, op.apply(true, true));
        }
        if low == 0 {
            return node_or_0(high, op.apply(b == 0, a == 0));
        }
        let (a, b) = match op {
            Op::A_NOT_B => (a, b),
            Op::B_NOT_A => (b, a),
            Op::FALSE => return node_or_0(a, false),
            Op::A => return node_or_0(a, true),
            Op::B => return node_or_0(b, true),
            _ => (low, high),
        };
        self.intern(XagGate { kind, a, b }).invert_if(inverted)
    }

    /// Returns the literal of this gate, which is added to the graph if it is new.
    #[inline(always)]
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
                    return Lit::new(self.variables + entry, false);
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

    /// Returns whether the outputs depend on each gate, by gate index.
    pub fn live(&self) -> Vec<bool> {
        let mut uses = vec![0; self.nodes() as usize];
        self.count_uses(&mut uses, |uses| uses);
        uses[self.first_gate() as usize..]
            .iter()
            .map(|&n| n > 0)
            .collect()
    }

    /// Iterates over the gates that the outputs depend on, with their nodes.
    pub fn live_gates(&self) -> impl Iterator<Item = (u32, XagGate)> {
        let gates = (self.first_gate()..).zip(self.gates.iter().copied());
        let marked = gates.zip(self.live());
        marked.filter_map(|(gate, live)| live.then_some(gate))
    }

    /// Counts how often outputs and live gates read each node. `uses` returns the count in
    /// an element of `nodes`, which must be 0 at first.
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

    /// Copies the live part of the graph, with `variable` giving the literals of the variables.
    pub(crate) fn copy(&self, variables: u32, variable: impl Fn(u32) -> Lit) -> Xag {
        let mut copy = Xag::new(variables);
        let made = self.copy_into(&mut copy, variable);
        copy.set_outputs_of(self, &made);
        copy
    }

    /// Adds the live part of another graph of the same variables; returns its outputs.
    pub(crate) fn include(&mut self, other: &Xag) -> Vec<Lit> {
        let made = other.copy_into(self, |number| Lit::new(1 + number, false));
        let outputs = other.outputs.iter();
        outputs
            .map(|lit| made[lit.node() as usize].invert_if(lit.inverted()))
            .collect()
    }

    /// Copies the live part into a graph; returns the literals of all nodes there.
    fn copy_into(&self, copy: &mut Xag, variable: impl Fn(u32) -> Lit) -> Vec<Lit> {
        let mut made = Vec::with_capacity(self.nodes() as usize);
        made.push(Lit::FALSE);
        made.extend((0..self.variables).map(variable));
        for (gate, live) in self.gates.iter().zip(self.live()) {
            made.push(if live {
                copy.op(gate.kind.op(), made[gate.a as usize], made[gate.b as usize])
            } else {
                Lit::FALSE
            });
        }
        made
    }

    /// Returns the variables that the live part of the graph reads, in order.
    pub fn read_variables(&self) -> Vec<u32> {
        let mut uses = vec![0; self.nodes() as usize];
        self.count_uses(&mut uses, |uses| uses);
        let read = |&number: &u32| uses[1 + number as usize] > 0;
        (0..self.variables).filter(read).collect()
    }

    /// Copies the live part of the graph, with these variables only, which are in order and
    /// include those that it reads.
    pub(crate) fn narrow(&self, variables: &[u32]) -> Xag {
        self.copy(variables.len() as u32, |number| {
            Lit::new(
                1 + variables.partition_point(|&kept| kept < number) as u32,
                false,
            )
        })
    }

    /// Copies the live part of the graph.
    pub(crate) fn live_part(&self) -> Xag {
        self.copy(self.variables, |number| Lit::new(1 + number, false))
    }

    /// Makes the graph of a network under these masks; the network's own masks apply only if
    /// they are passed. Some of its gates may not be [live](Xag::live).
    pub fn from_network(network: &Network, masks: &Masks) -> Xag {
        let mut xag = Xag::default();
        Lowering::default().lower(network, masks, None, &mut xag);
        xag
    }
}

/// Hashes a gate by 32-bit multiplication, which takes a few instructions on every
/// processor. The upper bits of the product are mixed best, so they are folded down.
#[inline(always)]
fn hash(gate: XagGate) -> usize {
    let key = gate.a.rotate_left(16) ^ (gate.b << 2 | gate.kind as u32);
    let product = key.wrapping_mul(0x9E37_79B1);
    (product ^ product >> 15) as usize
}

/// The normal form of an operation of two literals: an operation of their nodes that gives
/// 0 for two zeros, and whether its output is complemented.
#[derive(Clone, Copy)]
#[repr(align(4))]
struct Form {
    op: Op,
    /// The gate for `op`, if it reads both operands.
    kind: Kind,
    /// True if the original operation is the complement of `op`.
    inverted: bool,
}

/// The forms of all operations, by number, plus 16 if `b` is complemented, plus 32 if `a`
/// is.
const FORMS: [Form; 64] = {
    let mut forms = [form(Op::FALSE); 64];
    let mut number = 0;
    while number < 16 {
        if let Some(op) = Op::new(number) {
            forms[number as usize] = form(op);
            forms[16 + number as usize] = form(op.complement_b());
            forms[32 + number as usize] = form(op.complement_a());
            forms[48 + number as usize] = form(op.complement_a().complement_b());
        }
        number += 1;
    }
    forms
};

impl Form {
    /// Returns the form of an operation of two nodes or their complements.
    #[inline(always)]
    fn of(op: Op, inverted_a: bool, inverted_b: bool) -> Form {
        let number = usize::from(op.number() & 15);
        FORMS[number | usize::from(inverted_b) << 4 | usize::from(inverted_a) << 5]
    }
}

const fn form(op: Op) -> Form {
    let inverted = op.apply(false, false);
    let op = if inverted { op.complement() } else { op };
    let kind = match (
        op.apply(false, true),
        op.apply(true, false),
        op.apply(true, true),
    ) {
        (true, true, true) => Kind::Or,
        (true, true, false) => Kind::Xor,
        (_, _, true) => Kind::And,
        (_, _, false) => Kind::AndNot,
    };
    Form { op, kind, inverted }
}

/// Makes graphs of networks and reuses its working memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lowering {
    lits: Vec<Lit>,
}

impl Lowering {
    /// Replaces `xag` by the graph of a network under masks, without the gates that no
    /// output depends on under any masks. With values of controls, these are constants. Takes
    /// time linear in the number of nodes, plus a binary search per mask.
    pub(crate) fn lower(
        &mut self,
        network: &Network,
        masks: &Masks,
        controls: Option<&Controls>,
        xag: &mut Xag,
    ) {
        xag.reset(network.variables(), network.reached().len());
        self.lits.clear();
        push_inputs(&mut self.lits, network, controls, xag);
        self.lits.resize(network.nodes() as usize, Lit::FALSE);
        let mut rest = network.reached();
        for (node, mask) in masks.range(0..network.nodes()) {
            let (before, from) = rest.split_at(rest.partition_point(|gate| gate.0 < node));
            self.gates(before, xag);
            rest = from;
            if node < network.inputs() {
                let lit = &mut self.lits[node as usize];
                *lit = match mask {
                    Mask::Force(value) => Lit::constant(value),
                    Mask::Invert => !*lit,
                    Mask::Replace(_) => *lit,
                };
            } else if let Some((&(masked, mut gate), after)) = from.split_first() {
                if masked == node {
                    gate.op = mask.apply(gate.op);
                    self.gates(&[(node, gate)], xag);
                    rest = after;
                }
            }
        }
        self.gates(rest, xag);
        let outputs = network.outputs().iter();
        xag.set_outputs(outputs.map(|&node| self.lits[node as usize]));
    }

    /// Adds gates, given with their nodes.
    fn gates(&mut self, gates: &[(u32, Gate)], xag: &mut Xag) {
        let lits = &mut self.lits[..];
        for &(node, Gate { op, a, b }) in gates {
            lits[node as usize] = xag.make(op, lits[a as usize], lits[b as usize]);
        }
    }
}

/// Appends the literals of a network's inputs.
fn push_inputs(lits: &mut Vec<Lit>, network: &Network, controls: Option<&Controls>, xag: &mut Xag) {
    let mut values = controls.map(Controls::values).unwrap_or_default().iter();
    let mut digit = Vec::new();
    for SourceSpan {
        source, variables, ..
    } in network.spans()
    {
        let is_control = matches!(source.signal, Signal::Control { .. });
        let value = if is_control { values.next() } else { None };
        let (first, end) = (variables.start, variables.end);
        let bit = |xag: &Xag, number: u32| match value {
            Some(value) => Lit::constant(value >> (number - first) & 1 == 1),
            None => xag.variable(number),
        };
        let digit_bits = u32::from(source.encoding.digit_bits());
        for lowest in variables.step_by(digit_bits as usize) {
            match source.encoding {
                InputEncoding::Binary => lits.push(bit(xag, lowest)),
                InputEncoding::Gray if lowest + 1 == end => lits.push(bit(xag, lowest)),
                InputEncoding::Gray => {
                    let (this, above) = (bit(xag, lowest), bit(xag, lowest + 1));
                    lits.push(xag.xor(this, above));
                }
                InputEncoding::Thermometer { .. } => {
                    for number in lowest..lowest + digit_bits {
                        thermometer(&mut digit, bit(xag, number), xag);
                    }
                    lits.append(&mut digit);
                }
                InputEncoding::OneHot { .. } => {
                    digit.push(Lit::TRUE);
                    for number in lowest..lowest + digit_bits {
                        one_hot(&mut digit, bit(xag, number), xag);
                    }
                    lits.append(&mut digit);
                }
            }
        }
    }
}

/// Adds the top bit h to a digit in thermometer encoding, `v > j` for every j: gives
/// `h OR (v > j)` for the lower half, h in the middle and `h AND (v > j)` for the upper half.
fn thermometer(digit: &mut Vec<Lit>, h: Lit, xag: &mut Xag) {
    let half = digit.len();
    digit.push(h);
    for j in 0..half {
        let above = xag.and(h, digit[j]);
        digit.push(above);
        digit[j] = xag.or(h, digit[j]);
    }
}

/// Adds the top bit h to a digit in one-hot encoding, `v = j` for every j.
fn one_hot(digit: &mut Vec<Lit>, h: Lit, xag: &mut Xag) {
    for j in 0..digit.len() {
        let above = xag.and(h, digit[j]);
        digit.push(above);
        digit[j] = xag.and(!h, digit[j]);
    }
}
