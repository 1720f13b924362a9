//! The queue of requests: a limited number is served at a time, and the others wait.
//!
//! A browser shows a blank page if one file of it is missing, so a request is not refused
//! merely because many browsers load the page at once.

use std::collections::VecDeque;
use std::net::IpAddr;

use super::admission::{ConnectionCounts, network_of};

/// Requests that may wait. Each holds a socket, but no thread.
const WAITING: usize = 512;
/// Waiting requests from one network, so that others can also wait.
const WAITING_OF_ONE: usize = WAITING / 2;

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
    /// Adds a request; drops it if too many wait.
    pub fn add(&mut self, peer: IpAddr, request: T) {
        let network = network_of(peer);
        let of_one = |(peer, _): &&(IpAddr, T)| network_of(*peer) == network;
        let of_one = self.waiting.iter().filter(of_one).count();
        if self.waiting.len() < WAITING && of_one < WAITING_OF_ONE {
            self.waiting.push_back((peer, request));
        }
    }

    /// Takes the oldest request that can be served. It counts until [`RequestQueue::end`].
    pub fn next(&mut self) -> Option<(IpAddr, T)> {
        let served = &mut self.served;
        let index = self.waiting.iter().position(|(peer, _)| served.open(*peer));
        self.waiting.remove(index?)
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
        queue.add(two, -1);
        assert_eq!(queue.next(), Some((two, -1)));
        let mut last = served.len() as i32;
        assert_eq!(queue.next(), None);
        queue.end(one);
        while let Some((_, next)) = queue.next() {
            assert_eq!(next, last);
            last += 1;
            queue.end(one);
        }
        assert_eq!(last as usize, WAITING_OF_ONE);
    }
}
