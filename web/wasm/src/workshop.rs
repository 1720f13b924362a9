//! What takes longer than the audio may wait: done by a worker, in a module of its
//! own that plays nothing.

use logicnet::{Evaluator, Network, Program, W128};

/// Most samples that are made at once: the longest period there is.
const MOST: usize = 1 << logicnet::MAX_COUNTER_BITS;

/// Samples of a network's file from time t on.
///
/// # Errors
/// Says what is wrong with the file.
pub fn samples(network: &str, t: u32, count: usize) -> Result<Vec<u8>, String> {
    if count > MOST {
        return Err(format!("{count} samples are too many: {MOST} at most"));
    }
    let network = Network::from_json(network).map_err(|error| error.to_string())?;
    let mut samples = vec![0; count];
    Evaluator::<W128>::new(Program::new(&network, network.masks())).render(t, &mut samples);
    Ok(samples)
}
