//! Standard MIDI Files.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use midly::{Format, MetaMessage, Smf, Timing, TrackEventKind};

use crate::{Event, Message};

/// Most bytes of a file that is read: an hour of dense music takes a tenth.
pub const MAX_BYTES: usize = 4 << 20;
/// Latest event in nanoseconds: a week.
const LATEST_NS: u64 = 604_800 * 1_000_000_000;
/// Microseconds of a quarter note until a file sets its tempo: 120 in a minute.
const DEFAULT_TEMPO: u32 = 500_000;

/// Reads a file: all of its messages, in the order of their times from 0, and a reset at
/// the end, so that no note outlasts it.
///
/// Times are exact fractions of tempo and ticks, rounded down to nanoseconds. Tracks of
/// format 0 and 1 play together, those of format 2 one after another.
///
/// # Errors
/// Returns a message if the file is not a Standard MIDI File, or longer than
/// [`MAX_BYTES`] or a week.
pub fn parse(bytes: &[u8]) -> Result<Vec<Event>, String> {
    if bytes.len() > MAX_BYTES {
        return Err("a MIDI file has at most 4 MB".into());
    }
    // midly 0.5.3 overflows on a timecode of -128 frames a second.
    let mut headers = bytes.windows(13).filter(|bytes| bytes.starts_with(b"MThd"));
    if headers.any(|header| header[12] == 0x80) {
        return Err("the file divides time by 128 frames a second, which no timecode has".into());
    }
    let file = Smf::parse(bytes).map_err(|error| error.to_string())?;
    let mut timed = Vec::new();
    let mut first = 0;
    for track in &file.tracks {
        let mut tick = first;
        for event in track {
            tick += u64::from(event.delta.as_int());
            timed.push((tick, event.kind));
        }
        if file.header.format == Format::Sequential {
            first = tick;
        }
    }
    // Events of the same time keep the order of their tracks.
    timed.sort_by_key(|(tick, _)| *tick);
    let mut clock = Clock::new(file.header.timing)?;
    let mut events = Vec::new();
    let mut at = 0;
    for (tick, kind) in timed {
        at = clock.time(tick)?;
        match kind {
            TrackEventKind::Midi { channel, message } => {
                let message = Message::of_channel(channel, message);
                events.extend(message.map(|message| Event { at, message }));
            }
            TrackEventKind::Meta(MetaMessage::Tempo(tempo)) => {
                clock.set_tempo(tick, at, tempo.as_int());
            }
            _ => {}
        }
    }
    events.push(Event {
        at,
        message: Message::Reset,
    });
    Ok(events)
}

/// The way from ticks to nanoseconds.
struct Clock {
    /// The tick and the time of the last change of tempo.
    since: (u64, u64),
    /// Nanoseconds of a tick, as a fraction.
    tick: (u64, u64),
    /// Ticks of a quarter note, unless ticks have a fixed time.
    quarter: Option<u64>,
}

impl Clock {
    fn new(timing: Timing) -> Result<Clock, String> {
        let (tick, quarter) = match timing {
            Timing::Metrical(ticks) => {
                let quarter = u64::from(ticks.as_int());
                ((u64::from(DEFAULT_TEMPO) * 1000, quarter), Some(quarter))
            }
            Timing::Timecode(fps, ticks) => {
                let (frames, seconds) = match fps {
                    midly::Fps::Fps24 => (24, 1),
                    midly::Fps::Fps25 => (25, 1),
                    // Called 29.97; a thousandth slower than 30.
                    midly::Fps::Fps29 => (30_000, 1001),
                    midly::Fps::Fps30 => (30, 1),
                };
                let second = 1_000_000_000 * seconds;
                ((second, frames * u64::from(ticks)), None)
            }
        };
        if tick.1 == 0 {
            return Err("the file divides time by 0".into());
        }
        Ok(Clock {
            since: (0, 0),
            tick,
            quarter,
        })
    }

    /// Returns the time of a tick after the last change of tempo, in nanoseconds.
    fn time(&self, tick: u64) -> Result<u64, String> {
        let (ticks, (numerator, denominator)) = (tick - self.since.0, self.tick);
        let more = u128::from(ticks) * u128::from(numerator) / u128::from(denominator);
        let at = u128::from(self.since.1) + more;
        let at = u64::try_from(at).ok().filter(|at| *at <= LATEST_NS);
        at.ok_or_else(|| "the file is longer than a week".into())
    }

    /// Sets the tempo from a tick and its time on, in microseconds of a quarter note.
    fn set_tempo(&mut self, tick: u64, at: u64, tempo: u32) {
        if let Some(quarter) = self.quarter {
            self.since = (tick, at);
            self.tick = (u64::from(tempo) * 1000, quarter);
        }
    }
}
