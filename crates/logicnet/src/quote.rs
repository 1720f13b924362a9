//! Quotations in messages, short enough that the reason stays readable.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

/// Most characters of a text that a message quotes.
const MAX_QUOTED: usize = 40;
/// Characters shown before and after a place in a text.
const BEFORE: usize = 40;
const AFTER: usize = 20;

/// Replaces the middle of a text of more than `most` characters by `…`. A message often
/// begins with a quotation and ends with the reason; both stay.
pub fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= most {
        return text.into();
    }
    let kept = most.saturating_sub(1);
    let head = kept.div_ceil(2);
    format!(
        "{}…{}",
        part(text, 0, head),
        part(text, length - (kept - head), length)
    )
    .into()
}

/// Returns a text in quotation marks, with its middle left out if it is longer than 40
/// characters.
pub fn quote(text: &str) -> String {
    format!("{:?}", shorten(text, MAX_QUOTED))
}

/// Returns the part of a text around a column, counted in characters from 1, in quotation
/// marks.
pub fn quote_at(text: &str, column: usize) -> String {
    let length = text.chars().count();
    let place = column.saturating_sub(1).min(length);
    let (start, end) = (place.saturating_sub(BEFORE), (place + AFTER).min(length));
    let before = if start > 0 { "…" } else { "" };
    let after = if end < length { "…" } else { "" };
    format!("{:?}", format!("{before}{}{after}", part(text, start, end)))
}

/// Returns the characters from one to before another.
fn part(text: &str, start: usize, end: usize) -> &str {
    let byte = |index| {
        let mut indices = text.char_indices();
        indices.nth(index).map_or(text.len(), |(byte, _)| byte)
    };
    &text[byte(start)..byte(end)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_keep_their_beginning_and_end() {
        let text = "é".repeat(40);
        assert_eq!(shorten(&text, 40), text);
        let text = format!("a{}z", "é".repeat(16_000));
        let short = shorten(&text, 40);
        assert_eq!(short.chars().count(), 40);
        assert!(short.starts_with("aé") && short.ends_with("éz"), "{short}");
        assert_eq!(shorten("abc", 1), "…");
        assert_eq!(shorten("abc", 0), "…");
        assert_eq!(quote("a\nb"), "\"a\\nb\"");
        assert_eq!(quote(&text).chars().count(), 42);
    }

    #[test]
    fn a_place_is_quoted_with_its_surroundings() {
        assert_eq!(quote_at("t+", 3), "\"t+\"");
        assert_eq!(quote_at("", 1), "\"\"");
        let text = format!("{}@{}", "a".repeat(9000), "b".repeat(9000));
        let expected = format!("\"…{}@{}…\"", "a".repeat(40), "b".repeat(19));
        assert_eq!(quote_at(&text, 9001), expected);
        assert_eq!(quote_at(&text, 1), format!("\"{}…\"", "a".repeat(20)));
        assert_eq!(
            quote_at(&text, usize::MAX),
            format!("\"…{}\"", "b".repeat(40))
        );
    }
}
