//! The pace of long work, which its caller decides.

use core::fmt;

/// Long work was stopped before its end, so it has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

impl core::error::Error for Stopped {}

/// The caller's side of long work: each call may wait, so that other work can run, or stop
/// the work. A pace cannot change a result. `()` is full speed.
pub trait Pace {
    /// Notes that work follows, or has just been done. The unit is a gate at 512 times, which
    /// takes 1 to 100 ns; calls are less than some 10 ms of a desktop apart.
    ///
    /// # Errors
    /// Fails if the work is to stop.
    fn work(&mut self, gates: u64) -> Result<(), Stopped>;

    /// Notes that the work needs up to this much memory in bytes, from here to its end. Called
    /// again if it needs more.
    ///
    /// # Errors
    /// Fails if the work is to stop.
    fn memory(&mut self, _bytes: usize) -> Result<(), Stopped> {
        Ok(())
    }

    /// Notes the part of the work that is done, 0.0 to 1.0, where it is known.
    fn progress(&mut self, _part: f64) {}
}

impl Pace for () {
    fn work(&mut self, _: u64) -> Result<(), Stopped> {
        Ok(())
    }
}
