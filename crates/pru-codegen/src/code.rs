//! Compilation of a network to a program.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use logicnet::{Masks, Network, OutputEncoding, Xag, count};
use pru_isa::emulator::DATA_BYTES;
use pru_isa::{Instruction, MEMORY_WORDS};

use crate::allocate::{MachineOp, Settings, allocate};
use crate::check_word;
use crate::emit;
use crate::lower::{Output, Plan, StepOp};
use crate::mailbox::{self, MailboxLoop, WORDS};
use crate::schedule::{Readers, Strategy, order, peak};

/// Bits of a sample.
const SAMPLE_BITS: usize = 8;

/// A reason why a network cannot be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The program has more instructions than instruction memory.
    TooLarge {
        /// Instructions of the program.
        instructions: usize,
        /// Live gates.
        gates: usize,
    },
    /// Data RAM cannot hold all values that are needed at the same time.
    TooWide {
        /// Live gates.
        gates: usize,
    },
    /// The samples are sums of many outputs, which the PRU does not support.
    GroupSum,
    /// The samples are not bytes, or of two channels.
    Channels,
    /// The outputs depend on sound or controls.
    Signals,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::TooLarge {
                instructions,
                gates,
            } => write!(
                f,
                "too large for the PRU: {gates} gates take {instructions} instructions, and \
                 there is room for {MEMORY_WORDS}; simplify the network, or let the CPU play it"
            ),
            Error::TooWide { gates } => write!(
                f,
                "too large for the PRU: of {gates} gates, more are needed at a time than its \
                 memory holds; let the CPU play it"
            ),
            Error::GroupSum => {
                f.write_str("group sums cannot be played by the PRU: let the CPU play the network")
            }
            Error::Channels => f.write_str(
                "the PRU plays one channel of eight bits only: let the CPU play the network",
            ),
            Error::Signals => f.write_str(
                "the PRU plays networks of t only: let the CPU play those of sound and controls",
            ),
        }
    }
}

impl core::error::Error for Error {}

/// Size and cost of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Live gates of the compiled graph, without those that compute the check word.
    pub gates: usize,
    /// NOT instructions.
    pub inversions: usize,
    /// Greatest number of values alive at the same time.
    pub peak: usize,
    /// Instructions, including about 34 of the mailbox loop.
    pub instructions: usize,
    /// Transfers between registers and scratchpad, and copies between registers.
    pub transfers: usize,
    /// Loads and stores of values in data RAM.
    pub memory: usize,
    /// Cycles of a pass for gates (including those of the check word), inversions, transfers,
    /// and loads and stores.
    pub gate_cycles: u32,
    /// Maximum cycles of a pass for mailbox, inputs and outputs.
    pub overhead_cycles: u32,
}

impl Statistics {
    /// Returns the maximum cycles of a pass of 32 samples, 5 ns each.
    pub fn cycles(&self) -> u32 {
        self.gate_cycles + self.overhead_cycles
    }
}

/// A program that evaluates a network, compiled for the PRU.
#[derive(Clone, Debug)]
pub struct Code {
    plan: Plan,
    inputs: Vec<(Instruction, String)>,
    ops: Vec<MachineOp>,
    body: Vec<u32>,
    poll_address: u16,
    statistics: Statistics,
}

/// Compiles a network under these masks; the network's own masks are ignored.
///
/// # Errors
/// Returns an [`Error`] if the program would be too large, if the network sums its
/// outputs, if its samples are not single bytes, or if they depend on more than t.
pub fn compile(network: &Network, masks: &Masks) -> Result<Code, Error> {
    match network.output_encoding() {
        OutputEncoding::Binary | OutputEncoding::Channels { left: 8, right: 0 } => {}
        OutputEncoding::GroupSum { .. } => return Err(Error::GroupSum),
        OutputEncoding::Channels { .. } => return Err(Error::Channels),
    }
    let graph = Xag::from_network(network, masks);
    let last = graph.read_variables().pop();
    if last.is_some_and(|variable| variable >= network.counter_bits()) {
        return Err(Error::Signals);
    }
    compile_graph(&graph)
}

/// Strategies for orders of evaluation. Each is tried.
const STRATEGIES: [Strategy; 12] = [
    Strategy::Original,
    Strategy::Forward(0),
    Strategy::Forward(1),
    Strategy::Forward(2),
    Strategy::Backward(0),
    Strategy::Backward(1),
    Strategy::Backward(2),
    Strategy::Backward(5),
    Strategy::Backward(8),
    Strategy::Backward(11),
    Strategy::Backward(14),
    Strategy::Backward(17),
];
/// Number of orders for which registers are allocated: those with the fewest values alive.
const MOST_ALLOCATED: usize = 5;
/// Values of [`Settings::uncopied_weight`] that are tried.
const UNCOPIED_WEIGHTS: [u32; 2] = [40, 80];

/// Compiles a graph whose outputs are the bits of binary samples. Of more than eight
/// outputs the upper ones count; fewer are repeated, as everywhere in Gatebend.
///
/// # Errors
/// Returns an [`Error`] if the program would be too large.
pub fn compile_graph(graph: &Xag) -> Result<Code, Error> {
    let mut plan = Plan::of(graph);
    let outputs = plan.outputs.len();
    let bits = (0..SAMPLE_BITS).map(|bit| match outputs {
        0 => Output::Constant(false),
        n => plan.outputs[n - 1 - (SAMPLE_BITS - 1 - bit) % n],
    });
    plan.outputs = bits.collect();

    let network = plan.steps.len();
    let readers = Readers::of(&plan);
    let orders = STRATEGIES.map(|strategy| order(&plan, &readers, strategy));
    if let Some(best) = orders.iter().min_by_key(|order| peak(&plan, order)) {
        check_word::add(&mut plan, best);
    }

    let stores = plan.outputs.len() as u32
        * MachineOp::Output {
            bit: 0,
            register: 0,
        }
        .cycles();
    let least_cycles = plan.steps.len() as u32 + stores;
    let readers = Readers::of(&plan);
    let most_words = ((DATA_BYTES - WORDS) / 4) as usize;
    let mut orders: Vec<(usize, Vec<u32>)> = orders
        .iter()
        .map(|order| {
            let order = check_word::into_order(&plan, network, order);
            (peak(&plan, &order), order)
        })
        .collect();
    orders.sort_by_key(|&(peak, _)| peak);
    let tries = [false, true].into_iter().flat_map(|far| {
        let orders = orders.iter().take(MOST_ALLOCATED);
        orders.flat_map(move |order| {
            UNCOPIED_WEIGHTS.map(|uncopied_weight| {
                let settings = Settings {
                    far,
                    uncopied_weight,
                };
                (order, settings)
            })
        })
    });
    let mut best: Option<(u32, usize, Vec<MachineOp>)> = None;
    for ((peak, order), settings) in tries {
        let least = best.as_ref().map_or(u32::MAX, |&(least, ..)| least);
        // No program is faster than one without transfers, and giving up a register never helps.
        if least == least_cycles || (settings.far && best.is_some()) {
            break;
        }
        if let Ok(ops) = allocate(&plan, &readers, order, settings, most_words) {
            let cycles = ops.iter().map(|op| op.cycles()).sum();
            if cycles < least {
                best = Some((cycles, *peak, ops));
            }
        }
    }
    let gates = plan.gates;
    let (_, peak, ops) = best.ok_or(Error::TooWide { gates })?;
    let code = Code::new(plan, peak, ops);
    let instructions = code.statistics.instructions;
    if instructions > MEMORY_WORDS {
        return Err(Error::TooLarge {
            instructions,
            gates,
        });
    }
    Ok(code)
}

impl Code {
    fn new(plan: Plan, peak: usize, ops: Vec<MachineOp>) -> Code {
        let inputs = emit::inputs(&plan);
        let mut body: Vec<Instruction> =
            inputs.iter().map(|&(instruction, _)| instruction).collect();
        for &op in &ops {
            emit::instructions(&plan, op, &mut body);
        }
        let mailbox_loop = MailboxLoop::new(0);
        let all: u32 = body.iter().filter_map(Instruction::cycles).sum();
        let is_overhead =
            |op: &MachineOp| matches!(op, MachineOp::Output { .. } | MachineOp::Constant { .. });
        let gate_ops = ops.iter().filter(|op| !is_overhead(op));
        let gate_cycles = gate_ops.clone().map(|op| op.cycles()).sum();
        let in_memory =
            |op: &MachineOp| matches!(op, MachineOp::Load { .. } | MachineOp::Store { .. });
        let is_step = |op: &MachineOp| matches!(op, MachineOp::Step { .. });
        let memory = gate_ops.clone().filter(|&op| in_memory(op)).count();
        let done = gate_ops.clone().filter(|&op| is_step(op)).count();
        let inverted = plan.steps.iter().filter(|step| step.op == StepOp::Not);
        let statistics = Statistics {
            gates: plan.gates,
            inversions: inverted.count(),
            peak,
            instructions: mailbox_loop.head.len() + body.len() + mailbox_loop.tail.len(),
            transfers: gate_ops.count() - memory - done,
            memory,
            gate_cycles,
            overhead_cycles: mailbox_loop.cycles + all - gate_cycles,
        };
        Code {
            plan,
            inputs,
            ops,
            body: body.iter().map(Instruction::encode).collect(),
            poll_address: mailbox_loop.poll_address,
            statistics,
        }
    }

    /// Returns the program's words, from its start at address 0. Every answer contains this
    /// epoch; see [`EPOCH`](crate::EPOCH).
    pub fn words(&self, epoch: u16) -> Vec<u32> {
        let mailbox_loop = MailboxLoop::new(epoch);
        [&mailbox_loop.head[..], &self.body, &mailbox_loop.tail].concat()
    }

    /// Returns the address at which the program polls the mailbox.
    pub(crate) fn poll_address(&self) -> u16 {
        self.poll_address
    }

    /// Returns the program's size and cost.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Returns the program with epoch 0 as text that assembles to the same words.
    pub fn listing(&self) -> String {
        let (head, tail) = mailbox::source();
        let f = self.statistics;
        let mut text = format!(
            "// A network of {}, written by gatebend: {}, at most {}\n\
             // for 32 samples. t5 is bit 5 of t, n40 a gate, ~ a complement.\n\n{head}",
            count(f.gates, "gate"),
            count(f.instructions, "instruction"),
            count(f.cycles() as usize, "cycle")
        );
        let mut line = |instruction: &Instruction, comment: &str| {
            let line = format!("        {:<32}// {comment}", format!("{instruction}"));
            text += line.trim_end();
            text.push('\n');
        };
        for (instruction, comment) in &self.inputs {
            line(instruction, comment);
        }
        let mut instructions = Vec::new();
        for &op in &self.ops {
            instructions.clear();
            emit::instructions(&self.plan, op, &mut instructions);
            for instruction in &instructions {
                line(instruction, &emit::comment(&self.plan, op));
            }
        }
        text + tail
    }
}
