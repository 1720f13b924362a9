//! Who is here: clients that were welcomed, those that wait at the listener, and how many
//! connections there are of whom. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use super::trust::home;
use crate::link::session::Listening;

/// Connections at a time, those of clients among them: a browser has six.
const CONNECTIONS: usize = 48;
/// Of them, those from one place: the others are for others.
const OF_ONE: usize = CONNECTIONS / 2;

/// Clients by their numbers.
#[derive(Debug, Default)]
pub struct Seats {
    next: u32,
    /// Who has not been welcomed yet, the longest first.
    waiting: VecDeque<u32>,
    /// What each client that was welcomed wants to hear of.
    taken: BTreeMap<u32, Listening>,
}

impl Seats {
    /// A client more, that waits. Of more than `most` the one goes that waits longest:
    /// who knows the code is through the listener in a moment.
    pub fn wait(&mut self, most: usize) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.waiting.push_back(number);
        if self.waiting.len() > most {
            self.waiting.pop_front();
        }
        number
    }

    /// Whether a client waits, or has a seat.
    pub fn has(&self, number: u32) -> bool {
        self.taken.contains_key(&number) || self.waiting.contains(&number)
    }

    /// Gives a client a seat, or notes what it wants to hear of on the one it has; there
    /// are `most`.
    pub fn take(&mut self, number: u32, listening: Listening, most: usize) -> bool {
        if !self.taken.contains_key(&number) && self.taken.len() >= most {
            return false;
        }
        self.waiting.retain(|waiting| *waiting != number);
        self.taken.insert(number, listening);
        true
    }

    /// A client has left.
    pub fn leave(&mut self, number: u32) {
        self.waiting.retain(|waiting| *waiting != number);
        self.taken.remove(&number);
    }

    /// How many were welcomed, and what any of them wants to hear of.
    pub fn wanted(&self) -> (u32, Listening) {
        let any = |of: fn(&Listening) -> bool| self.taken.values().any(of);
        let wanted = Listening {
            activity: any(|listening| listening.activity),
            display: any(|listening| listening.display),
            sound: any(|listening| listening.sound),
        };
        (self.taken.len() as u32, wanted)
    }
}

/// How many connections there are of each [`home`].
#[derive(Debug, Default)]
pub struct Guests(BTreeMap<IpAddr, usize>);

impl Guests {
    /// One more, unless there are too many.
    pub fn enter(&mut self, peer: IpAddr) -> bool {
        let all: usize = self.0.values().sum();
        let of_one = self.0.entry(home(peer)).or_default();
        let enters = all < CONNECTIONS && *of_one < OF_ONE;
        *of_one += usize::from(enters);
        self.0.retain(|_, count| *count > 0);
        enters
    }

    /// One less.
    pub fn leave(&mut self, peer: IpAddr) {
        if let Some(count) = self.0.get_mut(&home(peer)) {
            *count -= 1;
        }
        self.0.retain(|_, count| *count > 0);
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
    fn who_waits_takes_nobodys_seat() {
        let mut seats = Seats::default();
        let silent: Vec<u32> = (0..3).map(|_| seats.wait(2)).collect();
        assert_eq!(
            silent
                .iter()
                .map(|number| seats.has(*number))
                .collect::<Vec<_>>(),
            [false, true, true]
        );
        let one = seats.wait(2);
        assert!(seats.take(one, ALL, 1) && seats.has(one));
        assert_eq!(seats.wanted(), (1, ALL));
        let two = seats.wait(2);
        assert!(!seats.take(two, ALL, 1));
        // On a seat, one may change one's mind.
        let sound = Listening { sound: true, ..ALL };
        assert!(seats.take(one, sound, 1));
        assert_eq!(seats.wanted(), (1, sound));
        seats.leave(one);
        assert!(seats.take(two, ALL, 1) && !seats.has(one));
    }

    #[test]
    fn one_guest_leaves_room_for_others() {
        let mut guests = Guests::default();
        let [one, two, three] = [1, 2, 3].map(|last| IpAddr::from([192, 168, 1, last]));
        let enter = |guests: &mut Guests, who| (0..100).filter(|_| guests.enter(who)).count();
        assert_eq!(enter(&mut guests, one), OF_ONE);
        assert_eq!(enter(&mut guests, two), OF_ONE);
        assert_eq!(enter(&mut guests, three), 0);
        guests.leave(two);
        assert_eq!(enter(&mut guests, one), 0);
        assert_eq!(enter(&mut guests, three), 1);
        (0..OF_ONE).for_each(|_| guests.leave(one));
        assert_eq!(guests.0.len(), 2);
    }
}
