//! The queue of requests: a limited number is served at a time, and the others wait.
//!
//! A browser shows a blank page if one file of it is missing, so a request is not refused
//! merely because many browsers load the page at once.

use std::collections::VecDeque;
use std::net::IpAddr;

use super::admission::{ConnectionCounts, busiest, network_of};

/// Requests that may wait. Each holds a socket, but no thread.
const WAITING: usize = 512;

/// Requests that are served, and those that wait, of which `T` are the sockets.
#[derive(Debug)]
pub struct RequestQueue<T> {
    served: ConnectionCounts,
    /// The oldest first.
    waiting: VecDeque<(IpAddr, T)>,
}

impl<T> Default for RequestQueue<T> {
    fn default() -> RequestQueue<T> {
        RequestQueue {
            served: ConnectionCounts::default(),
            waiting: VecDeque::new(),
        }
    }
}

impl<T> RequestQueue<T> {
    /// Adds a request. If too many wait, drops the newest of the network from which most
    /// wait.
    pub fn add(&mut self, peer: IpAddr, request: T) {
        self.waiting.push_back((peer, request));
        if self.waiting.len() > WAITING {
            let busiest = busiest(self.waiting.iter().map(|(peer, _)| network_of(*peer)));
            let is_busiest = |(peer, _): &(IpAddr, T)| Some(network_of(*peer)) == busiest;
            let newest = self.waiting.iter().rposition(is_busiest);
            newest.and_then(|newest| self.waiting.remove(newest));
        }
    }

    /// Takes the oldest request of the network from which the fewest are served, if one can
    /// be served. It counts until [`RequestQueue::end`].
    pub fn next(&mut self) -> Option<(IpAddr, T)> {
        let served = &mut self.served;
        if served.is_full() {
            return None;
        }
        let waiting = self.waiting.iter().enumerate();
        let (next, (peer, _)) = waiting
            .filter(|(_, (peer, _))| served.has_room(*peer))
            .min_by_key(|(_, (peer, _))| served.of(*peer))?;
        served.open(*peer);
        self.waiting.remove(next)
    }

    /// Notes that a request from this peer was served.
    pub fn end(&mut self, peer: IpAddr) {
        self.served.close(peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_wait_and_are_served_in_order_while_other_networks_are_not_delayed() {
        let mut queue = RequestQueue::default();
        let [one, two] = [1, 2].map(|last| IpAddr::from([192, 168, 1, last]));
        (0..1000).for_each(|i| queue.add(one, i));
        let served: Vec<i32> = std::iter::from_fn(|| queue.next())
            .map(|next| next.1)
            .collect();
        assert_eq!(served, (0..served.len() as i32).collect::<Vec<_>>());
        // A full queue has room for another network, which is next.
        (1000..1100).for_each(|i| queue.add(one, i));
        queue.add(two, -1);
        assert_eq!(queue.next(), Some((two, -1)));
        assert_eq!(queue.next(), None);
        // When others end, the network from which the fewest are served is next.
        queue.add(two, -2);
        queue.end(two);
        queue.end(one);
        assert_eq!(queue.next(), Some((two, -2)));
        queue.end(two);
        let rest: Vec<i32> = std::iter::from_fn(|| {
            let (_, next) = queue.next()?;
            queue.end(one);
            Some(next)
        })
        .collect();
        let first = served.len() as i32;
        let expected: Vec<i32> = (first..WAITING as i32)
            .chain(1000..1000 + first - 1)
            .collect();
        assert_eq!(rest, expected);
    }
}
