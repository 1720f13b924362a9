//! The words of the subsystem that are ours, and access to them.

use std::sync::Arc;

use pru_isa::MEMORY_WORDS;
use pru_isa::emulator::{CONTROL, DATA, INSTRUCTIONS, TABLE};

/// The core that Bela leaves free, and whose memories are ours.
const CORE: usize = 0;

/// A word that may be touched. There are no others: neither the interrupt controller's
/// nor the other core's, the shared RAM's or the scratchpad's settings can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryWindow(u32);

/// Bytes from the subsystem's beginning to the end of the last place.
pub const MAPPED_BYTES: usize = INSTRUCTIONS[CORE] as usize + 4 * MEMORY_WORDS;

impl MemoryWindow {
    /// Runs and halts the core.
    pub(super) const CONTROL: MemoryWindow = MemoryWindow(CONTROL[CORE]);
    /// Moves entries 24 and 25 of the core's constant table.
    pub(super) const TABLE: MemoryWindow = MemoryWindow(CONTROL[CORE] + TABLE);

    /// A word of the mailbox. For constants: another offset does not compile.
    pub(super) const fn mailbox(offset: u32) -> MemoryWindow {
        assert!(offset % 4 == 0 && offset <= pru_codegen::CHECK);
        MemoryWindow(DATA[CORE] + offset)
    }

    /// A word of instruction memory, if there is that many: to be touched only while the
    /// core is halted.
    pub(super) fn instruction(index: usize) -> Option<MemoryWindow> {
        (index < MEMORY_WORDS).then_some(MemoryWindow(INSTRUCTIONS[CORE] + 4 * index as u32))
    }

    /// Bytes from the subsystem's beginning: a multiple of 4, below [`MAPPED_BYTES`].
    pub fn offset(self) -> u32 {
        self.0
    }
}

/// The subsystem's memory as the ARM sees it: whole words, each access one access, in
/// their order. On a board each takes about 100 ns.
///
/// Two threads have one each: accesses to the same word by both do not disturb others.
pub trait Memory: Send {
    /// Reads a word.
    fn read(&self, place: MemoryWindow) -> u32;
    /// Writes a word.
    fn write(&self, place: MemoryWindow, value: u32);
}

impl<M: Memory + Sync + ?Sized> Memory for Arc<M> {
    fn read(&self, place: MemoryWindow) -> u32 {
        (**self).read(place)
    }

    fn write(&self, place: MemoryWindow, value: u32) {
        (**self).write(place, value);
    }
}

/// The mailbox, as `pru-asm/mailbox.p` has it.
pub(super) mod mailbox {
    use super::MemoryWindow;

    pub const STOP: MemoryWindow = MemoryWindow::mailbox(pru_codegen::STOP);
    pub const REQUEST: MemoryWindow = MemoryWindow::mailbox(pru_codegen::REQUEST);
    pub const TIME: MemoryWindow = MemoryWindow::mailbox(pru_codegen::TIME);
    pub const EPOCH: MemoryWindow = MemoryWindow::mailbox(pru_codegen::EPOCH);
    pub const ANSWER: MemoryWindow = MemoryWindow::mailbox(pru_codegen::ANSWER);
    pub const BEAT: MemoryWindow = MemoryWindow::mailbox(pru_codegen::BEAT);
    pub const CHECK: MemoryWindow = MemoryWindow::mailbox(pru_codegen::CHECK);
    pub const PLANES: [MemoryWindow; 8] = {
        let mut planes = [MemoryWindow::mailbox(pru_codegen::PLANES); 8];
        let mut bit = 0;
        while bit < 8 {
            planes[bit] = MemoryWindow::mailbox(pru_codegen::PLANES + 4 * bit as u32);
            bit += 1;
        }
        planes
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is Bela's or nobody's cannot be named: all places there are.
    #[test]
    fn places_are_ours_alone() {
        let mut all = vec![MemoryWindow::CONTROL, MemoryWindow::TABLE];
        all.extend((0..).map_while(MemoryWindow::instruction));
        assert_eq!(all.len(), 2 + MEMORY_WORDS);
        all.extend([mailbox::STOP, mailbox::CHECK]);
        all.extend(mailbox::PLANES);
        for place in all {
            let offset = place.offset();
            let ours = [
                0..0x2000,
                0x22000..0x22004,
                0x22020..0x22024,
                0x34000..0x36000,
            ];
            assert!(
                ours.iter().any(|range| range.contains(&offset)),
                "{place:?}"
            );
            assert!(offset % 4 == 0 && (offset as usize) < MAPPED_BYTES);
        }
        assert_eq!(MemoryWindow::instruction(MEMORY_WORDS), None);
    }
}
