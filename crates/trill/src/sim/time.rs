//! Clocks for simulations: virtual and real time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use embedded_hal::delay::DelayNs;

/// A clock that can be read and waited on, in nanoseconds since its start.
pub trait Time: Clone + Send + 'static {
    /// Returns the nanoseconds since the start.
    fn now(&self) -> u64;
    /// Waits for this many nanoseconds.
    fn wait(&self, nanoseconds: u64);
}

/// Time that advances only by [`VirtualTime::advance`] and by waiting; clones share it.
#[derive(Clone, Debug, Default)]
pub struct VirtualTime(Arc<AtomicU64>);

impl VirtualTime {
    /// Creates a clock that stands at 0.
    pub fn new() -> VirtualTime {
        VirtualTime::default()
    }

    /// Advances the time by this many nanoseconds.
    pub fn advance(&self, nanoseconds: u64) {
        self.0.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

impl Time for VirtualTime {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn wait(&self, nanoseconds: u64) {
        self.advance(nanoseconds);
    }
}

impl DelayNs for VirtualTime {
    fn delay_ns(&mut self, nanoseconds: u32) {
        self.advance(nanoseconds.into());
    }
}

/// The computer's monotonic time; waiting sleeps.
#[derive(Clone, Copy, Debug)]
pub struct RealTime(Instant);

impl RealTime {
    /// Starts a clock at 0.
    pub fn start() -> RealTime {
        RealTime(Instant::now())
    }
}

impl Time for RealTime {
    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn wait(&self, nanoseconds: u64) {
        std::thread::sleep(Duration::from_nanos(nanoseconds));
    }
}

impl DelayNs for RealTime {
    fn delay_ns(&mut self, nanoseconds: u32) {
        self.wait(nanoseconds.into());
    }
}
