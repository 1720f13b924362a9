//! Notices: short messages for the player.

use std::borrow::Cow;

use logicnet::shorten;

/// Most characters of a notice: a display has room for half of them, a page for all.
pub const MAX_CHARACTERS: usize = 300;

/// Shortens a text that is too long, such as one that quotes a message, in its middle: the
/// reason is at the beginning or at the end.
pub fn cut(text: String) -> String {
    let short = match shorten(&text, MAX_CHARACTERS) {
        Cow::Borrowed(_) => None,
        Cow::Owned(short) => Some(short),
    };
    short.unwrap_or(text)
}
