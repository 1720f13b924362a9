//! One instruction.

use crate::Field;

/// The operations. `table` says how each is written and encoded.
#[allow(missing_docs)] // they are the manual's names; the table has them all
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[rustfmt::skip]
pub enum Op {
    Add, Adc, Sub, Suc, Lsl, Lsr, Rsb, Rsc, And, Or, Xor, Not, Min, Max, Clr, Set,
    Jmp, Jal, Ldi, Lmbd, Halt, Slp,
    Xin, Xout, Xchg, Sxin, Sxout, Sxchg,
    Loop, Iloop,
    Qbgt, Qbge, Qblt, Qble, Qbeq, Qbne, Qba, Qbbs, Qbbc,
    Lbbo, Sbbo, Lbco, Sbco,
}

/// A second operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// What a field holds.
    Field(Field),
    /// A number, zero-extended: 0..=255, 1..=256 of loops, 0..=65,535 of jumps and
    /// [`Op::Ldi`].
    Immediate(u16),
}

impl From<Field> for Source {
    fn from(field: Field) -> Source {
        Source::Field(field)
    }
}

impl From<u8> for Source {
    fn from(number: u8) -> Source {
        Source::Immediate(number.into())
    }
}

/// How many bytes are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Length {
    /// This many, 1..=124.
    Bytes(u8),
    /// As many as this byte, 0..=3, of register 0 says.
    InR0(u8),
}

/// The most bytes that one instruction moves.
pub const MAX_LENGTH: u8 = 124;

/// One instruction: an operation with the operands that it has.
///
/// It can always be encoded: what no instruction can say cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    pub(crate) op: Op,
    /// Destination, or where the bytes moved begin.
    pub(crate) rd: Field,
    /// First source, or base address.
    pub(crate) rs1: Field,
    pub(crate) op2: Source,
    /// Distance of branches, -512..=511, and loops' ends, 0..=255, in instructions.
    pub(crate) offset: i16,
    pub(crate) length: Length,
    /// Entry of the constant table, device of a transfer, or whether SLP wakes.
    pub(crate) number: u8,
}

impl Instruction {
    /// An operation whose operands are all at their least.
    pub(crate) const fn bare(op: Op) -> Instruction {
        Instruction {
            op,
            rd: Field::R0,
            rs1: Field::R0,
            op2: Source::Immediate(0),
            offset: 0,
            length: Length::Bytes(1),
            number: 0,
        }
    }

    /// `and rd, a, b`
    pub const fn and(rd: Field, a: Field, b: Field) -> Instruction {
        Instruction::alu(Op::And, rd, a, b)
    }

    /// `or rd, a, b`
    pub const fn or(rd: Field, a: Field, b: Field) -> Instruction {
        Instruction::alu(Op::Or, rd, a, b)
    }

    /// `xor rd, a, b`
    pub const fn xor(rd: Field, a: Field, b: Field) -> Instruction {
        Instruction::alu(Op::Xor, rd, a, b)
    }

    const fn alu(op: Op, rd: Field, a: Field, b: Field) -> Instruction {
        Instruction {
            rd,
            rs1: a,
            op2: Source::Field(b),
            ..Instruction::bare(op)
        }
    }

    /// `not rd, a`
    pub const fn not(rd: Field, a: Field) -> Instruction {
        Instruction {
            rd,
            rs1: a,
            ..Instruction::bare(Op::Not)
        }
    }

    /// `mov rd, a`, which is `or rd, a, 0`.
    pub const fn mov(rd: Field, a: Field) -> Instruction {
        Instruction {
            rd,
            rs1: a,
            ..Instruction::bare(Op::Or)
        }
    }

    /// `ldi rd, number`
    pub const fn ldi(rd: Field, number: u16) -> Instruction {
        Instruction {
            rd,
            op2: Source::Immediate(number),
            ..Instruction::bare(Op::Ldi)
        }
    }

    /// `jmp address`, the address counted in instructions.
    pub const fn jmp(address: u16) -> Instruction {
        Instruction {
            op2: Source::Immediate(address),
            ..Instruction::bare(Op::Jmp)
        }
    }

    /// `qbbc .+distance, a, bit`: branches if that bit is clear. None unless the
    /// distance is -512..=511.
    pub const fn qbbc(distance: i16, a: Field, bit: u8) -> Option<Instruction> {
        Instruction::branch(Op::Qbbc, distance, a, bit)
    }

    /// `qbbs .+distance, a, bit`: branches if that bit is set. None unless the
    /// distance is -512..=511.
    pub const fn qbbs(distance: i16, a: Field, bit: u8) -> Option<Instruction> {
        Instruction::branch(Op::Qbbs, distance, a, bit)
    }

    const fn branch(op: Op, distance: i16, a: Field, bit: u8) -> Option<Instruction> {
        if distance < -512 || distance > 511 {
            return None;
        }
        Some(Instruction {
            rs1: a,
            op2: Source::Immediate(bit as u16),
            offset: distance,
            ..Instruction::bare(op)
        })
    }

    /// `lbco &rN, cM, offset, bytes`: loads from an entry of the constant table, 0..=31,
    /// on. None unless the number of bytes is 1..=124.
    pub fn lbco(
        register: u8,
        constant: u8,
        offset: impl Into<Source>,
        bytes: u8,
    ) -> Option<Instruction> {
        Instruction::constant(Op::Lbco, register, constant, offset.into(), bytes)
    }

    /// `sbco &rN, cM, offset, bytes`: stores likewise.
    pub fn sbco(
        register: u8,
        constant: u8,
        offset: impl Into<Source>,
        bytes: u8,
    ) -> Option<Instruction> {
        Instruction::constant(Op::Sbco, register, constant, offset.into(), bytes)
    }

    fn constant(op: Op, register: u8, number: u8, op2: Source, bytes: u8) -> Option<Instruction> {
        let fits = match op2 {
            Source::Immediate(offset) => offset < 256,
            Source::Field(_) => true,
        };
        if !fits || number > 31 {
            return None;
        }
        Some(Instruction {
            op2,
            number,
            ..Instruction::moving(op, register, bytes)?
        })
    }

    /// `xin device, &rN, bytes`: registers from a scratchpad bank, from register N on,
    /// or with [`ZEROS`](crate::ZEROS) cleared. None unless the number of bytes is 1..=124.
    pub fn xin(device: u8, register: u8, bytes: u8) -> Option<Instruction> {
        Instruction::transfer(Op::Xin, device, register, bytes)
    }

    /// `xout device, &rN, bytes`: registers into a scratchpad bank, likewise.
    pub fn xout(device: u8, register: u8, bytes: u8) -> Option<Instruction> {
        Instruction::transfer(Op::Xout, device, register, bytes)
    }

    /// `xchg device, &rN, bytes`: registers against a scratchpad bank's, likewise.
    pub fn xchg(device: u8, register: u8, bytes: u8) -> Option<Instruction> {
        Instruction::transfer(Op::Xchg, device, register, bytes)
    }

    fn transfer(op: Op, device: u8, register: u8, bytes: u8) -> Option<Instruction> {
        Some(Instruction {
            number: device,
            ..Instruction::moving(op, register, bytes)?
        })
    }

    fn moving(op: Op, register: u8, bytes: u8) -> Option<Instruction> {
        (1..=MAX_LENGTH).contains(&bytes).then_some(Instruction {
            rd: Field::byte(register, 0),
            length: Length::Bytes(bytes),
            ..Instruction::bare(op)
        })
    }

    /// The operation.
    pub const fn op(&self) -> Op {
        self.op
    }

    /// Cycles that it takes, if that does not depend on a register: 1, but for
    /// access to local or shared memory. A load takes 2 and one more for each 4 bytes
    /// begun, a store 1 and one more for each.
    pub fn cycles(&self) -> Option<u32> {
        let base = match self.op {
            Op::Lbbo | Op::Lbco => 2,
            Op::Sbbo | Op::Sbco => 1,
            _ => return Some(1),
        };
        match self.length {
            Length::Bytes(bytes) => Some(base + u32::from(bytes).div_ceil(4)),
            Length::InR0(_) => None,
        }
    }
}
