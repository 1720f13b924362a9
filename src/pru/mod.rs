//! Evaluation on the PRU, a small real-time core next to the ARM that evaluates 32 samples
//! per pass.
//!
//! Owns the core that Bela leaves free, from the first halt to the last, and the mailbox
//! in its data RAM. Two sides share the core. The [`Supervisor`] compiles, uploads, tests
//! and watches programs, and may wait. [`PruOffload`], on the audio thread, requests a
//! pass, checks once in the next callback whether it has arrived, and never waits. The
//! sound never depends on the PRU: the CPU evaluates every group that does not arrive in
//! time.
//!
//! Accesses nothing but [`MemoryWindow`]s, which exclude the interrupt controller, the
//! scratchpad's settings and everything that Bela uses.

mod error;
mod loader;
mod memory;
mod offload;
mod status;
mod supervisor;

use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use thiserror::Error;

pub use error::PruError;
pub use loader::Loader;
pub use memory::{MAPPED_BYTES, Memory, MemoryWindow};
pub use offload::PruOffload;
pub use supervisor::{ProgramRequest, ProgramRequests, Supervisor};

use engine::Platform;
use status::SharedStatus;

/// The processor that evaluates gates.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// The PRU if there is one, the program fits, and it spares the CPU more time than the
    /// exchange takes.
    Auto,
    /// The CPU alone: the PRU is never accessed.
    #[default]
    Cpu,
    /// The PRU wherever possible; the player is notified where it is not.
    Pru,
}

/// A word that does not name a [`Choice`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an engine is auto, cpu or pru")]
pub struct UnknownChoice;

impl FromStr for Choice {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Choice, UnknownChoice> {
        match text {
            "auto" => Ok(Choice::Auto),
            "cpu" => Ok(Choice::Cpu),
            "pru" => Ok(Choice::Pru),
            _ => Err(UnknownChoice),
        }
    }
}

/// Creates both sides of a PRU, and the sender of program requests, for an engine of this
/// platform with so many lanes. Each side gets its own access to the memory.
pub fn connect(
    choice: Choice,
    platform: Platform,
    lanes: usize,
    supervisor_memory: Box<dyn Memory>,
    audio_memory: Box<dyn Memory>,
) -> (ProgramRequests, Supervisor, PruOffload) {
    let status = Arc::new(SharedStatus::default());
    let (requests, inbox) = supervisor::requests();
    let supervisor = Supervisor::new(
        choice,
        platform,
        lanes as u32,
        supervisor_memory,
        Arc::clone(&status),
        inbox,
    );
    (requests, supervisor, PruOffload::new(audio_memory, status))
}
