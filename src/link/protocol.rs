//! The messages between clients and the instrument.
//!
//! Text messages are JSON; data that is sent many times a second is binary, and begins with
//! a [`FrameKind`] byte. The commands among the client's messages come from
//! [`instrument::commands::TABLE`]. Tests write all types for TypeScript into `web/types`.
//!
//! A node is numbered as in its network's file: inputs first, then gates. Times `t` count
//! the network's samples. Networks and layers are counted from 0.
//!
//! A client sends [`Request::Hello`] first, and receives [`ServerMessage::Welcome`] and the
//! whole [`ServerMessage::State`]; afterwards, only the sections of the state that changed.
//! Answers carry the `id` of the message that they answer.

use std::fmt;
use std::net::IpAddr;

pub use instrument::commands::Bend;
use instrument::{Command, NetworkTarget, Target};
use serde::{Deserialize, Serialize};

/// The protocol's version; clients with another one are refused.
pub const VERSION: u32 = 1;

/// A client's message: one JSON object with the `type` and the fields of its body.
/// [`ClientMessage::read`] reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientMessage {
    /// Repeated in the answer; without one, only refusals are answered.
    pub id: Option<u32>,
    /// The network and the layer that an edit is meant for; if they are gone, it is refused.
    pub target: Option<Target>,
    /// The message itself.
    pub body: Body,
}

/// A message's type and fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A command of the table.
    Command(Command),
    /// Any other message.
    Request(Request),
}

/// A text that no log shows: its `Debug` form hides it.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// A client's message that is not a command of the instrument.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export, tag = "type"))]
pub enum Request {
    /// The first message.
    Hello {
        /// The client's [`VERSION`].
        version: u32,
        /// The pairing code, if the instrument requires one.
        #[serde(default)]
        #[cfg_attr(test, ts(optional, as = "Option<String>"))]
        code: Option<Secret>,
        /// The [`Welcome::token`] of an earlier connection, in place of the code.
        #[serde(default)]
        #[cfg_attr(test, ts(optional, as = "Option<String>"))]
        token: Option<Secret>,
    },
    /// Selects the binary frames to receive; initially all but sound.
    Listen {
        /// [`FrameKind::Activity`].
        activity: bool,
        /// [`FrameKind::Display`].
        display: bool,
        /// [`FrameKind::Sound`].
        sound: bool,
        /// True to receive changes of bends as [`State::bends`], if [`Welcome::bends`]
        /// says that they are available; otherwise, whole layers are sent.
        #[serde(default)]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        bends: bool,
    },
    /// All fingers on the pad: sent whenever one moves, comes or leaves.
    Touch {
        /// At most five.
        fingers: Vec<Finger>,
    },
    /// Requests everything that presets and restarts preserve, as a text; answered by
    /// [`ServerMessage::Snapshot`].
    Snapshot {},
    /// Compiles an expression; answered by [`ServerMessage::Compiled`], or refused with
    /// the place of the mistake. Changes nothing: `load` plays the network.
    Compile(Compilation),
    /// Requests the whole period as it is played and without bends; answered by
    /// [`ServerMessage::Waveform`].
    Waveform {
        /// Columns to draw, 1 to 4096.
        columns: u16,
    },
    /// Trains a network to say a sound; answered by [`ServerMessage::Done`], after a
    /// [`ServerMessage::Learning`] about twice a second. Changes nothing: `load` plays the
    /// networks. One client trains at a time.
    Train(Training),
    /// Ends the client's training, which is refused.
    StopTraining {},
}

/// A sound to learn, and how.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Training {
    /// Name of the network, of which 60 characters count.
    pub name: String,
    /// The sound, 16 to 131,072 samples: signed numbers of 16 bits, little-endian, in Base64.
    /// Silence at its ends does not count.
    pub sound: String,
    /// Sample rate of the sound and of the network in Hz, 100 to 768,000.
    pub rate: u32,
    /// The loop has 2 to the power of this many samples, 8 to 16. The rest of a longer sound is
    /// left out, a shorter one is followed by silence.
    pub bits: u8,
    /// Largest number of gates, 1 to 32,768; with longer loops less, as memory allows.
    pub gates: u32,
}

/// An expression to compile, and how: the options of `gatebend compile`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export, optional_fields))]
pub struct Compilation {
    /// The expression.
    #[cfg_attr(test, ts(optional = false))]
    pub expression: String,
    /// Bits of t, 1 to 24. Without them, the expression's own period decides.
    pub bits: Option<u8>,
    /// Samples a second, 1 to 768,000; 8000 if missing.
    pub rate: Option<u32>,
    /// Controls that the expression may read, each `NAME:BITS` or `NAME:BITS=DEFAULT`.
    #[cfg_attr(test, ts(as = "Option<Vec<String>>"))]
    pub controls: Vec<String>,
    /// Bits of `in` and `in2`, 1 to 16; 8 if missing.
    pub audio_bits: Option<u8>,
    /// Bits of a sample, 1 to 16; 8 if missing.
    pub sample_bits: Option<u8>,
}

/// A finger on the pad, in parts of the pad's sides from the top left.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Finger {
    /// From the left, 0 to 1.
    pub x: f32,
    /// From the top, 0 to 1.
    pub y: f32,
    /// Size from 0 to 1, the largest finger.
    pub size: f32,
}

/// A message to a client.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum ServerMessage {
    /// The answer to the first message.
    Welcome(Box<Welcome>),
    /// Requests the pairing code, which the display shows. Also the answer to a token
    /// that is not valid.
    Pairing,
    /// Sections of the state that have changed; at first, all of them.
    State(Box<State>),
    /// The message with this id was carried out; the state it led to was sent before.
    Done {
        /// The message's id.
        id: u32,
    },
    /// A message was refused, and changed nothing.
    Refused {
        /// The message's id, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        id: Option<u32>,
        /// The reason, for people.
        reason: String,
        /// The place of a mistake in an expression, in characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        at: Option<usize>,
    },
    /// The progress of a request that takes long, where it is known; the answer follows.
    Progress {
        /// The id of the request. Not called `id`, which only answers have.
        of: u32,
        /// The part that is done, 0 to 1.
        part: f32,
    },
    /// The progress of a training; its answer follows.
    Learning {
        /// The id of the request. Not called `id`, which only answers have.
        of: u32,
        /// The part that is done, 0 to 1.
        part: f32,
        /// The error as a part of that of silence, on a scale of loudness; 0 if the network is
        /// exact.
        error: f32,
        /// The number of its gates.
        gates: u32,
        /// The least and the greatest of 256 values in each column of its period.
        wave: Vec<(u8, u8)>,
        /// The network's file, if it is another one than before and better than silence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        network: Option<String>,
    },
    /// The state of the engine and the connections, several times a second.
    Status(Status),
    /// The answer to [`Request::Snapshot`].
    Snapshot {
        /// The message's id.
        id: u32,
        /// The text that the command `restore` takes.
        snapshot: String,
        /// The network time.
        t: u32,
    },
    /// The answer to [`Request::Compile`].
    Compiled {
        /// The message's id.
        id: u32,
        /// The network's file.
        network: String,
        /// The number of its gates.
        gates: u32,
        /// The bits of t that it reads.
        #[serde(default)]
        bits: u8,
        /// Facts that the player should know, such as where the loop is shorter than the
        /// expression's period.
        #[serde(default)]
        notes: Vec<Note>,
    },
    /// The answer to [`Request::Waveform`]: the least and the greatest sample of each
    /// column, with and without bends.
    Waveform {
        /// The message's id.
        id: u32,
        /// Samples of the whole period, in all columns together.
        period: u32,
        /// The period as it is played.
        bent: Vec<(u8, u8)>,
        /// The period without bends.
        plain: Vec<(u8, u8)>,
        /// True for columns in which any sample differs.
        changed: Vec<bool>,
    },
}

/// A fact about a compiled expression, for people.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Note {
    /// A sentence without the full stop.
    pub text: String,
    /// The place in the expression, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub at: Option<usize>,
}

/// Facts about the instrument that do not change while it runs.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Welcome {
    /// The instrument's [`VERSION`].
    pub version: u32,
    /// The program's version.
    pub program: String,
    /// A number that differs after every start of the instrument.
    pub start: u32,
    /// The board: `desk`, `bela-black`, `browser` and so on.
    pub board: String,
    /// Output rate in frames a second.
    pub rate: u32,
    /// True if sound can be streamed.
    pub sound: bool,
    /// True if the instrument is heard without a page, through outputs of its board.
    pub outputs: bool,
    /// The display's height in pixels, 32 or 64, by 128; 0 without a display.
    pub display: u8,
    /// The table of parameters, in the order of [`State::parameters`].
    pub parameters: Vec<Parameter>,
    /// The regions of the pad.
    pub regions: Vec<Region>,
    /// True if [`Request::Listen`] has the field `bends`; instruments that lack it refuse it.
    #[serde(default)]
    pub bends: bool,
    /// The display's pages, in order.
    pub pages: Vec<Page>,
    /// Replaces the pairing code in the next [`Request::Hello`], until the instrument is
    /// started again; missing if it requires no code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional, as = "Option<String>"))]
    pub token: Option<Secret>,
}

/// A row of the table of parameters.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Parameter {
    /// Id, as the command `set` takes it.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Unit; empty if it has none.
    pub unit: String,
    /// One line of help.
    pub about: String,
    /// Least value.
    pub min: i32,
    /// Greatest value.
    pub max: i32,
    /// Default value.
    pub default: i32,
    /// Size of a step.
    pub step: i32,
    /// Usual values, ascending, which buttons go to; empty for all.
    #[serde(default)]
    pub stops: Vec<i32>,
    /// Digits after the point: the value 125 of 2 decimals is 1.25.
    pub decimals: u8,
    /// The words of a choice, by value from 0; empty for numbers.
    pub choices: Vec<String>,
    /// A value that is shown as a word, and the word.
    pub named: Option<(i32, String)>,
}

/// A region of the pad, in parts of the pad's sides from the top left.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Region {
    /// `field`, or a button: `previous`, `next`, `mode`, `clear`, `time`.
    pub name: String,
    /// Left, top, right, bottom.
    pub corners: (f32, f32, f32, f32),
}

/// A page of the display.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Page {
    /// Name, as the command `show` takes it.
    pub name: String,
    /// Each button of the pad, and its label while the page is shown.
    pub labels: Vec<(String, String)>,
}

/// Sections of the state; a section that is missing has not changed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export, optional_fields))]
pub struct State {
    /// The network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Layers of bends, from the lowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Layers>,
    /// Changed bends of layers that are otherwise the same, for clients that listen to
    /// them; in place of `layers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bends: Option<Vec<LayerChange>>,
    /// Momentary bends by touch and by analog inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched: Option<Touched>,
    /// The value of every parameter, in the table's order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<i32>>,
    /// The network's controls, in the order of its signals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls: Option<Vec<Control>>,
    /// Keys that sound, and MIDI controllers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub midi: Option<Midi>,
    /// The factory networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<Library>,
    /// Names of the presets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presets: Option<Vec<String>>,
    /// Play or pause, and the rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// The number of edits that led here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// The number of steps that can be undone, and redone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<(usize, usize)>,
    /// The display's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// A notice to the player; `""` when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// The number of edits that led to a state: [`instrument::Revision`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Revision {
    /// Edits of network, bends and parameters so far, including those before restarts.
    pub edits: u32,
    /// The number of edits that this start resumed from; 0 if it began anew.
    pub resumed: u32,
}

/// A control of the network.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Control {
    /// Its name in the network.
    pub name: String,
    /// Its position, 0 to 1.
    pub position: f64,
    /// The number of positions that the network tells apart, 2 to 65,536.
    pub steps: u32,
}

/// Keys and MIDI controllers.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Midi {
    /// Notes of the keys that sound, ascending; 60 is middle C.
    pub keys: Vec<u8>,
    /// The parameter or control that waits for the controller that moves next, as the command
    /// `learn-midi` takes it.
    pub learning: Option<String>,
    /// Numbers of controllers, ascending, and the parameters or controls that they move.
    pub controllers: Vec<(u8, String)>,
}

/// The network that is played.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Network {
    /// A checksum of the file, which frames of activity repeat.
    pub revision: u32,
    /// Its name and number of nodes, for the targets of edits.
    pub target: NetworkTarget,
    /// Its file, without the player's bends.
    pub file: String,
    /// Node, x and y of each gate on the pad's field, in parts of its sides. Gates that
    /// are not on the field are left out.
    pub places: Vec<(u32, f32, f32)>,
}

/// Layers of bends.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Layers {
    /// The layers, from the lowest.
    pub layers: Vec<Layer>,
    /// The layer that bends go to.
    pub chosen: usize,
}

/// A layer of bends.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Layer {
    /// Name for people.
    pub name: String,
    /// The share of its gates that are bent, in percent.
    pub strength: u8,
    /// Its bends by node, ascending; true if the bend is active at this strength.
    #[cfg_attr(test, ts(as = "Vec<(u32, tests::Bend, bool)>"))]
    pub bends: Vec<(u32, Bend, bool)>,
}

/// Changed bends of a layer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct LayerChange {
    /// The layer.
    pub layer: usize,
    /// As [`Layer::bends`], of the nodes that changed; `null` for a removed bend.
    #[cfg_attr(test, ts(as = "Vec<(u32, Option<tests::Bend>, bool)>"))]
    pub bends: Vec<(u32, Option<Bend>, bool)>,
}

/// Momentary bends.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Touched {
    /// Nodes under the finger, the nearest first.
    pub nodes: Vec<u32>,
    /// The node that analog inputs bend.
    pub steered: Option<u32>,
    /// The bend of all these nodes.
    #[cfg_attr(test, ts(as = "tests::Bend"))]
    pub bend: Bend,
}

/// The factory networks.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Library {
    /// Names, in order.
    pub names: Vec<String>,
    /// The index of the one that is played, or that the network was made from.
    pub place: usize,
}

/// The state of playback.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Transport {
    /// False while paused.
    pub playing: bool,
    /// Samples a second at speed 1.
    pub rate: u32,
    /// The number of jumps in time so far.
    pub seeks: u32,
}

/// The state of the engine and the connections.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Status {
    /// Network time.
    pub t: u32,
    /// The share of its time that the audio callback used, in thousandths.
    pub load: u32,
    /// True if the load is estimated for a BeagleBone rather than measured.
    #[serde(default)]
    pub estimated: bool,
    /// Callbacks that were late since the start, and blocks that were lost.
    pub late: u32,
    /// The processor that evaluates the network: `cpu` or `pru`.
    pub engine: String,
    /// Connected clients.
    pub clients: u32,
    /// The address of the client that trains a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional, as = "Option<String>"))]
    pub training: Option<IpAddr>,
    /// Descriptions of faults, for people.
    pub faults: Vec<String>,
}

/// The kind of a binary message, its first byte. Numbers are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// Activity of every node: kind, three zeros, revision of the network (u32), t (u32),
    /// then a byte for each node: bit 7 its value at t, bits 0 to 6 its recent rate of
    /// toggling, from 0 (never) to 127 (at every sample).
    Activity = 1,
    /// The display: kind, 1 if it is on, contrast, height, then its memory: pages of 8
    /// rows, a byte a column, the lowest bit at the top.
    Display = 2,
    /// Sound: kind, seven zeros, number of the first frame (u64), then frames (f32) at the
    /// welcome's rate. A gap in the numbers is lost sound.
    Sound = 3,
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::path::Path;

    use instrument::commands::{Kind, TABLE};

    /// A gate: its operation, numbered as in the file, and the nodes it reads.
    #[derive(ts_rs::TS)]
    #[ts(export)]
    #[expect(dead_code, reason = "only its type is exported")]
    struct Gate(u8, u32, u32);

    /// A bend of a node: constant 0 or 1, the opposite of its own output, or another
    /// operation.
    #[derive(ts_rs::TS)]
    #[ts(export, rename_all = "kebab-case")]
    #[expect(dead_code, reason = "only its type is exported")]
    pub enum Bend {
        Zero,
        One,
        Invert,
        Op(u8),
    }

    fn typescript(kind: Kind) -> &'static str {
        match kind {
            Kind::Number(..) | Kind::Setting | Kind::Position => "number",
            Kind::Flag => "boolean",
            Kind::Name
            | Kind::File
            | Kind::Page
            | Kind::Parameter
            | Kind::Control
            | Kind::Bytes => "string",
            Kind::Gate => "Gate",
            Kind::Bends => "Array<[number, Bend | null]>",
        }
    }

    /// Exports the union of commands and requests, as derived types are exported by tests.
    #[test]
    fn export_bindings_client_message() {
        let mut text = "// Generated from instrument::commands::TABLE by `cargo test --lib link`. Do not edit.\n\
            import type { Bend } from \"./Bend\";\n\
            import type { Gate } from \"./Gate\";\n\
            import type { Request } from \"./Request\";\n\n\
            /** What an edit is meant for; if it is gone, the edit is refused. */\n\
            export type Target = {\n    \
            /** [`Network::target`]. */\n    \
            network?: [string, number],\n    \
            /** The name of the layer whose index the edit has. */\n    \
            layer?: string,\n};\n\n\
            /** A message to the instrument; answers repeat its id. */\n\
            export type ClientMessage = { id?: number, target?: Target } & (\n    | Request\n"
            .to_string();
        for command in TABLE {
            write!(
                text,
                "    /** {}. */\n    | {{ type: \"{}\"",
                command.about, command.name
            )
            .unwrap();
            for argument in command.arguments {
                let mark = if argument.optional { "?" } else { "" };
                write!(
                    text,
                    ",\n        /** {}. */\n        {}{mark}: {}",
                    argument.about,
                    argument.name,
                    typescript(argument.kind)
                )
                .unwrap();
            }
            text.push_str(" }\n");
        }
        text.push_str(");\n");
        let folder = std::env::var_os("TS_RS_EXPORT_DIR");
        let folder =
            folder.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/web/types").into());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(Path::new(&folder).join("ClientMessage.ts"), text).unwrap();
    }
}
