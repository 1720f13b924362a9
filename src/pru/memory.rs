//! The subsystem's words that belong to Gatebend, and access to them.

use std::sync::Arc;

use pru_isa::MEMORY_WORDS;
use pru_isa::emulator::{CONTROL, DATA, INSTRUCTIONS, TABLE};

/// The core that Bela leaves free.
const CORE: usize = 0;

/// A word that may be accessed. Values exist for no other words, such as those of the
/// interrupt controller, the other core, the shared RAM or the scratchpad's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryWindow(u32);

/// Bytes from the subsystem's beginning to the end of the last [`MemoryWindow`].
pub const MAPPED_BYTES: usize = INSTRUCTIONS[CORE] as usize + 4 * MEMORY_WORDS;

impl MemoryWindow {
    /// Control register, which runs and halts the core.
    pub(super) const CONTROL: MemoryWindow = MemoryWindow(CONTROL[CORE]);
    /// Register that sets entries 24 and 25 of the core's constant table.
    pub(super) const TABLE: MemoryWindow = MemoryWindow(CONTROL[CORE] + TABLE);

    /// Creates the window of a mailbox word. An offset outside fails to compile in a
    /// constant.
    pub(super) const fn mailbox(offset: u32) -> MemoryWindow {
        assert!(offset % 4 == 0 && offset <= pru_codegen::CHECK);
        MemoryWindow(DATA[CORE] + offset)
    }

    /// Creates the window of an instruction, if the memory has so many. Accessible only
    /// while the core is halted.
    pub(super) fn instruction(index: usize) -> Option<MemoryWindow> {
        (index < MEMORY_WORDS).then_some(MemoryWindow(INSTRUCTIONS[CORE] + 4 * index as u32))
    }

    /// Returns the offset in bytes from the subsystem's beginning: a multiple of 4, below
    /// [`MAPPED_BYTES`].
    pub fn offset(self) -> u32 {
        self.0
    }
}

/// The subsystem's memory as seen by the ARM. Each call accesses one whole word, in
/// program order, and takes about 100 ns on a board.
///
/// Two threads hold an accessor each; concurrent accesses never tear a word.
pub trait Memory: Send {
    /// Reads a word.
    fn read(&self, window: MemoryWindow) -> u32;
    /// Writes a word.
    fn write(&self, window: MemoryWindow, value: u32);
}

impl<M: Memory + Sync + ?Sized> Memory for Arc<M> {
    fn read(&self, window: MemoryWindow) -> u32 {
        (**self).read(window)
    }

    fn write(&self, window: MemoryWindow, value: u32) {
        (**self).write(window, value);
    }
}

/// Words of the mailbox, as in `pru-asm/mailbox.p`.
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

    /// Covers every window, and so shows that no other word can be accessed.
    #[test]
    fn windows_cover_only_the_free_cores_words() {
        let mut all = vec![MemoryWindow::CONTROL, MemoryWindow::TABLE];
        all.extend((0..).map_while(MemoryWindow::instruction));
        assert_eq!(all.len(), 2 + MEMORY_WORDS);
        all.extend([mailbox::STOP, mailbox::CHECK]);
        all.extend(mailbox::PLANES);
        for window in all {
            let offset = window.offset();
            let ours = [
                0..0x2000,
                0x22000..0x22004,
                0x22020..0x22024,
                0x34000..0x36000,
            ];
            assert!(
                ours.iter().any(|range| range.contains(&offset)),
                "{window:?}"
            );
            assert!(offset % 4 == 0 && (offset as usize) < MAPPED_BYTES);
        }
        assert_eq!(MemoryWindow::instruction(MEMORY_WORDS), None);
    }
}
