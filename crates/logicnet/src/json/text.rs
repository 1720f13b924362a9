//! Values of a file, each as its text in JSON.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Error, Number};

use crate::NetworkError;

/// Calls `visit` with the items of a list until it fails. Returns whether the text is a list.
pub fn each_item<'t, E>(
    json: &'t str,
    mut visit: impl FnMut(&'t str) -> Result<(), E>,
) -> Result<bool, E> {
    let mut outcome = Ok(());
    let items = Items(|item| {
        outcome = visit(item);
        outcome.is_ok()
    });
    let read = serde_json::Deserializer::from_str(json).deserialize_seq(items);
    outcome.map(|()| read.is_ok())
}

/// Calls `visit` with the names and values of an object's fields until it fails.
///
/// # Errors
/// Fails as `visit` does. The inner result is an error if the text is not an object.
pub fn each_field<'t, E>(
    json: &'t str,
    mut visit: impl FnMut(String, &'t str) -> Result<(), E>,
) -> Result<Result<(), Error>, E> {
    let mut outcome = Ok(());
    let fields = Fields(|name, value| {
        outcome = visit(name, value);
        outcome.is_ok()
    });
    let mut text = serde_json::Deserializer::from_str(json);
    let read = text.deserialize_map(fields).and_then(|()| text.end());
    outcome.map(|()| read)
}

/// Calls a function with each item of a list until it returns false.
struct Items<F>(F);

impl<'t, F: FnMut(&'t str) -> bool> Visitor<'t> for Items<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'t>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&RawValue>()? {
            if !(self.0)(item.get()) {
                return Err(A::Error::custom(""));
            }
        }
        Ok(())
    }
}

/// Calls a function with each field of an object until it returns false.
struct Fields<F>(F);

impl<'t, F: FnMut(String, &'t str) -> bool> Visitor<'t> for Fields<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut fields: A) -> Result<(), A::Error> {
        while let Some((name, value)) = fields.next_entry::<String, &RawValue>()? {
            if !(self.0)(name, value.get()) {
                return Err(A::Error::custom(""));
            }
        }
        Ok(())
    }
}

/// Returns whether a text is JSON.
pub fn check(json: &str) -> Result<(), Error> {
    serde_json::from_str::<IgnoredAny>(json).map(|_| ())
}

/// Returns the content of a text in quotes.
pub fn unquoted(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// Returns a text in quotes.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns a whole number up to 4294967295, also of `8000.0` or `8e3`: in JSON, these are
/// the same number.
pub fn natural(json: &str) -> Option<u32> {
    if let Ok(number) = json.parse() {
        return Some(number);
    }
    let float = serde_json::from_str::<Number>(json).ok()?.as_f64()?;
    #[allow(clippy::float_cmp)] // the comparison is exact on purpose
    (f64::from(float as u32) == float).then_some(float as u32)
}

/// Returns the characters of a value without the white space between its parts.
pub fn compact(json: &str) -> impl Iterator<Item = char> + '_ {
    let (mut in_quotes, mut escaped) = (false, false);
    json.chars().filter(move |&character| {
        if in_quotes {
            in_quotes = escaped || character != '"';
            escaped = !escaped && character == '\\';
            return true;
        }
        in_quotes = character == '"';
        !matches!(character, ' ' | '\t' | '\n' | '\r')
    })
}

/// Returns the error of a value that is not what is wanted.
pub fn wrong(path: &str, json: &str, wanted: &str) -> NetworkError {
    NetworkError::new(
        path,
        format!("{} is not {wanted}", shortened(compact(json))),
    )
}

/// Returns the first characters of a text.
pub fn shortened(characters: impl Iterator<Item = char>) -> String {
    const SHOWN: usize = 40;
    let mut characters = characters;
    let mut shown: String = characters.by_ref().take(SHOWN).collect();
    if characters.next().is_some() {
        shown.push_str("...");
    }
    shown
}
