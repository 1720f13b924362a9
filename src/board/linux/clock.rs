//! The system's clock, for the panel.

use std::thread;
use std::time::{Duration, Instant};

use embedded_hal::delay::DelayNs;

use crate::panel::Clock;

/// Monotonic time in nanoseconds since the clock was started; delays sleep.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// Starts a clock at 0.
    pub fn start() -> SystemClock {
        SystemClock(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        // 64 bits last for five centuries.
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
    fn a_delay_lasts_at_least_as_long_as_requested() {
        let mut clock = SystemClock::start();
        let before = clock.now();
        clock.delay_us(300);
        assert!(clock.now() >= before + 300_000);
    }
}
