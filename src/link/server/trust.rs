//! Who may drive the instrument, and how much they may ask of it. Pure.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// After so long without a guess, those before are forgotten.
const FORGETS: Duration = Duration::from_secs(3600);
/// Waiting for the next guess grows up to this, or to one guess' own.
const LONGEST: Duration = Duration::from_secs(60);

/// The names that the instrument goes by. A page that was made to call it by another
/// one, by whatever trick with names, is not its own.
#[derive(Clone, Debug)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// `localhost`, and more. Names that anybody in a network may claim, as Bela's, are a
    /// Bela's alone.
    pub fn new(more: impl IntoIterator<Item = String>) -> Hosts {
        let names = ["localhost".into()].into_iter().chain(more);
        Hosts(names.map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Whether a request's host is the instrument; `local` is the address that it came
    /// to, which no name can pretend to be.
    pub fn know(&self, host: &str, local: IpAddr) -> bool {
        let Some(name) = name_of(host) else {
            return false;
        };
        match name.parse::<IpAddr>() {
            Ok(address) => {
                address.is_loopback()
                    || address.to_canonical() == local.to_canonical()
                    || self.0.iter().any(|known| known == name)
            }
            Err(_) => self.0.iter().any(|known| known == name),
        }
    }
}

/// A host without its port, brackets and last dot; none, if the port is no number.
fn name_of(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    let name = name.strip_suffix('.').unwrap_or(name);
    port.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(name)
}

/// Whether a page of this origin is one of this host.
pub fn same(origin: &str, host: &str) -> bool {
    let own = origin.strip_prefix("http://");
    let own = own.or_else(|| origin.strip_prefix("https://"));
    own == Some(host)
}

/// What tells people in a network apart: an address; of the sixth version its network's
/// half, for one has all of the other.
pub fn home(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// Wrong pairing codes, by the [`home`] of who guessed: each doubles the time to the next
/// guess, and nobody waits for what others have guessed.
#[derive(Clone, Debug)]
pub struct Guesses {
    first: Duration,
    /// When the next one may be, and what the wait was.
    waits: BTreeMap<IpAddr, (Duration, Duration)>,
}

impl Guesses {
    /// After the first wrong code one waits for so long.
    pub fn new(first: Duration) -> Guesses {
        Guesses {
            first,
            waits: BTreeMap::new(),
        }
    }

    /// How long a guess must wait.
    pub fn wait(&self, peer: IpAddr, now: Duration) -> Duration {
        let next = self.waits.get(&home(peer)).map(|(next, _)| *next);
        next.unwrap_or_default().saturating_sub(now)
    }

    /// A guess was wrong.
    pub fn wrong(&mut self, peer: IpAddr, now: Duration) {
        self.waits.retain(|_, (next, _)| now < *next + FORGETS);
        let wait = match self.waits.get(&home(peer)) {
            Some((_, wait)) => (2 * *wait).min(LONGEST.max(self.first)),
            None => self.first,
        };
        self.waits.insert(home(peer), (now + wait, wait));
    }

    /// A guess was right.
    pub fn right(&mut self, peer: IpAddr) {
        self.waits.remove(&home(peer));
    }
}

/// What happens often is done seldom.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    every: Duration,
    next: Duration,
}

impl RateLimit {
    /// Once in so long.
    pub fn new(every: Duration) -> RateLimit {
        RateLimit {
            every,
            next: Duration::ZERO,
        }
    }

    /// Whether it is done now.
    pub fn now(&mut self, now: Duration) -> bool {
        let is_time = now >= self.next;
        if is_time {
            self.next = now + self.every;
        }
        is_time
    }
}

/// How much may be asked for: so much a second, and so much at once after a rest.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    rate: f64,
    most: f64,
    left: f64,
    at: Duration,
}

impl TokenBucket {
    /// A full one.
    pub fn new(rate: f64, most: f64) -> TokenBucket {
        TokenBucket {
            rate,
            most,
            left: most,
            at: Duration::ZERO,
        }
    }

    /// Uses some, at a time; how long to wait until more may be used.
    pub fn take(&mut self, amount: f64, now: Duration) -> Duration {
        let rested = now.saturating_sub(self.at).as_secs_f64();
        self.at = now;
        self.left = (self.left + rested * self.rate).min(self.most) - amount;
        Duration::from_secs_f64((-self.left / self.rate).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instrument_knows_its_names_and_no_others() {
        let hosts = Hosts::new(["Stage.example".into(), "10.1.2.3".into()]);
        let local = IpAddr::from([192, 168, 1, 50]);
        for host in [
            "localhost",
            "localhost:8080",
            "localhost.:8080",
            "127.0.0.1:8080",
            "[::1]:8080",
            "192.168.1.50:8080",
            "[::ffff:192.168.1.50]:8080",
            "stage.example:80",
            "10.1.2.3",
        ] {
            assert!(hosts.know(host, local), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.1.51",
            "bela.local",
            "192.168.7.2",
            "0.0.0.0:8080",
            "[::]",
            "xlocalhost",
            "localhost:8080; script-src *",
            "localhost:80:80",
            "[::1",
            "[::1]x",
        ] {
            assert!(!hosts.know(host, local), "{host}");
        }
    }

    #[test]
    fn a_bela_goes_by_its_name_and_any_address_of_its_own() {
        let hosts = Hosts::new(["bela.local".into()]);
        let local = IpAddr::from([192, 168, 7, 2]);
        assert!(hosts.know("bela.local:8080", local) && hosts.know("192.168.7.2:8080", local));
    }

    #[test]
    fn each_wrong_code_doubles_the_wait_of_who_guessed() {
        let second = Duration::from_secs(1);
        let mut guesses = Guesses::new(second);
        let [one, two] = [1, 2].map(|last| IpAddr::from([192, 168, 1, last]));
        let mut now = 5 * second;
        let mut waits = Vec::new();
        for _ in 0..8 {
            assert_eq!(guesses.wait(one, now), Duration::ZERO);
            guesses.wrong(one, now);
            waits.push(guesses.wait(one, now).as_secs());
            now += guesses.wait(one, now);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        guesses.wrong(one, now);
        assert_eq!(guesses.wait(two, now), Duration::ZERO);
        guesses.right(one);
        assert_eq!(guesses.wait(one, now), Duration::ZERO);
        guesses.wrong(one, now);
        assert_eq!(guesses.wait(one, now), second);
        // After a long rest it begins anew, and nothing is kept.
        guesses.wrong(two, now + 2 * FORGETS);
        assert_eq!(guesses.waits.len(), 1);
        // All addresses of a network of one's own are one's own.
        let own = |last: &str| format!("2001:db8::{last}").parse::<IpAddr>().unwrap();
        guesses.wrong(own("1"), now);
        assert_eq!(guesses.wait(own("2"), now), second);
    }

    #[test]
    fn what_happens_often_is_done_seldom() {
        let mut seldom = RateLimit::new(Duration::from_secs(5));
        let times = (0..100).map(|i| Duration::from_millis(100 * i));
        assert_eq!(times.filter(|now| seldom.now(*now)).count(), 2);
    }

    #[test]
    fn a_page_of_another_place_is_not_ours() {
        assert!(same("http://localhost:8080", "localhost:8080"));
        assert!(same("https://stage.example", "stage.example"));
        for origin in [
            "null",
            "http://localhost",
            "http://localhost:3000",
            "http://evil.example",
            "http://localhost:8080.evil.example",
            "file://localhost:8080",
        ] {
            assert!(!same(origin, "localhost:8080"), "{origin}");
        }
    }

    #[test]
    fn who_asks_for_more_waits_for_it() {
        let second = Duration::from_secs(1);
        let mut allowance = TokenBucket::new(10.0, 20.0);
        for _ in 0..20 {
            assert_eq!(allowance.take(1.0, second), Duration::ZERO);
        }
        assert_eq!(allowance.take(1.0, second), second / 10);
        assert_eq!(allowance.take(1.0, 2 * second), Duration::ZERO);
        // A rest is good for no more than the most.
        assert_eq!(allowance.take(25.0, 1000 * second), second / 2);
    }
}
