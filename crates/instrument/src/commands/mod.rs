//! The one table of commands that people and clients can give.
//!
//! Every surface is made from it: the parser of scripts and of the prompt, their help,
//! the protocol's messages and their TypeScript, the page's list of commands, and the
//! table in `docs/playing.md`. A command given on any of them becomes a [`Call`], and
//! that a [`Command`].

mod table;
mod text;

use std::fmt::Debug;

use logicnet::{Gate, Mask};

use crate::bend_layers::MAX_STRENGTH;
use crate::parameters::{KEYS, Key, Parameters};
use crate::{Command, Direction, Page};

pub use table::TABLE;
pub use text::{help, parse};

/// A row of the table.
#[derive(Debug)]
pub struct Spec {
    /// The `type` of its message in the protocol.
    pub name: &'static str,
    /// One line of help.
    pub about: &'static str,
    /// The ways to write it in scripts and on the prompt, the preferred one first. Empty
    /// for commands that carry whole files.
    pub phrases: &'static [Phrase],
    /// The fields of its message; phrases give them in the same order.
    pub arguments: &'static [Argument],
    /// The part of the instrument that it changes.
    pub effect: Effect,
    /// True if giving it twice is as good as giving it once.
    pub idempotent: bool,
    build: fn(&mut Arguments, &Context) -> Result<Command, String>,
}

/// A way to write a command in words.
#[derive(Debug)]
pub struct Phrase {
    /// Lower-case words, then the arguments in capitals; those in brackets may be left out.
    pub usage: &'static str,
    /// Values of the first arguments, which the words imply.
    pub implied: &'static [Option<Value>],
}

/// An argument of a command.
#[derive(Debug)]
pub struct Argument {
    /// The name of its field in the protocol.
    pub name: &'static str,
    /// The values that it takes.
    pub kind: Kind,
    /// True if messages may leave it out.
    pub optional: bool,
    /// One line of help.
    pub about: &'static str,
}

/// The part of the instrument that a command changes, which decides how a client treats
/// it that lost its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// An edit that snapshots hold: network, bends or parameters.
    Edit,
    /// An edit that snapshots do not hold: transport or stored presets.
    Unsaved,
    /// An edit that needs the history of undo, which a restart empties.
    History,
    /// No edit: the display's page or the calibration of inputs.
    View,
}

/// The values that an argument takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number from 0 in messages.
    Number {
        /// Its placeholder in usages.
        label: &'static str,
        /// The largest value in messages.
        most: u32,
        /// The number that text writes for 0: people count layers from 1.
        first: u32,
    },
    /// True or false; in text, implied by the words.
    Flag,
    /// A name; in text, all remaining words.
    Name,
    /// A file's content; not in text.
    File,
    /// A page of the display.
    Page,
    /// A parameter; in text together with its value, as `ID=VALUE`.
    Parameter,
    /// A parameter's value in its smallest units; out of range, the nearest is meant.
    Setting,
    /// A gate's operation and operands.
    Gate,
    /// Nodes, each with the bend that it gets.
    Bends,
}

impl Kind {
    /// Any number, counted from 0.
    const fn any(label: &'static str) -> Kind {
        Kind::Number {
            label,
            most: u32::MAX,
            first: 0,
        }
    }

    /// An index, which text counts from 1.
    const fn index(most: u32) -> Kind {
        Kind::Number {
            label: "N",
            most,
            first: 1,
        }
    }

    const PERCENT: Kind = Kind::Number {
        label: "PERCENT",
        most: MAX_STRENGTH as u32,
        first: 0,
    };
    const OPERATION: Kind = Kind::Number {
        label: "OP",
        most: 15,
        first: 0,
    };

    /// Returns its placeholder in usages; empty for what is not written in text.
    pub const fn label(self) -> &'static str {
        match self {
            Kind::Number { label, .. } => label,
            Kind::Name => "NAME",
            Kind::Page => "PAGE",
            Kind::Parameter => "ID=VALUE",
            Kind::Gate => "OP A B",
            Kind::Bends => "NODE... HOW",
            Kind::Flag | Kind::File | Kind::Setting => "",
        }
    }

    /// Returns the value for a number of a message.
    ///
    /// # Errors
    /// Names the values that this kind takes.
    pub fn number(self, number: u32) -> Result<Value, String> {
        match self {
            Kind::Number { most, .. } if number <= most => Ok(Value::Number(number)),
            _ => Err(self.refuse(&number, 0)),
        }
    }

    /// Returns the value for a string of a message.
    ///
    /// # Errors
    /// Names the values that this kind takes.
    pub fn text(self, text: String) -> Result<Value, String> {
        let value = match self {
            Kind::Name | Kind::File => return Ok(Value::Text(text)),
            Kind::Page => Page::with_name(&text).map(Value::Page),
            Kind::Parameter => Key::with_id(&text).map(Value::Parameter),
            _ => None,
        };
        value.ok_or_else(|| self.refuse(&text, 0))
    }

    /// Describes the values that it takes, with numbers from `first`.
    fn refuse(self, value: &dyn Debug, first: u32) -> String {
        let takes = match self {
            Kind::Number { most: u32::MAX, .. } => format!("a whole number from {first}"),
            Kind::Number { most, .. } => format!("a whole number from {first} to {}", most + first),
            Kind::Page => Page::ALL.map(Page::name).join(", "),
            Kind::Parameter => {
                let ids: Vec<_> = KEYS.iter().map(|key| key.parameter().id).collect();
                ids.join(", ")
            }
            _ => "another kind of value".into(),
        };
        format!("takes {takes}, not {value:?}")
    }
}

/// An argument's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number, counted from 0.
    Number(u32),
    /// True or false.
    Flag(bool),
    /// A name or a file's content.
    Text(String),
    /// A page of the display.
    Page(Page),
    /// A parameter.
    Parameter(Key),
    /// A parameter's value.
    Setting(i32),
    /// A gate's operation and operands.
    Gate(Gate),
    /// Nodes and their bends; `None` ends a node's bend.
    Bends(Vec<(u32, Option<Mask>)>),
}

/// A type that a command takes from a [`Value`].
trait FromValue: Sized {
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty, $pattern:pat => $value:expr;)*) => {$(
        impl FromValue for $type {
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    $pattern => $value,
                    _ => None,
                }
            }
        }
    )*};
}

from_value! {
    u8, Value::Number(number) => number.try_into().ok();
    u32, Value::Number(number) => Some(number);
    u64, Value::Number(number) => Some(number.into());
    usize, Value::Number(number) => number.try_into().ok();
    bool, Value::Flag(flag) => Some(flag);
    Direction, Value::Flag(next) => Some(if next { Direction::Next } else { Direction::Previous });
    String, Value::Text(text) => Some(text);
    Page, Value::Page(page) => Some(page);
    Key, Value::Parameter(key) => Some(key);
    i32, Value::Setting(value) => Some(value);
    Gate, Value::Gate(gate) => Some(gate);
    Vec<(u32, Option<Mask>)>, Value::Bends(bends) => Some(bends);
}

/// Turns a call's values into what a command's fields take.
struct Arguments(std::vec::IntoIter<Option<Value>>);

impl Arguments {
    fn optional<T: FromValue>(&mut self) -> Result<Option<T>, String> {
        let value = self.0.next().flatten();
        let wrong = || "an argument is of the wrong kind".to_string();
        value
            .map(|value| T::from_value(value).ok_or_else(wrong))
            .transpose()
    }

    fn required<T: FromValue>(&mut self) -> Result<T, String> {
        self.optional()?
            .ok_or_else(|| "an argument is missing".into())
    }
}

/// Facts about whoever gives a command that some commands depend on.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The parameters that stay when a loaded file has none.
    pub parameters: Parameters,
    /// The stroke that `paint` continues unless it begins a new one.
    pub stroke: Option<u32>,
}

/// A command with its arguments, as a person or a client gave it.
#[derive(Clone, Debug)]
pub struct Call {
    spec: &'static Spec,
    values: Vec<Option<Value>>,
}

impl Call {
    /// Puts a command and its values together, one for each of its arguments.
    ///
    /// # Errors
    /// Names the argument that is missing.
    pub fn new(spec: &'static Spec, mut values: Vec<Option<Value>>) -> Result<Call, String> {
        values.resize(spec.arguments.len(), None);
        let mut all = spec.arguments.iter().zip(&values);
        match all.find(|(argument, value)| value.is_none() && !argument.optional) {
            Some((argument, _)) => Err(format!("missing field `{}`", argument.name)),
            None => Ok(Call { spec, values }),
        }
    }

    /// Returns its row of the table.
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    /// Returns the values of its arguments, in their order.
    pub fn values(&self) -> &[Option<Value>] {
        &self.values
    }

    /// Makes the command.
    ///
    /// # Errors
    /// Returns a message if a file among its arguments is not valid.
    pub fn command(self, context: &Context) -> Result<Command, String> {
        (self.spec.build)(&mut Arguments(self.values.into_iter()), context)
    }
}

impl PartialEq for Call {
    fn eq(&self, other: &Call) -> bool {
        self.spec.name == other.spec.name && self.values == other.values
    }
}

/// Returns the row of the command with this name in the protocol.
pub fn with_name(name: &str) -> Option<&'static Spec> {
    TABLE.iter().find(|spec| spec.name == name)
}
