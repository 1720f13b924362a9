//! Failures to play on a Bela, each with its remedy.

use thiserror::Error;

use super::version::{OLDEST, Version};

/// Advice on an outdated library. An update of Bela's software only replaces the library's
/// sources.
const REBUILD: &str = "update the Bela software on the board, then rebuild its library there: \
                       make -C /root/Bela lib";

/// A failure to open the library or to run its audio. The message is one sentence for
/// the player.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// No library was found.
    #[error(
        "no Bela here: libbela.so was not found ({looked_in}); run this on a Bela board, where \
         make -C /root/Bela lib builds it"
    )]
    NoLibrary {
        /// Places that were searched.
        looked_in: String,
    },
    /// The library exists but cannot be loaded.
    #[error("{path}: cannot be loaded ({problem}); {rebuild}", rebuild = REBUILD)]
    Unloadable {
        /// The library's path.
        path: String,
        /// The loader's message.
        problem: String,
    },
    /// The library is older than [`OLDEST`].
    #[error(
        "libbela {0} is too old, {major}.{minor} is needed at least: {rebuild}",
        major = OLDEST.0,
        minor = OLDEST.1,
        rebuild = REBUILD
    )]
    TooOld(Version),
    /// The library is too old to report its version.
    #[error(
        "libbela is too old to report its version, {major}.{minor} is needed at least: {rebuild}",
        major = OLDEST.0,
        minor = OLDEST.1,
        rebuild = REBUILD
    )]
    NoVersion,
    /// The library is of a later generation, whose structures may differ.
    #[error("libbela {0} is of a generation that this program does not know: update Gatebend")]
    TooNew(Version),
    /// The library lacks a function.
    #[error("{path}: lacks {function}; {rebuild}", rebuild = REBUILD)]
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
    /// Audio cannot be set up; with the library's return code. The library has printed the
    /// reason.
    #[error("Bela's audio cannot be set up (it returned {0}): {advice}", advice = init_advice(*.0))]
    Init(i32),
    /// Audio cannot be started; with the library's return code. The library has printed the
    /// reason.
    #[error(
        "Bela's audio does not start (it returned {0}): Bela's message above names the reason; \
         if it happens again, restart the board"
    )]
    Start(i32),
}

/// Returns advice on a return code of `Bela_initAudio`: -1 if another Bela program is running
/// or a setting is invalid, 1 if the hardware is not found or cannot be set up.
fn init_advice(code: i32) -> &'static str {
    if code == -1 {
        "another Bela program is probably running, which ./deploy.sh --stop or the Bela IDE \
         stops; if not, Bela's message above names the reason"
    } else {
        "Bela's message above names the reason, such as a cape that is not found"
    }
}
