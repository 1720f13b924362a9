//! The instruction set of TI's PRU, the two small real-time cores next to the ARM in a
//! BeagleBone's AM335x. Encodes and decodes, assembles and disassembles, and emulates both
//! cores and their memories with exact cycle counts.
//!
//! ```
//! use pru_isa::emulator::{CONTROL, ENABLE, Subsystem};
//!
//! let program = pru_isa::assemble(
//!     "        ldi  r1, 0
//!              loop end, 10        // ten times
//!              add  r1, r1, 3
//!      end:    sbco &r1, c24, 0, 4 // to the first word of data RAM
//!              halt",
//! )?;
//! let mut subsystem = Subsystem::new();
//! subsystem.load(0, &program.words)?;
//! subsystem.write(CONTROL[0], ENABLE)?; // as the ARM does
//! subsystem.run(100)?;
//! assert_eq!(subsystem.read(0)?, 30);
//! assert_eq!(subsystem.core(0).cycles(), 1 + 1 + 10 + 2 + 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `no_std` with `alloc`, no unsafe code. No input, be it bytes or words, makes it panic.
//!
//! Sources: the PRU reference guide (SPRUHF8A), the AM335x technical reference manual
//! (SPRUH73), and the opcode table of GNU binutils.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod assemble;
mod disassemble;
pub mod emulator;
mod instruction;
mod register;
mod table;

pub use assemble::{Assembly, Error, assemble};
pub use disassemble::disassemble;
pub use instruction::{Instruction, Length, MAX_LENGTH, Op, Operand};
pub use register::Field;

/// Number of instructions that fit into a core's 8 KB of instruction memory.
pub const MEMORY_WORDS: usize = 2048;

/// Device numbers of the scratchpad's banks in transfers.
pub const BANKS: [u8; 3] = [10, 11, 12];
/// Device number of the other core's registers in transfers.
pub const PEER: u8 = 14;
/// Device number from which `xin` reads ones.
pub const ONES: u8 = 254;
/// Device number from which `xin` reads zeros.
pub const ZEROS: u8 = 255;
