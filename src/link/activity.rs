//! What every gate does, as a binary message: [`Frame::Activity`].

use std::sync::Arc;

use logicnet::{Activity, Network};

use super::protocol::Frame;
use super::view::View;

/// Samples that are looked at, up to the moment: as many toggles as a byte has room for,
/// and one more.
const SAMPLES: u32 = 128;

/// Watches the gates of whatever network is played.
#[derive(Default)]
pub struct Gates {
    known: Option<(Arc<Network>, Activity)>,
}

impl Gates {
    /// The message for a network time: a few microseconds for each thousand gates.
    pub fn frame(&mut self, view: &View, t: u32) -> Vec<u8> {
        let network = &view.state().network;
        let known = self.known.take();
        let known = known.filter(|(known, _)| Arc::ptr_eq(known, network));
        let (_, activity) = self
            .known
            .insert(known.unwrap_or_else(|| (Arc::clone(network), Activity::new(network))));
        let first = t.wrapping_sub(SAMPLES - 1);
        activity.observe(network, &view.state().masks(), first, SAMPLES);
        let nodes = activity.values().iter().zip(activity.toggles());
        let mut frame = Vec::with_capacity(12 + network.nodes() as usize);
        frame.extend([Frame::Activity as u8, 0, 0, 0]);
        frame.extend(view.revision().to_le_bytes());
        frame.extend(t.to_le_bytes());
        frame.extend(nodes.map(|(value, toggles)| u8::from(*value) << 7 | (*toggles & 0x7f) as u8));
        frame
    }
}
