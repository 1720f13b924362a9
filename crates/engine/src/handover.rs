//! The rings that carry changes to the audio thread and voices back.

use logicnet::Word;
use rtrb::{Consumer, Producer, RingBuffer};

use super::{Settings, Voice};

/// A change of the sound. The engine applies all of it at the start of a callback.
#[derive(Debug)]
pub struct Change<W> {
    /// Id of the change.
    pub id: u32,
    /// The new settings.
    pub settings: Settings,
    /// The new program, if it changes. The settings wait until it is ready.
    pub start: Option<Start<W>>,
}

/// The start of a new voice.
#[derive(Debug)]
pub struct Start<W> {
    /// The voice.
    pub voice: Box<Voice<W>>,
    /// Network time to start at; without it, time continues from the old voice.
    pub seek: Option<u32>,
    /// Crossfades from the old sound.
    pub fade: bool,
}

/// Capacity of the ring of changes. The engine receives at most one per callback.
const CHANGES: usize = 4;
/// Capacity of the ring of voices: those of all changes, the playing and the fading one.
const VOICES: usize = 8;

/// The end of the thread that makes changes: sends them, and drops returned voices.
#[derive(Debug)]
pub struct Handover<W> {
    changes: Producer<Change<W>>,
    voices: Consumer<Box<Voice<W>>>,
}

impl<W: Word> Handover<W> {
    /// Returns whether the engine has received all earlier changes. Senders with several
    /// changes should wait for this and send only the last.
    pub fn ready(&self) -> bool {
        self.changes.slots() == CHANGES
    }

    /// Sends a change.
    ///
    /// # Errors
    /// Returns the change if the ring is full.
    pub fn send(&mut self, change: Change<W>) -> Result<(), Box<Change<W>>> {
        self.changes
            .push(change)
            .map_err(|rtrb::PushError::Full(change)| Box::new(change))
    }

    /// Drops the returned voices. Returns their number.
    pub fn collect(&mut self) -> usize {
        let mut count = 0;
        while self.voices.pop().is_ok() {
            count += 1;
        }
        count
    }
}

/// The end of the audio thread. Does not allocate, lock, wake threads or drop voices.
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

    /// Returns whether two voices can be returned: the playing and a fading one.
    pub fn has_room(&self) -> bool {
        self.voices.slots() >= 2
    }

    /// Returns a voice to be dropped. Call [`Inbox::has_room`] first: without room, the voice
    /// is leaked, since dropping it here could block.
    pub fn give_back(&mut self, voice: Box<Voice<W>>) {
        if let Err(rtrb::PushError::Full(voice)) = self.voices.push(voice) {
            std::mem::forget(voice);
        }
    }
}
