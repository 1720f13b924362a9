//! The frame of every program, `pru-asm/frame.p`, and its mailbox in data RAM 0.

use alloc::string::String;
use alloc::vec::Vec;

use pru_isa::{Field, Instruction};

/// Not 0 halts the PRU at its next look. This and the others are offsets in bytes,
/// both in the PRU's data RAM 0 and from the ARM's base address.
pub const STOP: u32 = 0x00;
/// Any other number than before asks for a pass. The ARM writes it last.
pub const REQUEST: u32 = 0x04;
/// t of a pass' first sample, a multiple of [`LANES`].
pub const TIME: u32 = 0x08;
/// The number of the program that answered: see [`Code::words`](crate::Code::words).
pub const EPOCH: u32 = 0x10;
/// The [`REQUEST`] that the samples belong to.
pub const ANSWER: u32 = 0x14;
/// Changes as long as the program looks for work.
pub const BEAT: u32 = 0x1c;
/// Eight words: bit k of word b is bit b of the sample at `TIME + k`.
pub const PLANES: u32 = 0x20;
/// A word that tells whether the samples' are as the program has stored them:
/// [`check`].
pub const CHECK: u32 = 0x40;
/// Values that find no other place.
pub(crate) const WORDS: u32 = 0x44;
/// Samples of a pass.
pub const LANES: u32 = 32;

/// What [`CHECK`] is for these samples: the complement of their exclusive or, so that
/// zeros all over are not right.
pub fn check(planes: &[u32; 8]) -> u32 {
    !planes.iter().fold(0, |sum, plane| sum ^ plane)
}

/// The entry of the constant table that points to the core's own data RAM.
pub(crate) const OWN_RAM: u8 = 24;
/// The scratchpad bank that is free beside Bela, which uses 10 and 12.
pub const BANK: u8 = 11;
/// The register that holds t when the network's code begins.
pub(crate) const TIME_REGISTER: u8 = 29;

const TEXT: &str = include_str!("../../../pru-asm/frame.p");
const MARK: &str = "        // ---- the network's code, with t in r29 ----\n";

/// The frame's two halves.
pub(crate) struct Frame {
    pub(crate) head: Vec<u32>,
    pub(crate) tail: Vec<u32>,
    /// Cycles from the look that finds a request on, and from the network's code back to
    /// the next look.
    pub(crate) cycles: u32,
    /// Address of the look into the mailbox.
    pub(crate) look: u16,
}

/// Its text up to where the network's code goes, and from there on.
pub(crate) fn text() -> (&'static str, &'static str) {
    let code = TEXT.find(MARK).map_or(TEXT.len(), |at| at + MARK.len());
    TEXT.split_at(code)
}

/// Its text with the program's number.
fn numbered(epoch: u16) -> String {
    TEXT.replace(
        ".equ NUMBER,  0\n",
        &alloc::format!(".equ NUMBER,  {epoch:#x}\n"),
    )
}

impl Frame {
    /// The frame of the program with this number.
    pub(crate) fn new(epoch: u16) -> Frame {
        // The text is ours and a test assembles it: there is no error to tell of.
        let assembly = pru_isa::assemble(&numbered(epoch)).unwrap_or_default();
        let label = |name: &str| assembly.labels.get(name).map_or(0, |&at| usize::from(at));
        let (idle, done) = (label("idle"), label("done"));
        let words = &assembly.words;
        let instructions = words[idle..]
            .iter()
            .filter_map(|&word| Instruction::decode(word));
        Frame {
            head: words[..done].to_vec(),
            tail: words[done..].to_vec(),
            cycles: instructions.filter_map(|i| i.cycles()).sum(),
            look: idle as u16,
        }
    }
}

/// A whole register.
pub(crate) fn register(number: u8) -> Field {
    Field::whole(number)
}
