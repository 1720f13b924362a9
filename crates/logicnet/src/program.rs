//! Programs: a network under masks, laid out for evaluation.

use alloc::vec::Vec;

use crate::xag::{Kind, Lowering, Xag};
use crate::{Masks, Network, OutputEncoding};

/// One gate of a program: reads two slots, writes a third.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) a: u16,
    pub(crate) b: u16,
    pub(crate) out: u16,
}

/// Consecutive steps of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) kind: Kind,
    /// Index of the step after the last.
    pub(crate) end: u32,
}

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
/// runs of one operation, which leaves no branch per gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub(crate) counter_bits: u32,
    /// Bit of t, and the slot it goes to, which nothing else uses.
    pub(crate) inputs: Vec<(u8, u16)>,
    pub(crate) steps: Vec<Step>,
    pub(crate) runs: Vec<Run>,
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
        self.runs.len()
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
/// A build is linear in nodes and masks and does not depend on what was built
/// before, so no earlier simplification can contradict a later mask.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    lowering: Lowering,
    xag: Xag,
    nodes: Vec<Node>,
    phase_ends: Vec<u32>,
    order: Vec<u32>,
    free: Vec<u16>,
}

/// What a node needs while its graph is laid out.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// Readers to come: outputs, and gates that are live.
    uses: u32,
    /// Its phase until the gates are in order, then its slot.
    place: u32,
}

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

    /// The program of a graph.
    pub(crate) fn lay_out(&mut self, xag: &Xag, output_encoding: OutputEncoding) -> Program {
        self.nodes.clear();
        self.nodes.resize(xag.nodes() as usize, Node::default());
        xag.count_uses(&mut self.nodes, |node| &mut node.uses);
        self.schedule(xag);
        let first_gate = xag.first_gate() as usize;

        let nodes = &mut self.nodes[..];
        let mut slots: u16 = 1;
        let mut inputs = Vec::with_capacity(xag.counter_bits() as usize);
        for (bit, node) in nodes[1..first_gate].iter_mut().enumerate() {
            if node.uses > 0 {
                node.place = u32::from(slots);
                inputs.push((bit as u8, slots));
                slots += 1;
                // One use too many: inputs keep their slots, so that from one
                // group to the next only the bits that change are written.
                node.uses += 1;
            }
        }

        self.free.clear();
        let free = &mut self.free;
        let steps = self.order.iter().map(|&index| {
            let gate = xag.gates()[index as usize];
            let mut read = |node: u32| {
                let node = &mut nodes[node as usize];
                node.uses -= 1;
                (node.place as u16, node.uses == 0)
            };
            let ((a, a_free), (b, b_free)) = (read(gate.a), read(gate.b));
            let out = match (a_free, b_free) {
                (true, true) => {
                    free.push(a);
                    b
                }
                (false, true) => b,
                (true, false) => a,
                // More than 2^16 slots cannot be live at once: each of the at most
                // 65,536 gates still to come frees at most two, outputs are at most
                // 4,096, and encoders make at most two gates an input.
                (false, false) => free.pop().unwrap_or_else(|| {
                    let out = slots;
                    slots = slots
                        .checked_add(1)
                        .expect("no more slots than a network can need");
                    out
                }),
            };
            nodes[first_gate + index as usize].place = u32::from(out);
            Step { a, b, out }
        });
        let steps = steps.collect();

        let runs = self.runs(xag);
        let outputs = xag
            .outputs()
            .iter()
            .map(|lit| Tap {
                slot: self.nodes[lit.node() as usize].place as u16,
                inverted: lit.inverted(),
            })
            .collect();
        Program {
            counter_bits: xag.counter_bits(),
            inputs,
            steps,
            runs,
            outputs,
            output_encoding,
            slots: usize::from(slots),
        }
    }

    /// Orders the live gates by phase: each phase is one operation, the four
    /// taking turns, and a gate joins the first phase of its operation in or
    /// after those of its operands. Within a phase gates keep their order, so
    /// that one may read another.
    fn schedule(&mut self, xag: &Xag) {
        let first_gate = xag.first_gate() as usize;
        let (nodes, ends) = (&mut self.nodes[..], &mut self.phase_ends);
        ends.clear();
        for (i, gate) in xag.gates().iter().enumerate() {
            if nodes[first_gate + i].uses == 0 {
                continue;
            }
            let ready = nodes[gate.a as usize]
                .place
                .max(nodes[gate.b as usize].place);
            let phase = ready + (gate.kind as u32).wrapping_sub(ready) % 4;
            nodes[first_gate + i].place = phase;
            if let Some(end) = ends.get_mut(phase as usize) {
                *end += 1;
            } else {
                ends.resize(phase as usize, 0);
                ends.push(1);
            }
        }
        let mut start = 0;
        for end in ends.iter_mut() {
            (*end, start) = (start, start + *end);
        }
        self.order.clear();
        self.order.resize(start as usize, 0);
        let order = &mut self.order[..];
        for (i, node) in nodes[first_gate..].iter().enumerate() {
            if node.uses > 0 {
                let place = &mut ends[node.place as usize];
                order[*place as usize] = i as u32;
                *place += 1;
            }
        }
    }

    /// The phases that have gates, after `schedule` has moved each to its end.
    fn runs(&self, xag: &Xag) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut start = 0;
        for &end in &self.phase_ends {
            if end > start {
                let kind = xag.gates()[self.order[start as usize] as usize].kind;
                match runs.last_mut() {
                    Some(last) if last.kind == kind => last.end = end,
                    _ => runs.push(Run { kind, end }),
                }
            }
            start = end;
        }
        runs
    }
}
