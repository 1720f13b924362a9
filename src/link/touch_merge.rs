//! The hand: the fingers that clients have on the pad, whatever it is made of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use trill::sim::Finger;

use super::protocol;
use instrument::gestures::Contact;
use instrument::layout::Point;

/// The fingers of a desk's script have the ids below.
const FIRST_ID: u32 = 10;
/// From the ids of one client to those of the next.
const IDS: u32 = 10;

/// Fingers of clients; copies are the same hand.
#[derive(Clone, Debug, Default)]
pub struct TouchMerge(Arc<Mutex<BTreeMap<u32, Vec<Finger>>>>);

impl TouchMerge {
    /// These are all fingers of this client now.
    pub fn put(&self, client: u32, fingers: &[protocol::Finger]) {
        let first = FIRST_ID.saturating_add(client.saturating_mul(IDS));
        let fingers = (first..).zip(fingers).map(|(id, finger)| Finger {
            id,
            x: finger.x,
            y: finger.y,
            size: finger.size,
        });
        let mut hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hand.insert(client, fingers.collect());
        hand.retain(|_, fingers| !fingers.is_empty());
    }

    /// All fingers of clients.
    pub fn fingers(&self) -> Vec<Finger> {
        let hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hand.values().flatten().copied().collect()
    }

    /// What a sensor would say of them.
    pub fn contact(&self) -> Contact {
        let single = |finger: Finger| {
            let (x, y) = (finger.x, finger.y);
            Contact::Single(Point { x, y }, finger.size)
        };
        let contacts = self.fingers().into_iter().map(single);
        contacts.fold(Contact::None, Contact::and)
    }
}
