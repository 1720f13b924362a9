//! Not the same message without end: five in ten seconds, then a sum.

use std::collections::VecDeque;

use super::Message;

/// So many messages in so long a time are said.
const MOST: u32 = 5;
const SPAN_MS: u64 = 10_000;
/// Different messages that are counted at a time.
const KINDS: usize = 64;

/// A kind of message, from its first one on.
struct Kind {
    first: u64,
    said: u32,
    held: u32,
    last: Message,
}

/// Counts messages by the place in the code that says them, or by their text
/// where that is not known.
#[derive(Default)]
pub struct Limit {
    kinds: VecDeque<Kind>,
}

impl Limit {
    /// Whether a message is to be said. If not, it is counted.
    pub fn admits(&mut self, message: &Message) -> bool {
        let is_same = |kind: &&mut Kind| match (kind.last.site, message.site) {
            (Some(one), Some(other)) => one == other,
            _ => kind.last.text == message.text,
        };
        let fresh = |kind: &&mut Kind| message.at < kind.first.saturating_add(SPAN_MS);
        if let Some(kind) = self.kinds.iter_mut().filter(fresh).find(is_same) {
            if kind.said == MOST {
                kind.held = kind.held.saturating_add(1);
                kind.last.clone_from(message);
                return false;
            }
            kind.said += 1;
            return true;
        }
        // Of too many kinds the oldest that holds nothing back is forgotten.
        if self.kinds.len() >= KINDS {
            match self.kinds.iter().position(|kind| kind.held == 0) {
                Some(oldest) => drop(self.kinds.remove(oldest)),
                None => return false,
            }
        }
        self.kinds.push_back(Kind {
            first: message.at,
            said: 1,
            held: 0,
            last: message.clone(),
        });
        true
    }

    /// What was held back of kinds whose time is over at `now`, in milliseconds:
    /// the last of each, with their number.
    pub fn sum_up(&mut self, now: u64) -> Vec<Message> {
        let mut sums = Vec::new();
        self.kinds.retain(|kind| {
            let over = now >= kind.first.saturating_add(SPAN_MS);
            if over && kind.held > 0 {
                let mut sum = kind.last.clone();
                let text = super::one_line(&sum.text);
                sum.text = format!("{text} (said {} times more)", kind.held);
                sums.push(sum);
            }
            !over
        });
        sums
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
    fn the_sixth_of_a_kind_is_held_back_and_others_are_not() {
        let mut limit = Limit::default();
        for i in 0..5 {
            // One place in the code, with different words.
            assert!(limit.admits(&message(i, Some(1), &i.to_string())));
        }
        assert!(!limit.admits(&message(6, Some(1), "six")));
        assert!(limit.admits(&message(7, Some(2), "six")));
        assert!(limit.sum_up(9_999).is_empty());
        let sums = limit.sum_up(10_000);
        assert_eq!(sums.len(), 1);
        assert_eq!(sums[0].text, "six (said 1 times more)");
        assert!(limit.admits(&message(10_001, Some(1), "again")));
    }

    #[test]
    fn kinds_are_bounded_and_nothing_is_held_back_without_a_word() {
        let mut limit = Limit::default();
        for i in 0..1000 {
            assert!(limit.admits(&message(i, None, &i.to_string())));
        }
        assert!(limit.kinds.len() <= KINDS);
        let mut held = 0;
        for i in 0..6 * 64 {
            held += u32::from(!limit.admits(&message(1000, Some(i % 64), "x")));
        }
        assert_eq!((held, limit.sum_up(20_000).len()), (64, 64));
    }
}
