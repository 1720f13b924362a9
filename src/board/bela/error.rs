//! What can go wrong with Bela, and what to do about it.

use std::fmt;

use super::library::{OLDEST, Version};

/// Why there is no Bela to play on. Each is told in one plain sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no library where it should be.
    NoLibrary {
        /// Where it was looked for.
        looked_in: String,
    },
    /// There is one, and it cannot be loaded.
    Unloadable {
        /// Where it is.
        path: String,
        /// What the loader says.
        problem: String,
    },
    /// It is older than [`OLDEST`], or so old that it does not tell.
    TooOld(Option<Version>),
    /// It is of a later generation, whose structures may be others.
    TooNew(Version),
    /// It lacks a function.
    Lacks {
        /// Where it is.
        path: String,
        /// The function.
        function: &'static str,
    },
    /// The library has no memory left for its settings.
    NoMemory,
    /// A word after `--` is no option of Bela's, or lacks its value.
    Option(String),
    /// The player's options give audio the PRU that the instrument needs.
    Pru(i32),
    /// This program had its audio set up before, and cannot again.
    Twice,
    /// The instrument refused what Bela offers.
    Refused(String),
    /// Bela's audio could not be set up; with what the library returned.
    Init(i32),
    /// Bela's audio could not be started; with what the library returned.
    Start(i32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = OLDEST;
        match self {
            Error::NoLibrary { looked_in } => write!(
                f,
                "no Bela here: libbela.so was not found ({looked_in}); run this on a Bela board"
            ),
            Error::Unloadable { path, problem } => write!(
                f,
                "{path}: cannot be loaded ({problem}); update the Bela software on the board"
            ),
            Error::TooOld(Some(version)) => write!(
                f,
                "libbela {version} is too old, {major}.{minor} is needed at least: update the Bela \
                 software on the board"
            ),
            Error::TooOld(None) => write!(
                f,
                "libbela is too old to tell its version, {major}.{minor} is needed at least: update \
                 the Bela software on the board"
            ),
            Error::TooNew(version) => write!(
                f,
                "libbela {version} is of a generation that this program does not know: update \
                 Gatebend"
            ),
            Error::Lacks { path, function } => write!(
                f,
                "{path}: lacks {function}; update the Bela software on the board"
            ),
            Error::NoMemory => {
                f.write_str("no memory is left for Bela's settings: restart the board")
            }
            Error::Option(word) => write!(
                f,
                "{word}: no option of Bela's, or its value is missing; after -- come Bela's own \
                 options, such as -p 32"
            ),
            Error::Pru(number) => write!(
                f,
                "--pru-number {number}: the instrument needs this PRU for itself; leave the option \
                 away, or turn the instrument's PRU off"
            ),
            Error::Twice => {
                f.write_str("Bela's audio was set up before in this program: start it again")
            }
            Error::Refused(format) => write!(
                f,
                "the instrument cannot play what Bela offers ({format}): check Bela's options after --"
            ),
            Error::Init(code) => write!(
                f,
                "Bela's audio cannot be set up (it returned {code}): another Bela program is \
                 probably running, which ./deploy.sh --stop or the Bela IDE stops"
            ),
            Error::Start(code) => write!(
                f,
                "Bela's audio does not start (it returned {code}): stop other Bela programs with \
                 ./deploy.sh --stop, or restart the board"
            ),
        }
    }
}

impl std::error::Error for Error {}
