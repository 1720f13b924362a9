//! Admission of clients and connections up to their limits.
//!
//! Requests for the page's files and websockets are counted apart, so that neither keeps the
//! other out.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};

use crate::link::client_session::Listening;
use crate::link::frames::Audience;

/// Connections of one kind at a time; a browser sends up to six requests.
const CONNECTIONS: usize = 48;
/// Connections from one network, so that others can also connect.
const CONNECTIONS_OF_ONE: usize = CONNECTIONS / 2;

/// Clients by number: those that were welcomed, and those that are waiting.
#[derive(Debug, Default)]
pub struct Admission {
    next: u32,
    /// Clients that were not welcomed yet, the oldest first.
    pending: VecDeque<u32>,
    /// Frames that each welcomed client listens to.
    admitted: BTreeMap<u32, Listening>,
}

impl Admission {
    /// Adds a client that waits to be welcomed, and returns its number. If more than
    /// `max_pending` wait, the oldest is dropped: a person who has the code needs only a
    /// moment.
    pub fn enter(&mut self, max_pending: usize) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.pending.push_back(number);
        if self.pending.len() > max_pending {
            self.pending.pop_front();
        }
        number
    }

    /// Returns whether a client waits or was admitted.
    pub fn contains(&self, number: u32) -> bool {
        self.admitted.contains_key(&number) || self.pending.contains(&number)
    }

    /// Admits a client unless `max` others are here; for one that was admitted before,
    /// updates the frames that it listens to. Returns whether it is admitted.
    pub fn admit(&mut self, number: u32, listening: Listening, max: usize) -> bool {
        if !self.admitted.contains_key(&number) && self.admitted.len() >= max {
            return false;
        }
        self.pending.retain(|pending| *pending != number);
        self.admitted.insert(number, listening);
        true
    }

    /// Removes a client.
    pub fn leave(&mut self, number: u32) {
        self.pending.retain(|pending| *pending != number);
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

/// Numbers of open connections of one kind by the [`network_of`] their peers.
#[derive(Debug, Default)]
pub struct ConnectionCounts(BTreeMap<IpAddr, usize>);

impl ConnectionCounts {
    /// Counts one more connection, unless there are too many; returns whether it may stay.
    pub fn open(&mut self, peer: IpAddr) -> bool {
        let all: usize = self.0.values().sum();
        let of_one = self.0.entry(network_of(peer)).or_default();
        let may_stay = all < CONNECTIONS && *of_one < CONNECTIONS_OF_ONE;
        *of_one += usize::from(may_stay);
        self.0.retain(|_, count| *count > 0);
        may_stay
    }

    /// Counts one connection less.
    pub fn close(&mut self, peer: IpAddr) {
        if let Some(count) = self.0.get_mut(&network_of(peer)) {
            *count -= 1;
        }
        self.0.retain(|_, count| *count > 0);
    }
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
        let silent: Vec<u32> = (0..3).map(|_| admission.enter(2)).collect();
        let stay = silent.iter().map(|number| admission.contains(*number));
        assert_eq!(stay.collect::<Vec<_>>(), [false, true, true]);
        let one = admission.enter(2);
        assert!(admission.admit(one, ALL, 1) && admission.contains(one));
        let audience = |listening| Audience {
            clients: 1,
            listening,
        };
        assert_eq!(admission.audience(), audience(ALL));
        let two = admission.enter(2);
        assert!(!admission.admit(two, ALL, 1));
        // An admitted client may listen to other frames.
        let sound = Listening { sound: true, ..ALL };
        assert!(admission.admit(one, sound, 1));
        assert_eq!(admission.audience(), audience(sound));
        admission.leave(one);
        assert!(admission.admit(two, ALL, 1) && !admission.contains(one));
    }

    #[test]
    fn one_network_leaves_room_for_others() {
        let mut counts = ConnectionCounts::default();
        let [one, two, three] = [1, 2, 3].map(|last| IpAddr::from([192, 168, 1, last]));
        let open =
            |counts: &mut ConnectionCounts, peer| (0..100).filter(|_| counts.open(peer)).count();
        assert_eq!(open(&mut counts, one), CONNECTIONS_OF_ONE);
        assert_eq!(open(&mut counts, two), CONNECTIONS_OF_ONE);
        assert_eq!(open(&mut counts, three), 0);
        counts.close(two);
        assert_eq!(open(&mut counts, one), 0);
        assert_eq!(open(&mut counts, three), 1);
        (0..CONNECTIONS_OF_ONE).for_each(|_| counts.close(one));
        assert_eq!(counts.0.len(), 2);
    }
}
