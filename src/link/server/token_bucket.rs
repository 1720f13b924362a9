//! Limits the messages and bytes that a client may send.

use std::time::Duration;

/// A token bucket: allows a steady rate, and a burst after a rest.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    rate: f64,
    capacity: f64,
    tokens: f64,
    updated: Duration,
}

impl TokenBucket {
    /// A full bucket that holds `capacity` tokens and gains `rate` a second.
    pub fn new(rate: f64, capacity: f64) -> TokenBucket {
        TokenBucket {
            rate,
            capacity,
            tokens: capacity,
            updated: Duration::ZERO,
        }
    }

    /// Takes tokens, even if there are too few; returns the time until the debt is paid.
    pub fn take(&mut self, amount: f64, now: Duration) -> Duration {
        let elapsed = now.saturating_sub(self.updated).as_secs_f64();
        self.updated = now;
        self.tokens = (self.tokens + elapsed * self.rate).min(self.capacity) - amount;
        Duration::from_secs_f64((-self.tokens / self.rate).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_burst_has_to_wait() {
        let second = Duration::from_secs(1);
        let mut bucket = TokenBucket::new(10.0, 20.0);
        for _ in 0..20 {
            assert_eq!(bucket.take(1.0, second), Duration::ZERO);
        }
        assert_eq!(bucket.take(1.0, second), second / 10);
        assert_eq!(bucket.take(1.0, 2 * second), Duration::ZERO);
        // A long rest fills the bucket, and no more.
        assert_eq!(bucket.take(25.0, 1000 * second), second / 2);
    }
}
