//! Node outputs: chosen nodes of a network as the samples of another one.

use logicnet::{Network, OutputEncoding};

/// Most node outputs.
pub const MAX_NODES: usize = 2 * BITS;

/// Nodes in a sample of each channel.
const BITS: usize = 16;

/// Returns the network whose samples are these nodes, 16 a channel, and a bit for each that
/// exists; others have the value of any node.
pub fn network_of(network: &Network, nodes: &[u32]) -> (Network, u32) {
    let count = network.nodes();
    let output = |i| nodes.get(i).copied().filter(|node| *node < count);
    let exist = (0..MAX_NODES).filter(|i| output(*i).is_some());
    let exist = exist.fold(0, |exist, i| exist | 1 << i);
    let mut parts = network.clone().into_parts();
    parts.outputs = (0..MAX_NODES).map(|i| output(i).unwrap_or(0)).collect();
    parts.output_encoding = OutputEncoding::Channels {
        left: BITS as u8,
        right: BITS as u8,
    };
    // A network with other outputs is one: every network has a node 0.
    let nodes = Network::try_from(parts).unwrap_or_else(|_| network.clone());
    (nodes, exist)
}

/// Returns the value of node output `index` in a frame of that network: 0 or 1.
pub fn value(frame: [f32; 2], index: usize) -> f32 {
    let sample = (frame[index / BITS] * 32_768.0 + 32_768.0) as u32;
    (sample >> (index % BITS) & 1) as f32
}
