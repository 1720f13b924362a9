//! Starts of searches.

use logicnet::{Pace, Stopped, Xag};

use crate::rough::rough;
use crate::{Draft, Loss, Table, codebook};

/// Gates of a start for each gate allowed, at most. A search prunes that many in a minute with
/// less loss than a rougher start has.
pub(crate) const EXCESS: f64 = 1.3;
/// Bits of the most levels that are tried.
const MAX_LEVEL_BITS: u8 = 10;
/// Times that samples are held, as powers of two, from none on.
const HOLDS: u32 = 3;

/// Makes the start of a search for at most this many gates. Of rough copies, which hold samples
/// and move them to few levels, it is that of the least loss that takes only few gates more than
/// allowed; or a codebook, if there is none. Losses by wrong bits gain little from copies, since a
/// value that is near has other bits.
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
    let most = (EXCESS * f64::from(gates)) as usize;
    let is_small = |graph: &Xag| graph.live_gates().count() <= most;
    let mut best: Option<(u64, Draft)> = None;
    for held in 0..HOLDS.min(table.bits()) {
        // More levels take more gates, about, so the most that fit are found by halving.
        let (mut fit, mut too_many) = (1, 1 << table.sample_bits().min(MAX_LEVEL_BITS));
        let mut copy = None;
        while 8 * (too_many - fit) > fit.max(8) {
            let count = fit + (too_many - fit).min(4 * fit) / 2;
            let graph = rough(table, loss, held, count, pace)?;
            if is_small(&graph) {
                copy = Some(Draft::from_graph(&graph));
                fit = count;
            } else {
                too_many = count;
            }
        }
        let Some(copy) = copy else { continue };
        let lost = loss.of(&copy.samples());
        if best.as_ref().is_none_or(|(least, _)| lost < *least) {
            best = Some((lost, copy));
        }
    }
    match best {
        Some((_, draft)) => Ok(Some(draft)),
        None => codebook(table, loss, gates, seed, pace),
    }
}
