//! Gates under search, with what they give at every t.

use logicnet::{Op, vectorized};
use serde::{Deserialize, Serialize};

use crate::{Draft, Table};

/// Number of words of a block, 512 times: the unit of work.
pub(crate) const BLOCK: usize = 8;

/// A gate: its operation and the nodes of its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gate {
    op: u8,
    pub a: u32,
    pub b: u32,
}

impl Gate {
    pub fn new(op: Op, a: u32, b: u32) -> Gate {
        let op = op.number();
        Gate { op, a, b }
    }

    /// Returns whether it is a gate of this many nodes.
    pub fn is_valid(self, nodes: usize) -> bool {
        self.op < 16 && (self.a as usize) < nodes && (self.b as usize) < nodes
    }

    pub fn op(self) -> Op {
        Op::new(self.op).expect("gates are made from operations")
    }

    /// The operands that the operation reads.
    fn operands(self) -> impl Iterator<Item = u32> {
        let read = [(self.op().reads_a(), self.a), (self.op().reads_b(), self.b)];
        read.into_iter()
            .filter_map(|(reads, operand)| reads.then_some(operand))
    }

    /// Returns the signal that the gate repeats, if it is none of its own: a node and whether
    /// it is inverted. Constants repeat `zero`.
    pub fn signal(self, zero: u32) -> Option<(u32, bool)> {
        let Gate { a, b, .. } = self;
        let mut op = self.op();
        // Restricts the operation to the values that the operands can have.
        if a == zero {
            op = if op.apply(false, true) == op.apply(false, false) {
                Op::new(15 * u8::from(op.apply(false, false))).expect("0 or 15")
            } else if op.apply(false, true) {
                Op::B
            } else {
                Op::B.complement()
            };
        }
        if b == zero {
            op = if op.apply(true, false) == op.apply(false, false) {
                Op::new(15 * u8::from(op.apply(false, false))).expect("0 or 15")
            } else if op.apply(true, false) {
                Op::A
            } else {
                Op::NOT_A
            };
        }
        if a == b {
            op = match (op.apply(false, false), op.apply(true, true)) {
                (false, false) => Op::FALSE,
                (true, true) => Op::TRUE,
                (false, true) => Op::A,
                (true, false) => Op::NOT_A,
            };
        }
        let inverted = op.apply(false, false);
        match (op.reads_a(), op.reads_b()) {
            (false, false) => Some((zero, inverted)),
            (true, false) => Some((a, inverted)),
            (false, true) => Some((b, inverted)),
            (true, true) => None,
        }
    }
}

/// Gates in any order, without loops, and their planes. Nodes are numbered as in a [`Draft`],
/// and the last one is the constant 0. A gate is live if an output depends on it; the others
/// are candidates to be read.
#[derive(Clone, Debug)]
pub(crate) struct Circuit {
    inputs: u32,
    words: usize,
    /// By slot: the gates of the nodes from `inputs` on.
    gates: Vec<Gate>,
    outputs: Vec<(u32, bool)>,
    /// Gates that read a node, live or not. Those of the constant are not listed.
    readers: Vec<Vec<u32>>,
    /// Numbers of live gates and of outputs that read a node.
    uses: Vec<u32>,
    planes: Vec<u64>,
    live: usize,
    marks: Vec<u32>,
    mark: u32,
    spare: Vec<u64>,
}

/// The effects of a change of a gate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// For every changed output in a word: output, word, and the lanes that changed.
    pub lanes: Vec<(u8, u32, u64)>,
}

impl Circuit {
    /// Places gates and computes their planes.
    pub fn new(table: &Table, gates: Vec<Gate>, outputs: Vec<(u32, bool)>) -> Circuit {
        let inputs = table.bits();
        let words = table.words().next_multiple_of(BLOCK);
        let nodes = inputs as usize + gates.len() + 1;
        let mut circuit = Circuit {
            inputs,
            words,
            gates,
            outputs,
            readers: vec![Vec::new(); nodes],
            uses: vec![0; nodes],
            planes: vec![0; nodes * words],
            live: 0,
            marks: vec![0; nodes],
            mark: 0,
            spare: vec![0; words],
        };
        for bit in 0..inputs {
            let plane = table.counter_plane(bit);
            let words = circuit.range(bit);
            for (word, lanes) in circuit.planes[words].iter_mut().enumerate() {
                *lanes = plane[word % plane.len()];
            }
        }
        for node in inputs..circuit.zero() {
            let Gate { a, b, .. } = circuit.gate(node);
            circuit.readers[a as usize].push(node);
            circuit.readers[b as usize].push(node);
        }
        circuit.readers[nodes - 1].clear();
        let mut order = Vec::new();
        circuit.order(inputs..circuit.zero(), &mut order);
        for &node in order.iter().rev() {
            circuit.evaluate(node);
        }
        for output in 0..circuit.outputs.len() {
            circuit.add_use(circuit.outputs[output].0);
        }
        circuit
    }

    /// Number of bits of t.
    pub fn inputs(&self) -> u32 {
        self.inputs
    }

    /// The constant 0, which is also the number of the other nodes.
    pub fn zero(&self) -> u32 {
        self.inputs + self.gates.len() as u32
    }

    /// Number of words of a plane.
    pub fn words(&self) -> usize {
        self.words
    }

    /// Number of live gates.
    pub fn live(&self) -> usize {
        self.live
    }

    /// The gates, live or not, in the order of their nodes.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// The nodes of the outputs, and whether they are inverted.
    pub fn outputs(&self) -> &[(u32, bool)] {
        &self.outputs
    }

    /// Returns true for a slot without a gate.
    pub fn is_empty(&self, node: u32) -> bool {
        self.is_gate(node) && self.gate(node).a == self.zero()
    }

    pub fn is_gate(&self, node: u32) -> bool {
        (self.inputs..self.zero()).contains(&node)
    }

    pub fn gate(&self, node: u32) -> Gate {
        self.gates[(node - self.inputs) as usize]
    }

    pub fn is_live(&self, node: u32) -> bool {
        self.uses[node as usize] > 0
    }

    fn range(&self, node: u32) -> std::ops::Range<usize> {
        node as usize * self.words..(node as usize + 1) * self.words
    }

    /// The plane of a node: bit t % 64 of word t / 64 is its value at t.
    pub fn plane(&self, node: u32) -> &[u64] {
        &self.planes[self.range(node)]
    }

    /// The planes of all nodes, one after another.
    pub fn planes(&self) -> &[u64] {
        &self.planes
    }

    /// Lists a gate and all gates, live or not, that depend on it, operands first, and marks
    /// them for [`Circuit::is_marked`].
    pub fn cone(&mut self, node: u32, cone: &mut Vec<u32>) {
        self.order(std::iter::once(node), cone);
        cone.reverse();
    }

    /// Lists nodes and all gates that depend on them, readers first.
    fn order(&mut self, from: impl Iterator<Item = u32>, order: &mut Vec<u32>) {
        self.mark += 1;
        order.clear();
        let mut stack: Vec<(u32, usize)> = Vec::new();
        for node in from {
            if self.marks[node as usize] != self.mark {
                self.marks[node as usize] = self.mark;
                stack.push((node, 0));
            }
            while let Some((node, next)) = stack.last_mut() {
                if let Some(&reader) = self.readers[*node as usize].get(*next) {
                    *next += 1;
                    if self.marks[reader as usize] != self.mark {
                        self.marks[reader as usize] = self.mark;
                        stack.push((reader, 0));
                    }
                } else {
                    order.push(*node);
                    stack.pop();
                }
            }
        }
    }

    /// Returns true for the nodes of the last [cone](Circuit::cone).
    pub fn is_marked(&self, node: u32) -> bool {
        self.marks[node as usize] == self.mark
    }

    /// Counts a use of a node, and if it becomes live, those of its operands.
    fn add_use(&mut self, node: u32) {
        let mut rest = vec![node];
        while let Some(node) = rest.pop() {
            self.uses[node as usize] += 1;
            if self.uses[node as usize] == 1 && self.is_gate(node) {
                self.live += 1;
                rest.extend(self.gate(node).operands());
            }
        }
    }

    fn add_operands(&mut self, gate: Gate) {
        gate.operands().for_each(|operand| self.add_use(operand));
    }

    /// Takes back a use of a node, and if it becomes dead, those of its operands.
    fn drop_use(&mut self, node: u32) {
        let mut rest = vec![node];
        while let Some(node) = rest.pop() {
            self.uses[node as usize] -= 1;
            if self.uses[node as usize] == 0 && self.is_gate(node) {
                self.live -= 1;
                rest.extend(self.gate(node).operands());
            }
        }
    }

    fn drop_operands(&mut self, gate: Gate) {
        gate.operands().for_each(|operand| self.drop_use(operand));
    }

    /// Returns the number of live gates if this live gate were replaced by another.
    pub fn live_with(&mut self, node: u32, gate: Gate) -> usize {
        let before = self.gate(node);
        self.add_operands(gate);
        self.drop_operands(before);
        let repeats = gate.signal(self.zero()).is_some();
        let live = self.live - usize::from(repeats);
        self.add_operands(before);
        self.drop_operands(gate);
        live
    }

    /// Replaces a gate, whose operands are not in its cone, and notes what changes.
    pub fn set(&mut self, node: u32, gate: Gate, changes: &mut Changes) -> u64 {
        let before = self.gate(node);
        if self.is_live(node) {
            self.add_operands(gate);
            self.drop_operands(before);
        }
        self.set_readers(node, before, gate);
        self.gates[(node - self.inputs) as usize] = gate;
        self.update(node, changes)
    }

    fn set_readers(&mut self, node: u32, before: Gate, gate: Gate) {
        let zero = self.zero();
        for operand in [before.a, before.b] {
            if operand != zero {
                let readers = &mut self.readers[operand as usize];
                let place = readers.iter().position(|&reader| reader == node);
                readers.swap_remove(place.expect("operands list their readers"));
            }
        }
        for operand in [gate.a, gate.b] {
            if operand != zero {
                self.readers[operand as usize].push(node);
            }
        }
    }

    /// Brings the planes of a gate and its cone up to date. Returns the work.
    fn update(&mut self, node: u32, changes: &mut Changes) -> u64 {
        let mut cone = Vec::new();
        self.cone(node, &mut cone);
        self.mark += 1;
        let mut evaluated = 0;
        for &reader in &cone {
            let dirty = |operand: u32| self.marks[operand as usize] == self.mark;
            let gate = self.gate(reader);
            if reader != node && !dirty(gate.a) && !dirty(gate.b) {
                continue;
            }
            evaluated += 1;
            if self.evaluate(reader) {
                self.marks[reader as usize] = self.mark;
                for (output, &(driver, _)) in self.outputs.iter().enumerate() {
                    if driver == reader {
                        let plane = &self.planes[self.range(reader)];
                        let words = plane.iter().zip(&self.spare).enumerate();
                        changes.lanes.extend(
                            words
                                .filter(|(_, (new, old))| new != old)
                                .map(|(word, (new, old))| (output as u8, word as u32, new ^ old)),
                        );
                    }
                }
            }
        }
        evaluated * (self.words / BLOCK) as u64
    }

    /// Computes a gate's plane, leaves the plane before in `spare`, and returns true if they
    /// differ.
    fn evaluate(&mut self, node: u32) -> bool {
        let Gate { a, b, .. } = self.gate(node);
        let sum = self.gate(node).op().exclusive_sum();
        let [a, b, range] = [a, b, node].map(|node| self.range(node));
        let changed = apply(
            sum,
            &self.planes[a],
            &self.planes[b],
            &self.planes[range.clone()],
            &mut self.spare,
        );
        if changed {
            self.planes[range].swap_with_slice(&mut self.spare);
        }
        changed
    }

    /// Lets the readers of a gate that repeats a signal read the signal itself, and so on
    /// for readers that then repeat signals.
    pub fn bypass(&mut self, node: u32) {
        let mut repeating = vec![node];
        while let Some(node) = repeating.pop() {
            let Some((signal, inverted)) = self.gate(node).signal(self.zero()) else {
                continue;
            };
            for output in 0..self.outputs.len() {
                let (driver, inverts) = self.outputs[output];
                if driver == node {
                    self.outputs[output] = (signal, inverts ^ inverted);
                    self.add_use(signal);
                    self.drop_use(node);
                }
            }
            let mut readers = self.readers[node as usize].clone();
            readers.sort_unstable();
            readers.dedup();
            for reader in readers {
                let before = self.gate(reader);
                let mut op = before.op();
                if before.a == node && inverted {
                    op = op.complement_a();
                }
                if before.b == node && inverted {
                    op = op.complement_b();
                }
                let read = |operand| if operand == node { signal } else { operand };
                let gate = Gate::new(op, read(before.a), read(before.b));
                if self.is_live(reader) {
                    self.add_operands(gate);
                    self.drop_operands(before);
                }
                self.set_readers(reader, before, gate);
                self.gates[(reader - self.inputs) as usize] = gate;
                if gate.signal(self.zero()).is_some() {
                    repeating.push(reader);
                }
            }
            self.empty(node);
        }
    }

    /// Returns true if no gate reads a node.
    pub fn is_unread(&self, node: u32) -> bool {
        self.readers[node as usize].is_empty()
    }

    /// Makes another gate of a dead one that nothing reads.
    pub fn replace(&mut self, node: u32, gate: Gate) {
        self.set_readers(node, self.gate(node), gate);
        self.gates[(node - self.inputs) as usize] = gate;
        self.evaluate(node);
    }

    /// Makes the constant 0 of a gate that nothing reads.
    fn empty(&mut self, node: u32) {
        let (before, zero) = (self.gate(node), self.zero());
        let empty = Gate::new(Op::FALSE, zero, zero);
        self.set_readers(node, before, empty);
        self.gates[(node - self.inputs) as usize] = empty;
        let words = self.range(node);
        self.planes[words].fill(0);
    }

    /// Lets an output read another node, and notes what changes.
    pub fn set_output(&mut self, output: usize, signal: (u32, bool), changes: &mut Changes) {
        let (before, inverted) = self.outputs[output];
        let invert = 0u64.wrapping_sub(u64::from(inverted ^ signal.1));
        let planes = self.plane(before).iter().zip(self.plane(signal.0));
        let differ = planes.map(|(old, new)| old ^ new ^ invert).enumerate();
        changes.lanes.extend(
            differ
                .filter(|&(_, lanes)| lanes != 0)
                .map(|(word, lanes)| (output as u8, word as u32, lanes)),
        );
        self.outputs[output] = signal;
        self.add_use(signal.0);
        self.drop_use(before);
    }

    /// Makes a draft of the live gates, in an order that follows from the gates alone.
    pub fn live_draft(&self) -> Draft {
        let mut draft = Draft {
            inputs: self.inputs,
            gates: Vec::with_capacity(self.live + self.outputs.len()),
            outputs: Vec::new(),
        };
        let mut nodes: Vec<Option<u32>> = vec![None; self.uses.len()];
        for input in 0..self.inputs {
            nodes[input as usize] = Some(input);
        }
        nodes[self.zero() as usize] = Some(0);
        for &(driver, _) in &self.outputs {
            let mut stack = vec![driver];
            while let Some(&node) = stack.last() {
                if nodes[node as usize].is_some() {
                    stack.pop();
                    continue;
                }
                let Gate { op, a, b } = self.gate(node);
                match [a, b].map(|operand| nodes[operand as usize]) {
                    [Some(a), Some(b)] => {
                        nodes[node as usize] = Some(draft.inputs + draft.gates.len() as u32);
                        draft.gates.push((op, a, b));
                    }
                    [None, _] => stack.push(a),
                    [_, None] => stack.push(b),
                }
            }
        }
        for &(driver, inverted) in &self.outputs {
            let constant = driver == self.zero();
            let node = nodes[driver as usize].expect("outputs read live gates");
            let op = match (constant, inverted) {
                (true, true) => Op::TRUE,
                (true, false) => Op::FALSE,
                (false, true) => Op::NOT_A,
                (false, false) => {
                    draft.outputs.push(node);
                    continue;
                }
            };
            draft.outputs.push(draft.inputs + draft.gates.len() as u32);
            draft.gates.push((op.number(), node, node));
        }
        draft
    }

    /// Makes a draft of all gates, which keep their numbers. Operands have lower numbers.
    pub fn whole_draft(&self) -> Draft {
        Draft {
            inputs: self.inputs,
            gates: self
                .gates
                .iter()
                .map(|gate| (gate.op, gate.a, gate.b))
                .collect(),
            outputs: self.outputs.iter().map(|&(node, _)| node).collect(),
        }
    }
}

/// Turns a draft into gates and outputs for a circuit: without constants, wires, inverters and
/// gates that nothing reads, and with `spare` constants after them, or as it is.
pub(crate) fn gates_of(draft: &Draft, spare: usize) -> (Vec<Gate>, Vec<(u32, bool)>) {
    let graph = draft.to_graph();
    let clean = Draft::from_graph(&graph);
    let live = graph.live_gates().count();
    let gate = |&(op, a, b): &(u8, u32, u32)| Gate { op, a, b };
    let mut gates: Vec<Gate> = clean.gates[..live].iter().map(gate).collect();
    let zero = draft.inputs + (live + spare) as u32;
    let outputs = clean.outputs.iter().map(|&node| {
        let made = (node as usize).checked_sub(draft.inputs as usize + live);
        let signal = made.and_then(|made| gate(&clean.gates[live + made]).signal(zero));
        signal.unwrap_or((node, false))
    });
    let outputs = outputs.collect();
    gates.resize(live + spare, Gate::new(Op::FALSE, zero, zero));
    (gates, outputs)
}

vectorized! {
    /// Applies an operation, given as an exclusive sum, and returns true if the outcome is
    /// another than before.
    fn apply(sum: [bool; 4], a: &[u64], b: &[u64], before: &[u64], to: &mut [u64]) -> bool {
        let [c0, ca, cb, cab] = sum.map(|term| 0u64.wrapping_sub(u64::from(term)));
        let mut changed = 0;
        for (((to, before), a), b) in to.iter_mut().zip(before).zip(a).zip(b) {
            *to = c0 ^ (ca & a) ^ (cb & b) ^ (cab & a & b);
            changed |= *to ^ before;
        }
        changed != 0
    }
}
