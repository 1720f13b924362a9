//! Commands as messages of the protocol: JSON objects with a `type`.

use std::borrow::Cow;
use std::fmt;

use logicnet::{Mask, Op};
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Error;
use serde_json::value::RawValue;

use super::Kind;
use crate::Page;
use crate::parameters::Key;

/// Most fields of a message, which is more than any valid one has: a text can have a million.
const MAX_FIELDS: usize = 16;

/// The fields of a message besides `id`, `type` and `target`, whose values are read from their text
/// into their final form: values of any type would need ten times the memory of the text.
pub struct Fields<'a> {
    kind: &'a str,
    /// Names, with their values in JSON.
    pub(super) list: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Fields<'a> {
    /// Creates the fields of a message of a type, without any.
    pub(super) fn new(kind: &'a str) -> Fields<'a> {
        let list = Vec::new();
        Fields { kind, list }
    }

    /// Finds the fields of a message of a type.
    ///
    /// # Errors
    /// Fails if the text is not a JSON object.
    pub fn of(kind: &'a str, text: &'a str) -> Result<Fields<'a>, Error> {
        serde_json::Deserializer::from_str(text).deserialize_map(Fields::new(kind))
    }

    /// Returns an object that has them under their type, as serde reads enums.
    pub fn tagged(&self) -> String {
        let name = |name: &str| serde_json::Value::from(name).to_string();
        let list = self.list.iter();
        let list: Vec<String> = list
            .map(|(n, json)| format!("{}:{json}", name(n)))
            .collect();
        format!("{{{}:{{{}}}}}", name(self.kind), list.join(","))
    }

    /// Calls `read` to read all fields; unknown ones are an error.
    pub(super) fn read<T>(
        mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        let value = read(&mut self).and_then(|value| match self.list.first() {
            Some((name, _)) => Err(format!("unknown or duplicate field `{name}`")),
            None => Ok(value),
        });
        value.map_err(|problem| format!("not understood: {}: {problem}", self.kind))
    }

    /// Reads a field that may be missing or null.
    pub(super) fn optional<T>(&mut self, name: &str, kind: Kind) -> Result<Option<T>, String>
    where
        T: DeserializeOwned,
    {
        let Some(index) = self.list.iter().position(|(field, _)| field == name) else {
            return Ok(None);
        };
        let (_, json) = self.list.swap_remove(index);
        let value = match (kind, json.parse::<u64>()) {
            (Kind::Number(_, most, _), Ok(number)) if number > most.into() => {
                Err(kind.refuse(&number, 0))
            }
            (Kind::Position, _) if !is_position(&json) => Err(kind.refuse(&json, 0)),
            _ => serde_json::from_str(&json).map_err(|error| error.to_string()),
        };
        value.map_err(|problem| format!("`{name}`: {problem}"))
    }

    /// Reads a field that must be there.
    pub(super) fn required<T>(&mut self, name: &str, kind: Kind) -> Result<T, String>
    where
        T: DeserializeOwned,
    {
        let value = self.optional(name, kind)?;
        value.ok_or_else(|| format!("missing field `{name}`"))
    }
}

/// Returns whether a text in JSON is a number from 0 to 1.
fn is_position(json: &str) -> bool {
    let number = serde_json::from_str(json).ok();
    number.is_some_and(|number: f64| (0.0..=1.0).contains(&number))
}

impl<'de> Visitor<'de> for Fields<'de> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut fields: M) -> Result<Self, M::Error> {
        while let Some((name, json)) = fields.next_entry::<String, &RawValue>()? {
            if self.list.len() == MAX_FIELDS {
                return Err(M::Error::custom("too many fields"));
            }
            if !["id", "type", "target"].contains(&name.as_str()) {
                self.list.push((name.into(), json.get().into()));
            }
        }
        Ok(self)
    }
}

/// The number of an operation, 0 to 15.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct OpNumber(pub Op);

impl TryFrom<u8> for OpNumber {
    type Error = String;

    fn try_from(number: u8) -> Result<OpNumber, String> {
        let op = Op::new(number).map(OpNumber);
        op.ok_or_else(|| format!("no operation {number}; they are 0 to 15"))
    }
}

impl From<OpNumber> for u8 {
    fn from(number: OpNumber) -> u8 {
        number.0.number()
    }
}

/// A bend of a node.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bend {
    /// Constant 0.
    Zero,
    /// Constant 1.
    One,
    /// The opposite of its own output.
    Invert,
    /// A gate of another operation.
    Op(OpNumber),
}

impl From<Bend> for Mask {
    fn from(bend: Bend) -> Mask {
        match bend {
            Bend::Zero => Mask::Force(false),
            Bend::One => Mask::Force(true),
            Bend::Invert => Mask::Invert,
            Bend::Op(number) => Mask::Replace(number.0),
        }
    }
}

impl From<Mask> for Bend {
    fn from(mask: Mask) -> Bend {
        match mask {
            Mask::Force(false) => Bend::Zero,
            Mask::Force(true) => Bend::One,
            Mask::Invert => Bend::Invert,
            Mask::Replace(op) => Bend::Op(OpNumber(op)),
        }
    }
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Page, D::Error> {
        named(json, Kind::Page, Page::with_name)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Key, D::Error> {
        named(json, Kind::Parameter, Key::with_id)
    }
}

fn named<'de, D: Deserializer<'de>, T>(
    json: D,
    kind: Kind,
    find: fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let name = String::deserialize(json)?;
    find(&name).ok_or_else(|| D::Error::custom(kind.refuse(&name, 0)))
}
