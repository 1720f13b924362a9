//! The core's life: halted, loaded, started.
//!
//! Not for the audio thread: a load takes some 4,000 accesses. Nothing is waited for
//! longer than a bounded number of looks.

use std::fmt;

use pru_codegen::check;
use pru_isa::MEMORY_WORDS;
use pru_isa::emulator::{ENABLE, RUNSTATE, SOFT_RST_N};

use super::memory::{Memory, MemoryWindow, mailbox};

/// Looks at a core that is to halt. An instruction takes less than a microsecond, a look
/// about a tenth.
const HALTING_LOOKS: u32 = 10_000;
/// Looks for the answer to a request: the longest pass takes 30 us.
const ANSWERING_LOOKS: u32 = 5000;

/// Why the core cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It does not halt.
    Running,
    /// Its instruction memory does not keep what is written.
    Memory {
        /// The word, from 0 on.
        index: usize,
    },
    /// The program has more words than there is memory for.
    TooLong(usize),
    /// A pass that was tried did not come.
    Silent,
    /// A pass that was tried came from another program, or was spoiled.
    Spoiled,
    /// A pass that was tried has wrong samples.
    Wrong {
        /// Its first time.
        t: u32,
    },
    /// It has stood still.
    Standing,
    /// It has missed many passes.
    Late,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Running => f.write_str("it does not halt"),
            Trouble::Memory { index } => {
                write!(f, "its instruction memory does not keep word {index}")
            }
            Trouble::TooLong(words) => write!(f, "{words} words are too many"),
            Trouble::Silent => f.write_str("it does not answer"),
            Trouble::Spoiled => f.write_str("its answers are spoiled"),
            Trouble::Wrong { t } => write!(f, "its samples from {t} on are wrong"),
            Trouble::Standing => f.write_str("it stands still"),
            Trouble::Late => f.write_str("its answers do not come in time"),
        }
    }
}

impl std::error::Error for Trouble {}

/// Halts, loads and starts the core, whatever it was doing.
pub struct Loader {
    memory: Box<dyn Memory>,
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").finish_non_exhaustive()
    }
}

impl Loader {
    /// A loader of the core in this memory.
    pub fn new(memory: Box<dyn Memory>) -> Loader {
        Loader { memory }
    }

    /// Halts the core. It may be running still, for a process that was killed.
    ///
    /// # Errors
    /// When it does not.
    pub fn halt(&mut self) -> Result<(), Trouble> {
        self.memory.write(MemoryWindow::CONTROL, SOFT_RST_N);
        let halted =
            (0..HALTING_LOOKS).any(|_| self.memory.read(MemoryWindow::CONTROL) & RUNSTATE == 0);
        if halted {
            Ok(())
        } else {
            Err(Trouble::Running)
        }
    }

    /// Halts the core, writes a program, and reads it back.
    ///
    /// # Errors
    /// When it does not halt, or does not keep the program: then it stays halted.
    pub fn load(&mut self, words: &[u32]) -> Result<(), Trouble> {
        if words.len() > MEMORY_WORDS {
            return Err(Trouble::TooLong(words.len()));
        }
        self.halt()?;
        let places = || (0..).map_while(MemoryWindow::instruction).zip(words);
        for (place, &word) in places() {
            self.memory.write(place, word);
        }
        let differs = places().position(|(place, &word)| self.memory.read(place) != word);
        differs.map_or(Ok(()), |index| Err(Trouble::Memory { index }))
    }

    /// Starts the program that was loaded, from its beginning, with nothing asked for.
    pub fn start(&mut self) {
        // The program finds its data RAM by the table, which no reset puts right.
        self.memory.write(MemoryWindow::TABLE, 0);
        for place in [
            mailbox::STOP,
            mailbox::REQUEST,
            mailbox::ANSWER,
            mailbox::EPOCH,
        ] {
            self.memory.write(place, 0);
        }
        // From instruction 0 on, as SOFT_RST_N is 0.
        self.memory.write(MemoryWindow::CONTROL, ENABLE);
    }

    /// Changes while the program runs.
    pub fn beat(&self) -> u32 {
        self.memory.read(mailbox::BEAT)
    }

    /// Has a pass made, waiting for it, under a number that nobody else uses.
    ///
    /// # Errors
    /// When it does not come, or is not this program's.
    pub fn pass(&mut self, epoch: u16, number: u32, t: u32) -> Result<[u32; 8], Trouble> {
        self.memory.write(mailbox::TIME, t);
        self.memory.write(mailbox::REQUEST, number);
        if !(0..ANSWERING_LOOKS).any(|_| self.memory.read(mailbox::ANSWER) == number) {
            return Err(Trouble::Silent);
        }
        let own = self.memory.read(mailbox::EPOCH) == u32::from(epoch);
        let planes = mailbox::PLANES.map(|place| self.memory.read(place));
        if own && self.memory.read(mailbox::CHECK) == check(&planes) {
            Ok(planes)
        } else {
            Err(Trouble::Spoiled)
        }
    }
}
