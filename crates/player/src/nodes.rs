//! Node outputs: chosen nodes of a network as the samples of another one.

use logicnet::{Gate, Network, NetworkLayer, Op, OutputEncoding};

/// Most node outputs.
pub const MAX_NODES: usize = 2 * BITS;

/// Nodes in a sample of each channel.
const BITS: usize = 16;

/// Returns the network whose samples are these nodes, 16 a channel; those that are not there
/// are 0. None if there is no room for another gate.
pub fn network_of(network: &Network, nodes: &[u32]) -> Option<Network> {
    let count = network.nodes();
    let mut parts = network.clone().into_parts();
    let zero = Gate {
        op: Op::new(0)?,
        a: 0,
        b: 0,
    };
    parts.layers.push(NetworkLayer {
        gates: vec![zero],
        ..NetworkLayer::default()
    });
    let output = |i| nodes.get(i).copied().filter(|node| *node < count);
    parts.outputs = (0..MAX_NODES).map(|i| output(i).unwrap_or(count)).collect();
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
