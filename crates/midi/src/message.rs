//! Messages that play an instrument.

use midly::live::{LiveEvent, SystemRealtime};
use midly::num::u4;
use midly::{MidiMessage, PitchBend};

/// A message that plays the instrument. Channels are 0 to 15; notes, velocities,
/// controllers, values and programs are 0 to 127.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A key is pressed.
    NoteOn {
        /// The channel.
        channel: u8,
        /// The key; 60 is middle C.
        note: u8,
        /// The velocity, 1 to 127.
        velocity: u8,
    },
    /// A key is released.
    NoteOff {
        /// The channel.
        channel: u8,
        /// The key.
        note: u8,
    },
    /// A knob, fader or pedal is moved; from controller 120 on, a channel mode message.
    Controller {
        /// The channel.
        channel: u8,
        /// The controller.
        controller: u8,
        /// Its value.
        value: u8,
    },
    /// A program is chosen.
    Program {
        /// The channel.
        channel: u8,
        /// The program.
        program: u8,
    },
    /// The pitch wheel is moved.
    PitchBend {
        /// The channel.
        channel: u8,
        /// The position, -8192 to 8191; 0 is the middle.
        bend: i16,
    },
    /// A pulse of the clock: 24 are a quarter note.
    Clock,
    /// The sequence starts from its beginning with the next pulse.
    Start,
    /// The sequence continues where it stopped.
    Continue,
    /// The sequence stops.
    Stop,
    /// All devices return to the state in which they were switched on.
    Reset,
}

/// A message and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The time in nanoseconds, from any start that is the same for all events.
    pub at: u64,
    /// The message.
    pub message: Message,
}

/// Sustain pedal.
pub(crate) const PEDAL: u8 = 64;
/// Controllers of the channel mode messages.
pub(crate) const ALL_SOUND_OFF: u8 = 120;
pub(crate) const RESET_CONTROLLERS: u8 = 121;
pub(crate) const ALL_NOTES_OFF: u8 = 123;

impl Message {
    /// The sustain pedal's controller; a value from 64 on is a pedal that is down.
    pub const PEDAL: u8 = PEDAL;
    /// The mode message that silences everything at once.
    pub const ALL_SOUND_OFF: u8 = ALL_SOUND_OFF;
    /// The mode message that returns pedals and wheels to their rest.
    pub const RESET_CONTROLLERS: u8 = RESET_CONTROLLERS;
    /// The mode message that releases all keys. Those after it do the same.
    pub const ALL_NOTES_OFF: u8 = ALL_NOTES_OFF;

    /// Returns the channel of a message that has one.
    pub fn channel(self) -> Option<u8> {
        match self {
            Message::NoteOn { channel, .. }
            | Message::NoteOff { channel, .. }
            | Message::Controller { channel, .. }
            | Message::Program { channel, .. }
            | Message::PitchBend { channel, .. } => Some(channel),
            _ => None,
        }
    }

    /// Returns the message that a parser has found, if it is one that plays.
    pub(crate) fn of(event: &LiveEvent<'_>) -> Option<Message> {
        match *event {
            LiveEvent::Midi { channel, message } => Message::of_channel(channel, message),
            LiveEvent::Realtime(SystemRealtime::TimingClock) => Some(Message::Clock),
            LiveEvent::Realtime(SystemRealtime::Start) => Some(Message::Start),
            LiveEvent::Realtime(SystemRealtime::Continue) => Some(Message::Continue),
            LiveEvent::Realtime(SystemRealtime::Stop) => Some(Message::Stop),
            LiveEvent::Realtime(SystemRealtime::Reset) => Some(Message::Reset),
            _ => None,
        }
    }

    /// Returns the message of a channel, if it is one that plays: pressure is not used.
    pub(crate) fn of_channel(channel: u4, message: MidiMessage) -> Option<Message> {
        let channel = channel.as_int();
        Some(match message {
            // Running status needs one status byte for both, so most keyboards send this.
            MidiMessage::NoteOn { key, vel } if vel == 0 => Message::NoteOff {
                channel,
                note: key.as_int(),
            },
            MidiMessage::NoteOn { key, vel } => Message::NoteOn {
                channel,
                note: key.as_int(),
                velocity: vel.as_int(),
            },
            MidiMessage::NoteOff { key, .. } => Message::NoteOff {
                channel,
                note: key.as_int(),
            },
            MidiMessage::Controller { controller, value } => Message::Controller {
                channel,
                controller: controller.as_int(),
                value: value.as_int(),
            },
            MidiMessage::ProgramChange { program } => Message::Program {
                channel,
                program: program.as_int(),
            },
            MidiMessage::PitchBend {
                bend: PitchBend(bend),
            } => Message::PitchBend {
                channel,
                bend: bend.as_int() as i16 - 0x2000,
            },
            MidiMessage::Aftertouch { .. } | MidiMessage::ChannelAftertouch { .. } => return None,
        })
    }
}
