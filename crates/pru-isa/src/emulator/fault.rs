//! Faults of programs and errors of the host.

use core::fmt;

/// A fault that stopped a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The core, 0 or 1.
    pub core: u8,
    /// Address of the faulting instruction, counted in instructions.
    pub address: u16,
    /// The cause.
    pub cause: FaultCause,
}

/// The cause of a [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultCause {
    /// The program counter is beyond the end of instruction memory.
    NoMemory,
    /// The word is not an instruction.
    NoInstruction(u32),
    /// A read outside the allowed regions of memory.
    Read {
        /// The first address.
        address: u32,
        /// The number of bytes.
        bytes: u32,
    },
    /// A write outside the allowed regions of memory.
    Write {
        /// The first address.
        address: u32,
        /// The number of bytes.
        bytes: u32,
    },
    /// A transfer beyond the last register.
    Registers {
        /// The first register.
        first: u8,
        /// The number of bytes, starting at any byte of the first register.
        bytes: u32,
    },
    /// A transfer with a device that is missing or not allowed.
    Device(u8),
    /// An instruction that is not emulated.
    NotEmulated(crate::Op),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "core {}, instruction {}: ", self.core, self.address)?;
        match self.cause {
            FaultCause::NoMemory => f.write_str("there is no instruction memory"),
            FaultCause::NoInstruction(word) => write!(f, "{word:#010x} is not an instruction"),
            FaultCause::Read { address, bytes } => {
                write!(
                    f,
                    "reads {bytes} bytes at {address:#x}, which is not allowed"
                )
            }
            FaultCause::Write { address, bytes } => {
                write!(
                    f,
                    "writes {bytes} bytes at {address:#x}, which is not allowed"
                )
            }
            FaultCause::Registers { first, bytes } => {
                write!(
                    f,
                    "moves {bytes} bytes from r{first} on, where there are fewer"
                )
            }
            FaultCause::Device(device) => {
                write!(f, "transfers with device {device}, which is not allowed")
            }
            FaultCause::NotEmulated(op) => write!(f, "`{op}` is not emulated"),
        }
    }
}

impl core::error::Error for Fault {}

/// An error of an access by the host, the ARM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// Nothing is mapped at this offset.
    Unmapped(u32),
    /// The offset is not a multiple of 4.
    Unaligned(u32),
    /// An access to instruction memory or registers of a core that is not halted.
    Running {
        /// The running core.
        core: u8,
        /// The offset.
        offset: u32,
    },
    /// A program with more words than instruction memory.
    TooLong(usize),
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::Unmapped(offset) => write!(f, "nothing is at offset {offset:#x}"),
            HostError::Unaligned(offset) => {
                write!(f, "offset {offset:#x} is not a multiple of 4")
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
