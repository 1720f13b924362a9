//! A port, which can be unplugged at any time.

use alloc::vec::Vec;

use crate::message::{ALL_NOTES_OFF, RESET_CONTROLLERS};
use crate::{Event, Message, Stream};

/// Longest time in nanoseconds between two bytes of a device that says regularly that it
/// is there: MIDI 1.0 demands a byte every 300 ms, and recommends 330 ms for receivers.
pub const SENSING_NS: u64 = 330_000_000;

/// The byte by which a device says that it is there.
const SENSING: u8 = 0xfe;

/// The stream of a port, and what its device may have left sounding.
#[derive(Clone, Debug, Default)]
pub struct Port {
    stream: Stream,
    /// Channels with keys that may be down or wheels that may be turned, a bit each.
    used: u16,
    /// The time of the last byte, if the device says regularly that it is there.
    sensed: Option<u64>,
}

impl Port {
    /// Adds the messages that bytes complete, which have arrived at a time in nanoseconds.
    pub fn receive(&mut self, bytes: &[u8], at: u64, events: &mut Vec<Event>) {
        let used = &mut self.used;
        self.stream.feed(bytes, |message| {
            if let Some(channel) = message.channel() {
                *used |= 1 << channel;
            }
            events.push(Event { at, message });
        });
        if self.sensed.is_some() || bytes.contains(&SENSING) {
            self.sensed = Some(at);
        }
    }

    /// Ends all notes if the device has promised to be there and is silent for too long at
    /// a time in nanoseconds: its cable was pulled out of an interface.
    pub fn check(&mut self, now: u64, events: &mut Vec<Event>) {
        if self.sensed.is_some_and(|at| now >= at + SENSING_NS) {
            self.unplug(now, events);
        }
    }

    /// Ends all notes of the port, whose device is gone.
    pub fn unplug(&mut self, at: u64, events: &mut Vec<Event>) {
        for channel in (0..16).filter(|channel| self.used & 1 << channel != 0) {
            let mode = [RESET_CONTROLLERS, ALL_NOTES_OFF].map(|controller| Message::Controller {
                channel,
                controller,
                value: 0,
            });
            events.extend(mode.map(|message| Event { at, message }));
        }
        *self = Port::default();
    }
}
