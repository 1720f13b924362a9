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

impl<W> Change<W> {
    /// Returns this change and a later one as one, if this one was never sent.
    #[must_use]
    pub fn and(self, later: Change<W>) -> Change<W> {
        let start = match (self.start, later.start) {
            (Some(earlier), Some(later)) => Some(Start {
                voice: later.voice,
                seek: later.seek.or(earlier.seek),
                fade: later.fade || earlier.fade,
            }),
            (earlier, later) => later.or(earlier),
        };
        Change { start, ..later }
    }
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
    changes: ChangeSender<W>,
    voices: ReturnedVoices<W>,
}

impl<W: Word> Handover<W> {
    /// Returns whether the engine has received all earlier changes. Senders with several
    /// changes should wait for this and send only the last.
    pub fn ready(&self) -> bool {
        self.changes.ready()
    }

    /// Sends a change.
    ///
    /// # Errors
    /// Returns the change if the ring is full.
    pub fn send(&mut self, change: Change<W>) -> Result<(), Box<Change<W>>> {
        self.changes.send(change).map_err(Box::new)
    }

    /// Drops the returned voices. Returns their number.
    pub fn collect(&mut self) -> usize {
        self.voices.collect()
    }

    /// Divides it for two threads, one of which sends while the other one drops.
    pub fn split(self) -> (ChangeSender<W>, ReturnedVoices<W>) {
        (self.changes, self.voices)
    }
}

/// Sends changes. Real-time safe.
#[derive(Debug)]
pub struct ChangeSender<W>(Producer<Change<W>>);

impl<W: Word> ChangeSender<W> {
    /// Returns whether the engine has received all earlier changes.
    pub fn ready(&self) -> bool {
        self.0.slots() == CHANGES
    }

    /// Sends a change.
    ///
    /// # Errors
    /// Returns the change if the ring is full, which it is not when it is
    /// [ready](ChangeSender::ready).
    #[expect(clippy::result_large_err, reason = "a box would be allocated")]
    pub fn send(&mut self, change: Change<W>) -> Result<(), Change<W>> {
        self.0
            .push(change)
            .map_err(|rtrb::PushError::Full(change)| change)
    }
}

/// Drops the voices that the engine gives back.
#[derive(Debug)]
pub struct ReturnedVoices<W>(Consumer<Box<Voice<W>>>);

impl<W: Word> ReturnedVoices<W> {
    /// Drops the returned voices. Returns their number.
    pub fn collect(&mut self) -> usize {
        let mut count = 0;
        while self.0.pop().is_ok() {
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
    let handover = Handover {
        changes: ChangeSender(changes),
        voices: ReturnedVoices(voices),
    };
    (inbox, handover)
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
