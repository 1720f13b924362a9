//! A network's program.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use logicnet::{Masks, Network, OutputEncoding, Xag};
use pru_isa::emulator::DATA_BYTES;
use pru_isa::{Instruction, MEMORY_WORDS};

use crate::allocate::{Move, Settings, allocate};
use crate::check;
use crate::emit;
use crate::frame::{self, Frame, WORDS};
use crate::lower::{Action, Output, Plan};
use crate::schedule::{Readers, Way, order, peak};

/// Bits of a sample.
const SAMPLE_BITS: usize = 8;

/// Why there is no program of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It needs more instructions than there is memory for.
    TooLarge {
        /// Instructions that it needs.
        instructions: usize,
        /// Live gates.
        gates: usize,
    },
    /// So many values are needed at a time that data RAM does not hold them.
    TooWide {
        /// Live gates.
        gates: usize,
    },
    /// Its samples are sums of many outputs, which is not gates' work.
    GroupSum,
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
        }
    }
}

impl core::error::Error for Error {}

/// What a program consists of, and what it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Live gates of the graph that it was made of, without the few that check the samples.
    pub gates: usize,
    /// NOT instructions.
    pub inversions: usize,
    /// The most values alive at a time.
    pub peak: usize,
    /// Instructions, the frame's 34 or so among them.
    pub instructions: usize,
    /// Transfers between registers and scratchpad, and copies between registers.
    pub transfers: usize,
    /// Loads and stores of values in data RAM.
    pub memory: usize,
    /// Cycles of a pass for gates, those that check the samples among them, inversions,
    /// transfers and data RAM.
    pub gate_cycles: u32,
    /// Cycles of a pass at most for mailbox, inputs and outputs.
    pub frame_cycles: u32,
}

impl Figures {
    /// Cycles of a pass of 32 samples at most, 5 ns each.
    pub fn cycles(&self) -> u32 {
        self.gate_cycles + self.frame_cycles
    }
}

/// A program that evaluates a network.
#[derive(Clone, Debug)]
pub struct Code {
    plan: Plan,
    inputs: Vec<(Instruction, String)>,
    moves: Vec<Move>,
    body: Vec<u32>,
    look: u16,
    figures: Figures,
}

/// The program of a network under these masks (and not the network's own).
///
/// # Errors
/// [`Error`]: a network that is too large, or whose outputs are summed.
pub fn compile(network: &Network, masks: &Masks) -> Result<Code, Error> {
    if network.output_encoding() != OutputEncoding::Binary {
        return Err(Error::GroupSum);
    }
    compile_graph(&Xag::from_network(network, masks))
}

/// Orders that are made.
const WAYS: [Way; 12] = [
    Way::Given,
    Way::Forward(0),
    Way::Forward(1),
    Way::Forward(2),
    Way::Backward(0),
    Way::Backward(1),
    Way::Backward(2),
    Way::Backward(5),
    Way::Backward(8),
    Way::Backward(11),
    Way::Backward(14),
    Way::Backward(17),
];
/// Those of them, with the fewest values alive at a time, that registers are allocated for.
const MOST_ALLOCATED: usize = 5;
/// Settings of [`Settings::copied`] that are tried.
const COPIED: [u32; 2] = [40, 80];

/// The program of a graph, whose outputs are the bits of binary samples: of more than
/// eight the upper ones, of fewer each several times, as everywhere in Gatebend.
///
/// # Errors
/// A graph that is too large.
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
    let orders = WAYS.map(|way| order(&plan, &readers, way));
    if let Some(best) = orders.iter().min_by_key(|order| peak(&plan, order)) {
        check::add(&mut plan, best);
    }

    let stores = plan.outputs.len() as u32
        * Move::Output {
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
            let order = check::into_order(&plan, network, order);
            (peak(&plan, &order), order)
        })
        .collect();
    orders.sort_by_key(|&(peak, _)| peak);
    let tries = [false, true].into_iter().flat_map(|far| {
        let orders = orders.iter().take(MOST_ALLOCATED);
        orders.flat_map(move |order| COPIED.map(|copied| (order, Settings { far, copied })))
    });
    let mut best: Option<(u32, usize, Vec<Move>)> = None;
    for ((peak, order), settings) in tries {
        let least = best.as_ref().map_or(u32::MAX, |&(least, ..)| least);
        // Nothing is better than no transfers, or better without a register than with it.
        if least == least_cycles || (settings.far && best.is_some()) {
            break;
        }
        if let Ok(moves) = allocate(&plan, &readers, order, settings, most_words) {
            let cycles = moves.iter().map(|moved| moved.cycles()).sum();
            if cycles < least {
                best = Some((cycles, *peak, moves));
            }
        }
    }
    let gates = plan.gates;
    let (_, peak, moves) = best.ok_or(Error::TooWide { gates })?;
    let code = Code::new(plan, peak, moves);
    let instructions = code.figures.instructions;
    if instructions > MEMORY_WORDS {
        return Err(Error::TooLarge {
            instructions,
            gates,
        });
    }
    Ok(code)
}

impl Code {
    fn new(plan: Plan, peak: usize, moves: Vec<Move>) -> Code {
        let inputs = emit::inputs(&plan);
        let mut body: Vec<Instruction> =
            inputs.iter().map(|&(instruction, _)| instruction).collect();
        for &moved in &moves {
            emit::instructions(&plan, moved, &mut body);
        }
        let frame = Frame::new(0);
        let all: u32 = body.iter().filter_map(Instruction::cycles).sum();
        let is_frame = |moved: &Move| matches!(moved, Move::Output { .. } | Move::Constant { .. });
        let gate_moves = moves.iter().filter(|moved| !is_frame(moved));
        let gate_cycles = gate_moves.clone().map(|moved| moved.cycles()).sum();
        let in_memory = |moved: &Move| matches!(moved, Move::Load { .. } | Move::Store { .. });
        let is_step = |moved: &Move| matches!(moved, Move::Step { .. });
        let memory = gate_moves.clone().filter(|&moved| in_memory(moved)).count();
        let done = gate_moves.clone().filter(|&moved| is_step(moved)).count();
        let inverted = plan.steps.iter().filter(|step| step.action == Action::Not);
        let figures = Figures {
            gates: plan.gates,
            inversions: inverted.count(),
            peak,
            instructions: frame.head.len() + body.len() + frame.tail.len(),
            transfers: gate_moves.count() - memory - done,
            memory,
            gate_cycles,
            frame_cycles: frame.cycles + all - gate_cycles,
        };
        Code {
            plan,
            inputs,
            moves,
            body: body.iter().map(Instruction::encode).collect(),
            look: frame.look,
            figures,
        }
    }

    /// The program's words, from address 0 on, where it starts, with this number: it is
    /// in every answer ([`EPOCH`](crate::EPOCH)).
    pub fn words(&self, epoch: u16) -> Vec<u32> {
        let frame = Frame::new(epoch);
        [&frame.head[..], &self.body, &frame.tail].concat()
    }

    /// Address of the look into the mailbox.
    pub(crate) fn look(&self) -> u16 {
        self.look
    }

    /// What it consists of, and what it takes.
    pub fn figures(&self) -> Figures {
        self.figures
    }

    /// The program with number 0 as text that assembles to the same words.
    pub fn listing(&self) -> String {
        let (head, tail) = frame::text();
        let f = self.figures;
        let mut text = format!(
            "// A network of {} gates, written by gatebend: {} instructions, at most {} cycles\n\
             // for 32 samples. t5 is bit 5 of t, n40 a gate, ~ what is kept complemented.\n\n{head}",
            f.gates,
            f.instructions,
            f.cycles()
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
        for &moved in &self.moves {
            instructions.clear();
            emit::instructions(&self.plan, moved, &mut instructions);
            for instruction in &instructions {
                line(instruction, &emit::comment(&self.plan, moved));
            }
        }
        text + tail
    }
}
