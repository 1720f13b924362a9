//! Names and addresses under which the instrument may be reached.

use std::net::IpAddr;

/// The names of the instrument. A web page that reaches it under any other name, by
/// whatever trick with name servers, is not the instrument's own page.
#[derive(Clone, Debug)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// `localhost`, and more names. A name that any computer in a network may claim, such
    /// as `bela.local`, is accepted only if it is among them.
    pub fn new(more: impl IntoIterator<Item = String>) -> Hosts {
        let names = ["localhost".into()].into_iter().chain(more);
        Hosts(names.map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Returns whether the host of a request is the instrument. `local` is the address at
    /// which the request arrived, which cannot be forged.
    pub fn contains(&self, host: &str, local: IpAddr) -> bool {
        let Some(name) = name_of(host) else {
            return false;
        };
        let is_listed = self.0.iter().any(|known| known == name);
        match name.parse::<IpAddr>() {
            Ok(address) => {
                is_listed || address.is_loopback() || address.to_canonical() == local.to_canonical()
            }
            Err(_) => is_listed,
        }
    }
}

/// A host without its port, brackets and trailing dot; `None` if the port is not a number.
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

/// Returns whether a page of this origin was served by this host.
pub fn is_same_origin(origin: &str, host: &str) -> bool {
    let origin_host = origin.strip_prefix("http://");
    let origin_host = origin_host.or_else(|| origin.strip_prefix("https://"));
    origin_host == Some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_and_own_addresses_are_accepted() {
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
            assert!(hosts.contains(host, local), "{host}");
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
            assert!(!hosts.contains(host, local), "{host}");
        }
    }

    #[test]
    fn a_bela_is_reached_by_its_name_and_by_its_own_addresses() {
        let hosts = Hosts::new(["bela.local".into()]);
        let local = IpAddr::from([192, 168, 7, 2]);
        assert!(hosts.contains("bela.local:8080", local));
        assert!(hosts.contains("192.168.7.2:8080", local));
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        assert!(is_same_origin("http://localhost:8080", "localhost:8080"));
        assert!(is_same_origin("https://stage.example", "stage.example"));
        for origin in [
            "null",
            "http://localhost",
            "http://localhost:3000",
            "http://evil.example",
            "http://localhost:8080.evil.example",
            "file://localhost:8080",
        ] {
            assert!(!is_same_origin(origin, "localhost:8080"), "{origin}");
        }
    }
}
