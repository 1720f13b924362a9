//! Reads a client's message from its text.
//!
//! A derived reader of tagged messages would hold every value of a message until it knows
//! the type: 100 MB for a text of a few megabytes. This one looks for the type first, and
//! then reads the fields from the text into their final form.

use instrument::commands::{self, Fields};
use serde::Deserialize;

use super::protocol::{Body, ClientMessage};
use instrument::Target;

/// The part of a message that is read first.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    id: Option<u32>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    target: Option<Target>,
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
        let Head { id, kind, target } = serde_json::from_str(text)
            .map_err(|error| (None, format!("not understood: {error}")))?;
        let problem = |error| (id, format!("not understood: {kind}: {error}"));
        let fields = Fields::of(&kind, text).map_err(problem)?;
        let body = match commands::with_name(&kind) {
            Some(spec) => Body::Command((spec.read)(fields).map_err(|reason| (id, reason))?),
            None if target.is_some() => {
                return Err((
                    id,
                    format!("not understood: {kind}: only edits have a target"),
                ));
            }
            None => Body::Request(serde_json::from_str(&fields.tagged()).map_err(problem)?),
        };
        Ok(ClientMessage { id, target, body })
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::Request;
    use super::*;

    use instrument::commands::{Kind, TABLE};
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
            Body::Command(command) => Ok(command),
            Body::Request(request) => panic!("{request:?} is not a command"),
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
            token: None,
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
    fn messages_of_many_fields_are_refused() {
        let fields = r#","t":1"#.repeat(100_000);
        let (id, reason) = read(&format!(r#"{{"id":7,"type":"seek"{fields}}}"#)).unwrap_err();
        assert_eq!(id, Some(7));
        assert!(reason.contains("seek: too many fields"), "{reason}");
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
            Kind::Number(_, most, first) => (0..=most)
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

    /// Any command of the table that text can write, as text and as a message.
    fn any_command() -> impl Strategy<Value = (String, String)> {
        let phrases: Vec<_> = TABLE
            .iter()
            .flat_map(|spec| spec.phrases.iter().map(move |phrase| (spec, phrase)))
            .collect();
        prop::sample::select(phrases).prop_flat_map(|(spec, phrase)| {
            let implied = usize::from(phrase.implied.is_some());
            let (implicit, explicit) = spec.arguments.split_at(implied);
            let mut message = json!({"type": spec.name});
            for (argument, value) in implicit.iter().zip(phrase.implied) {
                message[argument.name] = serde_json::from_str(value).unwrap();
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
            let written = commands::parse(&words).unwrap().unwrap();
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
