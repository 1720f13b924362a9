//! Node outputs: chosen nodes of a network as the samples of another one.

use logicnet::{Network, OutputEncoding};

/// Most node outputs.
pub const MAX_NODES: usize = 2 * BITS;

/// Nodes in a sample of each channel.
const BITS: usize = 16;

/// Returns the network whose samples are these nodes, 16 a channel; none if there are no
/// nodes or one does not exist.
pub fn network_of(network: &Network, nodes: &[u32]) -> Option<Network> {
    let first = *nodes.first()?;
    let mut parts = network.clone().into_parts();
    parts.outputs = (0..MAX_NODES)
        .map(|i| nodes.get(i).copied().unwrap_or(first))
        .collect();
    parts.output_encoding = OutputEncoding::Channels {
        left: BITS as u8,
        right: BITS as u8,
    };
    Network::try_from(parts).ok()
}

/// Returns the value of node output `index` in a frame of that network: 0 or 1.
pub fn value(frame: [f32; 2], index: usize) -> f32 {
    let sample = (frame[index / BITS] * 32_768.0 + 32_768.0) as u32;
    (sample >> (index % BITS) & 1) as f32
}
