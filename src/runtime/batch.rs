//! Requests of which only the newest is applied.

use crate::handle::{Replies, Request};
use instrument::Command;

/// MIDI messages from which on a batch takes no more, so that a flood does not make it endless.
const MOST_MESSAGES: usize = 4096;

/// Consecutive requests, each of which supersedes the one before, or continues its MIDI
/// messages. One command is applied for all of them, and its result answers them.
#[derive(Debug)]
pub struct Batch {
    newest: Command,
    replies: Replies,
}

impl From<Request> for Batch {
    fn from(request: Request) -> Batch {
        Batch {
            newest: request.command,
            replies: request.reply.into(),
        }
    }
}

impl Batch {
    /// Adds the next request if it supersedes the newest one.
    ///
    /// # Errors
    /// Gives the request back if it does not.
    pub fn push(&mut self, request: Request) -> Result<(), Request> {
        match (&mut self.newest, request.command) {
            // All messages count, and what they lead to is heard once.
            (Command::Midi(earlier), Command::Midi(later)) if earlier.len() < MOST_MESSAGES => {
                earlier.extend(later);
            }
            (newest, command) if is_superseded(newest, &command) => *newest = command,
            (_, command) => return Err(Request { command, ..request }),
        }
        self.replies.merge(request.reply.into());
        Ok(())
    }

    /// Applies the newest command; its result is the reply to all requests.
    pub fn apply(self, apply: impl FnOnce(Command, Replies)) {
        apply(self.newest, self.replies);
    }
}

/// Returns whether a command need not be applied if the other one follows at once: an
/// earlier position of a finger, knob or fader does not matter, but the end of a touch
/// does. Without this rule, touches would pile up while programs are being built.
fn is_superseded(earlier: &Command, later: &Command) -> bool {
    match (earlier, later) {
        (Command::Touch(Some(_)), Command::Touch(Some(_)))
        | (Command::Seek(_), Command::Seek(_)) => true,
        (Command::Control(earlier, _), Command::Control(later, _)) => earlier == later,
        (Command::Turn(earlier, _), Command::Turn(later, _))
        | (Command::SetStrength(earlier, _), Command::SetStrength(later, _)) => earlier == later,
        (Command::For(earlier, edit), Command::For(later, next)) => {
            earlier == later && is_superseded(edit, next)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factory_networks;
    use crate::handle::{Handle, Reply};
    use instrument::parameters::Parameters;
    use instrument::{Instrument, Page};

    #[test]
    fn messages_are_merged_up_to_a_bound() {
        let messages = |count: usize| {
            let message = midi::Message::Clock;
            Request::from(Command::Midi(vec![midi::Event { at: 0, message }; count]))
        };
        let mut batch = Batch::from(messages(MOST_MESSAGES - 1));
        batch.push(messages(1)).unwrap();
        assert!(batch.push(messages(1)).is_err());
        batch.apply(|command, _| {
            assert!(matches!(command, Command::Midi(all) if all.len() == MOST_MESSAGES));
        });
    }

    #[test]
    fn superseded_requests_receive_the_result_of_the_newest() {
        let networks = factory_networks::all();
        let (instrument, _) =
            Instrument::new(networks, Parameters::default(), Vec::new(), None, 1).unwrap();
        let (handle, inbox) = Handle::new(instrument.state());
        let replies = [5, 6].map(|t| handle.request(Command::Seek(t)));
        handle.command(Command::Show(Page::Menu));
        let mut batch = Batch::from(inbox.recv().unwrap());
        batch.push(inbox.recv().unwrap()).unwrap();
        let next = batch.push(inbox.recv().unwrap()).unwrap_err();
        assert!(matches!(next.command, Command::Show(Page::Menu)));
        batch.apply(|command, mut replies| {
            assert!(matches!(command, Command::Seek(6)));
            replies.send(&Err("no".into()));
        });
        for result in replies.map(Reply::wait) {
            assert_eq!(result, Err("no".into()));
        }
    }
}
