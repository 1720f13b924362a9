//! The hand: the fingers that clients have on the pad, whatever it is made of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use trill::Touch;

use super::protocol;
use instrument::gestures::Contact;
use instrument::layout::Point;

/// The fingers of a desk's script have the ids below.
const FIRST_ID: u32 = 10;
/// From the ids of one client to those of the next.
const IDS: u32 = 10;

/// Fingers of clients; copies are the same hand.
#[derive(Clone, Debug, Default)]
pub struct TouchMerge(Arc<Mutex<BTreeMap<u32, Vec<Touch>>>>);

impl TouchMerge {
    /// These are all fingers of this client now.
    pub fn put(&self, client: u32, fingers: &[protocol::Finger]) {
        let touches = fingers.iter().map(|finger| Touch {
            x: finger.x,
            y: finger.y,
            size: finger.size,
        });
        let mut hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hand.insert(client, touches.collect());
        hand.retain(|_, touches| !touches.is_empty());
    }

    /// Touches of all clients, each with an id that stays the same while it moves.
    pub fn touches(&self) -> Vec<(u32, Touch)> {
        let hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let numbered = hand.iter().flat_map(|(client, touches)| {
            let first = FIRST_ID.saturating_add(client.saturating_mul(IDS));
            (first..).zip(touches.iter().copied())
        });
        numbered.collect()
    }

    /// What a sensor would say of them.
    pub fn contact(&self) -> Contact {
        let single = |(_, Touch { x, y, size })| Contact::Single(Point { x, y }, size);
        let contacts = self.touches().into_iter().map(single);
        contacts.fold(Contact::None, Contact::and)
    }
}
