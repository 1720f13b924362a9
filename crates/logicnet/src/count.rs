//! Counts in messages.

use core::fmt;

/// A number of things, which displays as `1 gate` or `2 gates`.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    number: usize,
    thing: &'static str,
}

/// Returns a number of things for a message. `thing` is the singular of a word whose plural
/// adds an s.
pub const fn count(number: usize, thing: &'static str) -> Count {
    Count { number, thing }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.number == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.number, self.thing)
    }
}
