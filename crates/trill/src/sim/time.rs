//! Time that a simulation can own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use embedded_hal::delay::DelayNs;

/// A time that can be asked for and waited for, in nanoseconds from its start.
pub trait Time: Clone + Send + 'static {
    /// Nanoseconds since the start.
    fn now(&self) -> u64;
    /// Lets this much time go by.
    fn wait(&self, nanoseconds: u64);
}

/// Time that goes by only when somebody waits; clones share it.
#[derive(Clone, Debug, Default)]
pub struct VirtualTime(Arc<AtomicU64>);

impl VirtualTime {
    /// Time 0.
    pub fn new() -> VirtualTime {
        VirtualTime::default()
    }

    /// Lets this many nanoseconds go by.
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

/// The computer's own time: waiting sleeps.
#[derive(Clone, Copy, Debug)]
pub struct RealTime(Instant);

impl RealTime {
    /// Starts now.
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
