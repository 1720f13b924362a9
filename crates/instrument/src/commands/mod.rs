//! The one table of commands that people and clients can give.
//!
//! Every surface is made from it: the parser of scripts and of the prompt, their help,
//! the protocol's messages and their TypeScript, and the table in `docs/playing.md`.
//! Commands arrive as the [`Fields`] of a message; [`parse`] makes these of words.

mod message;
mod table;
mod text;

use logicnet::shorten;
use std::fmt::Debug;

use crate::parameters::KEYS;
use crate::{Command, Page};

pub use message::{Bend, Fields, OpNumber};
pub use table::TABLE;
pub use text::{completions, help, parse, verbs};

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
    /// True if giving it twice has the same effect as giving it once.
    pub idempotent: bool,
    /// Makes the command of its message, or says why the message is not valid.
    pub read: fn(Fields) -> Result<Command, String>,
}

/// A way to write a command in words.
#[derive(Debug)]
pub struct Phrase {
    /// Lower-case words, then the arguments in capitals; those in brackets may be left out.
    pub usage: &'static str,
    /// The first argument's value in JSON, if the words imply it.
    pub implied: Option<&'static str>,
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

/// The part of the instrument that a command changes. It decides whether a client that
/// lost its connection sends the command again.
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
    /// A whole number from 0 in messages: its placeholder in usages, the largest value in
    /// messages, and the number that text writes for 0, as people count layers from 1.
    Number(&'static str, u32, u32),
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
    /// The name of a control of the network.
    Control,
    /// A position from 0 to 1.
    Position,
    /// Bytes in hexadecimal, with spaces between them.
    Bytes,
}

/// Most characters of a value in a message.
const MAX_VALUE: usize = 40;

impl Kind {
    /// Returns its placeholder in usages; empty for what is not written in text.
    pub const fn label(self) -> &'static str {
        match self {
            Kind::Number(label, ..) => label,
            Kind::Name | Kind::Control => "NAME",
            Kind::Page => "PAGE",
            Kind::Parameter => "ID=VALUE",
            Kind::Gate => "OP A B",
            Kind::Bends => "NODE... HOW",
            Kind::Position => "VALUE",
            Kind::Bytes => "BYTE...",
            Kind::Flag | Kind::File | Kind::Setting => "",
        }
    }

    /// Describes the values that it takes, with numbers from `first`.
    fn refuse(self, value: &dyn Debug, first: u32) -> String {
        let takes = match self {
            Kind::Number(_, u32::MAX, _) => format!("a whole number from {first}"),
            Kind::Number(_, most, _) => format!("a whole number from {first} to {}", most + first),
            Kind::Page => Page::NAMES.join(", "),
            Kind::Position => "a number from 0 to 1".into(),
            _ => {
                let ids: Vec<_> = KEYS.iter().map(|key| key.parameter().id).collect();
                ids.join(", ")
            }
        };
        let value = format!("{value:?}");
        format!("takes {takes}, not {}", shorten(&value, MAX_VALUE))
    }
}

/// Returns the row of the command with this name in the protocol.
pub fn with_name(name: &str) -> Option<&'static Spec> {
    TABLE.iter().find(|spec| spec.name == name)
}
