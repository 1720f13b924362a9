//! The error of files and parts that are not networks.

use alloc::string::String;
use core::fmt;

/// The reason that something is not a network, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    /// The path in the file, such as `layers[2].gates[17]`; empty for the whole file.
    pub path: String,
    /// A message that describes the error and the expected value.
    pub problem: String,
}

impl NetworkError {
    pub(crate) fn new(path: impl Into<String>, problem: impl Into<String>) -> NetworkError {
        NetworkError {
            path: path.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.problem)
        } else {
            write!(f, "{}: {}", self.path, self.problem)
        }
    }
}

impl core::error::Error for NetworkError {}
