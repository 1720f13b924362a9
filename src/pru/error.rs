//! Failures of the PRU.

use thiserror::Error;

/// A failure of the core or of its program.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PruError {
    /// The core does not halt.
    #[error("it does not halt")]
    NotHalting,
    /// The instruction memory reads back another word than was written.
    #[error("its instruction memory does not keep word {index}")]
    Memory {
        /// Index of the first such word, from 0.
        index: usize,
    },
    /// The program has more words than the instruction memory.
    #[error("{0} words are too many")]
    TooLong(usize),
    /// A trial pass got no answer.
    #[error("it does not answer")]
    NoAnswer,
    /// The answer to a trial pass came from another program, or was damaged.
    #[error("its answers are damaged")]
    DamagedAnswer,
    /// The answer to a trial pass has wrong samples.
    #[error("its samples from {t} on are wrong")]
    WrongSamples {
        /// Network time of the pass's first sample.
        t: u32,
    },
    /// The heartbeat has stopped.
    #[error("it has stopped")]
    Stopped,
    /// Several groups in a row came too late.
    #[error("its answers come too late")]
    Late,
}
