//! The way of changes to the renderer: a place for the newest one, which later changes join
//! until it is taken.

use std::sync::Arc;

use crossbeam_utils::atomic::AtomicCell;
use rtrb::{Consumer, Producer, RingBuffer};

use engine::Change;

use crate::Lanes;

/// A change of the sound and, alike, of the node outputs.
#[derive(Debug)]
pub struct Changes {
    pub sound: Change<Lanes>,
    pub nodes: Option<Change<Lanes>>,
    /// A bit for each node output that has a node.
    pub chosen: u32,
}

impl Changes {
    fn and(self, later: Changes) -> Changes {
        Changes {
            sound: self.sound.and(later.sound),
            nodes: match (self.nodes, later.nodes) {
                (Some(earlier), Some(later)) => Some(earlier.and(later)),
                (earlier, later) => later.or(earlier),
            },
            chosen: later.chosen,
        }
    }
}

/// A box that goes to the renderer full and comes back empty, to be dropped.
type Parcel = Box<Option<Changes>>;

/// Parcels on their way back: each is dropped before the next one is posted.
const RETURNS: usize = 4;

/// The player's end.
pub struct Outbox {
    newest: Arc<AtomicCell<Option<Parcel>>>,
    empty: Consumer<Parcel>,
}

impl Outbox {
    /// Posts a change, joined with one that was not taken yet.
    pub fn post(&mut self, changes: Changes) {
        while self.empty.pop().is_ok() {}
        let changes = match self.newest.take().and_then(|parcel| *parcel) {
            Some(earlier) => earlier.and(changes),
            None => changes,
        };
        self.newest.store(Some(Box::new(Some(changes))));
    }
}

/// The renderer's end.
pub struct Inbox {
    newest: Arc<AtomicCell<Option<Parcel>>>,
    empty: Producer<Parcel>,
}

impl Inbox {
    /// Takes the newest change, if there is one. Real-time safe.
    pub fn take(&mut self) -> Option<Changes> {
        let mut parcel = self.newest.take()?;
        let changes = parcel.take();
        if let Err(rtrb::PushError::Full(parcel)) = self.empty.push(parcel) {
            std::mem::forget(parcel); // dropping it could block
        }
        changes
    }
}

pub fn mailbox() -> (Outbox, Inbox) {
    let (sender, receiver) = RingBuffer::new(RETURNS);
    let newest = Arc::new(AtomicCell::new(None));
    let outbox = Outbox {
        newest: Arc::clone(&newest),
        empty: receiver,
    };
    let inbox = Inbox {
        newest,
        empty: sender,
    };
    (outbox, inbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_needs_no_lock() {
        assert!(AtomicCell::<Option<Parcel>>::is_lock_free());
    }
}
