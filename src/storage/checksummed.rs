//! A checksum inside a JSON file: its last member, on a separate line, which other
//! tools ignore.
//!
//! The checksum is CRC-32 (IEEE 802.3) over all bytes before its line.

use thiserror::Error;

const BEFORE: &str = "  \"checksum\": \"crc32:";
const AFTER: &str = "\"\n}\n";
/// Digits of the checksum.
const DIGITS: usize = 8;

/// A checksum that does not match the text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "its checksum is wrong: it is damaged, or was edited \
     (remove the checksum line if you changed it on purpose)"
)]
pub struct WrongChecksum;

/// Returns the text of a JSON object with a checksum added. Other text is returned
/// unchanged.
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

/// Returns the text without its checksum. Files written by hand need none. A checksum that another tool has moved away
/// from the end is ignored and stays in the text.
///
/// # Errors
/// Fails if the checksum is wrong.
pub fn verify_checksum(text: &str) -> Result<String, WrongChecksum> {
    let Some((body, checksum)) = split(text) else {
        return Ok(text.to_string());
    };
    let expected = format!("{:08x}", crc32fast::hash(body.as_bytes()));
    if checksum != expected {
        return Err(WrongChecksum);
    }
    let inside = body.trim_end_matches('\n');
    let inside = inside.strip_suffix(',').unwrap_or(inside);
    let line = if inside.ends_with('{') { "" } else { "\n" };
    Ok(format!("{inside}{line}}}\n"))
}

/// Splits the text into the part before the checksum line, and the checksum. White space
/// at the end may have changed.
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
    fn a_checksum_adds_one_line_to_the_json() {
        let text = "{\n  \"a\": [1,\n 2]\n}\n";
        let checksummed = add_checksum(text);
        assert_eq!(
            checksummed,
            "{\n  \"a\": [1,\n 2],\n  \"checksum\": \"crc32:460a84eb\"\n}\n"
        );
        let value: serde_json::Value = serde_json::from_str(&checksummed).unwrap();
        assert_eq!(value["a"][1], 2);
        assert_eq!(verify_checksum(&checksummed).unwrap(), text);
    }

    #[test]
    fn files_without_a_checksum_are_accepted_unchanged() {
        for text in ["{}", "", "}", "[1]", "{\"checksum\": 1}", "x\n}", "\n\n}\n"] {
            assert_eq!(verify_checksum(text).unwrap(), text);
        }
        assert_eq!(verify_checksum(&add_checksum("{}")).unwrap(), "{}\n");
        assert_eq!(add_checksum("[1]"), "[1]");
    }

    #[test]
    fn a_changed_line_end_is_noticed() {
        let checksummed = add_checksum("{\n  \"a\": 1\n}\n");
        assert!(verify_checksum(&checksummed.replace('\n', "\r\n")).is_err());
        // White space after the checksum does not matter.
        assert!(verify_checksum(checksummed.trim_end()).is_ok());
    }

    proptest! {
        #[test]
        fn every_change_of_a_byte_is_noticed(place in 0usize..1000, bits in 1u8..128) {
            let text = "{\n  \"a\": \"some text\",\n  \"b\": [1, 2, 3]\n}\n";
            let mut bytes = add_checksum(text).into_bytes();
            let place = place % bytes.len();
            bytes[place] ^= bits;
            let Ok(changed) = String::from_utf8(bytes) else { return Ok(()) };
            // The change is refused, breaks the JSON, or leaves the values unchanged
            // because it hit the name of the checksum.
            if let Ok(verified) = verify_checksum(&changed) {
                if let Ok(value) = serde_json::from_str::<serde_json::Value>(&verified) {
                    prop_assert_eq!(&value["a"], "some text");
                    prop_assert_eq!(&value["b"], &serde_json::json!([1, 2, 3]));
                }
            }
        }

        #[test]
        fn any_text_is_verified_or_refused(text: String) {
            let _ = verify_checksum(&text);
            let _ = verify_checksum(&format!("{text}\n  \"checksum\": \"crc32:12345678\"\n}}"));
            let checksummed = add_checksum(&text);
            prop_assert!(verify_checksum(&checksummed).is_ok());
        }
    }
}
