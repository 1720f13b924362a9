//! Reads a client's message from its text.
//!
//! A derived reader of tagged messages would hold every value of a message until it knows
//! the type: 100 MB for a text of a few megabytes. This one looks for the type first, and
//! then reads the fields from the text into their final form.

use std::fmt;
use std::iter;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, IntoDeserializer, MapAccess, Visitor,
};
use serde_json::Error;

use instrument::commands::{self, Call, Kind, Spec, Value};

use super::protocol::{Bend, Body, ClientMessage, Gate, Request};

/// Fields of every message.
const COMMON: [&str; 2] = ["id", "type"];

/// The part of a message that is read first.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    id: Option<u32>,
    #[serde(rename = "type")]
    kind: String,
}

impl ClientMessage {
    /// Returns the id of a message that may be invalid otherwise.
    pub fn id_of(text: &str) -> Option<u32> {
        serde_json::from_str::<Head>(text).ok()?.id
    }

    /// Reads a message.
    ///
    /// # Errors
    /// Returns the reason, and the message's id if it has one.
    pub fn read(text: &str) -> Result<ClientMessage, (Option<u32>, String)> {
        let Head { id, kind } = serde_json::from_str(text)
            .map_err(|error| (None, format!("not understood: {error}")))?;
        let fields = Fields(text);
        let body = if let Some(spec) = commands::with_name(&kind) {
            fields.deserialize_map(CallVisitor(spec)).map(Body::Command)
        } else {
            let tagged = MapDeserializer::new(iter::once((&*kind, fields)));
            Request::deserialize(MapAccessDeserializer::new(tagged)).map(Body::Request)
        };
        match body {
            Ok(body) => Ok(ClientMessage { id, body }),
            Err(error) => Err((id, format!("not understood: {kind}: {error}"))),
        }
    }
}

/// Reads a command's fields by its row of the table.
struct CallVisitor(&'static Spec);

impl<'de> Visitor<'de> for CallVisitor {
    type Value = Call;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "the fields of {}", self.0.name)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut fields: M) -> Result<Call, M::Error> {
        let arguments = self.0.arguments;
        let mut values = vec![None; arguments.len()];
        let mut seen = vec![false; arguments.len()];
        while let Some(field) = fields.next_key::<String>()? {
            let place = arguments.iter().position(|known| known.name == field);
            let wrong = |what| M::Error::custom(format_args!("{what} field `{field}`"));
            let place = place.ok_or_else(|| wrong("unknown"))?;
            if std::mem::replace(&mut seen[place], true) {
                return Err(wrong("duplicate"));
            }
            values[place] = fields
                .next_value_seed(ValueOf(arguments[place].kind))
                .map_err(|error| M::Error::custom(format_args!("`{field}`: {error}")))?;
        }
        Call::new(self.0, values).map_err(M::Error::custom)
    }
}

/// Reads a value of a kind; `null` is none.
struct ValueOf(Kind);

impl<'de> DeserializeSeed<'de> for ValueOf {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<Value>, D::Error> {
        let ValueOf(kind) = self;
        let value = match kind {
            Kind::Number { .. } => Option::<u32>::deserialize(json)?.map(|n| kind.number(n)),
            Kind::Setting => Option::deserialize(json)?.map(|value| Ok(Value::Setting(value))),
            Kind::Flag => Option::deserialize(json)?.map(|flag| Ok(Value::Flag(flag))),
            Kind::Gate => {
                Option::<Gate>::deserialize(json)?.map(|gate| gate.gate().map(Value::Gate))
            }
            Kind::Bends => Option::<Vec<(u32, Option<Bend>)>>::deserialize(json)?.map(masks),
            Kind::Name | Kind::File | Kind::Page | Kind::Parameter => {
                Option::<String>::deserialize(json)?.map(|text| kind.text(text))
            }
        };
        value.transpose().map_err(D::Error::custom)
    }
}

fn masks(bends: Vec<(u32, Option<Bend>)>) -> Result<Value, String> {
    let masks = bends.into_iter();
    let masks = masks.map(|(node, bend)| Ok((node, bend.map(Bend::mask).transpose()?)));
    masks.collect::<Result<_, String>>().map(Value::Bends)
}

/// A message's text as the object of its own fields, without those that all messages have.
struct Fields<'de>(&'de str);

impl<'de> Deserializer<'de> for Fields<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        serde_json::Deserializer::from_str(self.0).deserialize_map(Own(visitor))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Fields<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Leaves the common fields out.
struct Own<T>(T);

impl<'de, V: Visitor<'de>> Visitor<'de> for Own<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<M: MapAccess<'de>>(self, fields: M) -> Result<V::Value, M::Error> {
        self.0.visit_map(Own(fields))
    }
}

impl<'de, M: MapAccess<'de>> MapAccess<'de> for Own<M> {
    type Error = M::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, M::Error> {
        while let Some(field) = self.0.next_key::<String>()? {
            if !COMMON.contains(&field.as_str()) {
                return seed.deserialize(field.into_deserializer()).map(Some);
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

    use instrument::commands::{Context, TABLE};
    use instrument::parameters::KEYS;
    use instrument::{Command, Page};
    use logicnet::{Mask, Op};
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn read(text: &str) -> Result<ClientMessage, (Option<u32>, String)> {
        ClientMessage::read(text)
    }

    fn command(text: &str) -> Result<Command, String> {
        match read(text).map_err(|(_, problem)| problem)?.body {
            Body::Command(call) => call.command(&Context::default()),
            Body::Request(request) => panic!("{request:?} is no command"),
        }
    }

    #[test]
    fn messages_keep_their_form() {
        let (op, xor) = (Op::new(6).unwrap(), Mask::Replace(Op::new(6).unwrap()));
        let cases = [
            (r#"{"id":3,"type":"undo"}"#, Command::Undo),
            (
                r#"{"bends":[[16,"zero"],[17,{"op":6}],[18,null]],"begins":true,"type":"paint"}"#,
                Command::Paint {
                    bends: vec![(16, Some(Mask::Force(false))), (17, Some(xor)), (18, None)],
                    stroke: None,
                },
            ),
            (
                r#"{"type":"rewire","node":20,"gate":[6,1,2],"id":null}"#,
                Command::Rewire(20, logicnet::Gate { op, a: 1, b: 2 }),
            ),
            (r#"{"type":"random"}"#, Command::Random(None)),
            (r#"{"type":"random","seed":null}"#, Command::Random(None)),
            (
                r#"{"type":"add-layer","name":"a\n\u00e4"}"#,
                Command::AddLayer(Some("a\nä".into())),
            ),
            (r#"{"type":"clear"}"#, Command::ClearBends),
            (r#"{"type":"clear","layer":0}"#, Command::ClearLayer(0)),
            (
                r#"{"type":"show","page":"about"}"#,
                Command::Show(Page::About),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(command(text), Ok(expected), "{text}");
        }
        let hello = read(r#"{"version":1,"type":"hello","id":9}"#).unwrap();
        let request = Request::Hello {
            version: 1,
            code: None,
        };
        assert_eq!((hello.id, hello.body), (Some(9), Body::Request(request)));
        let snapshot = read(r#"{"type":"snapshot"}"#).unwrap();
        assert_eq!(snapshot.body, Body::Request(Request::Snapshot {}));
    }

    #[test]
    fn messages_outside_the_protocol_are_refused_with_their_id() {
        for (text, id) in [
            (r#"{"type":"no such","id":7}"#, Some(7)),
            (r#"{"type":"seek","id":7}"#, Some(7)),
            (r#"{"id":7,"type":"seek","t":-1}"#, Some(7)),
            (r#"{"id":7,"type":"seek","t":null}"#, Some(7)),
            (r#"{"id":7,"type":"seek","t":1.5}"#, Some(7)),
            (r#"{"id":7,"type":"seek","t":4294967296}"#, Some(7)),
            (r#"{"id":7,"type":"seek","t":1,"more":2}"#, Some(7)),
            (r#"{"id":7,"type":"seek","t":1,"t":2}"#, Some(7)),
            (r#"{"id":7,"type":"undo","more":2}"#, Some(7)),
            (r#"{"id":7,"type":"snapshot","more":2}"#, Some(7)),
            (
                r#"{"id":7,"type":"rewire","node":1,"gate":[16,0,0]}"#,
                Some(7),
            ),
            (r#"{"id":7,"type":"rewire","node":1,"gate":[6,0]}"#, Some(7)),
            (
                r#"{"id":7,"type":"strength","layer":0,"strength":101}"#,
                Some(7),
            ),
            (r#"{"id":7,"type":"set","key":"tempo","value":1}"#, Some(7)),
            (r#"{"id":"x","type":"undo"}"#, None),
            (r#"{"id":1,"id":2,"type":"undo"}"#, None),
            (r#"{"id":7,"type":"undo"}}"#, None),
            (r#"{"id":7}"#, None),
            (r#"["undo"]"#, None),
            (r#""undo""#, None),
        ] {
            let (answered, reason) = read(text).unwrap_err();
            assert_eq!(answered, id, "{text}");
            assert!(reason.starts_with("not understood: "), "{reason}");
        }
    }

    #[test]
    fn refusals_name_the_command_the_argument_and_its_values() {
        for (text, expected) in [
            (
                r#"{"type":"strength","layer":0,"strength":101}"#,
                "strength: `strength`: takes a whole number from 0 to 100, not 101",
            ),
            (
                r#"{"type":"show","page":"x"}"#,
                "show: `page`: takes play, menu, presets, inputs, about, not \"x\"",
            ),
            (
                r#"{"type":"recall-preset"}"#,
                "recall-preset: missing field `name`",
            ),
            (
                r#"{"type":"play","playing":1}"#,
                "play: `playing`: invalid type: integer `1`, expected a boolean at line 1 column",
            ),
        ] {
            let (_, reason) = read(text).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
    }

    /// Any value of a kind, as text and as the protocol's JSON.
    fn value(kind: Kind) -> BoxedStrategy<(String, Json)> {
        let same = |text: &str| (text.to_string(), json!(text));
        match kind {
            Kind::Number { most, first, .. } => (0..=most)
                .prop_map(move |number| {
                    (
                        (u64::from(number) + u64::from(first)).to_string(),
                        json!(number),
                    )
                })
                .boxed(),
            Kind::Name => "[a-zé]{1,5}( [a-z]{1,5})?"
                .prop_map(move |name| same(&name))
                .boxed(),
            Kind::Page => prop::sample::select(Page::ALL.to_vec())
                .prop_map(move |page| same(page.name()))
                .boxed(),
            Kind::Gate => (0..16u8, any::<u32>(), any::<u32>())
                .prop_map(|(op, a, b)| (format!("{op} {a} {b}"), json!([op, a, b])))
                .boxed(),
            Kind::Bends => {
                let hows = [
                    ("0", json!("zero")),
                    ("1", json!("one")),
                    ("invert", json!("invert")),
                    ("off", json!(null)),
                ];
                (
                    prop::collection::vec(any::<u32>(), 1..4),
                    prop::sample::select(hows.to_vec()),
                )
                    .prop_map(|(nodes, (how, bend))| {
                        let words: Vec<String> = nodes.iter().map(ToString::to_string).collect();
                        let bends: Vec<Json> =
                            nodes.iter().map(|node| json!([node, bend])).collect();
                        (format!("{} {how}", words.join(" ")), json!(bends))
                    })
                    .boxed()
            }
            Kind::Flag | Kind::File | Kind::Parameter | Kind::Setting => {
                panic!("{kind:?} is not written in text by itself")
            }
        }
    }

    fn implied(value: &Value) -> Json {
        match value {
            Value::Flag(flag) => json!(flag),
            Value::Number(number) => json!(number),
            value => panic!("no phrase implies {value:?}"),
        }
    }

    /// Any command of the table that text can write, as text and as a message.
    fn any_command() -> impl Strategy<Value = (String, String)> {
        let phrases: Vec<_> = TABLE
            .iter()
            .flat_map(|spec| spec.phrases.iter().map(move |phrase| (spec, phrase)))
            .collect();
        prop::sample::select(phrases).prop_flat_map(|(spec, phrase)| {
            let (implicit, explicit) = spec.arguments.split_at(phrase.implied.len());
            let mut message = json!({"type": spec.name});
            for (argument, value) in implicit.iter().zip(phrase.implied) {
                if let Some(value) = value {
                    message[argument.name] = implied(value);
                }
            }
            let words = phrase.words().collect::<Vec<_>>().join(" ");
            let settings = prop::sample::select(KEYS.to_vec()).prop_flat_map(|key| {
                let (min, max) = key.parameter().range();
                (min..=max).prop_map(move |value| (key.parameter(), value))
            });
            let values: Vec<_> = explicit
                .iter()
                .filter(|argument| !argument.kind.label().contains('='))
                .filter(|argument| argument.kind != Kind::Setting)
                .map(|argument| value(argument.kind))
                .collect();
            (values, settings, any::<bool>()).prop_map(
                move |(values, (parameter, setting), short)| {
                    let (mut text, mut message) = (words.clone(), message.clone());
                    if spec.name == "set" {
                        let value = parameter.format(setting);
                        let value = value.strip_suffix(parameter.unit).unwrap_or(&value).trim();
                        text = format!("{words} {}={value}", parameter.id);
                        message["key"] = json!(parameter.id);
                        message["value"] = json!(setting);
                    }
                    if !(short && phrase.usage.contains('[')) {
                        for (argument, (word, value)) in explicit.iter().zip(values) {
                            text = format!("{text} {word}");
                            message[argument.name] = value;
                        }
                    }
                    (text, message.to_string())
                },
            )
        })
    }

    proptest! {
        #[test]
        fn text_and_messages_mean_the_same_command((text, message) in any_command()) {
            let words: Vec<&str> = text.split(' ').collect();
            let call = commands::parse(&words).unwrap().unwrap();
            let written = call.command(&Context::default()).unwrap();
            prop_assert_eq!(command(&message), Ok(written), "{} {}", text, message);
        }

        #[test]
        fn any_text_is_a_message_or_refused(
            name in prop::sample::select(TABLE.iter().map(|spec| spec.name).collect::<Vec<_>>()),
            field in prop::sample::select(vec!["seed", "layer", "bends", "gate", "name", "value"]),
            value in prop::sample::select(vec!["-1", "1e99", "null", "[]", "{}", "\"x\"", "true", "[[1,2,3]]"]),
        ) {
            let text = format!(r#"{{"id":4,"type":"{name}","{field}":{value}}}"#);
            match read(&text) {
                Ok(message) => prop_assert_eq!(message.id, Some(4)),
                Err((id, reason)) => {
                    prop_assert_eq!(id, Some(4));
                    prop_assert!(reason.starts_with(&format!("not understood: {name}: ")), "{}", reason);
                }
            }
        }
    }
}
