//! Programs: a network under masks, laid out for evaluation.

use alloc::vec::Vec;
use core::iter;

use crate::xag::{Kind, Lit, Lowering, Xag, XagGate};
use crate::{Masks, Network, OutputEncoding};

/// One gate of a program: reads two slots, writes a third.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) a: u16,
    pub(crate) b: u16,
    pub(crate) out: u16,
}

/// Steps of the four operations in turn, in the order of [`Kind::ALL`]: the index of
/// the step after the last of each. Any of the four runs may be empty.
pub(crate) type Round = [u32; Kind::ALL.len()];

/// Where a value is found after the last step, and whether it is complemented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tap {
    pub(crate) slot: u16,
    pub(crate) inverted: bool,
}

/// A network with masks applied, laid out for evaluation: an immutable value.
///
/// Only gates that the outputs depend on are in it; constants, wires,
/// inverters and repeated gates have been absorbed under the very masks it was
/// built for, so a change of masks means a new program (see [`Builder`]).
/// Values live in slots that are used again as soon as their last reader has
/// run, which keeps the working set in the cache, and gates are grouped in
/// runs of one operation, the four taking turns, which leaves no branch per gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub(crate) counter_bits: u32,
    /// Bit of t, and the slot it goes to, which nothing else uses.
    pub(crate) inputs: Vec<(u8, u16)>,
    pub(crate) steps: Vec<Step>,
    pub(crate) rounds: Vec<Round>,
    pub(crate) outputs: Vec<Tap>,
    pub(crate) output_encoding: OutputEncoding,
    /// Slot 0 holds the constant 0. At most 2^16: see [`Builder::lay_out`].
    pub(crate) slots: usize,
}

impl Program {
    /// The program of a network under these masks (and not the network's own:
    /// pass `network.masks()` for those).
    pub fn new(network: &Network, masks: &Masks) -> Program {
        Builder::new().build(network, masks)
    }

    /// Bits of t that the network reads; its period is 2 to this power.
    pub fn counter_bits(&self) -> u32 {
        self.counter_bits
    }

    /// Gates evaluated for each group of lanes.
    pub fn gates(&self) -> usize {
        self.steps.len()
    }

    /// Runs of one operation that the gates are grouped in.
    pub fn runs(&self) -> usize {
        let ends = self.rounds.iter().flatten();
        let starts = iter::once(&0).chain(ends.clone());
        starts.zip(ends).filter(|(start, end)| start < end).count()
    }

    /// Slots of values that an evaluator needs.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }
}

/// Builds programs; keeps its working memory from one to the next.
///
/// A build is linear in nodes, with a search for each mask, and does not depend on
/// what was built before, so no earlier simplification can contradict a later mask.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    lowering: Lowering,
    xag: Xag,
    nodes: Vec<Node>,
    /// The last gate of each phase, 0 if it has none.
    rounds: Vec<Round>,
    /// Filled from the end.
    steps: Vec<Step>,
}

/// What a node needs while its graph is laid out.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// Its phase; from its last reader on, backwards, [`SLOT`] and its slot.
    place: u32,
    /// The gate before in the list of its phase, 0 before the first; then in the list
    /// of gates whose slots are free.
    before: u32,
    /// Its operands.
    a: u32,
    b: u32,
}

/// Above all phases: there are fewer than four a gate.
const SLOT: u32 = 1 << 31;

impl Builder {
    /// A builder without memory yet.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// The program of a network under these masks.
    pub fn build(&mut self, network: &Network, masks: &Masks) -> Program {
        let mut xag = core::mem::take(&mut self.xag);
        self.lowering.lower(network, masks, &mut xag);
        let program = self.lay_out(&xag, network.output_encoding());
        self.xag = xag;
        program
    }

    /// The program of a graph, made from its end. So each gate's turn comes after all
    /// its readers': it has a slot if an output depends on it, and from then on the
    /// slot is free.
    pub(crate) fn lay_out(&mut self, xag: &Xag, output_encoding: OutputEncoding) -> Program {
        self.order(xag);
        let mut slots = Slots {
            nodes: &mut self.nodes,
            first_gate: xag.first_gate(),
            free: 0,
            count: 0,
        };
        let tap = |lit: &Lit| Tap {
            slot: match lit.as_constant() {
                Some(_) => 0,
                None => slots.read(lit.node()),
            },
            inverted: lit.inverted(),
        };
        let outputs = xag.outputs().iter().map(tap).collect();

        self.steps.resize(xag.gates().len(), Step::default());
        let mut unfilled = self.steps.iter_mut();
        let mut rounds = self.rounds.clone();
        for phase in rounds.iter_mut().flatten().rev() {
            let mut next = core::mem::replace(phase, unfilled.len() as u32);
            while next != 0 {
                let node = slots.nodes[next as usize];
                if node.place >= SLOT {
                    slots.free(next);
                    let out = node.place as u16;
                    let (a, b) = (slots.read(node.a), slots.read(node.b));
                    if let Some(last) = unfilled.next_back() {
                        *last = Step { a, b, out };
                    }
                }
                next = node.before;
            }
        }
        // There are at most 65,536 gates and two an input in encoders, each makes a
        // value or lessens those needed by one, and at most 4,096 outputs are left:
        // so no more than 40,000 values are needed at once.
        assert!(slots.count <= u16::MAX.into(), "slots fit their numbers");
        let first = unfilled.len();
        for end in rounds.iter_mut().flatten() {
            *end -= first as u32;
        }
        Program {
            counter_bits: xag.counter_bits(),
            inputs: slots.inputs().collect(),
            steps: self.steps[first..].to_vec(),
            rounds,
            outputs,
            output_encoding,
            slots: slots.count as usize + 1,
        }
    }

    /// Puts gates in the order of their evaluation. Each phase is one operation, the
    /// four taking turns, and a gate joins the first phase of its operation in or
    /// after those of its operands. Within a phase gates keep their order, so that
    /// one may read another.
    fn order(&mut self, xag: &Xag) {
        let first_gate = xag.first_gate() as usize;
        self.rounds.clear();
        self.nodes.resize(xag.nodes() as usize, Node::default());
        let nodes = &mut self.nodes[..];
        nodes[..first_gate].fill(Node::default());
        for (node, &XagGate { kind, a, b }) in (first_gate..).zip(xag.gates()) {
            let [ready_a, ready_b] = [a, b].map(|node| nodes[node as usize].place);
            let ready = ready_a.max(ready_b);
            let phase = ready + (kind as u32).wrapping_sub(ready) % 4;
            let phases = self.rounds.as_flattened_mut();
            let before = if let Some(last) = phases.get_mut(phase as usize) {
                core::mem::replace(last, node as u32)
            } else {
                self.rounds.resize(phase as usize / 4 + 1, Round::default());
                self.rounds.as_flattened_mut()[phase as usize] = node as u32;
                0
            };
            nodes[node] = Node {
                place: phase,
                before,
                a,
                b,
            };
        }
    }
}

/// The slots of a graph's nodes, given out from the end of a program on.
struct Slots<'a> {
    nodes: &'a mut [Node],
    first_gate: u32,
    /// The last gate whose slot no value needs from here on, 0 if there is none.
    free: u32,
    /// Slots given out, slot 0 not among them.
    count: u32,
}

impl Slots<'_> {
    /// The slot of a node that is read, given to it by the first to ask; not the
    /// constant's.
    #[inline(always)]
    fn read(&mut self, node: u32) -> u16 {
        let mut place = self.nodes[node as usize].place;
        if place < SLOT {
            // Inputs have slots of their own, so that from one group to the next
            // only the bits that change are written.
            if self.free == 0 || node < self.first_gate {
                self.count += 1;
                place = SLOT + self.count;
            } else {
                let free = self.nodes[self.free as usize];
                self.free = free.before;
                place = free.place;
            }
            self.nodes[node as usize].place = place;
        }
        place as u16
    }

    /// Frees the slot of a gate that has had its turn.
    #[inline(always)]
    fn free(&mut self, gate: u32) {
        self.nodes[gate as usize].before = self.free;
        self.free = gate;
    }

    /// The bits of t that are read, and their slots.
    fn inputs(&self) -> impl Iterator<Item = (u8, u16)> {
        let bits = (0..).zip(&self.nodes[1..self.first_gate as usize]);
        bits.filter(|(_, node)| node.place >= SLOT)
            .map(|(bit, node)| (bit, node.place as u16))
    }
}
