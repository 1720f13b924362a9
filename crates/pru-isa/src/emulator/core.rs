//! One core: its registers, its program counter and the effect of each instruction.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::fault::FaultCause;
use super::memory::{BANK_WORDS, Memory};
use super::{
    COUNTER_ENABLE, DATA_BYTES, ENABLE, RUNSTATE, SHARED, SHARED_BYTES, SINGLE_STEP, SLEEPING,
    SOFT_RST_N,
};
use crate::instruction::{Instruction, Length, Op, Operand};
use crate::{BANKS, Field, MEMORY_WORDS, ONES, PEER, ZEROS};

/// The constant table after reset, from the AM335x manual. [`super::TABLE`] moves
/// entries 24 to 31.
#[rustfmt::skip]
const CONSTANTS: [u32; 32] = [
    0x0002_0000, 0x4804_0000, 0x4802_a000, 0x0003_0000, 0x0002_6000, 0x4806_0000,
    0x4803_0000, 0x0002_8000, 0x4600_0000, 0x4a10_0000, 0x4831_8000, 0x4802_2000,
    0x4802_4000, 0x4831_0000, 0x481c_c000, 0x481d_0000, 0x481a_0000, 0x4819_c000,
    0x4830_0000, 0x4830_2000, 0x4830_4000, 0x0003_2400, 0x480c_8000, 0x480c_a000,
    0x0000_0000, 0x0000_2000, 0x0002_e000, 0x0003_2000, 0x0000_0000, 0x4900_0000,
    0x4000_0000, 0x8000_0000,
];

/// Register 31: reads return the input pins, writes generate events.
const EVENTS: usize = 31;

/// The parts of the subsystem that a core shares with the other core.
pub(super) struct Shared<'s> {
    pub(super) number: usize,
    pub(super) memory: &'s mut Memory,
    pub(super) banks: &'s mut [[u32; BANK_WORDS]; 3],
    pub(super) peer: &'s mut [u32; 32],
}

/// A loop in progress.
#[derive(Clone, Copy, Debug)]
struct Loop {
    top: u16,
    end: u16,
    /// Remaining iterations, including the current one.
    rounds: u32,
}

/// One of the two cores.
#[derive(Clone, Debug)]
pub struct Core {
    pub(super) registers: [u32; 32],
    carry: bool,
    counter: u16,
    loops: Option<Loop>,
    pub(super) words: Box<[u32]>,
    decoded: Box<[Option<Instruction>]>,
    /// The stored bits of CONTROL.
    control: u32,
    /// The CYCLE register.
    pub(super) cycle_register: u32,
    /// The registers from [`super::TABLE`] on.
    pub(super) table: [u32; 4],
    /// The time at which the last instruction is finished.
    pub(super) ready_at: u64,
    cycles: u64,
    instructions: u64,
    events: u32,
    regions: Vec<Range<u32>>,
    devices: Vec<u8>,
}

impl Core {
    pub(super) fn new() -> Core {
        Core {
            registers: [0; 32],
            carry: false,
            counter: 0,
            loops: None,
            words: vec![0; MEMORY_WORDS].into(),
            decoded: vec![Instruction::decode(0); MEMORY_WORDS].into(),
            control: SOFT_RST_N,
            cycle_register: 0,
            table: [0; 4],
            ready_at: 0,
            cycles: 0,
            instructions: 0,
            events: 0,
            regions: vec![0..2 * DATA_BYTES, SHARED..SHARED + SHARED_BYTES],
            devices: vec![BANKS[0], BANKS[1], BANKS[2], PEER],
        }
    }

    /// Restricts the core to these regions of memory, as the core addresses them, and to
    /// these devices of transfers (see [`BANKS`] and [`PEER`]).
    pub fn allow(&mut self, regions: &[Range<u32>], devices: &[u8]) {
        self.regions = regions.to_vec();
        self.devices = devices.to_vec();
    }

    /// Returns the value of register 0..=31; greater numbers wrap.
    pub fn register(&self, number: u8) -> u32 {
        self.registers[usize::from(number & 31)]
    }

    /// Sets register 0..=31; greater numbers wrap. Register 31 holds the input pins.
    pub fn set_register(&mut self, number: u8, value: u32) {
        self.registers[usize::from(number & 31)] = value;
    }

    /// Returns the carry of the last addition or subtraction.
    pub fn carry(&self) -> bool {
        self.carry
    }

    /// Returns the program counter: the address of the next instruction.
    pub fn counter(&self) -> u16 {
        self.counter
    }

    /// Returns the number of cycles spent on instructions.
    pub fn cycles(&self) -> u64 {
        self.cycles
    }

    /// Returns the number of instructions executed.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// Returns the value last written to register 31.
    pub fn events(&self) -> u32 {
        self.events
    }

    /// Returns whether the core is enabled and awake.
    pub fn runs(&self) -> bool {
        self.control & (ENABLE | SLEEPING) == ENABLE
    }

    pub(super) fn set_word(&mut self, index: usize, word: u32) {
        self.words[index] = word;
        self.decoded[index] = Instruction::decode(word);
    }

    /// Returns an entry of the constant table. Entries 24 to 27 are moved by up to 15 pages
    /// of 256 bytes, entries 28 to 31 by up to 65,535.
    fn constant(&self, number: u8) -> u32 {
        let number = usize::from(number & 31);
        let pages = match number.checked_sub(24) {
            None => 0,
            Some(entry) => {
                let half = self.table[entry / 2] >> (16 * (entry % 2));
                half & if entry < 4 { 0xf } else { 0xffff }
            }
        };
        CONSTANTS[number] | pages << 8
    }

    pub(super) fn control(&self, now: u64) -> u32 {
        let running = self.control & ENABLE != 0 || now < self.ready_at;
        self.control | if running { RUNSTATE } else { 0 }
    }

    pub(super) fn set_control(&mut self, value: u32, now: u64) {
        let writable = 0xffff_0000 | ENABLE | COUNTER_ENABLE | SINGLE_STEP;
        let asleep = self.control & SLEEPING;
        self.control = SOFT_RST_N | asleep | value & writable;
        if value & SOFT_RST_N == 0 {
            self.control &= !SLEEPING;
            self.counter = (value >> 16) as u16;
            self.carry = false;
            self.loops = None;
        }
        self.ready_at = self.ready_at.max(now);
    }

    /// Executes the next instruction, starting now. A fault halts the core and has no other
    /// effect; it is returned with the instruction's address.
    pub(super) fn execute(
        &mut self,
        now: u64,
        shared: &mut Shared,
    ) -> Result<(), (u16, FaultCause)> {
        let at = self.counter;
        let found = match self.decoded.get(usize::from(at)) {
            None => Err(FaultCause::NoMemory),
            Some(None) => Err(FaultCause::NoInstruction(self.words[usize::from(at)])),
            Some(&Some(instruction)) => self.perform(&instruction, shared),
        };
        let cycles = found.map_err(|cause| {
            self.control &= !ENABLE;
            (at, cause)
        })?;
        if let Some(Loop { top, end, rounds }) = self.loops {
            if self.counter == end {
                self.loops = (rounds > 1).then_some(Loop {
                    top,
                    end,
                    rounds: rounds - 1,
                });
                if rounds > 1 {
                    self.counter = top;
                }
            }
        }
        if self.control & SINGLE_STEP != 0 {
            self.control &= !ENABLE;
        }
        if self.control & COUNTER_ENABLE != 0 {
            self.cycle_register = self.cycle_register.saturating_add(cycles);
        }
        self.cycles += u64::from(cycles);
        self.instructions += 1;
        self.ready_at = now + u64::from(cycles);
        Ok(())
    }

    /// Performs an instruction and returns its cycles.
    fn perform(&mut self, i: &Instruction, shared: &mut Shared) -> Result<u32, FaultCause> {
        let a = self.get(i.rs1);
        let b = match i.op2 {
            Operand::Field(field) => self.get(field),
            Operand::Immediate(number) => number.into(),
        };
        let mut next = self.counter.wrapping_add(1);
        let there = self.counter.wrapping_add_signed(i.offset);
        let bit = 1u32 << (b & 31);
        let (carry, borrow) = (u64::from(self.carry), u64::from(!self.carry));
        let (wide_a, wide_b) = (u64::from(a), u64::from(b));
        let mut jump_if = |condition: bool| {
            if condition {
                next = there;
            }
        };
        match i.op {
            Op::Add => self.add(i.rd, wide_a + wide_b),
            Op::Adc => self.add(i.rd, wide_a + wide_b + carry),
            Op::Sub => self.subtract(i.rd, wide_a.wrapping_sub(wide_b)),
            Op::Suc => self.subtract(i.rd, wide_a.wrapping_sub(wide_b + borrow)),
            Op::Rsb => self.subtract(i.rd, wide_b.wrapping_sub(wide_a)),
            Op::Rsc => self.subtract(i.rd, wide_b.wrapping_sub(wide_a + borrow)),
            Op::Lsl => self.set(i.rd, a << (b & 31)),
            Op::Lsr => self.set(i.rd, a >> (b & 31)),
            Op::And => self.set(i.rd, a & b),
            Op::Or => self.set(i.rd, a | b),
            Op::Xor => self.set(i.rd, a ^ b),
            Op::Not => self.set(i.rd, !a),
            Op::Min => self.set(i.rd, a.min(b)),
            Op::Max => self.set(i.rd, a.max(b)),
            Op::Clr => self.set(i.rd, a & !bit),
            Op::Set => self.set(i.rd, a | bit),
            Op::Ldi => self.set(i.rd, b),
            Op::Lmbd => {
                // Finds the leftmost bit that equals bit 0 of b.
                let like = if b & 1 == 1 { a } else { !a & i.rs1.mask() };
                self.set(i.rd, like.checked_ilog2().unwrap_or(32));
            }
            Op::Qbgt => jump_if(b > a),
            Op::Qbge => jump_if(b >= a),
            Op::Qblt => jump_if(b < a),
            Op::Qble => jump_if(b <= a),
            Op::Qbeq => jump_if(b == a),
            Op::Qbne => jump_if(b != a),
            Op::Qba => jump_if(true),
            Op::Qbbs => jump_if(a & bit != 0),
            Op::Qbbc => jump_if(a & bit == 0),
            Op::Jmp => next = b as u16,
            Op::Jal => {
                self.set(i.rd, next.into());
                next = b as u16;
            }
            Op::Loop | Op::Iloop => match u32::from(b as u16) {
                0 => next = there,
                rounds => {
                    self.loops = Some(Loop {
                        top: next,
                        end: there,
                        rounds,
                    });
                }
            },
            Op::Halt => {
                // The program counter stays here, so that a debugger can replace the HALT.
                self.control &= !ENABLE;
                return Ok(1);
            }
            Op::Slp => self.control |= SLEEPING,
            Op::Lbbo => self.load(i, base_address(self, i.rs1).wrapping_add(b), shared)?,
            Op::Lbco => self.load(i, self.constant(i.number).wrapping_add(b), shared)?,
            Op::Sbbo => self.store(i, base_address(self, i.rs1).wrapping_add(b), shared)?,
            Op::Sbco => self.store(i, self.constant(i.number).wrapping_add(b), shared)?,
            Op::Xin | Op::Xout | Op::Xchg => self.transfer(i, shared)?,
            Op::Sxin | Op::Sxout | Op::Sxchg => return Err(FaultCause::NotEmulated(i.op)),
        }
        let cycles = i.cycles().unwrap_or_else(|| {
            let bytes = self.length(i.length).div_ceil(4);
            let load = matches!(i.op, Op::Lbbo | Op::Lbco);
            1 + u32::from(load) + bytes
        });
        self.counter = next;
        Ok(cycles)
    }

    fn get(&self, field: Field) -> u32 {
        self.registers[usize::from(field.register())] >> field.shift() & field.mask()
    }

    fn set(&mut self, field: Field, value: u32) {
        let (mask, shift) = (field.mask(), field.shift());
        let value = (value & mask) << shift;
        match usize::from(field.register()) {
            EVENTS => self.events = value,
            register => {
                let old = self.registers[register] & !(mask << shift);
                self.registers[register] = old | value;
            }
        }
    }

    fn add(&mut self, rd: Field, sum: u64) {
        self.carry = sum >> rd.bits() & 1 == 1;
        self.set(rd, sum as u32);
    }

    /// Subtracts. Carry set means no borrow, as on ARM.
    fn subtract(&mut self, rd: Field, difference: u64) {
        self.carry = difference >> rd.bits() & 1 == 0;
        self.set(rd, difference as u32);
    }

    fn length(&self, length: Length) -> u32 {
        match length {
            Length::Bytes(bytes) => bytes.into(),
            Length::InR0(byte) => self.get(Field::byte(0, byte)),
        }
    }

    /// Returns the moved bytes as a range over all register bytes, from register 0.
    fn moved(&self, i: &Instruction, registers: usize) -> Result<Range<usize>, FaultCause> {
        let bytes = self.length(i.length);
        let first = 4 * usize::from(i.rd.register()) + (i.rd.shift() / 8) as usize;
        let end = first + bytes as usize;
        if end > 4 * registers {
            return Err(FaultCause::Registers {
                first: i.rd.register(),
                bytes,
            });
        }
        Ok(first..end)
    }

    /// Returns the index of an address in memory if the core may access it.
    fn allowed(&self, core: usize, address: u32, bytes: u32) -> Option<usize> {
        let within = |region: &&Range<u32>| {
            region.start <= address && address < region.end && bytes <= region.end - address
        };
        self.regions.iter().find(within)?;
        Memory::index(core, address, bytes)
    }

    fn load(&mut self, i: &Instruction, address: u32, shared: &Shared) -> Result<(), FaultCause> {
        let moved = self.moved(i, 32)?;
        let bytes = moved.len() as u32;
        let index = self
            .allowed(shared.number, address, bytes)
            .ok_or(FaultCause::Read { address, bytes })?;
        let memory = shared.memory.bytes(index, moved.len());
        for (at, &byte) in moved.zip(memory) {
            self.set(Field::byte((at / 4) as u8, (at % 4) as u8), byte.into());
        }
        Ok(())
    }

    fn store(
        &mut self,
        i: &Instruction,
        address: u32,
        shared: &mut Shared,
    ) -> Result<(), FaultCause> {
        let moved = self.moved(i, 32)?;
        let bytes = moved.len() as u32;
        let index = self
            .allowed(shared.number, address, bytes)
            .ok_or(FaultCause::Write { address, bytes })?;
        let memory = shared.memory.bytes_mut(index, moved.len());
        for (at, byte) in moved.zip(memory) {
            *byte = self.registers[at / 4].to_le_bytes()[at % 4];
        }
        Ok(())
    }

    fn transfer(&mut self, i: &Instruction, shared: &mut Shared) -> Result<(), FaultCause> {
        let moved = self.moved(i, BANK_WORDS)?;
        if let (Op::Xin, ONES | ZEROS) = (i.op, i.number) {
            let value = if i.number == ONES { 0xff } else { 0 };
            for at in moved {
                self.set(Field::byte((at / 4) as u8, (at % 4) as u8), value);
            }
            return Ok(());
        }
        if !self.devices.contains(&i.number) {
            return Err(FaultCause::Device(i.number));
        }
        let bank: &mut [u32] = match i.number {
            PEER => shared.peer,
            number => {
                let index = usize::from(number.wrapping_sub(BANKS[0]));
                let bank = shared.banks.get_mut(index);
                bank.ok_or(FaultCause::Device(number))?
            }
        };
        for at in moved {
            let (register, mask) = (at / 4, 0xff << (8 * (at % 4)));
            let (own, other) = (self.registers[register], bank[register]);
            if i.op != Op::Xin {
                bank[register] = other & !mask | own & mask;
            }
            if i.op != Op::Xout {
                self.registers[register] = own & !mask | other & mask;
            }
        }
        Ok(())
    }
}

/// Returns the value of a load's or store's base register.
fn base_address(core: &Core, base: Field) -> u32 {
    core.registers[usize::from(base.register())]
}
