//! Delays after wrong pairing codes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::admission::network_of;

/// Wrong codes are forgotten after this long without another one.
const MEMORY: Duration = Duration::from_secs(3600);
/// Longest delay, unless the first one is longer.
const LONGEST: Duration = Duration::from_secs(60);

/// Wrong pairing codes by the [`network_of`] the client: each doubles the delay before the
/// next guess from there, and from nowhere else.
#[derive(Clone, Debug)]
pub struct Guesses {
    first: Duration,
    /// The time of the next guess, and the delay before it.
    delays: BTreeMap<IpAddr, (Duration, Duration)>,
}

impl Guesses {
    /// No wrong codes yet; the first one delays the next by `first`.
    pub fn new(first: Duration) -> Guesses {
        Guesses {
            first,
            delays: BTreeMap::new(),
        }
    }

    /// Returns the time until the next guess is allowed.
    pub fn delay(&self, peer: IpAddr, now: Duration) -> Duration {
        let next = self.delays.get(&network_of(peer)).map(|(next, _)| *next);
        next.unwrap_or_default().saturating_sub(now)
    }

    /// Records a wrong code.
    pub fn wrong(&mut self, peer: IpAddr, now: Duration) {
        self.delays.retain(|_, (next, _)| now < *next + MEMORY);
        let delay = match self.delays.get(&network_of(peer)) {
            Some((_, delay)) => (2 * *delay).min(LONGEST.max(self.first)),
            None => self.first,
        };
        self.delays.insert(network_of(peer), (now + delay, delay));
    }

    /// Records the right code, which forgets the wrong ones.
    pub fn right(&mut self, peer: IpAddr) {
        self.delays.remove(&network_of(peer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_code_doubles_the_delay_for_its_network_only() {
        let second = Duration::from_secs(1);
        let mut guesses = Guesses::new(second);
        let [one, two] = [1, 2].map(|last| IpAddr::from([192, 168, 1, last]));
        let mut now = 5 * second;
        let mut delays = Vec::new();
        for _ in 0..8 {
            assert_eq!(guesses.delay(one, now), Duration::ZERO);
            guesses.wrong(one, now);
            delays.push(guesses.delay(one, now).as_secs());
            now += guesses.delay(one, now);
        }
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 60, 60]);
        guesses.wrong(one, now);
        assert_eq!(guesses.delay(two, now), Duration::ZERO);
        guesses.right(one);
        assert_eq!(guesses.delay(one, now), Duration::ZERO);
        guesses.wrong(one, now);
        assert_eq!(guesses.delay(one, now), second);
        // After a long rest, all are forgotten.
        guesses.wrong(two, now + 2 * MEMORY);
        assert_eq!(guesses.delays.len(), 1);
        // All addresses of an IPv6 network count as one.
        let address = |last: &str| format!("2001:db8::{last}").parse::<IpAddr>().unwrap();
        guesses.wrong(address("1"), now);
        assert_eq!(guesses.delay(address("2"), now), second);
    }
}
