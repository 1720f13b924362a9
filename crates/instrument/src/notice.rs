//! What a player is told: a sentence or two, whatever it speaks of.

/// Most characters: a display has room for half of them, a page for all.
pub const MOST: usize = 300;

/// The text, cut where it would be too long: it may quote what was sent.
pub fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MOST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        let all = "é".repeat(MOST);
        assert_eq!(cut(all.clone()), all);
        assert_eq!(cut("é".repeat(MOST + 1)), all + "…");
    }
}
