//! A stream of bytes, as a cable carries it.

use midly::stream::MidiStream;

use crate::Message;

// Enough for every message that is used. A longer one is system exclusive and dropped.
midly::stack_buffer! {
    struct Data([u8; 2]);
}

/// Turns bytes into messages, with running status and with real-time bytes inside other
/// messages. Damaged and unknown messages are left out. Uses constant memory.
#[derive(Clone, Debug)]
pub struct Stream(MidiStream<Data>);

impl Default for Stream {
    /// Creates a stream that has carried nothing yet.
    fn default() -> Stream {
        Stream(MidiStream::with_buffer(Data::new()))
    }
}

impl Stream {
    /// Passes on the messages that these bytes complete. The messages of a stream do not
    /// depend on how its bytes are divided.
    pub fn feed(&mut self, bytes: &[u8], mut receive: impl FnMut(Message)) {
        self.0.feed(bytes, |event| {
            if let Some(message) = Message::of(&event) {
                receive(message);
            }
        });
    }
}
