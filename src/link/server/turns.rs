//! Turns of clients with long messages: a network of the most gates takes megabytes on its
//! way, and a few of them at a time is all that memory has room for.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes of a message, or of a change of the state, from which it needs a turn.
pub const LONG: usize = 256 << 10;
/// Clients that have a turn at the same time.
const MOST: usize = 3;
/// Time after which a client loses its turn if another one waits for it.
const LONGEST: Duration = Duration::from_secs(10);

/// Turns of clients, in the order in which they ask.
#[derive(Default)]
pub struct Turns(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    /// The number of the next client.
    next: u32,
    /// Clients that have a turn, and the time when it began.
    holders: Vec<(u32, Duration)>,
    waiting: VecDeque<u32>,
}

impl Turns {
    /// Adds a client.
    pub fn client(&self) -> Turn<'_> {
        let mut queue = self.lock();
        queue.next = queue.next.wrapping_add(1);
        Turn {
            turns: self,
            client: queue.next,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's turn, if it has one. It ends with the client.
pub struct Turn<'a> {
    turns: &'a Turns,
    client: u32,
}

impl Turn<'_> {
    /// Returns whether the client has a turn; if not, it waits for one from here on.
    pub fn take(&self, now: Duration) -> bool {
        let mut queue = self.turns.lock();
        if queue
            .holders
            .iter()
            .any(|(client, _)| *client == self.client)
        {
            return true;
        }
        if !queue.waiting.contains(&self.client) {
            queue.waiting.push_back(self.client);
        }
        let is_next = queue.holders.len() < MOST && queue.waiting.front() == Some(&self.client);
        if is_next {
            queue.waiting.pop_front();
            queue.holders.push((self.client, now));
        }
        is_next
    }

    /// Ends the turn, or stops waiting for one.
    pub fn end(&self) {
        let mut queue = self.turns.lock();
        queue.holders.retain(|(client, _)| *client != self.client);
        queue.waiting.retain(|client| *client != self.client);
    }

    /// Returns whether the client has had its turn for so long that others must not wait
    /// any more.
    pub fn is_over(&self, now: Duration) -> bool {
        let queue = self.turns.lock();
        let mut holders = queue.holders.iter();
        let own = holders.find(|(client, _)| *client == self.client);
        !queue.waiting.is_empty() && own.is_some_and(|(_, began)| now > *began + LONGEST)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_have_their_turns_in_the_order_in_which_they_ask() {
        let turns = Turns::default();
        let now = Duration::ZERO;
        let first: [_; MOST] = std::array::from_fn(|_| turns.client());
        assert!(first.iter().all(|client| client.take(now)) && first[0].take(now));
        let [one, two] = [turns.client(), turns.client()];
        assert!(!one.take(now) && !two.take(now));
        first[1].end();
        assert!(!two.take(now) && one.take(now));
        assert!(!first[1].take(now) && !two.take(now));
        drop(one);
        assert!(!first[1].take(now) && two.take(now));
        drop(two);
        assert!(first[1].take(now));
    }

    #[test]
    fn a_turn_has_no_limit_unless_another_client_waits() {
        let turns = Turns::default();
        let holders: [_; MOST] = std::array::from_fn(|_| turns.client());
        let (now, later) = (Duration::ZERO, LONGEST + Duration::from_secs(1));
        let (first, others) = holders.split_first().unwrap();
        assert!(first.take(now) && others.iter().all(|client| client.take(later)));
        assert!(!first.is_over(later));
        let waiting = turns.client();
        assert!(!waiting.take(later));
        assert!(first.is_over(later) && !others[0].is_over(later) && !waiting.is_over(later));
        waiting.end();
        assert!(!first.is_over(later));
    }
}
