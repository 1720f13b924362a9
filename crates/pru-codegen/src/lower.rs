//! A graph as the operations that a PRU has: AND, OR, XOR and NOT.
//!
//! There is no AND NOT, so values are kept complemented where that saves inversions.
//! An AND of two complements is the complement of an OR, so a gate of the AND kind may
//! be made either way (De Morgan), as long as both operands are at hand alike; XOR
//! takes its operands as they come and passes their complement on. What is wanted both
//! ways costs one NOT.

use alloc::vec;
use alloc::vec::Vec;

use logicnet::random::Rng;
use logicnet::{Kind, Xag};

/// Bits of t that differ within a pass.
pub(crate) const LANE_BITS: u32 = 5;

/// An operation of the PRU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    And,
    Or,
    Xor,
    Not,
}

/// One operation of values; `Not` has the same one twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) action: Action,
    pub(crate) a: u32,
    pub(crate) b: u32,
    /// The graph's node that it is the value of, or the complement.
    pub(crate) node: u32,
    pub(crate) inverted: bool,
}

/// A bit of t as a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    pub(crate) bit: u8,
    /// Whether it is kept complemented: never a bit that differs within a pass.
    pub(crate) inverted: bool,
}

/// What an output is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Output {
    Constant(bool),
    Value(u32),
}

/// Values: first the inputs, then what the steps make, each of earlier ones.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) inputs: Vec<Input>,
    pub(crate) steps: Vec<Step>,
    pub(crate) outputs: Vec<Output>,
    /// Live gates of the graph.
    pub(crate) gates: usize,
    /// The node of the graph's first gate: those before it are bits of t.
    pub(crate) first_gate: u32,
}

impl Plan {
    pub(crate) fn values(&self) -> usize {
        self.inputs.len() + self.steps.len()
    }

    /// The step that makes a value, unless it is an input.
    pub(crate) fn step(&self, value: u32) -> Option<&Step> {
        let index = (value as usize).checked_sub(self.inputs.len())?;
        self.steps.get(index)
    }

    /// The graph's live gates as steps.
    pub(crate) fn of(graph: &Xag) -> Plan {
        let mut free = vec![false; graph.nodes() as usize];
        let mut best: Option<Plan> = None;
        for _ in 0..ROUNDS {
            let mut polarity = Polarity::new(graph, &free);
            polarity.improve();
            let plan = polarity.plan();
            polarity.free_xors(&mut free);
            if best
                .as_ref()
                .is_none_or(|best| plan.steps.len() < best.steps.len())
            {
                best = Some(plan);
            }
        }
        best.unwrap_or_else(|| Polarity::new(graph, &free).plan())
    }
}

/// A gate of the AND kind as `!?(?a AND ?b)`: which of the three are complemented.
fn complements(kind: Kind) -> Option<[bool; 3]> {
    match kind {
        Kind::And => Some([false, false, false]),
        Kind::AndNot => Some([false, true, false]),
        Kind::Or => Some([true, true, true]),
        Kind::Xor => None,
    }
}

/// Searches for polarities. After each, it is known which values will be there both
/// ways, and so which XOR gates are free to be either way in the next.
const ROUNDS: usize = 4;
/// Work that the search for polarities may do, in nodes looked at: it bounds the time.
const MOST_LOOKS: usize = 1_500_000;
/// Passes over all gates.
const PASSES: u32 = 16;
/// The last of them, which turn nothing but to save inversions.
const LAST_PASSES: u32 = 3;
/// In the first pass, one in this many turns that cost an inversion is made; in later
/// ones, fewer are.
const COLD: u32 = 20;

/// Which nodes are kept complemented.
struct Polarity<'g> {
    graph: &'g Xag,
    live: Vec<bool>,
    /// Of gates of the AND kind: made by OR of complements.
    by_or: Vec<bool>,
    /// Whether a node is kept complemented.
    inverted: Vec<bool>,
    /// How often a node is wanted as it is, and complemented.
    wanted: Vec<[u32; 2]>,
    /// XOR gates that are taken to be free to be kept either way.
    free: Vec<bool>,
    /// XOR gates that turn with a node.
    turned: Vec<Vec<u32>>,
}

impl<'g> Polarity<'g> {
    fn new(graph: &'g Xag, free: &[bool]) -> Polarity<'g> {
        let nodes = graph.nodes() as usize;
        let mut live = vec![true; graph.first_gate() as usize];
        live.extend(graph.live());
        let mut polarity = Polarity {
            graph,
            live,
            by_or: vec![false; nodes],
            inverted: vec![false; nodes],
            wanted: vec![[0; 2]; nodes],
            free: free.to_vec(),
            turned: vec![Vec::new(); nodes],
        };
        // The nodes whose polarities make up that of an XOR.
        let mut leaves: Vec<Vec<u32>> = vec![Vec::new(); nodes];
        for node in 0..nodes as u32 {
            let n = node as usize;
            let Some(gate) = graph.gate(node).filter(|_| polarity.live[n]) else {
                leaves[n].push(node);
                continue;
            };
            let (a, b) = (gate.a as usize, gate.b as usize);
            if let Some([not_a, not_b, not_out]) = complements(gate.kind) {
                leaves[n].push(node);
                // By OR where that inverts less.
                let or = gate.kind == Kind::Or;
                polarity.by_or[n] = or;
                polarity.inverted[n] = not_out ^ or;
                polarity.wanted[a][usize::from(not_a ^ or)] += 1;
                polarity.wanted[b][usize::from(not_b ^ or)] += 1;
            } else {
                polarity.inverted[n] = polarity.inverted[a] ^ polarity.inverted[b];
                if polarity.free[n] {
                    leaves[n].push(node);
                    continue;
                }
                let both = symmetric_difference(&leaves[a], &leaves[b]);
                for &leaf in &both {
                    polarity.turned[leaf as usize].push(node);
                }
                leaves[n] = both;
            }
        }
        for output in graph.outputs() {
            if output.node() > 0 {
                polarity.wanted[output.node() as usize][usize::from(output.inverted())] += 1;
            }
        }
        polarity
    }

    /// Whether a node may be kept either way for nothing: a bit of t that is the same
    /// for all lanes.
    fn is_free(&self, node: usize) -> bool {
        node > LANE_BITS as usize && node < self.graph.first_gate() as usize
    }

    /// Inversions that a node needs: 0 or 1.
    fn cost(&self, node: usize) -> i32 {
        i32::from(self.wanted[node][usize::from(!self.inverted[node])] > 0)
    }

    /// Keeps a gate of the AND kind, or a bit of t, the other way. The change in
    /// inversions.
    fn turn(&mut self, node: usize) -> i32 {
        let mut change = 0;
        let by_or = self.by_or[node];
        let gate = self.graph.gate(node as u32);
        let operands = gate.and_then(|gate| {
            let [not_a, not_b, _] = complements(gate.kind)?;
            Some([(gate.a, not_a), (gate.b, not_b)])
        });
        for (operand, complemented) in operands.into_iter().flatten() {
            let operand = operand as usize;
            let before = self.cost(operand);
            let wanted = &mut self.wanted[operand];
            wanted[usize::from(complemented ^ by_or)] -= 1;
            wanted[usize::from(complemented ^ !by_or)] += 1;
            change += self.cost(operand) - before;
        }
        self.by_or[node] = !by_or;
        change += self.invert(node);
        for i in 0..self.turned[node].len() {
            change += self.invert(self.turned[node][i] as usize);
        }
        change
    }

    fn invert(&mut self, node: usize) -> i32 {
        let before = self.cost(node);
        self.inverted[node] = !self.inverted[node];
        self.cost(node) - before
    }

    /// Turns gates where that saves inversions, and at first sometimes where it does not,
    /// since that may lead on to where it does.
    fn improve(&mut self) {
        let mut rng = Rng::new(0);
        let mut looks = 0;
        let turnable = |&node: &usize| match self.graph.gate(node as u32) {
            Some(gate) => (gate.kind != Kind::Xor || self.free[node]) && self.live[node],
            None => self.is_free(node),
        };
        let gates: Vec<usize> = (0..self.live.len()).filter(turnable).collect();
        let (mut cost, mut best) = (0, 0);
        let mut best_way = self.inverted.clone();
        for pass in 0..PASSES {
            let restless = pass + LAST_PASSES < PASSES;
            for &node in &gates {
                looks += 4 + 2 * self.turned[node].len();
                let change = self.turn(node);
                let keep = match change {
                    ..=-1 => true,
                    0 => restless && rng.below(2) == 0,
                    1 => restless && rng.below(COLD * (1 + pass)) == 0,
                    _ => false,
                };
                if keep {
                    cost += change;
                } else {
                    self.turn(node);
                }
            }
            if cost < best {
                best = cost;
                best_way.copy_from_slice(&self.inverted);
            }
            if looks > MOST_LOOKS {
                break;
            }
        }
        for &node in &gates {
            if self.inverted[node] != best_way[node] {
                self.turn(node);
            }
        }
    }

    /// Whether a node is wanted both ways.
    fn is_double(&self, node: u32) -> bool {
        self.cost(node as usize) > 0
    }

    /// Marks the XOR gates of which an operand is there both ways.
    fn free_xors(&self, free: &mut [bool]) {
        for (node, free) in (0..).zip(free) {
            let gate = self.graph.gate(node).filter(|gate| gate.kind == Kind::Xor);
            *free = gate.is_some_and(|gate| self.is_double(gate.a) || self.is_double(gate.b));
        }
    }

    fn plan(&self) -> Plan {
        let graph = self.graph;
        let mut inputs = Vec::new();
        let mut read = vec![false; graph.first_gate() as usize];
        let live_gates = (graph.first_gate()..graph.nodes()).filter(|&n| self.live[n as usize]);
        let operands = live_gates.clone().filter_map(|node| graph.gate(node));
        let operands = operands.flat_map(|gate| [gate.a, gate.b]);
        for node in operands.chain(graph.outputs().iter().map(|output| output.node())) {
            if let Some(read) = read.get_mut(node as usize) {
                *read = true;
            }
        }
        // The value of a node as it is kept, and of its complement.
        let mut kept = vec![[u32::MAX; 2]; graph.nodes() as usize];
        for node in 1..graph.first_gate() as usize {
            if read[node] {
                let inverted = self.inverted[node];
                kept[node][usize::from(inverted)] = inputs.len() as u32;
                inputs.push(Input {
                    bit: node as u8 - 1,
                    inverted,
                });
            }
        }
        let first = inputs.len() as u32;
        let mut steps: Vec<Step> = Vec::new();
        let mut push = |step: Step| {
            steps.push(step);
            first + steps.len() as u32 - 1
        };
        for node in (1..graph.first_gate()).chain(live_gates.clone()) {
            let n = node as usize;
            if let Some(gate) = graph.gate(node) {
                let (a, b) = (kept[gate.a as usize], kept[gate.b as usize]);
                let (action, a, b, inverted) =
                    if let Some([not_a, not_b, not_out]) = complements(gate.kind) {
                        let or = self.by_or[n];
                        let action = if or { Action::Or } else { Action::And };
                        let (a, b) = (a[usize::from(not_a ^ or)], b[usize::from(not_b ^ or)]);
                        (action, a, b, not_out ^ or)
                    } else {
                        let (a, b, inverted) = xor_operands(a, b, self.wanted[n]);
                        (Action::Xor, a, b, inverted)
                    };
                let value = push(Step {
                    action,
                    a,
                    b,
                    node,
                    inverted,
                });
                kept[n][usize::from(inverted)] = value;
            }
            let value = kept[n][0].min(kept[n][1]);
            if value == u32::MAX {
                continue;
            }
            for way in 0..2 {
                if self.wanted[n][way] > 0 && kept[n][way] == u32::MAX {
                    kept[n][way] = push(Step {
                        action: Action::Not,
                        a: value,
                        b: value,
                        node,
                        inverted: way == 1,
                    });
                }
            }
        }
        let outputs = graph
            .outputs()
            .iter()
            .map(|&output| match output.as_constant() {
                Some(constant) => Output::Constant(constant),
                None => Output::Value(kept[output.node() as usize][usize::from(output.inverted())]),
            });
        Plan {
            outputs: outputs.collect(),
            inputs,
            gates: live_gates.count(),
            first_gate: graph.first_gate(),
            steps,
        }
    }
}

/// The operands of an XOR, and whether its value is complemented: as it is wanted if
/// there is a choice.
fn xor_operands(a: [u32; 2], b: [u32; 2], wanted: [u32; 2]) -> (u32, u32, bool) {
    let there = |value: [u32; 2]| (0..2).filter(move |&way| value[way] != u32::MAX);
    let ways = there(a).flat_map(|i| there(b).map(move |j| (i, j)));
    let (i, j) = ways.max_by_key(|&(i, j)| wanted[i ^ j]).unwrap_or_default();
    (a[i], b[j], i ^ j == 1)
}

/// What is in one of two sorted lists.
fn symmetric_difference(a: &[u32], b: &[u32]) -> Vec<u32> {
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::with_capacity(a.len() + b.len());
    while i < a.len() || j < b.len() {
        let (x, y) = (a.get(i), b.get(j));
        match (x, y) {
            (Some(x), Some(y)) if x == y => {
                i += 1;
                j += 1;
            }
            (Some(&x), y) if y.is_none_or(|&y| x < y) => {
                out.push(x);
                i += 1;
            }
            (_, Some(&y)) => {
                out.push(y);
                j += 1;
            }
            _ => break,
        }
    }
    out
}
