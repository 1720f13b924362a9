//! The instruction set of TI's PRU, the small real-time cores beside the ARM in a
//! BeagleBone's AM335x: encode and decode, assemble and disassemble, and emulate both
//! cores with their memories, to the cycle.
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
//! subsystem.write(CONTROL[0], ENABLE)?; // what the ARM writes
//! subsystem.run(100)?;
//! assert_eq!(subsystem.read(0)?, 30);
//! assert_eq!(subsystem.core(0).cycles(), 1 + 1 + 10 + 2 + 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `no_std` with `alloc`, no unsafe code. Whatever bytes and words come in, nothing
//! panics.
//!
//! Sources of the facts: the PRU reference guide (SPRUHF8A), the AM335x technical
//! reference manual (SPRUH73), and GNU binutils' opcode table.

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
pub use instruction::{Instruction, Length, MAX_LENGTH, Op, Source};
pub use register::Field;

/// Instructions that fit into a core's instruction memory of 8 KB.
pub const MEMORY_WORDS: usize = 2048;

/// The scratchpad's banks, as devices of transfers.
pub const BANKS: [u8; 3] = [10, 11, 12];
/// The other core's registers, as a device of transfers.
pub const PEER: u8 = 14;
/// Ones, as a device of `xin`.
pub const ONES: u8 = 254;
/// Zeros, as a device of `xin`.
pub const ZEROS: u8 = 255;
