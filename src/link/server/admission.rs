//! Admission of clients and connections up to their limits.
//!
//! Requests for the page's files and websockets are counted apart, so that neither keeps the
//! other out.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};

use crate::link::client_session::Listening;
use crate::link::frames::Audience;

/// Connections of one kind at a time; a browser sends up to six requests.
pub const CONNECTIONS: usize = 48;

/// Clients by number: those that were welcomed, and those that are waiting.
#[derive(Debug, Default)]
pub struct Admission {
    next: u32,
    /// Clients that were not welcomed yet and their networks, the oldest first.
    pending: VecDeque<(u32, IpAddr)>,
    /// Frames that each welcomed client listens to.
    admitted: BTreeMap<u32, Listening>,
}

impl Admission {
    /// Adds a client that waits to be welcomed, and returns its number. If more than
    /// `max_pending` wait, the oldest of the network from which most wait is dropped: a
    /// newcomer always has a moment to send its code.
    pub fn enter(&mut self, peer: IpAddr, max_pending: usize) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.pending.push_back((number, network_of(peer)));
        if self.pending.len() > max_pending {
            let busiest = busiest(self.pending.iter().map(|(_, network)| *network));
            let mut pending = self.pending.iter();
            let oldest = pending.position(|(_, network)| Some(*network) == busiest);
            oldest.and_then(|oldest| self.pending.remove(oldest));
        }
        number
    }

    /// Returns whether a client waits or was admitted.
    pub fn contains(&self, number: u32) -> bool {
        let mut pending = self.pending.iter();
        self.admitted.contains_key(&number) || pending.any(|(pending, _)| *pending == number)
    }

    /// Admits a client unless `max` others are here; for one that was admitted before,
    /// updates the frames that it listens to. Returns whether it is admitted.
    pub fn admit(&mut self, number: u32, listening: Listening, max: usize) -> bool {
        if !self.admitted.contains_key(&number) && self.admitted.len() >= max {
            return false;
        }
        self.pending.retain(|(pending, _)| *pending != number);
        self.admitted.insert(number, listening);
        true
    }

    /// Removes a client.
    pub fn leave(&mut self, number: u32) {
        self.pending.retain(|(pending, _)| *pending != number);
        self.admitted.remove(&number);
    }

    /// The admitted clients together.
    pub fn audience(&self) -> Audience {
        let any = |of: fn(&Listening) -> bool| self.admitted.values().any(of);
        Audience {
            clients: self.admitted.len() as u32,
            listening: Listening {
                activity: any(|listening| listening.activity),
                display: any(|listening| listening.display),
                sound: any(|listening| listening.sound),
            },
        }
    }
}

/// Numbers of open connections, of all peers and by the [`network_of`] a peer.
#[derive(Debug, Default)]
pub struct ConnectionCounts {
    all: usize,
    by_network: BTreeMap<IpAddr, usize>,
}

impl ConnectionCounts {
    /// Returns whether no more connection may be opened by anyone.
    pub fn is_full(&self) -> bool {
        self.all >= CONNECTIONS
    }

    /// Returns the number of open connections from a peer's network.
    pub fn of(&self, peer: IpAddr) -> usize {
        self.by_network.get(&network_of(peer)).copied().unwrap_or(0)
    }

    /// Returns whether a peer may open one more connection: a network may have half of those
    /// that all others leave.
    pub fn has_room(&self, peer: IpAddr) -> bool {
        let own = self.of(peer);
        let others = self.all - own;
        own < (CONNECTIONS - others).div_ceil(2)
    }

    /// Counts one more connection.
    pub fn open(&mut self, peer: IpAddr) {
        *self.by_network.entry(network_of(peer)).or_default() += 1;
        self.all += 1;
    }

    /// Counts one connection less.
    pub fn close(&mut self, peer: IpAddr) {
        if let Some(count) = self.by_network.get_mut(&network_of(peer)) {
            *count -= 1;
            self.all -= 1;
        }
        self.by_network.retain(|_, count| *count > 0);
    }
}

/// Returns the network that appears most often; among several, the one that appears first.
pub fn busiest(mut networks: impl Iterator<Item = IpAddr> + Clone) -> Option<IpAddr> {
    let mut counts = BTreeMap::<_, usize>::new();
    for network in networks.clone() {
        *counts.entry(network).or_default() += 1;
    }
    let most = *counts.values().max()?;
    networks.find(|network| counts.get(network) == Some(&most))
}

/// Returns the part of an address that distinguishes people: a whole IPv4 address, or the
/// upper half of an IPv6 address, since one household has all addresses of the lower half.
pub fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Listening = Listening {
        activity: true,
        display: true,
        sound: false,
    };

    #[test]
    fn pending_clients_do_not_keep_others_out() {
        let mut admission = Admission::default();
        let [here, there] = [1, 2].map(|last| IpAddr::from([192, 168, 1, last]));
        let silent: Vec<u32> = (0..3).map(|_| admission.enter(here, 2)).collect();
        let stay = silent.iter().map(|number| admission.contains(*number));
        assert_eq!(stay.collect::<Vec<_>>(), [false, true, true]);
        let one = admission.enter(here, 2);
        assert!(admission.admit(one, ALL, 1) && admission.contains(one));
        let audience = |listening| Audience {
            clients: 1,
            listening,
        };
        assert_eq!(admission.audience(), audience(ALL));
        let two = admission.enter(here, 2);
        assert!(!admission.admit(two, ALL, 1));
        // An admitted client may listen to other frames.
        let sound = Listening { sound: true, ..ALL };
        assert!(admission.admit(one, sound, 1));
        assert_eq!(admission.audience(), audience(sound));
        admission.leave(one);
        assert!(admission.admit(two, ALL, 1) && !admission.contains(one));
        // A flood from one network drops nobody else.
        let other = admission.enter(there, 2);
        for _ in 0..10 {
            let newest = admission.enter(here, 2);
            assert!(admission.contains(newest) && admission.contains(other));
        }
        // All addresses of an IPv6 network count as one.
        let address = |last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        let mut admission = Admission::default();
        let other = admission.enter(there, 2);
        for last in 0..10 {
            admission.enter(address(last), 2);
            assert!(admission.contains(other));
        }
    }

    #[test]
    fn each_network_leaves_room_for_others() {
        let mut counts = ConnectionCounts::default();
        let peers: Vec<_> = (1..8)
            .map(|last| IpAddr::from([192, 168, 1, last]))
            .collect();
        let open = |counts: &mut ConnectionCounts, peer| {
            let before = counts.of(peer);
            while counts.has_room(peer) {
                counts.open(peer);
            }
            counts.of(peer) - before
        };
        let opened: Vec<_> = peers.iter().map(|peer| open(&mut counts, *peer)).collect();
        assert_eq!(opened, [24, 12, 6, 3, 2, 1, 0]);
        assert!(counts.is_full());
        counts.close(peers[1]);
        assert_eq!(open(&mut counts, peers[0]), 0);
        assert_eq!(open(&mut counts, peers[6]), 1);
        (0..24).for_each(|_| counts.close(peers[0]));
        assert_eq!((counts.of(peers[0]), counts.by_network.len()), (0, 6));
    }
}
