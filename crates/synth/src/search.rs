//! Search by exact gains: changes of single gates that are known to lessen the loss.

use logicnet::{Op, random::Rng};
use serde::{Deserialize, Serialize};

use crate::circuit::{Changes, Circuit, Gate, gates_of};
use crate::draft::MAX_DRAFT_GATES;
use crate::gains::{Gains, Samples};
use crate::{Draft, Loss, Table};

/// The limits of a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Largest number of gates.
    pub gates: u32,
    /// Keeps the operands of all gates, and changes operations only.
    pub keep_wiring: bool,
    /// Nodes whose gates do not change. If there are any, all gates keep their numbers.
    pub frozen: Vec<u32>,
    /// The seed of all chance.
    pub seed: u64,
}

/// A search for a network of at most a number of gates and of little loss.
///
/// Flips one gate at a time, and knows from what its outputs then give what the loss gains by
/// any other function of this gate at every t. Of many pairs of operands it takes the best
/// one, with the best of the sixteen operations, if the loss becomes no greater; or by a
/// little, at first. More gates than allowed get a price, which rises until they are few
/// enough.
#[derive(Clone, Debug)]
pub struct Search {
    settings: Settings,
    circuit: Circuit,
    samples: Samples,
    rng: Rng,
    price: f64,
    start: usize,
    visits: u64,
    best: Draft,
    best_loss: u64,
    best_gates: usize,
    gains: Gains,
    changes: Changes,
    cone: Vec<u32>,
}

/// All that a search needs to continue exactly where it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedSearch {
    settings: Settings,
    gates: Vec<Gate>,
    outputs: Vec<(u32, bool)>,
    weights: Vec<u8>,
    rng: u64,
    price: f64,
    start: usize,
    visits: u64,
    best: Draft,
    best_loss: u64,
    best_gates: usize,
}

impl SavedSearch {
    /// Returns whether the numbers fit each other and a table, so that the search can continue.
    pub(crate) fn is_valid(&self, table: &Table, loss: &Loss) -> bool {
        let inputs = table.bits() as usize;
        // The gates' nodes, and the constant.
        let nodes = inputs + self.gates.len() + 1;
        let is_node = |node: u32| (node as usize) < nodes;
        self.gates.len() <= MAX_DRAFT_GATES
            && self.gates.iter().all(|gate| gate.is_valid(nodes))
            && !has_loop(inputs, &self.gates)
            && self.outputs.len() == usize::from(table.sample_bits())
            && self.outputs.iter().all(|&(node, _)| is_node(node))
            && self.weights.len() == loss.weights().len()
            && !self.weights.contains(&0)
            && self.price.is_finite()
            && self.best.is_valid(table)
    }
}

/// Returns whether a gate depends on itself.
fn has_loop(inputs: usize, gates: &[Gate]) -> bool {
    let gate_of = |node: u32| {
        (node as usize)
            .checked_sub(inputs)
            .filter(|&i| i < gates.len())
    };
    let mut waiting = vec![0u8; gates.len()];
    let mut readers = vec![Vec::new(); gates.len()];
    for (index, gate) in gates.iter().enumerate() {
        for operand in [gate.a, gate.b].into_iter().filter_map(gate_of) {
            readers[operand].push(index);
            waiting[index] += 1;
        }
    }
    let mut ready: Vec<usize> = (0..gates.len()).filter(|&i| waiting[i] == 0).collect();
    let mut placed = 0;
    while let Some(index) = ready.pop() {
        placed += 1;
        for &reader in &readers[index] {
            waiting[reader] -= 1;
            if waiting[reader] == 0 {
                ready.push(reader);
            }
        }
    }
    placed < gates.len()
}

/// The best change found of a gate.
struct Candidate {
    gate: Gate,
    /// The change of the loss and of the price of the gates.
    cost: f64,
    /// Number of candidates of the same cost so far.
    ties: u32,
}

impl Search {
    /// Starts from gates, of which there may be none, or more than the settings allow.
    pub fn new(table: &Table, loss: Loss, start: &Draft, mut settings: Settings) -> Search {
        settings.frozen.sort_unstable();
        let rng = Rng::new(settings.seed);
        let (gates, outputs) = if keeps_numbers(&settings) {
            let gate =
                |&(op, a, b): &(u8, u32, u32)| Gate::new(Op::new(op).unwrap_or(Op::FALSE), a, b);
            let gates = start.gates.iter().map(gate).collect();
            (
                gates,
                start.outputs.iter().map(|&node| (node, false)).collect(),
            )
        } else {
            let live = start.size();
            let slots = (settings.gates as usize).max(live) + spare(settings.gates);
            gates_of(start, slots - live)
        };
        let nothing = Draft {
            inputs: table.bits(),
            gates: vec![(0, 0, 0)],
            outputs: vec![table.bits(); usize::from(table.sample_bits())],
        };
        let saved = SavedSearch {
            settings,
            gates,
            outputs,
            weights: loss.weights().to_vec(),
            rng: rng.state(),
            price: 0.0,
            start: 0,
            visits: 0,
            best: nothing,
            best_loss: u64::MAX,
            best_gates: 0,
        };
        let mut search = Search::restore(table, loss, saved);
        search.start = search.circuit.live();
        search.price = LOWEST_PRICE;
        search.fill();
        search.note_best();
        search
    }

    /// Continues a saved search of the same table and loss.
    pub fn restore(table: &Table, mut loss: Loss, saved: SavedSearch) -> Search {
        let circuit = Circuit::new(table, saved.gates, saved.outputs);
        loss.set_weights(saved.weights);
        Search {
            settings: saved.settings,
            samples: Samples::new(loss, table, &circuit),
            circuit,
            rng: Rng::new(saved.rng),
            price: saved.price,
            start: saved.start,
            visits: saved.visits,
            best: saved.best,
            best_loss: saved.best_loss,
            best_gates: saved.best_gates,
            gains: Gains::default(),
            changes: Changes::default(),
            cone: Vec::new(),
        }
    }

    /// Returns all that is needed to continue exactly where the search is.
    pub fn save(&self) -> SavedSearch {
        SavedSearch {
            settings: self.settings.clone(),
            gates: self.circuit.gates().to_vec(),
            outputs: self.circuit.outputs().to_vec(),
            weights: self.samples.loss().weights().to_vec(),
            rng: self.rng.state(),
            price: self.price,
            start: self.start,
            visits: self.visits,
            best: self.best.clone(),
            best_loss: self.best_loss,
            best_gates: self.best_gates,
        }
    }

    /// The best gates so far within the limit: those of the least loss, and of these the
    /// fewest.
    pub fn best(&self) -> &Draft {
        &self.best
    }

    /// The loss of the best gates, or `u64::MAX` as long as there are more than the limit.
    pub fn loss(&self) -> u64 {
        self.best_loss
    }

    /// Number of the best gates.
    pub fn gates(&self) -> usize {
        self.best_gates
    }

    /// Sets the weights of the frames of the loss.
    pub fn set_weights(&mut self, weights: Vec<u8>) {
        self.samples.set_weights(weights);
        if self.best_loss != u64::MAX {
            self.best_loss = self.samples.loss().of(&self.best.samples());
        }
        self.note_best();
    }

    /// Does about this much work, and returns how much was done. `part` is the part of all
    /// work that is done before it, 0.0 to 1.0. The unit is a gate at 512 times.
    pub fn step(&mut self, work: u64, part: f64) -> u64 {
        let left = 1.0 - part.clamp(0.0, 1.0);
        let limit = self.limit();
        let pruned = (2.0 * left - 1.0).max(0.0);
        let target = limit + (self.start.saturating_sub(limit) as f64 * pruned) as usize;
        // Heat would destroy what a start has.
        let heat = if self.start > 0 { 0.0 } else { HEAT };
        let mut done = 0;
        while done < work {
            let loss = self.samples.total() as f64;
            let temperature = loss * heat * left * left;
            done += self.visit(temperature);
            self.visits += 1;
            self.price = if self.circuit.live() > target {
                (self.price * 1.003).max(loss * 1e-9)
            } else {
                self.price * 0.99
            };
            self.price = self.price.max(LOWEST_PRICE);
            if self.visits % 128 == 0 {
                self.note_best();
            }
        }
        self.note_best();
        done
    }

    /// Largest number of gates. Gates that keep their numbers all stay.
    fn limit(&self) -> usize {
        if keeps_numbers(&self.settings) {
            self.circuit.gates().len()
        } else {
            self.settings.gates as usize
        }
    }

    fn note_best(&mut self) {
        let (loss, gates) = (self.samples.total() as u64, self.circuit.live());
        if gates <= self.limit() && (loss, gates) < (self.best_loss, self.best_gates) {
            self.best = if keeps_numbers(&self.settings) {
                self.circuit.whole_draft()
            } else {
                self.circuit.live_draft()
            };
            (self.best_loss, self.best_gates) = (loss, gates);
        }
    }

    /// Fills free slots with random gates, for others to read.
    fn fill(&mut self) {
        if keeps_numbers(&self.settings) {
            return;
        }
        for node in self.circuit.inputs()..self.circuit.zero() {
            if !self.circuit.is_live(node) {
                self.renew(node);
            }
        }
    }

    /// Makes a random gate of a dead one. Returns the work.
    fn renew(&mut self, node: u32) -> u64 {
        const OPS: [u8; 10] = [1, 2, 4, 6, 7, 8, 9, 11, 13, 14];
        self.circuit.cone(node, &mut self.cone);
        let [a, b] = [(); 2].map(|()| self.operand(node));
        let op = Op::new(OPS[self.rng.below(10) as usize]).expect("an operation");
        if a == b || a == self.circuit.zero() || b == self.circuit.zero() {
            return 1;
        }
        self.circuit
            .set(node, Gate::new(op, a, b), &mut self.changes)
    }

    /// Draws an operand that does not depend on the gate whose cone is marked; or the
    /// constant, if there is none at hand.
    fn operand(&mut self, node: u32) -> u32 {
        let inputs = self.circuit.inputs();
        for _ in 0..8 {
            let draw = self.rng.below(8);
            let operand = if draw == 0 {
                self.rng.below(inputs)
            } else {
                self.rng.below(self.circuit.zero())
            };
            let later = keeps_numbers(&self.settings) && operand >= node;
            if !later && !self.circuit.is_marked(operand) && !self.circuit.is_empty(operand) {
                return operand;
            }
        }
        self.circuit.zero()
    }

    /// Tries to improve one gate or output. Returns the work.
    fn visit(&mut self, temperature: f64) -> u64 {
        if self.rng.below(256) == 0 && !keeps_numbers(&self.settings) {
            return self.visit_output();
        }
        let slots = self.circuit.gates().len() as u32;
        if slots == 0 {
            return 1;
        }
        let live = self.rng.below(16) != 0;
        let node = self.draw(live);
        if self.circuit.is_live(node) {
            if self.settings.frozen.binary_search(&node).is_ok() {
                return 1;
            }
            self.visit_gate(node, temperature)
        } else if keeps_numbers(&self.settings) {
            1
        } else {
            self.renew(node)
        }
    }

    /// Draws a gate that is live or dead, if it finds one soon; another, if not.
    fn draw(&mut self, live: bool) -> u32 {
        let slots = self.circuit.gates().len() as u32;
        let mut node = 0;
        for _ in 0..8 {
            node = self.circuit.inputs() + self.rng.below(slots);
            if self.circuit.is_live(node) == live {
                break;
            }
        }
        node
    }

    /// Copies a gate to a dead one that no other reads, if there may be more gates. A gate that
    /// then reads the copy of itself corrects it.
    fn copy(&mut self, gate: Gate) -> Option<u32> {
        if keeps_numbers(&self.settings) || self.circuit.live() >= self.limit() {
            return None;
        }
        let slot = self.draw(false);
        if self.circuit.is_live(slot) || !self.circuit.is_unread(slot) {
            return None;
        }
        self.circuit.replace(slot, gate);
        Some(slot)
    }

    /// Tries to improve a live gate. Returns the work.
    fn visit_gate(&mut self, node: u32, temperature: f64) -> u64 {
        let mut cone = std::mem::take(&mut self.cone);
        self.circuit.cone(node, &mut cone);
        let mut work = 1 + cone.len() as u64 / 8;
        work += self.gains.of_gate(&self.circuit, &self.samples, &cone);
        self.cone = cone;
        let gate = self.circuit.gate(node);
        let zero = self.circuit.zero();
        let mut best = Candidate {
            gate,
            cost: f64::MAX,
            ties: 0,
        };
        let keeps_numbers = keeps_numbers(&self.settings);
        if self.settings.keep_wiring {
            work += self.gains.fix(&self.circuit, gate.a);
            let [(op, change), _] = self.gains.pair(&self.circuit, gate.b);
            self.consider(node, Gate::new(op, gate.a, gate.b), change, &mut best);
            return work + self.decide(node, &best, temperature);
        }
        for value in [false, true].into_iter().filter(|_| !keeps_numbers) {
            let op = [Op::FALSE, Op::TRUE][usize::from(value)];
            let change = self.gains.constant(value);
            self.consider(node, Gate::new(op, zero, zero), change, &mut best);
        }
        let tries = work / EFFORT / self.gains.candidate_work();
        let tries = tries.clamp(CANDIDATES[0], CANDIDATES[1]);
        let fixed = match self.rng.below(8) {
            0..3 => gate.a,
            3..6 => gate.b,
            6 => match self.copy(gate) {
                Some(copy) => copy,
                None => self.operand(node),
            },
            _ => self.operand(node),
        };
        work += self.gains.fix(&self.circuit, fixed);
        for i in 0..tries {
            let b = match i {
                0 => gate.a,
                1 => gate.b,
                _ => self.operand(node),
            };
            if b == zero {
                continue;
            }
            work += self.gains.candidate_work();
            let [(op, change), (wire, wired)] = self.gains.pair(&self.circuit, b);
            if b != fixed {
                self.consider(node, Gate::new(op, fixed, b), change, &mut best);
            }
            self.consider(node, Gate::new(wire, b, b), wired, &mut best);
        }
        work + self.decide(node, &best, temperature)
    }

    /// Makes a change if it is good enough. Returns the work.
    fn decide(&mut self, node: u32, best: &Candidate, temperature: f64) -> u64 {
        if best.cost == f64::MAX {
            return 0;
        }
        let change = self.gains.exact(&self.circuit, best.gate);
        let live = self.circuit.live_with(node, best.gate) as f64 - self.circuit.live() as f64;
        let cost = change as f64 + self.price * live;
        if cost <= 0.0 || cost <= temperature * exponential(&mut self.rng) {
            return self.accept(node, best.gate, change);
        }
        0
    }

    /// Replaces a gate. Returns the work.
    fn accept(&mut self, node: u32, gate: Gate, change: i64) -> u64 {
        let before = self.samples.total();
        let work = self.circuit.set(node, gate, &mut self.changes);
        self.samples.change(&mut self.changes.lanes);
        debug_assert_eq!(self.samples.total(), before + change);
        if gate.signal(self.circuit.zero()).is_some() && !keeps_numbers(&self.settings) {
            self.circuit.bypass(node);
        }
        work
    }

    /// Keeps a change if it is the best so far, and is one.
    fn consider(&mut self, node: u32, gate: Gate, change: i64, best: &mut Candidate) {
        let present = self.circuit.gate(node);
        let turned = Gate::new(swapped(gate.op()), gate.b, gate.a);
        if gate == present || turned == present {
            return;
        }
        let live = self.circuit.live_with(node, gate) as f64 - self.circuit.live() as f64;
        let cost = change as f64 + self.price * live;
        if cost < best.cost {
            *best = Candidate {
                gate,
                cost,
                ties: 1,
            };
        } else if cost == best.cost {
            best.ties += 1;
            if self.rng.below(best.ties) == 0 {
                best.gate = gate;
            }
        }
    }

    /// Lets an output read the node that is best for it. Returns the work.
    fn visit_output(&mut self) -> u64 {
        let output = self.rng.below(self.circuit.outputs().len() as u32) as usize;
        let mut work = self.gains.of_output(&self.circuit, &self.samples, output);
        let (node, inverted) = self.circuit.outputs()[output];
        let zero = self.circuit.zero();
        let mut best = (node, false, 0.0, 1);
        work += self.gains.fix(&self.circuit, zero);
        for b in 0..=zero {
            if b == node || self.circuit.is_empty(b) {
                continue;
            }
            let [_, (op, change)] = self.gains.pair(&self.circuit, b);
            work += self.gains.candidate_work();
            let inverts = op != Op::B;
            let change = change as f64;
            if change < best.2 {
                best = (b, inverts, change, 1);
            } else if change == best.2 {
                best.3 += 1;
                if self.rng.below(best.3) == 0 {
                    (best.0, best.1) = (b, inverts);
                }
            }
        }
        let op = if best.1 { Op::NOT_A } else { Op::A };
        let change = self
            .gains
            .exact(&self.circuit, Gate::new(op, best.0, best.0));
        if best.0 != node && change <= 0 {
            self.circuit
                .set_output(output, (best.0, best.1 ^ inverted), &mut self.changes);
            let before = self.samples.total();
            self.samples.change(&mut self.changes.lanes);
            debug_assert_eq!(self.samples.total(), before + change);
        }
        work
    }
}

/// Price of a gate if there are not too many: among equals, fewer gates win.
const LOWEST_PRICE: f64 = 0.01;
/// Part of the loss that is the temperature at first.
const HEAT: f64 = 4e-4;
/// Least and greatest number of operands tried at a visit.
const CANDIDATES: [u64; 2] = [24, 100];
/// Work of finding the effects of a gate for each unit of work on operands.
const EFFORT: u64 = 4;

fn keeps_numbers(settings: &Settings) -> bool {
    settings.keep_wiring || !settings.frozen.is_empty()
}

fn spare(gates: u32) -> usize {
    (gates as usize).clamp(64, 512)
}

/// Returns the operation with its operands exchanged.
fn swapped(op: Op) -> Op {
    let number = op.number();
    Op::new(number & 0b1001 | (number & 0b0100) >> 1 | (number & 0b0010) << 1).expect("four bits")
}

/// Draws a number with about the exponential distribution of mean 1, the same on every machine:
/// the logarithm of a uniform number with the mantissa as it is.
fn exponential(rng: &mut Rng) -> f64 {
    let bits = rng.next() | 1;
    let zeros = bits.leading_zeros();
    let mantissa = (bits << zeros << 1 >> 12) as f64 / (1u64 << 52) as f64;
    (f64::from(zeros) + 1.0 - mantissa) * std::f64::consts::LN_2
}
