//! The PRU plays: networks' programs on the small real-time core beside the ARM, which
//! evaluates 32 samples a pass while the CPU does something else.
//!
//! Owns the core that Bela leaves free, from the first halt to the last, and the mailbox
//! in its data RAM. Two sides share it: the [`Supervisor`], which makes programs, uploads,
//! tries and watches them and may wait; and [`PruOffload`], the audio thread's, which asks
//! for a pass, looks once in the next callback whether it is there, and never waits. The
//! sound never depends on either: what is not there in time the CPU evaluates, as if
//! nobody had been asked.
//!
//! Touches nothing but the [`MemoryWindow`]s that there are: never the interrupt controller, the
//! scratchpad's shift, or what is Bela's.

mod link;
mod loader;
mod memory;
mod offload;
mod supervisor;

use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;

pub use link::Link;
pub use loader::{Loader, Trouble};
pub use memory::{MAPPED_BYTES, Memory, MemoryWindow};
pub use offload::{ACCESS_NS, ACCESSES_A_PASS, PruOffload};
pub use supervisor::{ProgramRequest, ProgramRequests, Supervisor};

use engine::Platform;

/// What evaluates.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// The PRU where there is one, the program fits, and it spares the CPU more than
    /// the exchange takes.
    Auto,
    /// The CPU alone: the PRU is never touched.
    #[default]
    Cpu,
    /// The PRU wherever it can; the player is told where it cannot.
    Pru,
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Choice, String> {
        match text {
            "auto" => Ok(Choice::Auto),
            "cpu" => Ok(Choice::Cpu),
            "pru" => Ok(Choice::Pru),
            _ => Err("an engine is auto, cpu or pru".into()),
        }
    }
}

/// Both sides of a PRU: what asks for programs, what makes them, and what plays them, for
/// an engine of this platform with so many lanes.
pub fn sides(
    choice: Choice,
    platform: Platform,
    lanes: usize,
    supervisors: Box<dyn Memory>,
    audio: Box<dyn Memory>,
) -> (ProgramRequests, Supervisor, PruOffload) {
    let link = Arc::new(Link::default());
    let (requests, inbox) = supervisor::requests();
    let group = lanes as u32;
    let supervisor = Supervisor::new(
        choice,
        platform,
        group,
        supervisors,
        Arc::clone(&link),
        inbox,
    );
    (requests, supervisor, PruOffload::new(audio, link))
}
