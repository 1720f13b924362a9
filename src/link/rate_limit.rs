//! Limits how often something is done.

use std::time::Duration;

/// Allows an action at most once in a period.
#[derive(Clone, Copy, Debug, Default)]
pub struct RateLimit {
    next: Duration,
}

impl RateLimit {
    /// Returns whether the action is due; if so, it is due again after this period.
    pub fn is_due(&mut self, now: Duration, period: Duration) -> bool {
        let is_due = now >= self.next;
        if is_due {
            self.next = now + period;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_due_once_in_a_period() {
        let mut limit = RateLimit::default();
        let times = (0..100).map(|i| Duration::from_millis(100 * i));
        let due = times.filter(|now| limit.is_due(*now, Duration::from_secs(5)));
        assert_eq!(due.count(), 2);
    }
}
