//! Instructions and their operands.

use crate::Field;

/// The operations, named as in the manual. `table` has their syntax and encoding.
#[allow(missing_docs)] // documented by the manual
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

/// The second operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// The value of a field.
    Field(Field),
    /// A zero-extended number: 0..=255, 1..=256 for loop counts, 0..=65,535 for jumps and
    /// [`Op::Ldi`].
    Immediate(u16),
}

impl From<Field> for Operand {
    fn from(field: Field) -> Operand {
        Operand::Field(field)
    }
}

impl From<u8> for Operand {
    fn from(number: u8) -> Operand {
        Operand::Immediate(number.into())
    }
}

/// Number of bytes that an instruction moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Length {
    /// A fixed number, 1..=124.
    Bytes(u8),
    /// The value of this byte, 0..=3, of register 0.
    InR0(u8),
}

/// Greatest fixed number of bytes that one instruction moves.
pub const MAX_LENGTH: u8 = 124;

/// An operation and its operands.
///
/// Constructors only accept operands that can be encoded, so encoding never fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    pub(crate) op: Op,
    /// Destination, or the first register of those moved.
    pub(crate) rd: Field,
    /// First source, or base address.
    pub(crate) rs1: Field,
    pub(crate) op2: Operand,
    /// Distance in instructions: -512..=511 for branches, 0..=255 for the ends of loops.
    pub(crate) offset: i16,
    pub(crate) length: Length,
    /// Entry of the constant table, device of a transfer, or the wake flag of SLP.
    pub(crate) number: u8,
}

impl Instruction {
    /// Returns the operation with its smallest operands.
    pub(crate) const fn bare(op: Op) -> Instruction {
        Instruction {
            op,
            rd: Field::R0,
            rs1: Field::R0,
            op2: Operand::Immediate(0),
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
            op2: Operand::Field(b),
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
            op2: Operand::Immediate(number),
            ..Instruction::bare(Op::Ldi)
        }
    }

    /// `jmp address`, the address counted in instructions.
    pub const fn jmp(address: u16) -> Instruction {
        Instruction {
            op2: Operand::Immediate(address),
            ..Instruction::bare(Op::Jmp)
        }
    }

    /// `qbbc .+distance, a, bit`: branches if the bit is clear. Returns `None` if the
    /// distance is not within -512..=511.
    pub const fn qbbc(distance: i16, a: Field, bit: u8) -> Option<Instruction> {
        Instruction::branch(Op::Qbbc, distance, a, bit)
    }

    /// `qbbs .+distance, a, bit`: branches if the bit is set. Returns `None` if the
    /// distance is not within -512..=511.
    pub const fn qbbs(distance: i16, a: Field, bit: u8) -> Option<Instruction> {
        Instruction::branch(Op::Qbbs, distance, a, bit)
    }

    const fn branch(op: Op, distance: i16, a: Field, bit: u8) -> Option<Instruction> {
        if distance < -512 || distance > 511 {
            return None;
        }
        Some(Instruction {
            rs1: a,
            op2: Operand::Immediate(bit as u16),
            offset: distance,
            ..Instruction::bare(op)
        })
    }

    /// `lbco &rN, cM, offset, bytes`: loads bytes at an offset from an entry of the constant
    /// table, 0..=31. Returns `None` if an operand is out of range; `bytes` is 1..=124.
    pub fn lbco(
        register: u8,
        constant: u8,
        offset: impl Into<Operand>,
        bytes: u8,
    ) -> Option<Instruction> {
        Instruction::constant(Op::Lbco, register, constant, offset.into(), bytes)
    }

    /// `sbco &rN, cM, offset, bytes`: stores bytes; otherwise like [`lbco`](Self::lbco).
    pub fn sbco(
        register: u8,
        constant: u8,
        offset: impl Into<Operand>,
        bytes: u8,
    ) -> Option<Instruction> {
        Instruction::constant(Op::Sbco, register, constant, offset.into(), bytes)
    }

    fn constant(op: Op, register: u8, number: u8, op2: Operand, bytes: u8) -> Option<Instruction> {
        let fits = match op2 {
            Operand::Immediate(offset) => offset < 256,
            Operand::Field(_) => true,
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

    /// `xin device, &rN, bytes`: copies bytes from a scratchpad bank to the same registers,
    /// starting at register N, or clears them with [`ZEROS`](crate::ZEROS). Returns `None`
    /// if the number of bytes is not within 1..=124.
    pub fn xin(device: u8, register: u8, bytes: u8) -> Option<Instruction> {
        Instruction::transfer(Op::Xin, device, register, bytes)
    }

    /// `xout device, &rN, bytes`: copies registers to a scratchpad bank; otherwise like
    /// [`xin`](Self::xin).
    pub fn xout(device: u8, register: u8, bytes: u8) -> Option<Instruction> {
        Instruction::transfer(Op::Xout, device, register, bytes)
    }

    /// `xchg device, &rN, bytes`: exchanges registers with those of a scratchpad bank;
    /// otherwise like [`xin`](Self::xin).
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

    /// Returns the operation.
    pub const fn op(&self) -> Op {
        self.op
    }

    /// Returns the instruction's cycles, or `None` if a register determines its length.
    ///
    /// Every instruction takes 1 cycle except loads and stores. With local or shared memory,
    /// a load takes 2 cycles plus 1 for every 4 bytes or part thereof, a store 1 plus 1.
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
