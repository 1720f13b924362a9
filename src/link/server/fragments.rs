//! Messages in fragments of a websocket, which never need memory for a whole long message.

use std::io::{self, Read, Write};
use std::mem;

use serde::Serialize;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::{Error, Message, WebSocket};

/// Size of a fragment in bytes.
const SIZE: usize = 64 << 10;

/// Writes a message as JSON. Stops with an error if `go_on` returns false between fragments.
///
/// # Errors
/// Fails as the socket does.
pub fn write_json<S: Read + Write>(
    socket: &mut WebSocket<S>,
    message: &impl Serialize,
    go_on: impl FnMut() -> bool,
) -> Result<(), Error> {
    let mut fragments = Fragments {
        socket,
        go_on,
        buffer: Vec::new(),
        is_first: true,
        problem: None,
    };
    let written = serde_json::to_writer(&mut fragments, message);
    if let Some(problem) = fragments.problem {
        return Err(problem);
    }
    written.map_err(|error| Error::Io(error.into()))?;
    fragments.send(true)
}

struct Fragments<'a, S, G> {
    socket: &'a mut WebSocket<S>,
    go_on: G,
    buffer: Vec<u8>,
    is_first: bool,
    /// The reason why a fragment could not be sent.
    problem: Option<Error>,
}

impl<S: Read + Write, G: FnMut() -> bool> Fragments<'_, S, G> {
    fn send(&mut self, is_last: bool) -> Result<(), Error> {
        let code = Data::Continue;
        let code = if mem::take(&mut self.is_first) {
            Data::Text
        } else {
            code
        };
        let frame = Frame::message(mem::take(&mut self.buffer), OpCode::Data(code), is_last);
        self.socket.write(Message::Frame(frame))
    }
}

impl<S: Read + Write, G: FnMut() -> bool> Write for Fragments<'_, S, G> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.buffer.len() >= SIZE {
            if !(self.go_on)() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if let Err(problem) = self.send(false) {
                self.problem = Some(problem);
                return Err(io::ErrorKind::Other.into());
            }
            self.buffer.reserve_exact(SIZE);
        }
        let count = part.len().min(SIZE - self.buffer.len());
        self.buffer.extend_from_slice(&part[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tungstenite::protocol::Role;

    use super::*;

    #[test]
    fn a_long_message_arrives_whole() {
        for length in [1, SIZE - 3, SIZE - 2, SIZE, 3 * SIZE + 7] {
            let text = "é".repeat(length);
            let mut server =
                WebSocket::from_raw_socket(Cursor::new(Vec::new()), Role::Server, None);
            write_json(&mut server, &text, || true).unwrap();
            server.flush().unwrap();
            let bytes = Cursor::new(server.get_ref().get_ref().clone());
            let mut client = WebSocket::from_raw_socket(bytes, Role::Client, None);
            let received = client.read().unwrap();
            assert_eq!(received, Message::text(format!("\"{text}\"")));
        }
    }

    #[test]
    fn a_message_can_be_stopped_between_fragments() {
        let mut server = WebSocket::from_raw_socket(Cursor::new(Vec::new()), Role::Server, None);
        let text = "x".repeat(10 * SIZE);
        let mut fragments = 0;
        let stopped = write_json(&mut server, &text, || {
            fragments += 1;
            fragments < 3
        });
        assert!(matches!(stopped, Err(Error::Io(_))), "{stopped:?}");
        assert_eq!(fragments, 3);
    }
}
