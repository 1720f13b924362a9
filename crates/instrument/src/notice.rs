//! Notices: short messages for the player.

/// Most characters of a notice: a display has room for half of them, a page for all.
pub const MAX_CHARACTERS: usize = 300;

/// Cuts a text that is too long, such as one that quotes a message.
pub fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARACTERS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let all = "é".repeat(MAX_CHARACTERS);
        assert_eq!(cut(all.clone()), all);
        assert_eq!(cut("é".repeat(MAX_CHARACTERS + 1)), all + "…");
    }
}
