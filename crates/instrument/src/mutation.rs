//! Changes to the network itself: mutations, and rewired gates.

use logicnet::random::Rng;
use logicnet::{Gate, Masks, Network, Op, Parts};

/// A mutation changes one in this many live gates, and at least one.
const ONE_IN: usize = 64;
/// The end of the name of a mutated network.
pub const MARK: char = '*';

/// Returns the network with a few of its live gates changed: each gets another operation,
/// or another operand from the same layer. Returns none if there are no live gates.
pub fn mutated(network: &Network, rng: &mut Rng) -> Option<Network> {
    let inputs = network.inputs();
    let live = network.live(&Masks::new());
    let gates = inputs..network.nodes();
    let audible: Vec<u32> = gates.filter(|node| live[*node as usize]).collect();
    if audible.is_empty() {
        return None;
    }
    // The range of nodes of each layer; the inputs count as one.
    let mut bounds = vec![(0, inputs)];
    let layers = network.layers();
    bounds.extend(layers.map(|(first, gates)| (first, first + gates.len() as u32)));
    let layer_of = |node: u32| {
        let layer = bounds.partition_point(|(_, end)| *end <= node);
        bounds[layer.min(bounds.len() - 1)]
    };

    let mut parts = changing(network);
    if !parts.name.ends_with(MARK) {
        parts.name.push(MARK);
    }
    for _ in 0..=audible.len() / ONE_IN {
        let node = audible[rng.below(audible.len() as u32) as usize];
        let gate = gate_at(&mut parts, node)?;
        match rng.below(3) {
            0 => gate.op = Op::new((gate.op.number() + 1 + rng.below(15) as u8) % 16)?,
            1 => gate.a = near(gate.a, layer_of(gate.a), node, rng),
            _ => gate.b = near(gate.b, layer_of(gate.b), node, rng),
        }
    }
    Network::try_from(parts).ok()
}

/// Returns another node within bounds and before a gate.
fn near(operand: u32, (first, end): (u32, u32), gate: u32, rng: &mut Rng) -> u32 {
    let count = end.min(gate).saturating_sub(first);
    if count < 2 {
        return operand;
    }
    first + (operand - first + 1 + rng.below(count - 1)) % count
}

/// Returns the network with one gate replaced, and the same name.
///
/// # Errors
/// Returns a message if the node cannot be that gate.
pub fn rewired(network: &Network, node: u32, gate: Gate) -> Result<Network, String> {
    let mut parts = changing(network);
    let nodes = network.nodes();
    *gate_at(&mut parts, node).ok_or_else(|| {
        if node < nodes {
            format!("node {node} is an input and has no operation")
        } else {
            format!("no node {node}; nodes are 0..{}", nodes - 1)
        }
    })? = gate;
    Network::try_from(parts).map_err(|error| error.to_string())
}

/// Returns the parts of a network to change: without source and description, which will
/// not apply to the result.
fn changing(network: &Network) -> Parts {
    let mut parts = network.clone().into_parts();
    parts.source = None;
    parts.description = None;
    parts
}

fn gate_at(parts: &mut Parts, node: u32) -> Option<&mut Gate> {
    let index = node.checked_sub(parts.inputs())? as usize;
    let mut gates = parts.layers.iter_mut().flat_map(|layer| &mut layer.gates);
    gates.nth(index)
}
