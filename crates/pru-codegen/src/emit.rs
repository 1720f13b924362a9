//! Moves as instructions, and as lines of a listing.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pru_isa::{Instruction, ONES, ZEROS};

use crate::allocate::{FAR_REGISTER, Move, NEAR_WORDS, input_column};
use crate::frame::{BANK, OWN_RAM, PLANES, TIME_REGISTER, WORDS, register};
use crate::lower::{Action, LANE_BITS, Plan};

/// Puts the bits of t that are read into their registers and slots: at most two cycles
/// a bit that is the same for all lanes, and three.
pub(crate) fn inputs(plan: &Plan) -> Vec<(Instruction, String)> {
    let mut lines = Vec::new();
    let columns = |high: bool| {
        let of_kind = move |&i: &usize| (u32::from(plan.inputs[i].bit) >= LANE_BITS) == high;
        let columns = (0..plan.inputs.len()).filter(of_kind);
        columns.map(|i| input_column(plan, i) as u8)
    };
    let range = |high: bool| {
        let (first, last) = (columns(high).min()?, columns(high).max()?);
        Some((first, 4 * (last - first + 1)))
    };
    let mut push = |instruction: Option<Instruction>, comment: String| {
        lines.extend(instruction.map(|instruction| (instruction, comment)));
    };
    if let Some((first, bytes)) = range(true) {
        push(
            Instruction::xin(ZEROS, first, bytes),
            "bits of t that all samples share: zeros ...".into(),
        );
        for (i, input) in plan.inputs.iter().enumerate() {
            if u32::from(input.bit) < LANE_BITS {
                continue;
            }
            let time = register(TIME_REGISTER);
            let column = register(input_column(plan, i) as u8);
            let (branch, when) = if input.inverted {
                (Instruction::qbbs(2, time, input.bit), "clear")
            } else {
                (Instruction::qbbc(2, time, input.bit), "set")
            };
            push(
                branch,
                format!("... or ones where bit {} is {when}", input.bit),
            );
            push(Some(Instruction::not(column, column)), name(plan, i as u32));
        }
        push(
            Instruction::xout(BANK, first, bytes),
            "copies of them".into(),
        );
    }
    if let Some((first, bytes)) = range(false) {
        push(
            Instruction::xin(BANK, first, bytes),
            "bits of t that differ between samples".into(),
        );
    }
    lines
}

/// The instructions of a move, with what they do.
pub(crate) fn instructions(plan: &Plan, moved: Move, lines: &mut Vec<Instruction>) {
    let bytes = |count: u8| 4 * count;
    let word = |word: u16| WORDS + 4 * u32::from(word);
    // What cannot be encoded is never asked for: registers and lengths are small.
    let one = match moved {
        Move::Step { index, rd, a, b } => {
            let [rd, a, b] = [rd, a, b].map(register);
            Some(match plan.steps[index as usize].action {
                Action::And => Instruction::and(rd, a, b),
                Action::Or => Instruction::or(rd, a, b),
                Action::Xor => Instruction::xor(rd, a, b),
                Action::Not => Instruction::not(rd, a),
            })
        }
        Move::Copy { rd, a, .. } => Some(Instruction::mov(register(rd), register(a))),
        Move::Out { first, count } => Instruction::xout(BANK, first, bytes(count)),
        Move::In { first, count } => Instruction::xin(BANK, first, bytes(count)),
        Move::Exchange { first, count } => Instruction::xchg(BANK, first, bytes(count)),
        Move::Store {
            column, word: w, ..
        } if usize::from(w) < NEAR_WORDS => Instruction::sbco(column, OWN_RAM, word(w) as u8, 4),
        Move::Load {
            column, word: w, ..
        } if usize::from(w) < NEAR_WORDS => Instruction::lbco(column, OWN_RAM, word(w) as u8, 4),
        Move::Store {
            column, word: w, ..
        } => {
            lines.push(Instruction::ldi(register(FAR_REGISTER), word(w) as u16));
            Instruction::sbco(column, OWN_RAM, register(FAR_REGISTER), 4)
        }
        Move::Load {
            column, word: w, ..
        } => {
            lines.push(Instruction::ldi(register(FAR_REGISTER), word(w) as u16));
            Instruction::lbco(column, OWN_RAM, register(FAR_REGISTER), 4)
        }
        Move::Output { bit, register } => {
            Instruction::sbco(register, OWN_RAM, PLANES as u8 + 4 * bit, 4)
        }
        Move::Constant { value } => Instruction::xin(if value { ONES } else { ZEROS }, 0, 4),
    };
    lines.extend(one);
}

/// What a move does, for people.
pub(crate) fn comment(plan: &Plan, moved: Move) -> String {
    let columns = |first: u8, count: u8| match count {
        1 => format!("r{first}"),
        _ => format!("r{first} to r{}", first + count - 1),
    };
    match moved {
        Move::Step { index, .. } => {
            let step = plan.steps[index as usize];
            let value = name(plan, plan.inputs.len() as u32 + index);
            let (a, b) = (name(plan, step.a), name(plan, step.b));
            match step.action {
                Action::And => format!("{value} = {a} and {b}"),
                Action::Or => format!("{value} = {a} or {b}"),
                Action::Xor => format!("{value} = {a} xor {b}"),
                Action::Not => value,
            }
        }
        Move::Copy { value, .. } => format!("{} gives its register up", name(plan, value)),
        Move::Out { first, count } => format!("    copies of {}", columns(first, count)),
        Move::In { first, count } => format!("    back: {}", columns(first, count)),
        Move::Exchange { first, count } => format!("    exchanged: {}", columns(first, count)),
        Move::Store { value, .. } => format!("    {} waits in RAM", name(plan, value)),
        Move::Load { value, .. } => format!("    {} comes back", name(plan, value)),
        Move::Output { bit: 8, .. } => "what checks them".into(),
        Move::Output { bit, .. } => format!("bit {bit} of the samples"),
        Move::Constant { value } => format!("always {}", u8::from(value)),
    }
}

/// A value's name: `t5` is a bit of t, `n40` a gate of the graph, `~` its complement.
fn name(plan: &Plan, value: u32) -> String {
    let (node, inverted) = if let Some(step) = plan.step(value) {
        (step.node, step.inverted)
    } else {
        let input = plan.inputs[value as usize];
        (1 + u32::from(input.bit), input.inverted)
    };
    let not = if inverted { "~" } else { "" };
    if node < plan.first_gate {
        format!("{not}t{}", node - 1)
    } else {
        format!("{not}n{node}")
    }
}
