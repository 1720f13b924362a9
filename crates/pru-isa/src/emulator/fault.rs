//! What goes wrong, in words.

use core::fmt;

/// Why a core stopped, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The core.
    pub core: u8,
    /// Address of the instruction, counted in instructions.
    pub address: u16,
    /// What it did.
    pub trouble: Trouble,
}

/// What an instruction did that it must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The counter is behind the end of instruction memory.
    NoMemory,
    /// The word is no instruction.
    NoInstruction(u32),
    /// It reads memory outside of the allowed regions.
    Read {
        /// The first address.
        address: u32,
        /// How many bytes.
        bytes: u32,
    },
    /// It writes memory outside of the allowed regions.
    Write {
        /// The first address.
        address: u32,
        /// How many bytes.
        bytes: u32,
    },
    /// It moves more than the registers that there are.
    Registers {
        /// The first register.
        first: u8,
        /// How many bytes, from some byte of it on.
        bytes: u32,
    },
    /// It transfers with a device that is not allowed or not there.
    Device(u8),
    /// It is an instruction that is not emulated.
    NotEmulated(crate::Op),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "core {}, instruction {}: ", self.core, self.address)?;
        match self.trouble {
            Trouble::NoMemory => f.write_str("there is no instruction memory"),
            Trouble::NoInstruction(word) => write!(f, "{word:#010x} is no instruction"),
            Trouble::Read { address, bytes } => {
                write!(
                    f,
                    "reads {bytes} bytes at {address:#x}, which is not allowed"
                )
            }
            Trouble::Write { address, bytes } => {
                write!(
                    f,
                    "writes {bytes} bytes at {address:#x}, which is not allowed"
                )
            }
            Trouble::Registers { first, bytes } => {
                write!(
                    f,
                    "moves {bytes} bytes from r{first} on, where there are fewer"
                )
            }
            Trouble::Device(device) => {
                write!(f, "transfers with device {device}, which is not allowed")
            }
            Trouble::NotEmulated(op) => write!(f, "`{op}` is not emulated"),
        }
    }
}

impl core::error::Error for Fault {}

/// Why the ARM could not do what it tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// Nothing is at this offset.
    Nothing(u32),
    /// The offset is no multiple of 4.
    Unaligned(u32),
    /// Only a halted core's instruction memory and registers can be touched.
    Running {
        /// The core that runs.
        core: u8,
        /// The offset.
        offset: u32,
    },
    /// A program of this many words is too long.
    TooLong(usize),
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::Nothing(offset) => write!(f, "nothing is at offset {offset:#x}"),
            HostError::Unaligned(offset) => {
                write!(f, "offset {offset:#x} is no multiple of 4")
            }
            HostError::Running { core, offset } => {
                write!(
                    f,
                    "core {core} must be halted before {offset:#x} is touched"
                )
            }
            HostError::TooLong(words) => write!(
                f,
                "a program of {words} words is too long: there is room for {}",
                crate::MEMORY_WORDS
            ),
        }
    }
}

impl core::error::Error for HostError {}
