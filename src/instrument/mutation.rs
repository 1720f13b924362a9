//! A few gates changed by chance.

use logicnet::random::Rng;
use logicnet::{Masks, Network, Op};

/// One gate in so many is changed, and one at least.
const ONE_IN: usize = 64;

/// The network with a few of its live gates changed: another operation, or
/// another gate of the same layer read. None when it has no gates.
pub fn mutated(network: &Network, rng: &mut Rng) -> Option<Network> {
    let inputs = network.inputs();
    let live = network.live(&Masks::new());
    let audible: Vec<u32> = (inputs..network.nodes())
        .filter(|node| live[*node as usize])
        .collect();
    if audible.is_empty() {
        return None;
    }
    // Where each node's layer begins and ends; the inputs are one, too.
    let mut bounds = vec![(0, inputs)];
    bounds.extend(
        network
            .layers()
            .map(|(first, gates)| (first, first + gates.len() as u32)),
    );
    let layer_of = |node: u32| {
        let layer = bounds.partition_point(|(_, end)| *end <= node);
        bounds[layer.min(bounds.len() - 1)]
    };

    let mut parts = network.clone().into_parts();
    // It is no longer what these say.
    parts.source = None;
    parts.description = None;
    if !parts.name.ends_with('*') {
        parts.name.push('*');
    }
    for _ in 0..=audible.len() / ONE_IN {
        let node = audible[rng.below(audible.len() as u32) as usize];
        let mut index = (node - inputs) as usize;
        let gate = parts.layers.iter_mut().find_map(|layer| {
            if index < layer.gates.len() {
                return Some(&mut layer.gates[index]);
            }
            index -= layer.gates.len();
            None
        })?;
        match rng.below(3) {
            0 => gate.op = Op::new((gate.op.number() + 1 + rng.below(15) as u8) % 16)?,
            1 => gate.a = near(gate.a, layer_of(gate.a), node, rng),
            _ => gate.b = near(gate.b, layer_of(gate.b), node, rng),
        }
    }
    Network::try_from(parts).ok()
}

/// Another node between these bounds, before a gate.
fn near(operand: u32, (first, end): (u32, u32), gate: u32, rng: &mut Rng) -> u32 {
    let count = end.min(gate).saturating_sub(first);
    if count < 2 {
        return operand;
    }
    first + (operand - first + 1 + rng.below(count - 1)) % count
}
