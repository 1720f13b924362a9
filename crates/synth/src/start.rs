//! Starts of searches.

use logicnet::{Pace, Stopped, Xag, simplify_graph_paced};

use crate::exact::diagram;
use crate::{Draft, Loss, Measure, Table, codebook};

/// Gates of a start for each gate allowed, at most. A search prunes that many in a minute with
/// less loss than a start of fewer bits has.
pub(crate) const EXCESS: f64 = 1.3;
/// Gates of a diagram for each gate of a start, at most, so that simplification is tried.
const SIMPLIFIED: f64 = 1.3;

/// Makes the start of a search for at most this many gates: the exact diagram of the samples,
/// rounded to as many bits as take only few gates more than allowed; or a codebook, if not even
/// two bits do. Returns nothing if the loss is the number of wrong bits and the exact diagram has
/// too many gates: then a search from nothing finds more.
///
/// # Errors
/// Fails if the pace stops the work.
pub fn start(
    table: &Table,
    loss: &Loss,
    gates: u32,
    seed: u64,
    pace: &mut dyn Pace,
) -> Result<Option<Draft>, Stopped> {
    let most = EXCESS * f64::from(gates);
    let whole = table.sample_bits();
    let least = if loss.measure() == Measure::Bits {
        whole
    } else {
        whole.min(2)
    };
    for depth in (least..=whole).rev() {
        let mut graph = rounded(table, depth, pace)?;
        let count = |graph: &Xag| graph.live_gates().count() as f64;
        if count(&graph) > most && count(&graph) <= SIMPLIFIED * most {
            graph = simplify_graph_paced(graph, pace)?;
        }
        if count(&graph) <= most {
            return Ok(Some(Draft::from_graph(&graph)));
        }
    }
    match loss.measure() {
        Measure::Bits => Ok(None),
        _ => codebook(table, loss, gates, seed, pace),
    }
}

/// Makes the exact diagram of the samples, rounded to their high bits.
fn rounded(table: &Table, depth: u8, pace: &mut dyn Pace) -> Result<Xag, Stopped> {
    let step = table.sample_bits() - depth;
    let half = (1u32 << step) >> 1;
    let round = |&sample: &u16| {
        let rounded = (u32::from(sample) + half) >> step;
        (rounded.min((1 << depth) - 1) << step) as u16
    };
    let samples = table.samples().iter().map(round).collect();
    let rounded = Table::new(samples, table.sample_bits()).expect("rounding keeps the shape");
    diagram(&rounded, pace)
}
