//! An emulator of both cores with their memories and scratchpad, from the programs' and
//! from the ARM's point of view.
//!
//! ```
//! use pru_isa::emulator::{CONTROL, DATA, ENABLE, FaultCause, Subsystem};
//!
//! let program = pru_isa::assemble(
//!     "        lbco &r0, c24, 0, 4
//!              lsl  r0, r0, 1
//!              sbco &r0, c24, 4, 4
//!              lbco &r1, c25, 0, 4 // the other core's data RAM
//!              halt",
//! )?;
//! let mut subsystem = Subsystem::new();
//! subsystem.core_mut(0).allow(&[0..0x2000], &[]); // its own data RAM only
//! subsystem.load(0, &program.words)?;
//! subsystem.write(DATA[0], 21)?;
//! subsystem.write(CONTROL[0], ENABLE)?;
//!
//! let fault = subsystem.run(1000).unwrap_err();
//! assert_eq!((fault.address, subsystem.now()), (3, 3 + 1 + 2));
//! assert_eq!(fault.cause, FaultCause::Read { address: 0x2000, bytes: 4 });
//! assert_eq!(subsystem.read(DATA[0] + 4)?, 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Exact: the result and cycles of every instruction, the order in which the two cores'
//! instructions take effect, the times at which the ARM may access memory and registers, and the
//! effects of CONTROL. The memories are those of the AM335x; nothing else is mapped. An access outside
//! the allowed regions ([`Core::allow`]) stops the core with a [`Fault`] that names the
//! address.
//!
//! Not modelled, and a fault where a program uses it: the interrupt controller and events,
//! the multiplier, shifted transfers, and memory outside the subsystem. Not modelled either:
//! bursts across the end of a memory, and cores that wait for each other, be it for the same
//! memory or in a direct transfer, which is immediate here.

mod core;
mod fault;
mod memory;

pub use self::core::Core;
pub use fault::{Fault, FaultCause, HostError};

use alloc::vec::Vec;

use self::core::Shared;
use crate::MEMORY_WORDS;
use memory::Memory;

/// Offsets of both cores' CONTROL registers from the ARM's base address of the subsystem.
pub const CONTROL: [u32; 2] = [0x22000, 0x24000];
/// Offset of STATUS from CONTROL: the program counter.
pub const STATUS: u32 = 0x4;
/// Offset of CYCLE from CONTROL: a count of cycles while [`COUNTER_ENABLE`] is set.
pub const CYCLE: u32 = 0xc;
/// Offset from CONTROL of four registers that move entries 24 to 31 of the constant table,
/// two entries each: CTBIR0, CTBIR1, CTPPR0, CTPPR1. A start does not reset them.
pub const TABLE: u32 = 0x20;
/// Offsets of both instruction memories from the ARM's base address.
pub const INSTRUCTIONS: [u32; 2] = [0x34000, 0x38000];
/// Offsets of both cores' registers from the ARM's base address. The ARM can access them
/// while the core is halted.
pub const REGISTERS: [u32; 2] = [0x22400, 0x24400];
/// Offsets of both data RAMs from the ARM's base address. A core sees its own at 0 and the
/// other's at 0x2000.
pub const DATA: [u32; 2] = [0, 0x2000];
/// Offset of the shared RAM, for the ARM and for both cores.
pub const SHARED: u32 = 0x10000;

/// Size of a data RAM in bytes.
pub const DATA_BYTES: u32 = 0x2000;
/// Size of the shared RAM in bytes.
pub const SHARED_BYTES: u32 = 0x3000;

/// Bit of CONTROL that reads as 1. Writing 0 resets the core, which then starts from the
/// program counter in the upper half.
pub const SOFT_RST_N: u32 = 1 << 0;
/// Bit of CONTROL: the core runs.
pub const ENABLE: u32 = 1 << 1;
/// Read-only bit of CONTROL: the core sleeps.
pub const SLEEPING: u32 = 1 << 2;
/// Bit of CONTROL: CYCLE counts.
pub const COUNTER_ENABLE: u32 = 1 << 3;
/// Bit of CONTROL: an enabled core executes one instruction and halts.
pub const SINGLE_STEP: u32 = 1 << 8;
/// Read-only bit of CONTROL: the core runs, or has not finished its last instruction.
pub const RUNSTATE: u32 = 1 << 15;

/// Two cores and the memories that they share.
#[derive(Clone, Debug)]
pub struct Subsystem {
    now: u64,
    cores: [Core; 2],
    memory: Memory,
    banks: [[u32; memory::BANK_WORDS]; 3],
}

impl Default for Subsystem {
    fn default() -> Self {
        Subsystem::new()
    }
}

impl Subsystem {
    /// Creates a subsystem after reset: both cores halted, everything zero, every region and
    /// device allowed.
    pub fn new() -> Subsystem {
        Subsystem {
            now: 0,
            cores: [Core::new(), Core::new()],
            memory: Memory::new(),
            banks: [[0; memory::BANK_WORDS]; 3],
        }
    }

    /// Returns core 0 or 1; greater numbers wrap.
    pub fn core(&self, number: usize) -> &Core {
        &self.cores[number & 1]
    }

    /// Returns core 0 or 1 for inspection and changes; greater numbers wrap.
    pub fn core_mut(&mut self, number: usize) -> &mut Core {
        &mut self.cores[number & 1]
    }

    /// Returns the cycles since the start, 5 ns each.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Returns registers 0 to 29 of scratchpad bank 10, 11 or 12.
    pub fn bank(&self, number: u8) -> Option<&[u32]> {
        let index = number.checked_sub(crate::BANKS[0])?;
        self.banks.get(usize::from(index)).map(|bank| &bank[..])
    }

    /// Reads a word as the ARM does.
    ///
    /// # Errors
    /// Fails if nothing is mapped there, if the offset is not a multiple of 4, or if it leads
    /// to the instruction memory or registers of a running core.
    pub fn read(&self, offset: u32) -> Result<u32, HostError> {
        match Subsystem::target(offset)? {
            Target::Memory(index) => Ok(self.memory.word(index)),
            Target::Control(core) => Ok(self.cores[core].control(self.now)),
            Target::Status(core) => Ok(self.cores[core].counter().into()),
            Target::Cycle(core) => Ok(self.cores[core].cycle_register),
            Target::Table(core, index) => Ok(self.cores[core].table[index]),
            Target::Register(core, index) => Ok(self.halted(core, offset)?.register(index as u8)),
            Target::Instruction(core, index) => Ok(self.halted(core, offset)?.words[index]),
        }
    }

    /// Writes a word as the ARM does.
    ///
    /// # Errors
    /// Fails under the same conditions as [`Subsystem::read`].
    pub fn write(&mut self, offset: u32, value: u32) -> Result<(), HostError> {
        let target = Subsystem::target(offset)?;
        if let Target::Register(core, _) | Target::Instruction(core, _) = target {
            self.halted(core, offset)?;
        }
        match target {
            Target::Memory(index) => self.memory.set_word(index, value),
            Target::Control(core) => self.cores[core].set_control(value, self.now),
            Target::Status(_) => {}
            Target::Cycle(core) => self.cores[core].cycle_register = value,
            Target::Table(core, index) => self.cores[core].table[index] = value,
            Target::Register(core, index) => self.cores[core].set_register(index as u8, value),
            Target::Instruction(core, index) => self.cores[core].set_word(index, value),
        }
        Ok(())
    }

    /// Writes a program to a core's instruction memory, from address 0.
    ///
    /// # Errors
    /// Fails if the program is too long or the core is running.
    pub fn load(&mut self, core: usize, words: &[u32]) -> Result<(), HostError> {
        if words.len() > MEMORY_WORDS {
            return Err(HostError::TooLong(words.len()));
        }
        for (offset, &word) in (INSTRUCTIONS[core & 1]..).step_by(4).zip(words) {
            self.write(offset, word)?;
        }
        Ok(())
    }

    /// Runs for this many cycles. An instruction that takes longer has already had its effect.
    ///
    /// # Errors
    /// Returns the first fault. The faulting core is halted at its instruction, and the clock
    /// stands at the time of the fault; the other core can continue.
    pub fn run(&mut self, cycles: u64) -> Result<(), Fault> {
        let end = self.now.saturating_add(cycles);
        self.run_until_halted(cycles)?;
        self.now = end;
        Ok(())
    }

    /// Runs until both cores have halted, for at most this many cycles. Returns whether they
    /// have halted.
    ///
    /// # Errors
    /// Fails under the same conditions as [`Subsystem::run`].
    pub fn run_until_halted(&mut self, cycles: u64) -> Result<bool, Fault> {
        let end = self.now.saturating_add(cycles);
        while let Some(core) = self.next_core() {
            let at = self.cores[core].ready_at.max(self.now);
            if at >= end {
                self.now = end;
                return Ok(false);
            }
            self.now = at;
            self.execute(core)?;
        }
        let done = self
            .cores
            .iter()
            .map(|core| core.ready_at)
            .max()
            .unwrap_or(0);
        self.now = self.now.max(done);
        Ok(true)
    }

    /// Executes one instruction of a core, which need not be enabled, and returns its cycles.
    ///
    /// # Errors
    /// Fails under the same conditions as [`Subsystem::run`].
    pub fn step(&mut self, core: usize) -> Result<u32, Fault> {
        let core = core & 1;
        self.now = self.now.max(self.cores[core].ready_at);
        self.execute(core)?;
        let done = self.cores[core].ready_at;
        let cycles = done - self.now;
        self.now = done;
        Ok(cycles as u32)
    }

    /// Returns the running core that is ready first.
    fn next_core(&self) -> Option<usize> {
        let running = (0..2).filter(|&core| self.cores[core].runs());
        running.min_by_key(|&core| self.cores[core].ready_at)
    }

    fn execute(&mut self, number: usize) -> Result<(), Fault> {
        let [first, second] = &mut self.cores;
        let (core, peer) = match number {
            0 => (first, second),
            _ => (second, first),
        };
        let mut shared = Shared {
            number,
            memory: &mut self.memory,
            banks: &mut self.banks,
            peer: &mut peer.registers,
        };
        core.execute(self.now, &mut shared)
            .map_err(|(address, cause)| Fault {
                core: number as u8,
                address,
                cause,
            })
    }

    fn halted(&self, core: usize, offset: u32) -> Result<&Core, HostError> {
        let found = &self.cores[core];
        if found.control(self.now) & RUNSTATE == 0 {
            Ok(found)
        } else {
            Err(HostError::Running {
                core: core as u8,
                offset,
            })
        }
    }

    fn target(offset: u32) -> Result<Target, HostError> {
        if offset % 4 != 0 {
            return Err(HostError::Unaligned(offset));
        }
        if let Some(index) = Memory::index(0, offset, 4) {
            return Ok(Target::Memory(index));
        }
        for core in 0..2 {
            let within = |base: u32, bytes: u32| {
                let distance = offset.checked_sub(base)?;
                (distance < bytes).then_some((distance / 4) as usize)
            };
            if let Some(index) = within(INSTRUCTIONS[core], 4 * MEMORY_WORDS as u32) {
                return Ok(Target::Instruction(core, index));
            }
            if let Some(index) = within(REGISTERS[core], 4 * 32) {
                return Ok(Target::Register(core, index));
            }
            if let Some(index) = within(CONTROL[core] + TABLE, 4 * 4) {
                return Ok(Target::Table(core, index));
            }
            match offset.wrapping_sub(CONTROL[core]) {
                0 => return Ok(Target::Control(core)),
                STATUS => return Ok(Target::Status(core)),
                CYCLE => return Ok(Target::Cycle(core)),
                _ => {}
            }
        }
        Err(HostError::Unmapped(offset))
    }

    /// Returns the words of a data RAM, for tests and displays; see [`DATA`].
    pub fn data(&self, core: usize) -> Vec<u32> {
        let base = DATA[core & 1] as usize;
        (base..base + DATA_BYTES as usize)
            .step_by(4)
            .map(|index| self.memory.word(index))
            .collect()
    }
}

/// The register or memory at an offset.
enum Target {
    Memory(usize),
    Control(usize),
    Status(usize),
    Cycle(usize),
    Table(usize, usize),
    Register(usize, usize),
    Instruction(usize, usize),
}
