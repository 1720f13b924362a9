//! Who may drive the instrument, and how much they may ask of it. Pure.

use std::net::IpAddr;
use std::time::Duration;

/// Names that every instrument has. Bela's are those of its USB network.
const NAMES: [&str; 4] = ["localhost", "bela.local", "192.168.7.2", "192.168.6.2"];

/// The names that the instrument goes by. A page that was made to call it by another
/// one, by whatever trick with names, is not its own.
#[derive(Clone, Debug)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// The usual names, and more.
    pub fn new(more: impl IntoIterator<Item = String>) -> Hosts {
        let names = NAMES.into_iter().map(String::from);
        Hosts(
            names
                .chain(more)
                .map(|name| name.to_ascii_lowercase())
                .collect(),
        )
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

/// How much may be asked for: so much a second, and so much at once after a rest.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    rate: f64,
    most: f64,
    left: f64,
    at: Duration,
}

impl Allowance {
    /// A full one.
    pub fn new(rate: f64, most: f64) -> Allowance {
        Allowance {
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
            "bela.local",
            "192.168.7.2:8081",
            "192.168.6.2",
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
        let mut allowance = Allowance::new(10.0, 20.0);
        for _ in 0..20 {
            assert_eq!(allowance.take(1.0, second), Duration::ZERO);
        }
        assert_eq!(allowance.take(1.0, second), second / 10);
        assert_eq!(allowance.take(1.0, 2 * second), Duration::ZERO);
        // A rest is good for no more than the most.
        assert_eq!(allowance.take(25.0, 1000 * second), second / 2);
    }
}
