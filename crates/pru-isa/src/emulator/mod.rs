//! The two cores with their memories and scratchpad, as they work and as the ARM sees
//! them.
//!
//! Exact are: every instruction's outcome and cycles, the order in which the cores'
//! instructions take effect, what the ARM may touch when, and what CONTROL does. The
//! memories are those of the AM335x; nothing else is there. An access to anything but
//! the regions allowed ([`Core::allow`]) stops the core with a [`Fault`] that names the
//! address.
//!
//! Not modelled, and a fault where a program relies on it: the interrupt controller and
//! events, the multiplier, shifted transfers, memory outside of the subsystem, its
//! cycles, bursts across the end of a memory, and cores that wait for each other at the
//! same memory or in a direct transfer, which here is done at once.

mod core;
mod fault;
mod memory;

pub use self::core::Core;
pub use fault::{Fault, HostError, Trouble};

use alloc::vec::Vec;

use self::core::Others;
use crate::MEMORY_WORDS;
use memory::Memory;

/// CONTROL of both cores, as offsets from the ARM's base address of the subsystem.
pub const CONTROL: [u32; 2] = [0x22000, 0x24000];
/// STATUS, from CONTROL on: the program counter.
pub const STATUS: u32 = 0x4;
/// CYCLE, from CONTROL on: cycles counted while [`COUNTER_ENABLE`] is set.
pub const CYCLE: u32 = 0xc;
/// Four registers that move entries 24 to 31 of the constant table, two each, from
/// CONTROL on: CTBIR0, CTBIR1, CTPPR0, CTPPR1. A start does not reset them.
pub const TABLE: u32 = 0x20;
/// Instruction memories, likewise.
pub const INSTRUCTIONS: [u32; 2] = [0x34000, 0x38000];
/// The registers, which the ARM reads while a core is halted, likewise.
pub const REGISTERS: [u32; 2] = [0x22400, 0x24400];
/// Data RAMs of both cores, likewise; a core sees its own at 0 and the other's at 0x2000.
pub const DATA: [u32; 2] = [0, 0x2000];
/// The RAM that both share, for the ARM and the cores.
pub const SHARED: u32 = 0x10000;

/// Bytes of a data RAM.
pub const DATA_BYTES: u32 = 0x2000;
/// Bytes of the shared RAM.
pub const SHARED_BYTES: u32 = 0x3000;

/// Bit of CONTROL, reads as 1: writing 0 resets the core, which then starts from the
/// counter in the upper half.
pub const SOFT_RST_N: u32 = 1 << 0;
/// Bit of CONTROL: the core runs.
pub const ENABLE: u32 = 1 << 1;
/// Bit of CONTROL, to read: the core sleeps.
pub const SLEEPING: u32 = 1 << 2;
/// Bit of CONTROL: CYCLE counts.
pub const COUNTER_ENABLE: u32 = 1 << 3;
/// Bit of CONTROL: a core that is enabled runs one instruction.
pub const SINGLE_STEP: u32 = 1 << 8;
/// Bit of CONTROL, to read: the core is running, or still at its last instruction.
pub const RUNSTATE: u32 = 1 << 15;

/// The subsystem: two cores and what they share.
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
    /// A subsystem out of reset: both cores halted, everything zero, everything allowed.
    pub fn new() -> Subsystem {
        Subsystem {
            now: 0,
            cores: [Core::new(), Core::new()],
            memory: Memory::new(),
            banks: [[0; memory::BANK_WORDS]; 3],
        }
    }

    /// A core, 0 or 1; greater numbers wrap.
    pub fn core(&self, number: usize) -> &Core {
        &self.cores[number & 1]
    }

    /// A core, 0 or 1, to look into and to change; greater numbers wrap.
    pub fn core_mut(&mut self, number: usize) -> &mut Core {
        &mut self.cores[number & 1]
    }

    /// Cycles since the beginning, 5 ns each.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Scratchpad bank 10, 11 or 12: registers 0 to 29.
    pub fn bank(&self, number: u8) -> Option<&[u32]> {
        let index = number.checked_sub(crate::BANKS[0])?;
        self.banks.get(usize::from(index)).map(|bank| &bank[..])
    }

    /// Reads a word as the ARM does.
    ///
    /// # Errors
    /// Where nothing is; addresses that are no multiple of 4; instruction memory and
    /// registers of a core that runs.
    pub fn read(&self, offset: u32) -> Result<u32, HostError> {
        match Subsystem::place(offset)? {
            Place::Memory(index) => Ok(self.memory.word(index)),
            Place::Control(core) => Ok(self.cores[core].control(self.now)),
            Place::Status(core) => Ok(self.cores[core].counter().into()),
            Place::Cycle(core) => Ok(self.cores[core].cycle_register()),
            Place::Table(core, index) => Ok(self.cores[core].table(index)),
            Place::Register(core, index) => Ok(self.halted(core, offset)?.register(index as u8)),
            Place::Instruction(core, index) => Ok(self.halted(core, offset)?.words()[index]),
        }
    }

    /// Writes a word as the ARM does.
    ///
    /// # Errors
    /// As [`Subsystem::read`].
    pub fn write(&mut self, offset: u32, value: u32) -> Result<(), HostError> {
        let place = Subsystem::place(offset)?;
        if let Place::Register(core, _) | Place::Instruction(core, _) = place {
            self.halted(core, offset)?;
        }
        match place {
            Place::Memory(index) => self.memory.set_word(index, value),
            Place::Control(core) => self.cores[core].set_control(value, self.now),
            Place::Status(_) => {}
            Place::Cycle(core) => self.cores[core].set_cycle_register(value),
            Place::Table(core, index) => self.cores[core].set_table(index, value),
            Place::Register(core, index) => self.cores[core].set_register(index as u8, value),
            Place::Instruction(core, index) => self.cores[core].set_word(index, value),
        }
        Ok(())
    }

    /// Writes a program into a core's instruction memory, from its beginning on.
    ///
    /// # Errors
    /// A program that is too long; a core that runs.
    pub fn load(&mut self, core: usize, words: &[u32]) -> Result<(), HostError> {
        if words.len() > MEMORY_WORDS {
            return Err(HostError::TooLong(words.len()));
        }
        for (offset, &word) in (INSTRUCTIONS[core & 1]..).step_by(4).zip(words) {
            self.write(offset, word)?;
        }
        Ok(())
    }

    /// Lets this many cycles pass. What takes longer ends later, but has had its effect.
    ///
    /// # Errors
    /// The first fault; that core is halted at its instruction, and time stands where it
    /// happened: go on as if it had halted by itself.
    pub fn run(&mut self, cycles: u64) -> Result<(), Fault> {
        let end = self.now.saturating_add(cycles);
        while let Some(core) = self.next_core() {
            let at = self.cores[core].ready_at().max(self.now);
            if at >= end {
                break;
            }
            self.now = at;
            self.execute(core)?;
        }
        self.now = end;
        Ok(())
    }

    /// Runs until both cores have halted, at most this many cycles. Whether they have.
    ///
    /// # Errors
    /// As [`Subsystem::run`].
    pub fn run_until_halted(&mut self, cycles: u64) -> Result<bool, Fault> {
        let end = self.now.saturating_add(cycles);
        while let Some(core) = self.next_core() {
            let at = self.cores[core].ready_at().max(self.now);
            if at >= end {
                self.now = end;
                return Ok(false);
            }
            self.now = at;
            self.execute(core)?;
        }
        let done = self.cores.iter().map(Core::ready_at).max().unwrap_or(0);
        self.now = self.now.max(done);
        Ok(true)
    }

    /// Runs one instruction of a core, which need not be enabled, and lets its cycles
    /// pass. How many.
    ///
    /// # Errors
    /// As [`Subsystem::run`].
    pub fn step(&mut self, core: usize) -> Result<u32, Fault> {
        let core = core & 1;
        self.now = self.now.max(self.cores[core].ready_at());
        self.execute(core)?;
        let done = self.cores[core].ready_at();
        let cycles = done - self.now;
        self.now = done;
        Ok(cycles as u32)
    }

    /// The core whose turn is next, if one runs.
    fn next_core(&self) -> Option<usize> {
        let running = (0..2).filter(|&core| self.cores[core].runs());
        running.min_by_key(|&core| self.cores[core].ready_at())
    }

    fn execute(&mut self, number: usize) -> Result<(), Fault> {
        let [first, second] = &mut self.cores;
        let (core, peer) = match number {
            0 => (first, second),
            _ => (second, first),
        };
        let mut others = Others {
            number,
            memory: &mut self.memory,
            banks: &mut self.banks,
            peer: peer.registers_mut(),
        };
        core.execute(self.now, &mut others)
            .map_err(|(address, trouble)| Fault {
                core: number as u8,
                address,
                trouble,
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

    fn place(offset: u32) -> Result<Place, HostError> {
        if offset % 4 != 0 {
            return Err(HostError::Unaligned(offset));
        }
        if let Some(index) = Memory::index(0, offset, 4) {
            return Ok(Place::Memory(index));
        }
        for core in 0..2 {
            let within = |base: u32, bytes: u32| {
                let distance = offset.checked_sub(base)?;
                (distance < bytes).then_some((distance / 4) as usize)
            };
            if let Some(index) = within(INSTRUCTIONS[core], 4 * MEMORY_WORDS as u32) {
                return Ok(Place::Instruction(core, index));
            }
            if let Some(index) = within(REGISTERS[core], 4 * 32) {
                return Ok(Place::Register(core, index));
            }
            if let Some(index) = within(CONTROL[core] + TABLE, 4 * 4) {
                return Ok(Place::Table(core, index));
            }
            match offset.wrapping_sub(CONTROL[core]) {
                0 => return Ok(Place::Control(core)),
                STATUS => return Ok(Place::Status(core)),
                CYCLE => return Ok(Place::Cycle(core)),
                _ => {}
            }
        }
        Err(HostError::Nothing(offset))
    }

    /// A data RAM's words, for tests and displays: see [`DATA`].
    pub fn data(&self, core: usize) -> Vec<u32> {
        let base = DATA[core & 1] as usize;
        (base..base + DATA_BYTES as usize)
            .step_by(4)
            .map(|index| self.memory.word(index))
            .collect()
    }
}

/// Where an offset of the ARM's leads.
enum Place {
    Memory(usize),
    Control(usize),
    Status(usize),
    Cycle(usize),
    Table(usize, usize),
    Register(usize, usize),
    Instruction(usize, usize),
}
