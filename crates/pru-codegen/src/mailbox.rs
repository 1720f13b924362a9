//! The mailbox in data RAM 0, and the loop in `pru-asm/mailbox.p` that serves it.

use alloc::string::String;
use alloc::vec::Vec;

use pru_isa::Instruction;

/// Halts the PRU at its next poll if not 0. This and the following are offsets in bytes,
/// both in the PRU's data RAM 0 and from the ARM's base address of the subsystem.
pub const STOP: u32 = 0x00;
/// Requests a pass when it changes. The ARM writes it last.
pub const REQUEST: u32 = 0x04;
/// Time t of the first sample of a pass, a multiple of [`LANES`].
pub const TIME: u32 = 0x08;
/// Epoch of the program that answered: see [`Code::words`](crate::Code::words).
pub const EPOCH: u32 = 0x10;
/// The [`REQUEST`] that the samples answer.
pub const ANSWER: u32 = 0x14;
/// Changes whenever the program polls the mailbox.
pub const BEAT: u32 = 0x1c;
/// Eight words of samples: bit k of word b is bit b of the sample at `TIME + k`.
pub const PLANES: u32 = 0x20;
/// Check word of the samples, see [`check`]; a mismatch means that they are not as the program
/// stored them.
pub const CHECK: u32 = 0x40;
/// Offset of the words for spilled values.
pub(crate) const WORDS: u32 = 0x44;
/// Number of samples in a pass.
pub const LANES: u32 = 32;

/// Returns the [`CHECK`] word of these samples: the complement of their exclusive or, so
/// that all zeros do not match.
pub fn check(planes: &[u32; 8]) -> u32 {
    !planes.iter().fold(0, |sum, plane| sum ^ plane)
}

/// Entry of the constant table that points to the core's own data RAM.
pub(crate) const OWN_RAM: u8 = 24;
/// The scratchpad bank that the program uses. Bela uses banks 10 and 12.
pub const BANK: u8 = 11;
/// The register that holds t at the start of the network's code.
pub(crate) const TIME_REGISTER: u8 = 29;

const SOURCE: &str = include_str!("../../../pru-asm/mailbox.p");
const MARK: &str = "        // ---- the network's code, with t in r29 ----\n";

/// The loop around the network's code.
pub(crate) struct MailboxLoop {
    pub(crate) head: Vec<u32>,
    pub(crate) tail: Vec<u32>,
    /// Cycles from the poll that finds a request to the next poll, without the network's code.
    pub(crate) cycles: u32,
    /// Address of the poll.
    pub(crate) poll_address: u16,
}

/// Splits the source where the network's code goes.
pub(crate) fn source() -> (&'static str, &'static str) {
    let code = SOURCE.find(MARK).map_or(SOURCE.len(), |at| at + MARK.len());
    SOURCE.split_at(code)
}

/// Returns the source with this epoch.
fn with_epoch(epoch: u16) -> String {
    SOURCE.replace(
        ".equ NUMBER,  0\n",
        &alloc::format!(".equ NUMBER,  {epoch:#x}\n"),
    )
}

impl MailboxLoop {
    /// Assembles the loop with this epoch.
    pub(crate) fn new(epoch: u16) -> MailboxLoop {
        // The source is a constant that tests assemble, so it has no errors.
        let assembly = pru_isa::assemble(&with_epoch(epoch)).unwrap_or_default();
        let label = |name: &str| assembly.labels.get(name).map_or(0, |&at| usize::from(at));
        let (idle, done) = (label("idle"), label("done"));
        let words = &assembly.words;
        let instructions = words[idle..]
            .iter()
            .filter_map(|&word| Instruction::decode(word));
        MailboxLoop {
            head: words[..done].to_vec(),
            tail: words[done..].to_vec(),
            cycles: instructions.filter_map(|i| i.cycles()).sum(),
            poll_address: idle as u16,
        }
    }
}
