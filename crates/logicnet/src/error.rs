//! The error of files and parts that are not networks.

use alloc::string::String;
use core::fmt;

use crate::quote::shorten;

/// Most characters of a path and of a problem.
const MAX_CHARACTERS: usize = 200;

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
        // A file may quote itself at any length.
        NetworkError {
            path: shorten(&path.into(), MAX_CHARACTERS).into_owned(),
            problem: shorten(&problem.into(), MAX_CHARACTERS).into_owned(),
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
