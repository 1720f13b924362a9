//! The system's time, for the panel.

use std::thread;
use std::time::{Duration, Instant};

use embedded_hal::delay::DelayNs;

use crate::panel::Clock;

/// Nanoseconds since it was made; waiting sleeps.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// Starts now.
    pub fn start() -> SystemClock {
        SystemClock(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        // Enough for five centuries.
        self.0.elapsed().as_nanos() as u64
    }
}

impl DelayNs for SystemClock {
    fn delay_ns(&mut self, nanoseconds: u32) {
        thread::sleep(Duration::from_nanos(nanoseconds.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_lasts_at_least_as_long_as_asked() {
        let mut clock = SystemClock::start();
        let before = clock.now();
        clock.delay_us(300);
        assert!(clock.now() >= before + 300_000);
    }
}
