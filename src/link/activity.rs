//! The activity of every gate, as a binary message: [`FrameKind::Activity`].

use std::sync::Arc;

use logicnet::{Activity, Block, Network};

use super::protocol::FrameKind;
use super::view::View;

/// Samples in which toggles are counted, up to the current one. The most toggles among
/// them, 127, fit into seven bits.
const SAMPLES: u32 = 128;

/// Observes the gates of the network that is played.
#[derive(Default)]
pub struct ActivityMonitor {
    current: Option<(Arc<Network>, Activity)>,
}

impl ActivityMonitor {
    /// Makes the message for a network time; takes a few microseconds per thousand gates.
    pub fn message(&mut self, view: &View, t: u32) -> Vec<u8> {
        let network = &view.state().network;
        let current = self.current.take();
        let current = current.filter(|(current, _)| Arc::ptr_eq(current, network));
        let new = || (Arc::clone(network), Activity::new(network));
        let (_, activity) = self.current.insert(current.unwrap_or_else(new));
        let state = view.state();
        let block = Block {
            t0: t.wrapping_sub(SAMPLES - 1),
            samples: SAMPLES,
            controls: &state.control_values(),
            audio: [&[]; 2],
        };
        activity.observe(network, &state.masks(), block);
        let nodes = activity.values().iter().zip(activity.toggles());
        let mut message = Vec::with_capacity(12 + network.nodes() as usize);
        message.extend([FrameKind::Activity as u8, 0, 0, 0]);
        message.extend(view.revision().to_le_bytes());
        message.extend(t.to_le_bytes());
        message
            .extend(nodes.map(|(value, toggles)| u8::from(*value) << 7 | (*toggles & 0x7f) as u8));
        message
    }
}
