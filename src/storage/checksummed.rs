//! A checksum inside of a JSON file: its last member, on a line of its own, so
//! that every other tool reads the file as if it were not there.
//!
//! The checksum is CRC-32 (IEEE 802.3) over all bytes before its line.

use std::fmt;

const BEFORE: &str = "  \"checksum\": \"crc32:";
const AFTER: &str = "\"\n}\n";
/// Digits of the checksum.
const DIGITS: usize = 8;

/// What a file says, without the checksum's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The text.
    pub text: String,
    /// It had a checksum. People who write files by hand need none.
    pub sealed: bool,
}

/// A checksum that is not that of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongChecksum;

impl fmt::Display for WrongChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "its checksum is wrong: it is damaged, or was edited \
             (take the checksum's line out if you changed it on purpose)",
        )
    }
}

impl std::error::Error for WrongChecksum {}

/// The text of a JSON object with a checksum. What is no object is left as it
/// is.
pub fn add_checksum(text: &str) -> String {
    let Some(inside) = text.trim_end().strip_suffix('}') else {
        return text.to_string();
    };
    let inside = inside.trim_end();
    let comma = if inside.ends_with('{') { "" } else { "," };
    let body = format!("{inside}{comma}\n");
    let checksum = crc32fast::hash(body.as_bytes());
    format!("{body}{BEFORE}{checksum:08x}{AFTER}")
}

/// The text again. A checksum that another tool has moved elsewhere says nothing
/// any more, and is left in.
///
/// # Errors
/// When the checksum is wrong.
pub fn verify_checksum(text: &str) -> Result<Verified, WrongChecksum> {
    let Some((body, checksum)) = split(text) else {
        return Ok(Verified {
            text: text.to_string(),
            sealed: false,
        });
    };
    let right = format!("{:08x}", crc32fast::hash(body.as_bytes()));
    if checksum != right {
        return Err(WrongChecksum);
    }
    let inside = body.trim_end_matches('\n');
    let inside = inside.strip_suffix(',').unwrap_or(inside);
    let line = if inside.ends_with('{') { "" } else { "\n" };
    Ok(Verified {
        text: format!("{inside}{line}}}\n"),
        sealed: true,
    })
}

/// What is before the checksum's line, and the checksum. White space at the end
/// may have been changed on the way.
fn split(text: &str) -> Option<(&str, &str)> {
    let inside = text.trim_end().strip_suffix('}')?.trim_end();
    let (body, line) = inside.rsplit_once('\n')?;
    let checksum = line.strip_prefix(BEFORE)?.strip_suffix('"')?;
    let body = &text[..=body.len()];
    (checksum.len() == DIGITS).then_some((body, checksum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sealed_file_is_the_same_json_with_one_line_more() {
        let text = "{\n  \"a\": [1,\n 2]\n}\n";
        let sealed = add_checksum(text);
        assert_eq!(
            sealed,
            "{\n  \"a\": [1,\n 2],\n  \"checksum\": \"crc32:460a84eb\"\n}\n"
        );
        let value: serde_json::Value = serde_json::from_str(&sealed).unwrap();
        assert_eq!(value["a"][1], 2);
        let again = verify_checksum(&sealed).unwrap();
        assert!(again.sealed);
        assert_eq!(again.text, text);
    }

    #[test]
    fn files_without_a_checksum_are_taken_as_they_are() {
        for text in ["{}", "", "}", "[1]", "{\"checksum\": 1}", "x\n}", "\n\n}\n"] {
            let unsealed = verify_checksum(text).unwrap();
            assert_eq!((unsealed.text.as_str(), unsealed.sealed), (text, false));
        }
        assert_eq!(verify_checksum(&add_checksum("{}")).unwrap().text, "{}\n");
        assert_eq!(add_checksum("[1]"), "[1]");
    }

    #[test]
    fn a_line_end_changed_is_a_change() {
        let sealed = add_checksum("{\n  \"a\": 1\n}\n");
        assert!(verify_checksum(&sealed.replace('\n', "\r\n")).is_err());
        // Behind the checksum it does not matter.
        assert!(verify_checksum(sealed.trim_end()).is_ok());
    }

    proptest! {
        #[test]
        fn every_change_of_a_byte_is_noticed(place in 0usize..1000, bits in 1u8..128) {
            let text = "{\n  \"a\": \"some text\",\n  \"b\": [1, 2, 3]\n}\n";
            let mut bytes = add_checksum(text).into_bytes();
            let place = place % bytes.len();
            bytes[place] ^= bits;
            let Ok(changed) = String::from_utf8(bytes) else { return Ok(()) };
            // It is refused, or no longer JSON, or says the same: a change of
            // the checksum's own name.
            if let Ok(unsealed) = verify_checksum(&changed) {
                if let Ok(value) = serde_json::from_str::<serde_json::Value>(&unsealed.text) {
                    prop_assert_eq!(&value["a"], "some text");
                    prop_assert_eq!(&value["b"], &serde_json::json!([1, 2, 3]));
                }
            }
        }

        #[test]
        fn any_text_is_unsealed_or_refused(text: String) {
            let _ = verify_checksum(&text);
            let _ = verify_checksum(&format!("{text}\n  \"checksum\": \"crc32:12345678\"\n}}"));
            let sealed = add_checksum(&text);
            prop_assert!(verify_checksum(&sealed).is_ok());
        }
    }
}
