//! Programs: networks under masks in the form that is evaluated.

use alloc::vec::Vec;
use core::iter;

use crate::xag::{Kind, Lit, Lowering, Xag, XagGate};
use crate::{Controls, Masks, Network, OutputEncoding, Signal};

/// A gate of a program, which reads the slots `a` and `b` and writes `out`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) a: u16,
    pub(crate) b: u16,
    pub(crate) out: u16,
}

/// Four runs of steps, one for each operation in the order of [`Kind::ALL`]: the index of
/// the step after each run. Runs may be empty.
pub(crate) type Round = [u32; Kind::ALL.len()];

/// The slot of an output after the last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutputSlot {
    pub(crate) slot: u16,
    /// True if the output is the complement of the slot's value.
    pub(crate) inverted: bool,
}

/// A network under masks in the form that is evaluated: an immutable value.
///
/// A program has only the gates that the outputs depend on under its masks. Constants,
/// wires, inverters and repeated gates are absorbed, so every change of masks needs a new
/// program (see [`Builder`]). Values are in slots, which are reused after their last
/// reader to keep the working set in the cache. Gates are grouped in runs of one
/// operation, so that the loop over gates does not branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub(crate) variables: u32,
    /// First variable and number of bits of each channel of sound; no bits if the network
    /// does not read it.
    pub(crate) audio: [(u8, u8); 2],
    /// Variables that are read and their slots, which nothing else uses.
    pub(crate) inputs: Vec<(u8, u16)>,
    pub(crate) steps: Vec<Step>,
    pub(crate) rounds: Vec<Round>,
    pub(crate) outputs: Vec<OutputSlot>,
    pub(crate) output_encoding: OutputEncoding,
    /// Number of slots, at most 2^16 (see [`Builder::lay_out`]). Slot 0 is the constant 0.
    pub(crate) slots: usize,
}

impl Program {
    /// Builds the program of a network under these masks. The network's own masks apply
    /// only if they are passed: `network.masks()`. Controls are variables of the program.
    pub fn new(network: &Network, masks: &Masks) -> Program {
        Builder::new().build(network, masks)
    }

    /// Number of variables: bits of t, sound and controls.
    pub fn variables(&self) -> u32 {
        self.variables
    }

    /// Returns whether an output depends on sound.
    pub fn hears(&self) -> bool {
        let mut read = self.inputs.iter().map(|&(variable, _)| variable);
        read.any(|variable| {
            let of = |&(first, bits): &(u8, u8)| (first..first + bits).contains(&variable);
            self.audio.iter().any(of)
        })
    }

    /// Number of bits of the widest channel's samples.
    pub fn sample_bits(&self) -> u8 {
        self.output_encoding.sample_bits()
    }

    /// Returns the channel of sound that a variable belongs to, or `None` for t, and the bit
    /// of the value: of 32 bits of t, or of 16 bits of a frame.
    pub(crate) fn signal_bit(&self, variable: u8) -> (Option<usize>, usize) {
        for (channel, &(first, bits)) in self.audio.iter().enumerate() {
            if (first..first + bits).contains(&variable) {
                return (Some(channel), usize::from(16 - bits + variable - first));
            }
        }
        (None, usize::from(variable) % 32)
    }

    /// Number of channels, 1 or 2.
    pub fn channels(&self) -> usize {
        self.output_encoding.channels()
    }

    /// Number of gates evaluated for each group of lanes.
    pub fn gates(&self) -> usize {
        self.steps.len()
    }

    /// Number of runs of gates of one operation.
    pub fn runs(&self) -> usize {
        let ends = self.rounds.iter().flatten();
        let starts = iter::once(&0).chain(ends.clone());
        starts.zip(ends).filter(|(start, end)| start < end).count()
    }

    /// Number of slots that an evaluator needs.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }
}

/// Builds programs and reuses its working memory.
///
/// A build takes time linear in the number of nodes, plus a binary search per mask. Its
/// result does not depend on earlier builds.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    lowering: Lowering,
    xag: Xag,
    nodes: Vec<Node>,
    /// The last gate of each phase, 0 if the phase has none.
    rounds: Vec<Round>,
    /// Steps, filled from the end.
    steps: Vec<Step>,
}

/// A node while its graph is laid out.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// The node's phase; once it has a slot, [`SLOT`] plus the slot.
    phase_or_slot: u32,
    /// The previous gate of the same phase, 0 for the first; later, the previous gate whose
    /// slot is free.
    previous: u32,
    /// The operands.
    a: u32,
    b: u32,
}

/// A number above all phases, of which there are fewer than four per gate.
const SLOT: u32 = 1 << 31;

impl Builder {
    /// Creates a builder, without allocating.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Builds the program of a network under these masks, with its controls as variables.
    pub fn build(&mut self, network: &Network, masks: &Masks) -> Program {
        self.build_at(network, masks, None)
    }

    /// Builds the program of a network under these masks, for these values of its controls.
    pub fn build_with(&mut self, network: &Network, masks: &Masks, controls: &Controls) -> Program {
        self.build_at(network, masks, Some(controls))
    }

    fn build_at(
        &mut self,
        network: &Network,
        masks: &Masks,
        controls: Option<&Controls>,
    ) -> Program {
        let mut xag = core::mem::take(&mut self.xag);
        self.lowering.lower(network, masks, controls, &mut xag);
        let mut program = self.lay_out(&xag, network.output_encoding());
        self.xag = xag;
        for span in network.spans() {
            if let Signal::Audio { channel } = span.source.signal {
                let first = span.variables.start as u8;
                program.audio[usize::from(channel)] = (first, span.source.bits);
            }
        }
        program
    }

    /// Builds the program of a graph, from its last gate to its first. Each gate comes after
    /// all its readers. By then it has a slot if an output depends on it, and gates before
    /// it may reuse the slot.
    pub(crate) fn lay_out(&mut self, xag: &Xag, output_encoding: OutputEncoding) -> Program {
        self.order(xag);
        let mut slots = Slots {
            nodes: &mut self.nodes,
            first_gate: xag.first_gate(),
            free: 0,
            count: 0,
        };
        let output = |lit: &Lit| OutputSlot {
            slot: match lit.as_constant() {
                Some(_) => 0,
                None => slots.read(lit.node()),
            },
            inverted: lit.inverted(),
        };
        let outputs = xag.outputs().iter().map(output).collect();

        self.steps.resize(xag.gates().len(), Step::default());
        let mut unfilled = self.steps.iter_mut();
        let mut rounds = self.rounds.clone();
        for phase in rounds.iter_mut().flatten().rev() {
            let mut next = core::mem::replace(phase, unfilled.len() as u32);
            while next != 0 {
                let node = slots.nodes[next as usize];
                if node.phase_or_slot >= SLOT {
                    slots.free(next);
                    let out = node.phase_or_slot as u16;
                    let (a, b) = (slots.read(node.a), slots.read(node.b));
                    if let Some(last) = unfilled.next_back() {
                        *last = Step { a, b, out };
                    }
                }
                next = node.previous;
            }
        }
        // A graph has at most 65,536 gates and two per input in encoders. Each of them adds
        // one value to those needed at the same time or removes one, and at most 4,096 outputs
        // remain, so at most 40,000 values are needed at once.
        assert!(slots.count <= u16::MAX.into(), "slot numbers fit 16 bits");
        let first = unfilled.len();
        for end in rounds.iter_mut().flatten() {
            *end -= first as u32;
        }
        Program {
            variables: xag.variables(),
            audio: [(0, 0); 2],
            inputs: slots.inputs().collect(),
            steps: self.steps[first..].to_vec(),
            rounds,
            outputs,
            output_encoding,
            slots: slots.count as usize + 1,
        }
    }

    /// Orders the gates by phases. Each phase is of one operation, and the four operations
    /// alternate. A gate joins the first phase of its operation that is not before those of
    /// its operands. Gates keep their order within a phase, so that one may read another.
    fn order(&mut self, xag: &Xag) {
        let first_gate = xag.first_gate() as usize;
        self.rounds.clear();
        self.nodes.resize(xag.nodes() as usize, Node::default());
        let nodes = &mut self.nodes[..];
        nodes[..first_gate].fill(Node::default());
        for (node, &XagGate { kind, a, b }) in (first_gate..).zip(xag.gates()) {
            let [ready_a, ready_b] = [a, b].map(|node| nodes[node as usize].phase_or_slot);
            let ready = ready_a.max(ready_b);
            let phase = ready + (kind as u32).wrapping_sub(ready) % 4;
            let phases = self.rounds.as_flattened_mut();
            let previous = if let Some(last) = phases.get_mut(phase as usize) {
                core::mem::replace(last, node as u32)
            } else {
                self.rounds.resize(phase as usize / 4 + 1, Round::default());
                self.rounds.as_flattened_mut()[phase as usize] = node as u32;
                0
            };
            nodes[node] = Node {
                phase_or_slot: phase,
                previous,
                a,
                b,
            };
        }
    }
}

/// Allocation of slots to nodes, from the end of a program to its start.
struct Slots<'a> {
    nodes: &'a mut [Node],
    first_gate: u32,
    /// The last gate whose slot is free, 0 if there is none.
    free: u32,
    /// Number of slots allocated, without slot 0.
    count: u32,
}

impl Slots<'_> {
    /// Returns the slot of a node that is read; the first call allocates it. The node must
    /// not be the constant.
    #[inline(always)]
    fn read(&mut self, node: u32) -> u16 {
        let mut slot = self.nodes[node as usize].phase_or_slot;
        if slot < SLOT {
            // Inputs do not share their slots, so that a new group of lanes only writes
            // those whose bits change.
            if self.free == 0 || node < self.first_gate {
                self.count += 1;
                slot = SLOT + self.count;
            } else {
                let free = self.nodes[self.free as usize];
                self.free = free.previous;
                slot = free.phase_or_slot;
            }
            self.nodes[node as usize].phase_or_slot = slot;
        }
        slot as u16
    }

    /// Frees the slot of a gate after its step has been written.
    #[inline(always)]
    fn free(&mut self, gate: u32) {
        self.nodes[gate as usize].previous = self.free;
        self.free = gate;
    }

    /// Iterates over the variables that are read and their slots.
    fn inputs(&self) -> impl Iterator<Item = (u8, u16)> {
        let variables = (0..).zip(&self.nodes[1..self.first_gate as usize]);
        variables
            .filter(|(_, node)| node.phase_or_slot >= SLOT)
            .map(|(variable, node)| (variable, node.phase_or_slot as u16))
    }
}
