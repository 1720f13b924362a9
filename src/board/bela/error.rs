//! Failures to play on a Bela, each with its remedy.

use thiserror::Error;

use super::version::{OLDEST, Version};

/// A failure to open the library or to run its audio. The message is one sentence for
/// the player.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// No library was found.
    #[error("no Bela here: libbela.so was not found ({looked_in}); run this on a Bela board")]
    NoLibrary {
        /// Places that were searched.
        looked_in: String,
    },
    /// The library exists but cannot be loaded.
    #[error("{path}: cannot be loaded ({problem}); update the Bela software on the board")]
    Unloadable {
        /// The library's path.
        path: String,
        /// The loader's message.
        problem: String,
    },
    /// The library is older than [`OLDEST`].
    #[error(
        "libbela {0} is too old, {major}.{minor} is needed at least: update the Bela software on the board",
        major = OLDEST.0,
        minor = OLDEST.1
    )]
    TooOld(Version),
    /// The library is too old to report its version.
    #[error(
        "libbela is too old to report its version, {major}.{minor} is needed at least: update the Bela \
         software on the board",
        major = OLDEST.0,
        minor = OLDEST.1
    )]
    NoVersion,
    /// The library is of a later generation, whose structures may differ.
    #[error("libbela {0} is of a generation that this program does not know: update Gatebend")]
    TooNew(Version),
    /// The library lacks a function.
    #[error("{path}: lacks {function}; update the Bela software on the board")]
    MissingFunction {
        /// The library's path.
        path: String,
        /// The function's name in C.
        function: &'static str,
    },
    /// The library cannot allocate its settings.
    #[error("no memory is left for Bela's settings: restart the board")]
    NoMemory,
    /// A word after `--` is not an option of Bela's, or lacks its value.
    #[error(
        "{0}: no option of Bela's, or its value is missing; Bela's own options come after --, \
         such as -p 32"
    )]
    Option(String),
    /// The player's options give audio the PRU that the instrument needs.
    #[error(
        "--pru-number {0}: the instrument needs this PRU for itself; omit the option, or turn \
         the instrument's PRU off"
    )]
    ReservedPru(i32),
    /// The program has set up audio before and cannot do so again.
    #[error("Bela's audio was set up before in this program: start it again")]
    AlreadySetUp,
    /// The player refused the format that the library offers.
    #[error("the instrument cannot play what Bela offers ({0}): check Bela's options after --")]
    Refused(String),
    /// Audio cannot be set up; with the library's return code.
    #[error(
        "Bela's audio cannot be set up (it returned {0}): another Bela program is probably \
         running, which ./deploy.sh --stop or the Bela IDE stops"
    )]
    Init(i32),
    /// Audio cannot be started; with the library's return code.
    #[error(
        "Bela's audio does not start (it returned {0}): stop other Bela programs with \
         ./deploy.sh --stop, or restart the board"
    )]
    Start(i32),
}
