//! The rows of the table of commands.

use logicnet::{Gate, NetworkError};
use midi::{Event, Message, Stream};

use super::Effect::{Edit, History, Unsaved, View};
use super::Kind::{
    self, Bends, Bytes, Control, File, Flag, Name, Page, Parameter, Position, Setting,
};
use super::{Argument, Bend, OpNumber, Phrase, Spec};
use crate::analog::INPUTS;
use crate::bend_layers::MAX_STRENGTH;
use crate::controllers::Destination;
use crate::{Command, Direction, Saved, preset};

const NODE: Kind = Kind::Number("NODE", u32::MAX, 0);
const SEED: Kind = Kind::Number("SEED", u32::MAX, 0);
const TIME: Kind = Kind::Number("T", u32::MAX, 0);
const PERCENT: Kind = Kind::Number("PERCENT", MAX_STRENGTH as u32, 0);
/// A layer's or a network's; the instrument knows how many exist.
const INDEX: Kind = Kind::Number("N", u32::MAX, 1);
const INPUT: Kind = Kind::Number("N", INPUTS as u32 - 1, 1);

/// Makes the table from rows of this form:
///
/// ```text
/// "name" Effect (idempotent or step) "One line of help"
///     ["phrase ARGUMENT", "other phrase" => "the first argument that it implies, in JSON"]
///     (argument: (required or optional) KIND "One line of help")
///     => the command;
/// ```
macro_rules! commands {
    ($(
        $name:literal $effect:ident $times:ident $about:literal
        [$($usage:literal $(=> $implied:literal)?),*]
        ($($argument:ident: $presence:ident $kind:expr, $help:literal),*)
        => $command:expr;
    )*) => {
        /// All commands.
        pub static TABLE: &[Spec] = &[$(Spec {
            name: $name,
            about: $about,
            phrases: &[$(Phrase { usage: $usage, implied: commands!(@$($implied)?) }),*],
            arguments: &[$(Argument {
                name: stringify!($argument),
                kind: $kind,
                optional: commands!(@$presence),
                about: $help,
            }),*],
            effect: $effect,
            idempotent: commands!(@$times),
            read: |fields| {
                let ($($argument,)*) = fields.read(|_fields| {
                    Ok(($(_fields.$presence(stringify!($argument), $kind)?,)*))
                })?;
                Ok($command)
            },
        }),*];
    };
    (@idempotent) => { true };
    (@step) => { false };
    (@optional) => { true };
    (@required) => { false };
    (@) => { None };
    (@$implied:literal) => { Some($implied) };
}

commands! {
    "swap" Edit step "Plays the next or the previous factory network"
        ["next" => "true", "previous" => "false"] (next: required Flag, "True for the next one")
        => Command::Swap(if next { Direction::Next } else { Direction::Previous });
    "choose" Edit idempotent "Plays a factory network"
        ["choose N"] (place: required INDEX, "Its place among them")
        => Command::Choose(place);
    "random" Edit idempotent "Plays a random network"
        ["random [SEED]"] (seed: optional SEED, "The same seed always makes the same network")
        => Command::Random(seed);
    "mutate" Edit step "Changes a few gates at random; bends stay"
        ["mutate [SEED]"] (seed: optional SEED, "The same seed always makes the same changes")
        => Command::Mutate(seed);
    "rewire" Edit idempotent "Changes the operation (0 to 15) and operands of a gate permanently"
        ["rewire NODE OP A B"]
        (node: required NODE, "The gate's node", gate: required Kind::Gate, "Its operation and operands")
        => Command::Rewire(node, { let (OpNumber(op), a, b) = gate; Gate { op, a, b } });
    "paint" Edit idempotent
        "Latches bends of nodes in the selected layer, to 0, 1 or invert, or ends them with off"
        ["bend NODE... HOW" => "true"]
        (
            begins: required Flag, "True for a new stroke, which is one step of undo; false continues this client's last one",
            bends: required Bends, "Each node with its bend, or null to end its bend; all are applied or none"
        )
        => paint(begins, bends);
    "clear" Edit idempotent "Ends all latched bends, or those of a layer"
        ["clear" => "null", "layer clear N"] (layer: optional INDEX, "The layer; without it, all layers")
        => layer.map_or(Command::ClearBends, Command::ClearLayer);
    "add-layer" Edit step "Adds a layer above all others and selects it"
        ["layer add [NAME]"] (name: optional Name, "Its name; without it, one is made up")
        => Command::AddLayer(name);
    "remove-layer" Edit step "Removes a layer with its bends"
        ["layer remove N"] (layer: required INDEX, "The layer")
        => Command::RemoveLayer(layer);
    "choose-layer" Edit idempotent "Selects the layer that bends go to"
        ["layer choose N"] (layer: required INDEX, "The layer")
        => Command::ChooseLayer(layer);
    "strength" Edit idempotent "Sets the share of a layer's gates that are bent"
        ["strength N PERCENT"]
        (layer: required INDEX, "The layer", strength: required PERCENT, "The share in percent")
        => Command::SetStrength(layer, strength);
    "undo" History step "Undoes the last change of network, layers or bends"
        ["undo"] () => Command::Undo;
    "redo" History step "Redoes the last undone change"
        ["redo"] () => Command::Redo;
    "set" Edit idempotent "Sets a parameter"
        ["set ID=VALUE"]
        (
            key: required Parameter, "The parameter's id",
            value: required Setting, "The value in the parameter's smallest units; out of range, the nearest"
        )
        => Command::Set(key, value);
    "control" Edit idempotent "Sets a control of the network to a position from 0 to 1"
        ["control NAME VALUE"]
        (name: required Control, "The control's name", value: required Position, "The position")
        => Command::Control(name, value);
    "connect" Edit idempotent "Lets analog input N move a control of the network"
        ["connect N NAME"] (input: required INPUT, "The input", name: required Control, "The control's name")
        => Command::Connect(input, name);
    "midi" View step "Plays MIDI messages, whose bytes are hexadecimal"
        ["midi BYTE..."] (bytes: required Bytes, "The bytes, in hexadecimal")
        => Command::Midi(messages(String::as_str(&bytes))?);
    "notes-off" View idempotent "Releases all keys and pedals of MIDI keyboards"
        ["notes-off"] () => Command::Midi(vec![now(Message::Reset)]);
    "learn-midi" View step "Lets a parameter or control wait for the MIDI controller that moves next"
        ["learn-midi NAME"] (name: required Name, "The parameter's id or the control's name; the second time, it stops waiting")
        => Command::LearnController(destination(String::as_str(&name))?);
    "forget-midi" View idempotent "Disconnects a parameter or control from its MIDI controller"
        ["forget-midi NAME"] (name: required Name, "The parameter's id or the control's name")
        => Command::ForgetController(destination(String::as_str(&name))?);
    "play" Unsaved idempotent "Resumes or pauses"
        ["play" => "true", "pause" => "false"] (playing: required Flag, "True to resume")
        => Command::Play(playing);
    "seek" Unsaved idempotent "Jumps to sample T of the network's time, or to 0"
        ["seek T", "reset-time" => "0"]
        (t: required TIME, "The sample; beyond the period, it wraps around")
        => Command::Seek(t);
    "show" View idempotent "Shows a page of the display: play, menu, presets, inputs or about"
        ["page PAGE"] (page: required Page, "The page")
        => Command::Show(page);
    "learn" View step "Starts or stops learning the range of analog input N"
        ["learn N"] (input: required INPUT, "The input")
        => Command::Learn(input);
    "save-preset" Unsaved idempotent "Saves network, bends and sound as a new preset"
        ["save [NAME]", "keep [NAME]"]
        (name: optional Name, "Its name, with a number if it exists; without it, one is made up")
        => Command::SavePreset(name);
    "replace-preset" Unsaved idempotent "Saves network, bends and sound over a preset"
        ["replace NAME"] (name: required Name, "Its name")
        => Command::ReplacePreset(name);
    "recall-preset" Edit idempotent "Plays a preset"
        ["recall NAME"] (name: required Name, "Its name")
        => Command::RecallPreset(name);
    "delete-preset" Unsaved idempotent "Deletes a preset"
        ["delete NAME", "forget NAME"] (name: required Name, "Its name")
        => Command::DeletePreset(name);
    "restore-preset" Unsaved step "Brings back a preset that was deleted or replaced"
        ["undelete [NAME]"] (name: optional Name, "Its name; without it, the last one")
        => Command::RestorePreset(name);
    "load" Edit idempotent "Plays another network"
        []
        (
            network: required File, "Its file, or that of a preset, which brings its bends",
            begins: optional Flag, "Of a network that is trained: true for the first one; false for a better one, which is part of the same step of undo, and refused if anything else was edited"
        )
        => file(String::as_str(&network), |text| load(text, begins))?;
    "restore" Edit idempotent "Continues from a snapshot"
        []
        (
            snapshot: required File, "The snapshot",
            t: optional TIME, "The sample to continue at; without it, time goes on"
        )
        => Command::Restore(Box::new(file(String::as_str(&snapshot), Saved::from_json)?), t);
    "resume" Edit idempotent "Continues from a snapshot after a restart, unless what plays is newer"
        []
        (
            snapshot: required File, "The snapshot from before the restart",
            t: optional TIME, "The sample to continue at; without it, time goes on"
        )
        => Command::Resume(Box::new(file(String::as_str(&snapshot), Saved::from_json)?), t);
}

/// Paints in a new stroke or, as stroke 0, in one that the client's session numbers.
fn paint(begins: bool, bends: Vec<(u32, Option<Bend>)>) -> Command {
    let masks = bends
        .into_iter()
        .map(|(node, bend)| (node, bend.map(Into::into)));
    Command::Paint {
        bends: masks.collect(),
        stroke: (!begins).then_some(0),
    }
}

/// Reads MIDI messages from their bytes in hexadecimal.
fn messages(bytes: &str) -> Result<Vec<Event>, String> {
    let byte =
        |text: &str| u8::from_str_radix(text, 16).map_err(|_| format!("{text:?} is not a byte"));
    let bytes: Vec<u8> = bytes
        .split_whitespace()
        .map(byte)
        .collect::<Result<_, _>>()?;
    let mut events = Vec::new();
    Stream::default().feed(&bytes, |message| events.push(now(message)));
    if events.is_empty() {
        return Err("no whole MIDI message that plays".into());
    }
    Ok(events)
}

/// Returns a message without a time: it does not measure the tempo.
fn now(message: Message) -> Event {
    Event { at: 0, message }
}

fn destination(name: &str) -> Result<Destination, String> {
    Destination::parse(name).ok_or_else(|| format!("{name:?} is not a parameter or control"))
}

/// Reads the file of a network, or of a preset with its bends. One of a training has stroke 0,
/// which the client's session numbers.
fn load(text: &str, begins: Option<bool>) -> Result<Command, NetworkError> {
    let file = preset::File::read(text)?;
    if let Some(begins) = begins {
        return Ok(Command::LoadTrained {
            network: Box::new(file.into_network()),
            stroke: 0,
            begins,
        });
    }
    Ok(if file.is_preset() {
        let has_parameters = file.has_parameters();
        Command::LoadPreset(Box::new(Saved::from_file(file)?), has_parameters)
    } else {
        Command::Load(Box::new(file.into_network()))
    })
}

/// Reads a file's text.
fn file<T>(text: &str, read: impl FnOnce(&str) -> Result<T, NetworkError>) -> Result<T, String> {
    read(text).map_err(|error| error.to_string())
}
