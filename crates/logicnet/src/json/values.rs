//! Values of a file, read with their path for errors.

use alloc::format;
use alloc::string::String;

use super::text::{each_field, each_item, natural, unquoted, wrong};
use crate::NetworkError;

pub(super) fn read_text(json: &str, path: &str) -> Result<String, NetworkError> {
    unquoted(json).ok_or_else(|| wrong(path, json, "a text in quotes"))
}

pub(super) fn whole(json: &str, path: &str) -> Result<u32, NetworkError> {
    natural(json).ok_or_else(|| wrong(path, json, "a whole number from 0 to 4294967295"))
}

/// Calls `read` with the path and the value of each item of a list.
pub(super) fn each_of<'t>(
    list: &'t str,
    path: &str,
    mut read: impl FnMut(usize, &'t str) -> Result<(), NetworkError>,
) -> Result<(), NetworkError> {
    let mut i = 0;
    let is_list = each_item(list, |item| {
        read(i, item)?;
        i += 1;
        Ok(())
    })?;
    if is_list {
        Ok(())
    } else {
        Err(wrong(path, list, "a list: [ ... ]"))
    }
}

/// Reads the type of an encoding and its optional number, given as `"binary"` or as
/// `{"type": "thermometer", "digit_bits": 4}`.
pub(super) fn encoding(
    json: &str,
    path: &str,
    number: &str,
) -> Result<(String, Option<u8>), NetworkError> {
    if let Some(kind) = unquoted(json) {
        return Ok((kind, None));
    }
    let (mut kind, mut parsed) = (None, None);
    let read = each_field(json, |name, value| {
        let path = format!("{path}.{name}");
        if name == "type" {
            kind = Some(read_text(value, &path)?);
        } else if name == number {
            let small = u8::try_from(whole(value, &path)?);
            parsed = Some(small.map_err(|_| wrong(&path, value, "a small number"))?);
        } else {
            let problem = format!("unknown; an encoding has \"type\" and \"{number}\"");
            return Err(NetworkError::new(path, problem));
        }
        Ok(())
    })?;
    if read.is_err() {
        return Err(wrong(path, json, "the name of an encoding"));
    }
    let kind = kind.ok_or_else(|| NetworkError::new(format!("{path}.type"), "missing"))?;
    Ok((kind, parsed))
}
