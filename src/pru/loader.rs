//! Control of the core: halts, loads and starts it, and runs single passes.
//!
//! Not for the audio thread: loading takes some 4,000 accesses. Waiting is bounded by a
//! number of polls.

use std::fmt;

use pru_codegen::check;
use pru_isa::MEMORY_WORDS;
use pru_isa::emulator::{ENABLE, RUNSTATE, SOFT_RST_N};

use super::error::PruError;
use super::memory::{Memory, MemoryWindow, mailbox};

/// Most polls until a core has halted. An instruction takes less than 1 us, a poll about
/// 0.1 us.
const HALT_POLLS: u32 = 10_000;
/// Most polls until a request is answered: the longest pass takes 30 us.
const ANSWER_POLLS: u32 = 5000;

/// Halts, loads and starts the core, from any state.
pub struct Loader {
    memory: Box<dyn Memory>,
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").finish_non_exhaustive()
    }
}

impl Loader {
    /// Creates a loader for the core in this memory.
    pub fn new(memory: Box<dyn Memory>) -> Loader {
        Loader { memory }
    }

    /// Halts the core, which may still run a program of a killed process.
    ///
    /// # Errors
    /// Fails if the core does not halt.
    pub fn halt(&mut self) -> Result<(), PruError> {
        self.memory.write(MemoryWindow::CONTROL, SOFT_RST_N);
        let halted =
            (0..HALT_POLLS).any(|_| self.memory.read(MemoryWindow::CONTROL) & RUNSTATE == 0);
        if halted {
            Ok(())
        } else {
            Err(PruError::NotHalting)
        }
    }

    /// Halts the core, writes a program, and reads it back.
    ///
    /// # Errors
    /// Fails if the program is too long, the core does not halt, or the memory does not
    /// keep the program; the core stays halted.
    pub fn load(&mut self, words: &[u32]) -> Result<(), PruError> {
        if words.len() > MEMORY_WORDS {
            return Err(PruError::TooLong(words.len()));
        }
        self.halt()?;
        let instructions = || (0..).map_while(MemoryWindow::instruction).zip(words);
        for (window, &word) in instructions() {
            self.memory.write(window, word);
        }
        let differs = instructions().position(|(window, &word)| self.memory.read(window) != word);
        differs.map_or(Ok(()), |index| Err(PruError::Memory { index }))
    }

    /// Starts the loaded program from its beginning, with an empty mailbox.
    pub fn start(&mut self) {
        // The program addresses its data RAM by the constant table, which a reset keeps.
        self.memory.write(MemoryWindow::TABLE, 0);
        for window in [
            mailbox::STOP,
            mailbox::REQUEST,
            mailbox::ANSWER,
            mailbox::EPOCH,
        ] {
            self.memory.write(window, 0);
        }
        // Without SOFT_RST_N, the core starts at instruction 0.
        self.memory.write(MemoryWindow::CONTROL, ENABLE);
    }

    /// Returns the heartbeat, which changes while the program runs.
    pub fn beat(&self) -> u32 {
        self.memory.read(mailbox::BEAT)
    }

    /// Runs a pass from time `t` on and waits for it. `number` must not be in use by the
    /// audio thread.
    ///
    /// # Errors
    /// Fails if there is no answer, or if it is damaged or another program's.
    pub fn pass(&mut self, epoch: u16, number: u32, t: u32) -> Result<[u32; 8], PruError> {
        self.memory.write(mailbox::TIME, t);
        self.memory.write(mailbox::REQUEST, number);
        if !(0..ANSWER_POLLS).any(|_| self.memory.read(mailbox::ANSWER) == number) {
            return Err(PruError::NoAnswer);
        }
        let own = self.memory.read(mailbox::EPOCH) == u32::from(epoch);
        let planes = mailbox::PLANES.map(|window| self.memory.read(window));
        if own && self.memory.read(mailbox::CHECK) == check(&planes) {
            Ok(planes)
        } else {
            Err(PruError::DamagedAnswer)
        }
    }
}
