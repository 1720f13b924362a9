//! Commands in words from the player, and the answers to them.

use std::collections::VecDeque;

use instrument::commands;
use logicnet::{quote, shorten};

use crate::handle::{Handle, Reply};

/// Commands that may wait for their results. More lines are read once some have arrived,
/// so that a fast writer cannot fill the memory.
const WAITING: usize = 32;
/// Least likeness of a word that is suggested instead of an unknown one, from 0 to 1.
const LIKENESS: f64 = 0.8;
/// Most characters of a line in the message that refuses it.
const MAX_LINE: usize = 40;
/// The words that only the prompt takes.
pub const OWN_WORDS: [&str; 2] = ["help", "quit"];

/// The commands that were entered and whose results have not arrived.
#[derive(Debug, Default)]
pub struct Prompt {
    waiting: VecDeque<(String, Reply)>,
}

/// The immediate result of a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Entered {
    /// A command is on its way, or the line was empty.
    Accepted,
    /// An answer to the player.
    Answer(String),
    /// The player wants to end the session.
    Quit,
}

impl Prompt {
    /// Returns whether another line may be entered.
    pub fn is_ready(&self) -> bool {
        self.waiting.len() < WAITING
    }

    /// Carries out a line.
    pub fn enter(&mut self, line: &str, handle: &Handle) -> Entered {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => Entered::Accepted,
            ["quit"] => Entered::Quit,
            ["help"] => {
                let all = commands::help(None).unwrap_or_default();
                Entered::Answer(format!("{all}\nhelp COMMAND, quit"))
            }
            ["help", verb, ..] => {
                Entered::Answer(commands::help(Some(verb)).unwrap_or_else(|| unknown(verb)))
            }
            [verb, ..] => match commands::parse(&words) {
                Ok(Some(command)) => {
                    let reply = handle.request(command);
                    self.waiting.push_back((line.trim().to_string(), reply));
                    Entered::Accepted
                }
                Ok(None) => Entered::Answer(unknown(verb)),
                Err(problem) => Entered::Answer(problem),
            },
        }
    }

    /// Returns the next refusal that has arrived. A command that waits for the disk does not
    /// keep back those after it.
    pub fn refusal(&mut self) -> Option<String> {
        let mut next = 0;
        while let Some((_, reply)) = self.waiting.get(next) {
            let Some(result) = reply.now() else {
                next += 1;
                continue;
            };
            let (line, _) = self.waiting.remove(next)?;
            if let Err(reason) = result {
                return Some(format!("{}: {reason}", shorten(&line, MAX_LINE)));
            }
        }
        None
    }
}

/// Says that a word is not a command, and suggests one that is like it.
fn unknown(verb: &str) -> String {
    let likeness = |known: &&str| strsim::jaro_winkler(verb, known);
    let known = commands::verbs().into_iter().chain(OWN_WORDS);
    let nearest = known.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let nearest = nearest.filter(|known| likeness(known) >= LIKENESS);
    let verb = quote(verb);
    match nearest {
        Some(known) => format!("{verb} is not a command; did you mean {known}? help lists all"),
        None => format!("{verb} is not a command; help lists all"),
    }
}

#[cfg(test)]
mod tests {
    use instrument::Instrument;
    use instrument::parameters::Parameters;
    use logicnet::Network;
    use logicnet::random::Ops;

    use super::*;

    fn handle() -> (Handle, crossbeam_channel::Receiver<crate::handle::Request>) {
        let network = Network::random(8, &[8], Ops::XorRich, 1).unwrap();
        let parameters = Parameters::default();
        let (instrument, _) =
            Instrument::new(vec![network], parameters, Vec::new(), None, 1).unwrap();
        Handle::new(instrument.state())
    }

    #[test]
    fn unknown_words_are_named_with_one_that_is_like_them() {
        let (handle, _inbox) = handle();
        let mut prompt = Prompt::default();
        for (line, expected) in [
            (
                "nxt",
                "\"nxt\" is not a command; did you mean next? help lists all",
            ),
            ("qqq", "\"qqq\" is not a command; help lists all"),
            (
                "help nxt",
                "\"nxt\" is not a command; did you mean next? help lists all",
            ),
            (
                "learn 9",
                "learn N: N takes a whole number from 1 to 8, not \"9\"",
            ),
        ] {
            assert_eq!(
                prompt.enter(line, &handle),
                Entered::Answer(expected.into())
            );
        }
        let answer = prompt.enter("help next", &handle);
        assert!(matches!(answer, Entered::Answer(text) if text.starts_with("next  Plays")));
        assert_eq!(prompt.enter("quit", &handle), Entered::Quit);
        assert_eq!(prompt.enter("  ", &handle), Entered::Accepted);
    }

    #[test]
    fn lines_wait_while_results_are_outstanding() {
        let (handle, inbox) = handle();
        let mut prompt = Prompt::default();
        let mut entered = 0;
        while prompt.is_ready() {
            assert_eq!(prompt.enter("next", &handle), Entered::Accepted);
            entered += 1;
        }
        assert_eq!((entered, inbox.len()), (WAITING, WAITING));
        assert_eq!(prompt.refusal(), None);
        for (n, request) in inbox.try_iter().enumerate() {
            let result = if n == 1 { Err("no".into()) } else { Ok(()) };
            request.reply.unwrap().send(result).unwrap();
        }
        assert_eq!(prompt.refusal(), Some("next: no".into()));
        assert_eq!(prompt.refusal(), None);
        assert!(prompt.is_ready());
    }
}
