//! The disassembler.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write};

use crate::assemble::MIN_LOOP_DISTANCE;
use crate::instruction::{Instruction, Length, Op, Operand};
use crate::table::Slot;

/// Writes targets of branches: labels, or distances where there is no label.
struct Labels<'a> {
    /// Address of the instruction being written.
    at: usize,
    labels: &'a BTreeSet<usize>,
}

impl Labels<'_> {
    fn write(&self, f: &mut impl Write, distance: i64) -> fmt::Result {
        let target = usize::try_from(self.at as i64 + distance);
        match target {
            Ok(target) if self.labels.contains(&target) => write!(f, "L{target}"),
            _ => write!(f, ".{distance:+}"),
        }
    }
}

impl Instruction {
    fn write(&self, f: &mut impl Write, labels: &Labels) -> fmt::Result {
        let slots = self.op.row().slots;
        f.write_str(self.op.mnemonic())?;
        for (i, slot) in slots.iter().enumerate() {
            match i {
                0 => write!(f, "{:1$}", "", 6 - self.op.mnemonic().len().min(5))?,
                _ => f.write_str(", ")?,
            }
            match (slot, self.op2) {
                (Slot::Rd, _) => write!(f, "{}", self.rd)?,
                (Slot::RdBytes, _) => match self.rd.shift() {
                    0 => write!(f, "&r{}", self.rd.register())?,
                    _ => write!(f, "&{}", self.rd)?,
                },
                (Slot::Rs1, _) => write!(f, "{}", self.rs1)?,
                (Slot::Base, _) => write!(f, "r{}", self.rs1.register())?,
                (
                    Slot::Op2 | Slot::Wide | Slot::Target | Slot::LoopCount,
                    Operand::Field(field),
                ) => {
                    write!(f, "{field}")?;
                }
                (Slot::Target, Operand::Immediate(target)) => {
                    if labels.labels.contains(&target.into()) {
                        write!(f, "L{target}")?;
                    } else {
                        write!(f, "{target}")?;
                    }
                }
                (Slot::Op2 | Slot::Wide | Slot::LoopCount, Operand::Immediate(number)) => {
                    write!(f, "{number}")?;
                }
                (Slot::Distance | Slot::LoopEnd, _) => labels.write(f, self.offset.into())?,
                (Slot::MemoryLength | Slot::TransferLength, _) => match self.length {
                    Length::Bytes(bytes) => write!(f, "{bytes}")?,
                    Length::InR0(byte) => write!(f, "r0.b{byte}")?,
                },
                (Slot::Constant, _) => write!(f, "c{}", self.number)?,
                (Slot::Device | Slot::Wake, _) => write!(f, "{}", self.number)?,
            }
        }
        Ok(())
    }

    /// Returns the address to which the instruction at address `at` may branch, unless a
    /// register holds it.
    fn target(&self, at: usize) -> Option<usize> {
        let slots = self.op.row().slots;
        match self.op2 {
            Operand::Immediate(target) if slots.contains(&Slot::Target) => Some(target.into()),
            _ if slots.contains(&Slot::Distance) || slots.contains(&Slot::LoopEnd) => {
                at.checked_add_signed(self.offset.into())
            }
            _ => None,
        }
    }
}

/// Writes the assembler's syntax, with relative branch targets such as `qba .-1`.
impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let labels = BTreeSet::new();
        let labels = Labels {
            at: 0,
            labels: &labels,
        };
        self.write(&mut text, &labels)?;
        f.pad(&text)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.mnemonic())
    }
}

/// Disassembles a program into text that assembles back to the same words: one
/// instruction a line, with labels at the targets of branches. Words that are not
/// instructions, or that the assembler would encode differently, become `.word` lines.
pub fn disassemble(words: &[u32]) -> String {
    let decode = |word: u32| {
        Instruction::decode(word).filter(|found| {
            let a_loop = matches!(found.op, Op::Loop | Op::Iloop);
            found.encode() == word && !(a_loop && found.offset < MIN_LOOP_DISTANCE)
        })
    };
    let labels: BTreeSet<usize> = (words.iter().enumerate())
        .filter_map(|(at, &word)| decode(word)?.target(at))
        .filter(|&target| target <= words.len())
        .collect();
    let mut text = String::new();
    for (at, &word) in words.iter().enumerate() {
        let label = if labels.contains(&at) {
            format!("L{at}:")
        } else {
            String::new()
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "{label:<8}");
        let labels = Labels {
            at,
            labels: &labels,
        };
        let _ = match decode(word) {
            Some(instruction) => instruction.write(&mut text, &labels),
            None => write!(text, ".word {word:#010x}"),
        };
        text.push('\n');
    }
    if labels.contains(&words.len()) {
        let _ = writeln!(text, "L{}:", words.len());
    }
    text
}
