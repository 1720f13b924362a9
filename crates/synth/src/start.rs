//! Starts of searches.

use logicnet::{Pace, Stopped};

use crate::exact::diagram;
use crate::{Draft, Loss, Measure, Table, codebook};

/// Gates of a start for each gate allowed, at most. A search prunes that many in a minute with
/// less loss than a start of fewer bits has.
pub(crate) const EXCESS: f64 = 1.3;

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
    let few = |draft: &Draft| draft.gates.len() as f64 <= EXCESS * f64::from(gates);
    let whole = table.sample_bits();
    if loss.measure() == Measure::Bits {
        return Ok(Some(rounded(table, whole, pace)?).filter(few));
    }
    let mut best = None;
    for depth in 2.min(whole)..=whole {
        let draft = rounded(table, depth, pace)?;
        if !few(&draft) {
            break;
        }
        best = Some(draft);
    }
    match best {
        Some(draft) => Ok(Some(draft)),
        None => codebook(table, loss, gates, seed, pace),
    }
}

/// Makes the exact diagram of the samples, rounded to their high bits.
fn rounded(table: &Table, depth: u8, pace: &mut dyn Pace) -> Result<Draft, Stopped> {
    let step = table.sample_bits() - depth;
    let half = (1u32 << step) >> 1;
    let round = |&sample: &u16| {
        let rounded = (u32::from(sample) + half) >> step;
        (rounded.min((1 << depth) - 1) << step) as u16
    };
    let samples = table.samples().iter().map(round).collect();
    let rounded = Table::new(samples, table.sample_bits()).expect("rounding keeps the shape");
    Ok(Draft::from_graph(&diagram(&rounded, pace)?))
}
