//! A limit for repeated messages: five in ten seconds, then a summary.

use std::collections::VecDeque;

use super::Message;

/// Messages of a kind that are written in [`SPAN_MS`].
const MAX_WRITTEN: u32 = 5;
const SPAN_MS: u64 = 10_000;
/// Kinds of messages that are counted at the same time.
const MAX_KINDS: usize = 64;

/// A kind of message since its first one.
struct Kind {
    first: u64,
    written: u32,
    suppressed: u32,
    last: Message,
}

/// Counts messages by the line of code that logs them, or by their text if that is not
/// known.
#[derive(Default)]
pub struct RepeatLimit {
    kinds: VecDeque<Kind>,
}

impl RepeatLimit {
    /// Returns whether a message should be written; counts it otherwise.
    pub fn admits(&mut self, message: &Message) -> bool {
        let is_same = |kind: &&mut Kind| match (kind.last.site, message.site) {
            (Some(one), Some(other)) => one == other,
            _ => kind.last.text == message.text,
        };
        let fresh = |kind: &&mut Kind| message.at < kind.first.saturating_add(SPAN_MS);
        if let Some(kind) = self.kinds.iter_mut().filter(fresh).find(is_same) {
            if kind.written == MAX_WRITTEN {
                kind.suppressed = kind.suppressed.saturating_add(1);
                kind.last.clone_from(message);
                return false;
            }
            kind.written += 1;
            return true;
        }
        // Makes room by dropping the oldest kind without suppressed messages.
        if self.kinds.len() >= MAX_KINDS {
            match self.kinds.iter().position(|kind| kind.suppressed == 0) {
                Some(oldest) => drop(self.kinds.remove(oldest)),
                None => return false,
            }
        }
        self.kinds.push_back(Kind {
            first: message.at,
            written: 1,
            suppressed: 0,
            last: message.clone(),
        });
        true
    }

    /// Returns a summary of each kind whose time is over at `now` in milliseconds: its
    /// last message, and the number that was suppressed.
    pub fn summarize(&mut self, now: u64) -> Vec<Message> {
        let mut summaries = Vec::new();
        self.kinds.retain(|kind| {
            let over = now >= kind.first.saturating_add(SPAN_MS);
            if over && kind.suppressed > 0 {
                let mut summary = kind.last.clone();
                let text = super::one_line(&summary.text);
                let s = if kind.suppressed == 1 { "" } else { "s" };
                summary.text = format!("{text} ({} more time{s})", kind.suppressed);
                summaries.push(summary);
            }
            !over
        });
        summaries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use log::Level;

    fn message(at: u64, line: Option<u32>, text: &str) -> Message {
        Message {
            at,
            level: Level::Info,
            site: line.map(|line| ("a.rs", line)),
            text: text.into(),
        }
    }

    #[test]
    fn the_sixth_of_a_kind_is_suppressed_and_others_are_not() {
        let mut limit = RepeatLimit::default();
        for i in 0..5 {
            // The same line of code with different texts.
            assert!(limit.admits(&message(i, Some(1), &i.to_string())));
        }
        assert!(!limit.admits(&message(6, Some(1), "six")));
        assert!(limit.admits(&message(7, Some(2), "six")));
        assert!(limit.summarize(9_999).is_empty());
        let sums = limit.summarize(10_000);
        assert_eq!(sums.len(), 1);
        assert_eq!(sums[0].text, "six (1 more time)");
        assert!(limit.admits(&message(10_001, Some(1), "again")));
    }

    #[test]
    fn kinds_are_bounded_and_every_suppressed_one_is_summarized() {
        let mut limit = RepeatLimit::default();
        for i in 0..1000 {
            assert!(limit.admits(&message(i, None, &i.to_string())));
        }
        assert!(limit.kinds.len() <= MAX_KINDS);
        let mut held = 0;
        for i in 0..6 * 64 {
            held += u32::from(!limit.admits(&message(1000, Some(i % 64), "x")));
        }
        assert_eq!((held, limit.summarize(20_000).len()), (64, 64));
    }
}
