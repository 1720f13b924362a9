//! MIDI messages: those of a byte stream, of a port that can be unplugged, and of a
//! Standard MIDI File.
//!
//! The crate is pure: it opens no devices and reads no clock. Every byte is accepted;
//! messages that are damaged or that no instrument of one sound needs are left out.
//!
//! ```
//! use midi::{Event, Message, Port};
//!
//! let mut port = Port::default();
//! let mut events = Vec::new();
//! // Two notes share one status byte, with a clock pulse between their bytes.
//! port.receive(&[0x90, 60, 100, 64, 0xf8, 90], 0, &mut events);
//! let note_on = |note, velocity| Message::NoteOn { channel: 0, note, velocity };
//! let messages: Vec<Message> = events.iter().map(|event| event.message).collect();
//! assert_eq!(messages, [note_on(60, 100), Message::Clock, note_on(64, 90)]);
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod file;
mod message;
mod port;
mod stream;

pub use message::{Event, Message};
pub use port::{Port, SENSING_NS};
pub use stream::Stream;
