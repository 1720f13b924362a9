//! The instruction set as a table with one row for each operation. Encoder, decoder,
//! assembler and disassembler all use it.
//!
//! Operand: the opcode table of GNU binutils; `tests/gnu.rs` compares them. MVIB, MVIW and
//! MVID are missing because their encoding is not documented.

use crate::Field;
use crate::instruction::{Instruction, Length, MAX_LENGTH, Op, Operand};

/// A kind of operand: its position in the word and its syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Bits 0..8: the destination field.
    Rd,
    /// Bits 0..7: the register and byte at which moved bytes start.
    RdBytes,
    /// Bits 8..16: the first source.
    Rs1,
    /// Bits 8..13: a register that holds an address.
    Base,
    /// Bits 16..24: the second source; bit 24 marks it as a number.
    Op2,
    /// Bits 8..24: a 16-bit number.
    Wide,
    /// Bits 16..24, a field, or bits 8..24, a 16-bit number marked by bit 24.
    Target,
    /// Bits 0..8 and 25..27: the signed distance of a branch.
    Distance,
    /// Bits 0..8: the distance to the instruction after the end of a loop.
    LoopEnd,
    /// Like `Op2`, but numbers are encoded as one less.
    LoopCount,
    /// Bits 7, 13..16 and 25..28: the length of a load or store.
    MemoryLength,
    /// Bits 7..14: the length of a transfer.
    TransferLength,
    /// Bits 8..13: an entry of the constant table.
    Constant,
    /// Bits 15..23: the device of a transfer.
    Device,
    /// Bit 23: set if events wake the core.
    Wake,
}

/// Syntax and encoding of an operation.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) op: Op,
    pub(crate) mnemonic: &'static str,
    /// The word without its operands.
    word: u32,
    /// The bits that identify the operation.
    mask: u32,
    /// The operands in the order of the syntax.
    pub(crate) slots: &'static [Slot],
}

const THREE: &[Slot] = &[Slot::Rd, Slot::Rs1, Slot::Op2];
const TWO: &[Slot] = &[Slot::Rd, Slot::Rs1];
const BRANCH: &[Slot] = &[Slot::Distance, Slot::Rs1, Slot::Op2];
const BASE: &[Slot] = &[Slot::RdBytes, Slot::Base, Slot::Op2, Slot::MemoryLength];
const TABLE: &[Slot] = &[Slot::RdBytes, Slot::Constant, Slot::Op2, Slot::MemoryLength];
const TRANSFER: &[Slot] = &[Slot::Device, Slot::RdBytes, Slot::TransferLength];
const LOOP: &[Slot] = &[Slot::LoopEnd, Slot::LoopCount];

const fn row(op: Op, mnemonic: &'static str, word: u32, mask: u32, slots: &'static [Slot]) -> Row {
    Row {
        op,
        mnemonic,
        word,
        mask,
        slots,
    }
}

/// All operations, in the order of [`Op`].
#[rustfmt::skip]
pub(crate) static ROWS: [Row; 43] = [
    row(Op::Add,   "add",   0x0000_0000, 0xfe00_0000, THREE),
    row(Op::Adc,   "adc",   0x0200_0000, 0xfe00_0000, THREE),
    row(Op::Sub,   "sub",   0x0400_0000, 0xfe00_0000, THREE),
    row(Op::Suc,   "suc",   0x0600_0000, 0xfe00_0000, THREE),
    row(Op::Lsl,   "lsl",   0x0800_0000, 0xfe00_0000, THREE),
    row(Op::Lsr,   "lsr",   0x0a00_0000, 0xfe00_0000, THREE),
    row(Op::Rsb,   "rsb",   0x0c00_0000, 0xfe00_0000, THREE),
    row(Op::Rsc,   "rsc",   0x0e00_0000, 0xfe00_0000, THREE),
    row(Op::And,   "and",   0x1000_0000, 0xfe00_0000, THREE),
    row(Op::Or,    "or",    0x1200_0000, 0xfe00_0000, THREE),
    row(Op::Xor,   "xor",   0x1400_0000, 0xfe00_0000, THREE),
    // The missing second operand is marked as a number.
    row(Op::Not,   "not",   0x1700_0000, 0xfe00_0000, TWO),
    row(Op::Min,   "min",   0x1800_0000, 0xfe00_0000, THREE),
    row(Op::Max,   "max",   0x1a00_0000, 0xfe00_0000, THREE),
    row(Op::Clr,   "clr",   0x1c00_0000, 0xfe00_0000, THREE),
    row(Op::Set,   "set",   0x1e00_0000, 0xfe00_0000, THREE),
    row(Op::Jmp,   "jmp",   0x2000_0000, 0xfe00_0000, &[Slot::Target]),
    row(Op::Jal,   "jal",   0x2200_0000, 0xfe00_0000, &[Slot::Rd, Slot::Target]),
    row(Op::Ldi,   "ldi",   0x2400_0000, 0xfe00_0000, &[Slot::Rd, Slot::Wide]),
    row(Op::Lmbd,  "lmbd",  0x2600_0000, 0xfe00_0000, THREE),
    row(Op::Halt,  "halt",  0x2a00_0000, 0xfe00_0000, &[]),
    row(Op::Slp,   "slp",   0x3e00_0000, 0xfe00_0000, &[Slot::Wake]),
    row(Op::Xin,   "xin",   0x2e80_0000, 0xff80_4000, TRANSFER),
    row(Op::Xout,  "xout",  0x2f00_0000, 0xff80_4000, TRANSFER),
    row(Op::Xchg,  "xchg",  0x2f80_0000, 0xff80_4000, TRANSFER),
    row(Op::Sxin,  "sxin",  0x2e80_4000, 0xff80_4000, TRANSFER),
    row(Op::Sxout, "sxout", 0x2f00_4000, 0xff80_4000, TRANSFER),
    row(Op::Sxchg, "sxchg", 0x2f80_4000, 0xff80_4000, TRANSFER),
    row(Op::Loop,  "loop",  0x3000_0000, 0xfe00_8000, LOOP),
    row(Op::Iloop, "iloop", 0x3000_8000, 0xfe00_8000, LOOP),
    row(Op::Qbgt,  "qbgt",  0x6000_0000, 0xf800_0000, BRANCH),
    row(Op::Qbge,  "qbge",  0x7000_0000, 0xf800_0000, BRANCH),
    row(Op::Qblt,  "qblt",  0x4800_0000, 0xf800_0000, BRANCH),
    row(Op::Qble,  "qble",  0x5800_0000, 0xf800_0000, BRANCH),
    row(Op::Qbeq,  "qbeq",  0x5000_0000, 0xf800_0000, BRANCH),
    row(Op::Qbne,  "qbne",  0x6800_0000, 0xf800_0000, BRANCH),
    // Other assemblers set the bit that marks a number here.
    row(Op::Qba,   "qba",   0x7800_0000, 0xf800_0000, &[Slot::Distance]),
    row(Op::Qbbs,  "qbbs",  0xd000_0000, 0xf800_0000, BRANCH),
    row(Op::Qbbc,  "qbbc",  0xc800_0000, 0xf800_0000, BRANCH),
    row(Op::Lbbo,  "lbbo",  0xf000_0000, 0xf000_0000, BASE),
    row(Op::Sbbo,  "sbbo",  0xe000_0000, 0xf000_0000, BASE),
    row(Op::Lbco,  "lbco",  0x9000_0000, 0xf000_0000, TABLE),
    row(Op::Sbco,  "sbco",  0x8000_0000, 0xf000_0000, TABLE),
];

/// Marks the second operand or the target as a number.
const IMMEDIATE: u32 = 1 << 24;

impl Op {
    pub(crate) fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Returns the mnemonic, in lower case.
    pub fn mnemonic(self) -> &'static str {
        self.row().mnemonic
    }
}

impl Instruction {
    /// Decodes a word, or returns `None` if it is not an instruction. Unused bits are
    /// ignored, so several words may decode to the same instruction.
    pub fn decode(word: u32) -> Option<Instruction> {
        let row = ROWS
            .iter()
            .find(|row| word & row.mask == row.word & row.mask)?;
        let mut instruction = Instruction::bare(row.op);
        for &slot in row.slots {
            slot.take(word, &mut instruction);
        }
        Some(instruction)
    }

    /// Encodes the instruction, with zeros in unused bits.
    pub fn encode(&self) -> u32 {
        let row = self.op.row();
        let operands = row.slots.iter().map(|slot| slot.put(self));
        operands.fold(row.word, |word, bits| word | bits)
    }
}

impl Slot {
    fn take(self, word: u32, to: &mut Instruction) {
        let byte = |shift: u32| (word >> shift) as u8;
        let second = Field::from_code(byte(16));
        let immediate = word & IMMEDIATE != 0;
        match self {
            Slot::Rd => to.rd = Field::from_code(byte(0)),
            Slot::RdBytes => to.rd = Field::from_code(byte(0) & 0x7f),
            Slot::Rs1 => to.rs1 = Field::from_code(byte(8)),
            Slot::Base => to.rs1 = Field::whole(byte(8)),
            Slot::Op2 | Slot::Target | Slot::LoopCount if !immediate => {
                to.op2 = Operand::Field(second);
            }
            Slot::Op2 => to.op2 = Operand::Immediate(byte(16).into()),
            Slot::Wide | Slot::Target => to.op2 = Operand::Immediate((word >> 8) as u16),
            Slot::LoopCount => to.op2 = Operand::Immediate(u16::from(byte(16)) + 1),
            Slot::Distance => {
                let raw = (word & 0xff | word >> 17 & 0x300) as i16;
                to.offset = raw << 6 >> 6; // sign-extends ten bits
            }
            Slot::LoopEnd => to.offset = byte(0).into(),
            Slot::MemoryLength => {
                let code = word >> 25 << 4 & 0x70 | word >> 12 & 0x0e | word >> 7 & 1;
                to.length = Length::from_code(code as u8);
            }
            Slot::TransferLength => to.length = Length::from_code(byte(7) & 0x7f),
            Slot::Constant => to.number = byte(8) & 31,
            Slot::Device => to.number = byte(15),
            Slot::Wake => to.number = byte(23) & 1,
        }
    }

    fn put(self, from: &Instruction) -> u32 {
        let (rd, rs1) = (u32::from(from.rd.code()), u32::from(from.rs1.code()));
        let number = u32::from(from.number);
        match (self, from.op2) {
            (Slot::Rd, _) => rd,
            (Slot::RdBytes, _) => rd & 0x7f,
            (Slot::Rs1, _) => rs1 << 8,
            (Slot::Base, _) => (rs1 & 31) << 8,
            (Slot::Op2 | Slot::Target | Slot::LoopCount | Slot::Wide, Operand::Field(field)) => {
                u32::from(field.code()) << 16
            }
            (Slot::Op2, Operand::Immediate(value)) => IMMEDIATE | u32::from(value) << 16,
            (Slot::LoopCount, Operand::Immediate(value)) => {
                IMMEDIATE | (u32::from(value) - 1) << 16
            }
            (Slot::Target, Operand::Immediate(value)) => IMMEDIATE | u32::from(value) << 8,
            (Slot::Wide, Operand::Immediate(value)) => u32::from(value) << 8,
            (Slot::Distance, _) => {
                let raw = from.offset as u32;
                raw & 0xff | (raw & 0x300) << 17
            }
            (Slot::LoopEnd, _) => from.offset as u32 & 0xff,
            (Slot::MemoryLength, _) => {
                let code = u32::from(from.length.code());
                (code & 0x70) << 21 | (code & 0x0e) << 12 | (code & 1) << 7
            }
            (Slot::TransferLength, _) => u32::from(from.length.code()) << 7,
            (Slot::Constant, _) => (number & 31) << 8,
            (Slot::Device, _) => number << 15,
            (Slot::Wake, _) => (number & 1) << 23,
        }
    }
}

impl Length {
    /// Decodes the seven bits of instructions: one less than the number of bytes, or the
    /// byte of register 0 that holds the number.
    const fn from_code(code: u8) -> Length {
        if code < MAX_LENGTH {
            Length::Bytes(code + 1)
        } else {
            Length::InR0(code - MAX_LENGTH)
        }
    }

    const fn code(self) -> u8 {
        match self {
            Length::Bytes(bytes) => bytes - 1,
            Length::InR0(byte) => MAX_LENGTH + byte,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_the_order_of_operations_and_tell_words_apart() {
        for (i, row) in ROWS.iter().enumerate() {
            assert_eq!(row.op as usize, i);
            for other in &ROWS[i + 1..] {
                let common = row.mask & other.mask;
                assert_ne!(row.word & common, other.word & common, "{row:?} {other:?}");
            }
        }
    }
}
