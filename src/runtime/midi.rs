//! MIDI on its way from the system's ports to the instrument.

use std::collections::BTreeMap;
use std::time::Duration;

use instrument::Command;
use midi::{Event, Message, Port};

/// Longest time that [`Ports::wait`] waits.
pub const WAIT: Duration = Duration::from_millis(100);

/// Receives what happens at a port, given its number: bytes, or `None` if its device is gone.
/// A device that comes back has another number.
pub type Receive<'a> = dyn FnMut(u32, Option<&[u8]>) + 'a;

/// The MIDI inputs of a system. Devices may come and go.
pub trait Ports {
    /// Waits for at most [`WAIT`], and passes on what has happened.
    fn wait(&mut self, receive: &mut Receive<'_>);
}

/// Opens the inputs, on the thread that waits for them.
pub type OpenPorts = Box<dyn FnMut() -> Box<dyn Ports> + Send>;

/// Returns the command that releases the keys of all ports.
pub fn release(at: u64) -> Command {
    let message = Message::Reset;
    Command::Midi(vec![Event { at, message }])
}

/// The streams of all ports, and what they make the instrument play.
#[derive(Debug, Default)]
pub struct Inbox(BTreeMap<u32, Port>);

impl Inbox {
    /// Takes bytes of a port or, without bytes, the news that its device is gone, at a time in
    /// nanoseconds. Returns the command for the instrument, if there is one.
    pub fn receive(&mut self, number: u32, bytes: Option<&[u8]>, at: u64) -> Option<Command> {
        let mut events = Vec::new();
        match bytes {
            Some(bytes) => {
                let port = self.0.entry(number).or_default();
                port.receive(bytes, at, &mut events);
            }
            None => {
                if let Some(mut port) = self.0.remove(&number) {
                    port.unplug(at, &mut events);
                }
            }
        }
        (!events.is_empty()).then_some(Command::Midi(events))
    }

    /// Ends the notes of devices that fell silent although they promised to be there. Returns
    /// the command for the instrument, if there are any.
    pub fn check(&mut self, now: u64) -> Option<Command> {
        let mut events = Vec::new();
        for port in self.0.values_mut() {
            port.check(now, &mut events);
        }
        (!events.is_empty()).then_some(Command::Midi(events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_their_own_streams_and_an_unplugged_one_ends_its_notes() {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.receive(0, Some(&[0x90, 60]), 1), None);
        assert_eq!(
            inbox.receive(1, Some(&[0xc2, 5]), 2),
            Some(Command::Midi(vec![Event {
                at: 2,
                message: Message::Program {
                    channel: 2,
                    program: 5
                },
            }]))
        );
        assert!(inbox.receive(0, Some(&[100]), 3).is_some());
        let Some(Command::Midi(events)) = inbox.receive(0, None, 4) else {
            panic!("its note goes on");
        };
        assert!(
            events
                .iter()
                .all(|event| event.message.channel() == Some(0))
        );
        assert_eq!(inbox.receive(0, None, 5), None);
        assert_eq!(inbox.check(u64::MAX), None);
    }
}
