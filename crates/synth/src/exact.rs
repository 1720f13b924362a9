//! Exact networks of tables.

use std::fmt;

use logicnet::{MAX_GATES, Pace, Stopped, Xag, count};

use crate::Table;
use crate::diagram::Planes;
use crate::sifting::Sifting;

/// The reason that there is no exact network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExactError {
    /// The smallest diagram found takes this many gates, more than a network may have.
    Gates(usize),
    /// The pace stopped the work.
    Stopped,
}

impl From<Stopped> for ExactError {
    fn from(_: Stopped) -> ExactError {
        ExactError::Stopped
    }
}

impl fmt::Display for ExactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExactError::Gates(gates) => write!(
                f,
                "it takes {}, and a network has at most {MAX_GATES}; fewer bits a sample, fewer \
                 samples or training take fewer",
                count(*gates, "gate")
            ),
            ExactError::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for ExactError {}

/// Makes a graph that gives the table's samples at every t. The outputs are the bits of a
/// sample, least significant first. Deterministic.
///
/// # Errors
/// Fails if the graph would have more than 65,536 gates, or if the pace stops it.
pub fn exact(table: &Table, pace: &mut dyn Pace) -> Result<Xag, ExactError> {
    let planes = Planes::new(table, 0..table.sample_bits());
    let mut sifting = Sifting::new(planes, pace)?;
    sifting.sift(pace)?;
    let mut graph = Xag::new(table.bits());
    let outputs = sifting.build(&mut graph);
    graph.set_outputs(outputs);
    let gates = graph.live_gates().count();
    if gates > MAX_GATES {
        return Err(ExactError::Gates(gates));
    }
    Ok(graph)
}
