//! Fields of a file that this version does not know.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;

use super::text::{compact, each_field, quoted, shortened};
use crate::NetworkError;

/// Most bytes that the unknown fields of a file have together, those of its layers included.
pub const MAX_EXTRA_BYTES: usize = 64 << 10;

/// Fields of a file or a layer that this version does not know. They are written as they
/// were read, except for white space.
///
/// They are kept as text, so that they take no more memory than in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra(Option<Box<str>>);

impl Extra {
    /// Returns whether no field is unknown.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the fields in the order of their names, each with its value in JSON.
    pub fn fields(&self) -> Vec<(String, &str)> {
        let mut fields = Vec::new();
        if let Some(object) = &self.0 {
            let read = each_field(object, |name, value| {
                fields.push((name, value));
                Ok::<(), Infallible>(())
            });
            debug_assert!(matches!(read, Ok(Ok(()))), "{object}");
        }
        fields
    }

    /// Returns a field's value in JSON.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields().into_iter();
        fields.find_map(|(other, value)| (other == name).then_some(value))
    }

    /// Returns the memory of the fields in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.as_deref().map_or(0, str::len)
    }
}

impl FromIterator<(String, String)> for Extra {
    /// Creates fields from their names and values in compact JSON.
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> Extra {
        let mut object = String::new();
        for (name, value) in fields {
            object.push(if object.is_empty() { '{' } else { ',' });
            object.extend([quoted(&name).as_str(), ":", &value]);
        }
        if object.is_empty() {
            return Extra(None);
        }
        object.push('}');
        Extra(Some(object.into()))
    }
}

/// The room that a file has left for unknown fields.
pub(super) struct Room {
    used: usize,
}

impl Room {
    /// Creates the room of a file.
    pub(super) fn new() -> Room {
        Room { used: 0 }
    }
}

/// Unknown fields while they are read; of two with the same name, the last counts.
#[derive(Default)]
pub(super) struct Unknown<'t>(BTreeMap<String, &'t str>);

impl<'t> Unknown<'t> {
    /// Adds a field, if the file has room for it. `within` is the path of its object.
    pub(super) fn add(
        &mut self,
        room: &mut Room,
        name: String,
        value: &'t str,
        within: impl FnOnce() -> String,
    ) -> Result<(), NetworkError> {
        room.used = room.used.saturating_add(name.len() + value.len());
        if room.used > MAX_EXTRA_BYTES {
            let path = within() + &shortened(name.chars());
            let problem = format!(
                "the unknown fields up to here have {} bytes, but those of a file have at most \
                 {MAX_EXTRA_BYTES}",
                room.used
            );
            return Err(NetworkError::new(path, problem));
        }
        self.0.insert(name, value);
        Ok(())
    }
}

impl From<Unknown<'_>> for Extra {
    fn from(unknown: Unknown) -> Extra {
        let fields = unknown.0.into_iter();
        fields
            .map(|(name, value)| (name, compact(value).collect()))
            .collect()
    }
}
