//! Lowering of a graph to the PRU's operations AND, OR, XOR and NOT.
//!
//! The PRU has no AND NOT, so values are stored complemented where that saves inversions.
//! The AND of two complements is the complement of an OR, so gates of the AND kind can be
//! computed either way (De Morgan) if both operands are available in the same polarity. XOR
//! accepts any polarity and passes complements on. A value that is needed in both polarities
//! costs one NOT.

use alloc::vec;
use alloc::vec::Vec;

use logicnet::random::Rng;
use logicnet::{Kind, Xag};

/// Number of bits of t that differ within a pass.
pub(crate) const LANE_BITS: u32 = 5;

/// An operation of the PRU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepOp {
    And,
    Or,
    Xor,
    Not,
}

/// An operation on values; `Not` has the same operand twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) op: StepOp,
    pub(crate) a: u32,
    pub(crate) b: u32,
    /// The node of the graph whose value, or complement, this step computes.
    pub(crate) node: u32,
    pub(crate) inverted: bool,
}

impl Step {
    /// Iterates over the operands, each once.
    pub(crate) fn operands(&self) -> impl Iterator<Item = u32> + use<> {
        let second = (self.b != self.a).then_some(self.b);
        [self.a].into_iter().chain(second)
    }
}

/// A bit of t.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    pub(crate) bit: u8,
    /// True if stored complemented; never for a bit that differs within a pass.
    pub(crate) inverted: bool,
}

/// The source of an output.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Output {
    Constant(bool),
    Value(u32),
}

/// The lowered graph. Values are numbered: first the inputs, then the results of the steps,
/// each computed from earlier values.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) inputs: Vec<Input>,
    pub(crate) steps: Vec<Step>,
    pub(crate) outputs: Vec<Output>,
    /// Live gates of the graph.
    pub(crate) gates: usize,
    /// The graph's first gate; the nodes before it are bits of t.
    pub(crate) first_gate: u32,
}

impl Plan {
    pub(crate) fn values(&self) -> usize {
        self.inputs.len() + self.steps.len()
    }

    /// Returns the step that computes a value, or `None` for an input.
    pub(crate) fn step(&self, value: u32) -> Option<&Step> {
        let index = (value as usize).checked_sub(self.inputs.len())?;
        self.steps.get(index)
    }

    /// Lowers the live gates of a graph.
    pub(crate) fn of(graph: &Xag) -> Plan {
        let mut free = vec![false; graph.nodes() as usize];
        let plans = (0..ROUNDS).map(|_| {
            let mut polarity = Polarity::new(graph, &free);
            polarity.improve();
            polarity.free_xors(&mut free);
            polarity.plan()
        });
        let best = plans.min_by_key(|plan| plan.steps.len());
        best.expect("there is at least one round")
    }
}

/// Expresses a gate of the AND kind as `!?(?a AND ?b)`; returns which are complemented.
fn complements(kind: Kind) -> Option<[bool; 3]> {
    match kind {
        Kind::And => Some([false, false, false]),
        Kind::AndNot => Some([false, true, false]),
        Kind::Or => Some([true, true, true]),
        Kind::Xor => None,
    }
}

/// Number of polarity searches. Each reveals values that are available in both polarities,
/// and so XOR gates whose polarity the next search can choose freely.
const ROUNDS: usize = 4;
/// Limit of the search in visited nodes, which bounds its time.
const MOST_LOOKS: usize = 1_500_000;
/// Number of passes over all gates.
const PASSES: u32 = 16;
/// Number of final passes that only accept flips that save inversions.
const LAST_PASSES: u32 = 3;
/// In the first pass, one in this many flips that cost an inversion is accepted; later
/// passes accept fewer.
const COLD: u32 = 20;

/// The search for the polarity of each node.
struct Polarity<'g> {
    graph: &'g Xag,
    live: Vec<bool>,
    /// For gates of the AND kind: true if computed by OR of complements.
    by_or: Vec<bool>,
    /// True if the node is stored complemented.
    inverted: Vec<bool>,
    /// Number of uses of each node, plain and complemented.
    wanted: Vec<[u32; 2]>,
    /// XOR gates assumed to be available in either polarity.
    free: Vec<bool>,
    /// XOR gates whose polarity flips with that of a node.
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
        // The nodes whose polarities determine that of an XOR.
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
                // Initially by OR where that needs fewer inversions.
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

    /// Returns whether a node's polarity can be chosen at no cost: a bit of t that is the same
    /// for all lanes.
    fn is_free(&self, node: usize) -> bool {
        node > LANE_BITS as usize && node < self.graph.first_gate() as usize
    }

    /// Returns the inversions that a node needs: 0 or 1.
    fn cost(&self, node: usize) -> i32 {
        i32::from(self.wanted[node][usize::from(!self.inverted[node])] > 0)
    }

    /// Flips the polarity of a gate of the AND kind or a bit of t. Returns the change in
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

    /// Flips gates where that saves inversions. At first it also accepts some flips that do not,
    /// because they may lead to better solutions.
    fn improve(&mut self) {
        let mut rng = Rng::new(0);
        let mut looks = 0;
        let turnable = |&node: &usize| match self.graph.gate(node as u32) {
            Some(gate) => (gate.kind != Kind::Xor || self.free[node]) && self.live[node],
            None => self.is_free(node),
        };
        let gates: Vec<usize> = (0..self.live.len()).filter(turnable).collect();
        let (mut cost, mut best) = (0, 0);
        let mut best_inverted = self.inverted.clone();
        for pass in 0..PASSES {
            let explores = pass + LAST_PASSES < PASSES;
            for &node in &gates {
                looks += 4 + 2 * self.turned[node].len();
                let change = self.turn(node);
                let keep = match change {
                    ..=-1 => true,
                    0 => explores && rng.below(2) == 0,
                    1 => explores && rng.below(COLD * (1 + pass)) == 0,
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
                best_inverted.copy_from_slice(&self.inverted);
            }
            if looks > MOST_LOOKS {
                break;
            }
        }
        for &node in &gates {
            if self.inverted[node] != best_inverted[node] {
                self.turn(node);
            }
        }
    }

    /// Returns whether a node is needed in both polarities.
    fn is_double(&self, node: u32) -> bool {
        self.cost(node as usize) > 0
    }

    /// Marks the XOR gates with an operand that is available in both polarities.
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
        // The values of a node, plain and complemented.
        let mut values = vec![[u32::MAX; 2]; graph.nodes() as usize];
        for node in 1..graph.first_gate() as usize {
            if read[node] {
                let inverted = self.inverted[node];
                values[node][usize::from(inverted)] = inputs.len() as u32;
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
                let (a, b) = (values[gate.a as usize], values[gate.b as usize]);
                let (op, a, b, inverted) =
                    if let Some([not_a, not_b, not_out]) = complements(gate.kind) {
                        let or = self.by_or[n];
                        let op = if or { StepOp::Or } else { StepOp::And };
                        let (a, b) = (a[usize::from(not_a ^ or)], b[usize::from(not_b ^ or)]);
                        (op, a, b, not_out ^ or)
                    } else {
                        let (a, b, inverted) = xor_operands(a, b, self.wanted[n]);
                        (StepOp::Xor, a, b, inverted)
                    };
                let value = push(Step {
                    op,
                    a,
                    b,
                    node,
                    inverted,
                });
                values[n][usize::from(inverted)] = value;
            }
            let value = values[n][0].min(values[n][1]);
            if value == u32::MAX {
                continue;
            }
            for way in 0..2 {
                if self.wanted[n][way] > 0 && values[n][way] == u32::MAX {
                    values[n][way] = push(Step {
                        op: StepOp::Not,
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
                None => {
                    Output::Value(values[output.node() as usize][usize::from(output.inverted())])
                }
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

/// Returns the operands of an XOR and whether its result is complemented: as it is used
/// most, if there is a choice.
fn xor_operands(a: [u32; 2], b: [u32; 2], wanted: [u32; 2]) -> (u32, u32, bool) {
    let there = |value: [u32; 2]| (0..2).filter(move |&way| value[way] != u32::MAX);
    let ways = there(a).flat_map(|i| there(b).map(move |j| (i, j)));
    let (i, j) = ways.max_by_key(|&(i, j)| wanted[i ^ j]).unwrap_or_default();
    (a[i], b[j], i ^ j == 1)
}

/// Returns the elements that are in exactly one of two sorted lists.
fn symmetric_difference(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut all = [a, b].concat();
    #[allow(clippy::stable_sort_primitive)] // merges the two lists in linear time
    all.sort();
    let single = all.chunk_by(u32::eq).filter(|equal| equal.len() == 1);
    single.flatten().copied().collect()
}
