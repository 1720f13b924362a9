//! Instructions and comments of the operations.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pru_isa::{Instruction, ONES, ZEROS};

use crate::allocate::{FAR_REGISTER, MachineOp, NEAR_WORDS, input_column};
use crate::lower::{LANE_BITS, Plan, StepOp};
use crate::mailbox::{BANK, OWN_RAM, PLANES, TIME_REGISTER, WORDS, register};

/// Loads the bits of t that are read into their registers and slots. Takes two cycles for
/// each bit that all lanes share, plus at most three.
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
            "copied to the bank".into(),
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

/// Appends the instructions of an operation.
pub(crate) fn instructions(plan: &Plan, op: MachineOp, lines: &mut Vec<Instruction>) {
    let bytes = |count: u8| 4 * count;
    let word = |word: u16| WORDS + 4 * u32::from(word);
    // The constructors never return None here: all registers and lengths are in range.
    let one = match op {
        MachineOp::Step { index, rd, a, b } => {
            let [rd, a, b] = [rd, a, b].map(register);
            Some(match plan.steps[index as usize].op {
                StepOp::And => Instruction::and(rd, a, b),
                StepOp::Or => Instruction::or(rd, a, b),
                StepOp::Xor => Instruction::xor(rd, a, b),
                StepOp::Not => Instruction::not(rd, a),
            })
        }
        MachineOp::Copy { rd, a, .. } => Some(Instruction::mov(register(rd), register(a))),
        MachineOp::Out { first, count } => Instruction::xout(BANK, first, bytes(count)),
        MachineOp::In { first, count } => Instruction::xin(BANK, first, bytes(count)),
        MachineOp::Exchange { first, count } => Instruction::xchg(BANK, first, bytes(count)),
        MachineOp::Store {
            column, word: w, ..
        } if usize::from(w) < NEAR_WORDS => Instruction::sbco(column, OWN_RAM, word(w) as u8, 4),
        MachineOp::Load {
            column, word: w, ..
        } if usize::from(w) < NEAR_WORDS => Instruction::lbco(column, OWN_RAM, word(w) as u8, 4),
        MachineOp::Store {
            column, word: w, ..
        } => {
            lines.push(Instruction::ldi(register(FAR_REGISTER), word(w) as u16));
            Instruction::sbco(column, OWN_RAM, register(FAR_REGISTER), 4)
        }
        MachineOp::Load {
            column, word: w, ..
        } => {
            lines.push(Instruction::ldi(register(FAR_REGISTER), word(w) as u16));
            Instruction::lbco(column, OWN_RAM, register(FAR_REGISTER), 4)
        }
        MachineOp::Output { bit, register } => {
            Instruction::sbco(register, OWN_RAM, PLANES as u8 + 4 * bit, 4)
        }
        MachineOp::Constant { value } => Instruction::xin(if value { ONES } else { ZEROS }, 0, 4),
    };
    lines.extend(one);
}

/// Returns a comment for an operation.
pub(crate) fn comment(plan: &Plan, op: MachineOp) -> String {
    let columns = |first: u8, count: u8| match count {
        1 => format!("r{first}"),
        _ => format!("r{first} to r{}", first + count - 1),
    };
    match op {
        MachineOp::Step { index, .. } => {
            let step = plan.steps[index as usize];
            let value = name(plan, plan.inputs.len() as u32 + index);
            let (a, b) = (name(plan, step.a), name(plan, step.b));
            match step.op {
                StepOp::And => format!("{value} = {a} and {b}"),
                StepOp::Or => format!("{value} = {a} or {b}"),
                StepOp::Xor => format!("{value} = {a} xor {b}"),
                StepOp::Not => value,
            }
        }
        MachineOp::Copy { value, .. } => format!("{} to another register", name(plan, value)),
        MachineOp::Out { first, count } => format!("    saved: {}", columns(first, count)),
        MachineOp::In { first, count } => format!("    restored: {}", columns(first, count)),
        MachineOp::Exchange { first, count } => format!("    exchanged: {}", columns(first, count)),
        MachineOp::Store { value, .. } => format!("    {} stored in RAM", name(plan, value)),
        MachineOp::Load { value, .. } => format!("    {} loaded from RAM", name(plan, value)),
        MachineOp::Output { bit: 8, .. } => "the check word".into(),
        MachineOp::Output { bit, .. } => format!("bit {bit} of the samples"),
        MachineOp::Constant { value } => format!("always {}", u8::from(value)),
    }
}

/// Returns a value's name: `t5` for a bit of t, `n40` for a gate, `~` for a complement.
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
