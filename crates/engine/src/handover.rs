//! How changes get to the audio thread, and voices back from it.

use logicnet::Word;
use rtrb::{Consumer, Producer, RingBuffer};

use super::{Settings, Voice};

/// A change of what sounds; taken whole, at the start of a callback.
#[derive(Debug)]
pub struct Change<W> {
    /// What tells it from other changes.
    pub id: u32,
    /// Settings from then on.
    pub settings: Settings,
    /// Another program, if it changes. The settings wait for it.
    pub start: Option<Start<W>>,
}

/// A voice that shall play, and how it begins.
#[derive(Debug)]
pub struct Start<W> {
    /// What plays.
    pub voice: Box<Voice<W>>,
    /// The network time it starts at; none goes on from where the old one is.
    pub seek: Option<u32>,
    /// Fade from the old sound to the new one.
    pub fade: bool,
}

/// Changes on their way; more than a callback takes are never needed.
const CHANGES: usize = 4;
/// Voices on their way back: those of all changes, the playing and the fading.
const VOICES: usize = 8;

/// The far end of the engine: sends changes and drops what comes back.
#[derive(Debug)]
pub struct Handover<W> {
    changes: Producer<Change<W>>,
    voices: Consumer<Box<Voice<W>>>,
}

impl<W: Word> Handover<W> {
    /// Whether a change would find room at once and no other waits before it.
    /// Who has several changes should wait for this and send the last only.
    pub fn ready(&self) -> bool {
        self.changes.slots() == CHANGES
    }

    /// Sends a change.
    ///
    /// # Errors
    /// Gives the change back when too many are on their way.
    pub fn send(&mut self, change: Change<W>) -> Result<(), Change<W>> {
        self.changes
            .push(change)
            .map_err(|rtrb::PushError::Full(change)| change)
    }

    /// Drops the voices that have come back; their number.
    pub fn collect(&mut self) -> usize {
        let mut count = 0;
        while self.voices.pop().is_ok() {
            count += 1;
        }
        count
    }
}

/// The audio thread's end. Nothing here allocates, locks, wakes a thread or drops.
#[derive(Debug)]
pub(super) struct Inbox<W> {
    changes: Consumer<Change<W>>,
    voices: Producer<Box<Voice<W>>>,
}

pub(super) fn handover<W: Word>() -> (Inbox<W>, Handover<W>) {
    let (changes, inbox) = RingBuffer::new(CHANGES);
    let (outbox, voices) = RingBuffer::new(VOICES);
    let inbox = Inbox {
        changes: inbox,
        voices: outbox,
    };
    (inbox, Handover { changes, voices })
}

impl<W> Inbox<W> {
    pub fn next(&mut self) -> Option<Change<W>> {
        self.changes.pop().ok()
    }

    /// Whether two voices can be given back: the playing and a fading one.
    pub fn has_room(&self) -> bool {
        self.voices.slots() >= 2
    }

    /// Gives a voice back. Only after [`Inbox::has_room`]: without room it would
    /// be leaked, since dropping it here could block.
    pub fn give_back(&mut self, voice: Box<Voice<W>>) {
        if let Err(rtrb::PushError::Full(voice)) = self.voices.push(voice) {
            std::mem::forget(voice);
        }
    }
}
