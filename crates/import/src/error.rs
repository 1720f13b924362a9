//! The error of files that cannot be imported.

use std::fmt;

use logicnet::{NetworkError, shorten};

/// Most characters of a place and of a problem.
const MAX_CHARACTERS: usize = 400;

/// The reason that a file cannot be imported, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// The place, such as `line 3` or `gates[17]`; empty for the whole file.
    pub place: String,
    /// A message that describes the error, and the remedy if there is one.
    pub problem: String,
}

impl ImportError {
    /// Creates an error at a place.
    pub(crate) fn at(place: impl fmt::Display, problem: impl fmt::Display) -> ImportError {
        // A file may quote itself at any length.
        let shorten = |text: String| shorten(&text, MAX_CHARACTERS).into_owned();
        ImportError {
            place: shorten(place.to_string()),
            problem: shorten(problem.to_string()),
        }
    }

    /// Creates an error of the whole file.
    pub(crate) fn whole(problem: impl fmt::Display) -> ImportError {
        ImportError::at("", problem)
    }
}

impl From<NetworkError> for ImportError {
    fn from(error: NetworkError) -> ImportError {
        ImportError::at(error.path, error.problem)
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.problem)
        } else {
            write!(f, "{}: {}", self.place, self.problem)
        }
    }
}

impl std::error::Error for ImportError {}
