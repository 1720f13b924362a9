//! Requests of which only the newest is applied.

use crate::handle::{Replies, Request};
use instrument::Command;

/// Consecutive requests, each of which supersedes the one before. Only the newest
/// command is applied, and its result answers all of them.
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
        if !is_superseded(&self.newest, &request.command) {
            return Err(request);
        }
        self.newest = request.command;
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
