//! A client's message, read from its text.
//!
//! A derived reader would keep every value of a message until it knows the type: a text
//! of a few megabytes took a hundred. This one looks for the type first, and then reads
//! the fields from the text, right to where they belong.

use std::fmt;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IgnoredAny, IntoDeserializer, MapAccess,
    VariantAccess, Visitor,
};
use serde_json::Error;

use super::protocol::{ClientMessage, Message};

/// Fields of every message.
const COMMON: [&str; 2] = ["id", "type"];

/// What is read first.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    id: Option<u32>,
    #[serde(rename = "type")]
    kind: String,
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// Why it is none, and its id if it has one.
    pub fn read(text: &str) -> Result<Message, (Option<u32>, String)> {
        let wrong = |id| move |error: Error| (id, format!("not understood: {error}"));
        let Head { id, kind } = serde_json::from_str(text).map_err(wrong(None))?;
        let ask = ClientMessage::deserialize(Tagged { kind: &kind, text }).map_err(wrong(id))?;
        Ok(Message { id, ask })
    }
}

/// A text whose type is known.
struct Tagged<'de> {
    kind: &'de str,
    text: &'de str,
}

impl<'de> Tagged<'de> {
    fn fields<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Error> {
        serde_json::Deserializer::from_str(self.text).deserialize_map(Fields(visitor))
    }
}

impl<'de> Deserializer<'de> for Tagged<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

impl<'de> EnumAccess<'de> for Tagged<'de> {
    type Error = Error;
    type Variant = Tagged<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let kind: StrDeserializer<Error> = self.kind.into_deserializer();
        Ok((seed.deserialize(kind)?, self))
    }
}

impl<'de> VariantAccess<'de> for Tagged<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        self.fields(Nothing)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.fields(visitor)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Error> {
        Err(Error::custom("no message is one value"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no message is a row of values"))
    }
}

/// Fields of a message that has none of its own.
struct Nothing;

impl<'de> Visitor<'de> for Nothing {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a message without fields")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut fields: M) -> Result<(), M::Error> {
        match fields.next_key::<String>()? {
            Some(field) => Err(M::Error::custom(format!("unknown field `{field}`"))),
            None => Ok(()),
        }
    }
}

/// An object's fields, but for those that all messages have.
struct Fields<T>(T);

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<M: MapAccess<'de>>(self, fields: M) -> Result<V::Value, M::Error> {
        self.0.visit_map(Fields(fields))
    }
}

impl<'de, M: MapAccess<'de>> MapAccess<'de> for Fields<M> {
    type Error = M::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, M::Error> {
        while let Some(field) = self.0.next_key::<String>()? {
            if !COMMON.contains(&field.as_str()) {
                let field: serde::de::value::StringDeserializer<M::Error> =
                    field.into_deserializer();
                return seed.deserialize(field).map(Some);
            }
            self.0.next_value::<IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, M::Error> {
        self.0.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::protocol::{Bend, Gate};

    #[test]
    fn messages_have_their_form() {
        let cases = [
            (r#"{"id":3,"type":"undo"}"#, Some(3), ClientMessage::Undo),
            (
                r#"{"bends":[[16,"zero"],[17,{"op":6}],[18,null]],"begins":true,"type":"paint"}"#,
                None,
                ClientMessage::Paint {
                    bends: vec![(16, Some(Bend::Zero)), (17, Some(Bend::Op(6))), (18, None)],
                    begins: true,
                },
            ),
            (
                r#"{"type":"rewire","node":20,"gate":[6,1,2],"id":null}"#,
                None,
                ClientMessage::Rewire {
                    node: 20,
                    gate: Gate(6, 1, 2),
                },
            ),
            (
                r#"{"type":"random"}"#,
                None,
                ClientMessage::Random { seed: None },
            ),
            (
                r#"{"type":"add-layer","name":"a\n\u00e4"}"#,
                None,
                ClientMessage::AddLayer {
                    name: Some("a\nä".into()),
                },
            ),
        ];
        for (text, id, ask) in cases {
            assert_eq!(Message::read(text), Ok(Message { id, ask }), "{text}");
        }
    }

    #[test]
    fn what_is_not_of_the_protocol_is_refused_by_its_id() {
        for (text, id) in [
            (r#"{"type":"no such","id":7}"#, Some(7)),
            (r#"{"type":"seek","id":7}"#, Some(7)),
            (r#"{"id":7,"type":"seek","t":-1}"#, Some(7)),
            (r#"{"id":7,"type":"seek","t":1,"more":2}"#, Some(7)),
            (r#"{"id":7,"type":"seek","t":1,"t":2}"#, Some(7)),
            (r#"{"id":7,"type":"undo","more":2}"#, Some(7)),
            (r#"{"id":"x","type":"undo"}"#, None),
            (r#"{"id":1,"id":2,"type":"undo"}"#, None),
            (r#"{"id":7,"type":"undo"}}"#, None),
            (r#"{"id":7}"#, None),
            (r#"["undo"]"#, None),
            (r#""undo""#, None),
        ] {
            let (told, reason) = Message::read(text).unwrap_err();
            assert_eq!(told, id, "{text}");
            assert!(reason.starts_with("not understood: "), "{reason}");
        }
    }
}
