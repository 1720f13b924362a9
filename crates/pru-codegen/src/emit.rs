//! Instructions and comments of the operations.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pru_isa::{Field, Instruction, ONES, Operand, ZEROS};

use crate::allocate::{FAR_REGISTER, MachineOp, input_column};
use crate::lower::{LANE_BITS, Plan, StepOp};
use crate::mailbox::{BANK, OWN_RAM, PLANES, TIME_REGISTER, WORDS};

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
            let time = Field::whole(TIME_REGISTER);
            let column = Field::whole(input_column(plan, i) as u8);
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
    // An offset of up to 8 bits is part of the instruction.
    let mut offset = |word: u16| -> Operand {
        let address = WORDS as u16 + 4 * word;
        if let Ok(near) = u8::try_from(address) {
            return near.into();
        }
        let far = Field::whole(FAR_REGISTER);
        lines.push(Instruction::ldi(far, address));
        far.into()
    };
    let bytes = |first: usize, last: usize| 4 * (last - first + 1) as u8;
    // The constructors never return None here: all registers and lengths are in range.
    let one = match op {
        MachineOp::Step { index, rd, a, b } => {
            let [rd, a, b] = [rd, a, b].map(Field::whole);
            Some(match plan.steps[index as usize].op {
                StepOp::And => Instruction::and(rd, a, b),
                StepOp::Or => Instruction::or(rd, a, b),
                StepOp::Xor => Instruction::xor(rd, a, b),
                StepOp::Not => Instruction::not(rd, a),
            })
        }
        MachineOp::Copy { rd, a, .. } => Some(Instruction::mov(Field::whole(rd), Field::whole(a))),
        MachineOp::Out(first, last) => Instruction::xout(BANK, first as u8, bytes(first, last)),
        MachineOp::In(first, last) => Instruction::xin(BANK, first as u8, bytes(first, last)),
        MachineOp::Exchange(first, last) => {
            Instruction::xchg(BANK, first as u8, bytes(first, last))
        }
        MachineOp::Store { column, word, .. } => {
            Instruction::sbco(column, OWN_RAM, offset(word), 4)
        }
        MachineOp::Load { column, word, .. } => Instruction::lbco(column, OWN_RAM, offset(word), 4),
        MachineOp::Output { bit, register } => {
            Instruction::sbco(register, OWN_RAM, PLANES as u8 + 4 * bit, 4)
        }
        MachineOp::Constant { value } => Instruction::xin(if value { ONES } else { ZEROS }, 0, 4),
    };
    lines.extend(one);
}

/// Returns a comment for an operation.
pub(crate) fn comment(plan: &Plan, op: MachineOp) -> String {
    let columns = |first, last| match last {
        _ if first == last => format!("r{first}"),
        _ => format!("r{first} to r{last}"),
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
        MachineOp::Out(first, last) => format!("    saved: {}", columns(first, last)),
        MachineOp::In(first, last) => format!("    restored: {}", columns(first, last)),
        MachineOp::Exchange(first, last) => format!("    exchanged: {}", columns(first, last)),
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
