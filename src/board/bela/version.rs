//! Releases of Bela's library.

use std::fmt;

/// The oldest supported release, major and minor.
pub const OLDEST: (u32, u32) = (1, 11);
/// The newest release whose structures are known, major and minor.
pub const NEWEST_KNOWN: (u32, u32) = (1, 18);

/// A release of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Changes with incompatible structures or functions.
    pub major: u32,
    /// Changes with additions.
    pub minor: u32,
    /// Changes with repairs.
    pub bugfix: u32,
}

impl Version {
    /// True if it is older than [`OLDEST`].
    pub fn is_too_old(self) -> bool {
        (self.major, self.minor) < OLDEST
    }

    /// True if its major number is above [`NEWEST_KNOWN`]'s: its structures may differ.
    pub fn is_too_new(self) -> bool {
        self.major > NEWEST_KNOWN.0
    }

    /// True if it is newer than [`NEWEST_KNOWN`]: expected to work, but untested.
    pub fn is_newer_than_known(self) -> bool {
        (self.major, self.minor) > NEWEST_KNOWN
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.bugfix)
    }
}
