//! Instructions and programs as text that assembles back to the same words.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write};

use crate::assemble::LEAST_LOOP;
use crate::instruction::{Instruction, Length, Op, Source};
use crate::table::Slot;

/// How places in a program are written.
struct Labels<'a> {
    /// The address of the instruction that is written.
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
                (Slot::Op2 | Slot::Wide | Slot::Target | Slot::LoopCount, Source::Field(field)) => {
                    write!(f, "{field}")?;
                }
                (Slot::Target, Source::Immediate(target)) => {
                    if labels.labels.contains(&target.into()) {
                        write!(f, "L{target}")?;
                    } else {
                        write!(f, "{target}")?;
                    }
                }
                (Slot::Op2 | Slot::Wide | Slot::LoopCount, Source::Immediate(number)) => {
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

    /// Where it may continue within a program, relative to its own address or
    /// absolute, if that is a number.
    fn target(&self, at: usize) -> Option<usize> {
        let slots = self.op.row().slots;
        match self.op2 {
            Source::Immediate(target) if slots.contains(&Slot::Target) => Some(target.into()),
            _ if slots.contains(&Slot::Distance) || slots.contains(&Slot::LoopEnd) => {
                at.checked_add_signed(self.offset.into())
            }
            _ => None,
        }
    }
}

/// As it is assembled; a branch's target is relative, as in `qba .-1`.
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

/// A program as text that assembles back to the same words: an instruction a line,
/// with labels where branches lead to. A word that is no instruction, or not as our
/// assembler encodes it, is written as a number.
pub fn disassemble(words: &[u32]) -> String {
    let decode = |word: u32| {
        Instruction::decode(word).filter(|found| {
            let a_loop = matches!(found.op, Op::Loop | Op::Iloop);
            found.encode() == word && !(a_loop && found.offset < LEAST_LOOP)
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
        // Writing to a string never fails.
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
