//! The hand on the simulated sensor: a script's fingers and those of clients.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use trill::sim::Finger;

use super::script::Script;
use crate::link::protocol;

/// A script's fingers have the ids below.
const FIRST_ID: u32 = 10;
/// From the ids of one client to those of the next.
const IDS: u32 = 10;

/// Fingers that clients have on the sensor; copies are the same hand.
#[derive(Clone, Debug, Default)]
pub struct Hand(Arc<Mutex<BTreeMap<u32, Vec<Finger>>>>);

impl Hand {
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

    /// The fingers of a script and of clients, at any time in nanoseconds.
    pub(super) fn beside(self, script: Arc<Script>) -> impl FnMut(u64) -> Vec<Finger> + Send {
        move |now| {
            let mut fingers = script.fingers(now);
            fingers.extend(self.fingers());
            fingers
        }
    }

    /// All fingers of clients.
    pub fn fingers(&self) -> Vec<Finger> {
        let hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hand.values().flatten().copied().collect()
    }
}
