//! What browser and instrument say to each other, in one place: everything else,
//! the client's types among it, is made from this.
//!
//! Commands, state and answers are JSON in text messages; what comes many times a
//! second is binary, and begins with a [`FrameKind`] byte. A node is a network's: first
//! its inputs, then its gates, as in its file. Times `t` are network samples.
//!
//! A client says [`ClientMessage::Hello`] first. It is told [`ServerMessage::Welcome`] and the whole
//! [`ServerMessage::State`]; afterwards, of a state, only the sections that changed. A
//! message that asks for something and has an `id` is answered with that id.

use serde::{Deserialize, Serialize};

/// The protocol's version: one that differs is refused in a sentence.
pub const VERSION: u32 = 1;

/// A message of a client, with what its answer is told by: one object, with the `type` and
/// the fields of what it says. [`Message::read`] reads it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Message {
    /// Comes back with the answer; without one, only refusals are answered.
    #[cfg_attr(test, ts(optional))]
    pub id: Option<u32>,
    /// What it says.
    #[cfg_attr(test, ts(flatten))]
    pub ask: ClientMessage,
}

/// What a client says.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export, tag = "type"))]
pub enum ClientMessage {
    /// The first message.
    Hello {
        /// [`VERSION`] as the client has it.
        version: u32,
        /// The pairing code, where one is wanted.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        code: Option<String>,
    },
    /// What is wanted of binary frames; all of them at first, but sound.
    Listen {
        /// [`FrameKind::Activity`].
        activity: bool,
        /// [`FrameKind::Display`].
        display: bool,
        /// [`FrameKind::Sound`].
        sound: bool,
    },

    /// Another network, as its file's text; a preset's file brings its bends.
    Load {
        /// The file.
        network: String,
    },
    /// A network of the library.
    Choose {
        /// Its place there.
        place: usize,
    },
    /// The next network of the library, or the one before.
    Swap {
        /// Forwards.
        next: bool,
    },
    /// A random network.
    Random {
        /// The same seed gives the same network; none, another one each time.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        seed: Option<u32>,
    },
    /// A few gates changed by chance, under bends that stay.
    Mutate {
        /// The same seed gives the same changes.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        seed: Option<u32>,
    },
    /// One gate's operation and operands, changed for good.
    Rewire {
        /// Its node.
        node: u32,
        /// Operation, and the nodes it reads.
        gate: Gate,
    },

    /// Bends painted into the chosen layer; all or none.
    Paint {
        /// What each node is bent to, or that it is no longer.
        bends: Vec<(u32, Option<Bend>)>,
        /// A new stroke; else it goes on with this client's one before. A stroke is one
        /// step of undo, unless something else is done meanwhile.
        begins: bool,
    },
    /// No more bends in a layer, or in all.
    Clear {
        /// The layer.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        layer: Option<usize>,
    },
    /// A new layer over the others, which is chosen then.
    AddLayer {
        /// Its name; else one is made up.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        name: Option<String>,
    },
    /// A layer taken away.
    RemoveLayer {
        /// Which.
        layer: usize,
    },
    /// Paints and touches that last go into this layer from now on.
    ChooseLayer {
        /// Which.
        layer: usize,
    },
    /// How much of a layer counts.
    Strength {
        /// Which.
        layer: usize,
        /// The share of its gates that are bent, 0 to 100 percent.
        strength: u8,
    },
    /// The last step taken back.
    Undo,
    /// The last step taken back made again.
    Redo,

    /// A parameter's value, in the table's units; out of range, the nearest.
    Set {
        /// Its id in the table.
        key: String,
        /// The value.
        value: i32,
    },
    /// Time goes on, or stands still.
    Play {
        /// It goes on.
        playing: bool,
    },
    /// Network time goes on from here.
    Seek {
        /// Where.
        t: u32,
    },

    /// Fingers on the pad, all of them: sent whenever one moves, comes or leaves.
    Touch {
        /// At most five.
        fingers: Vec<Finger>,
    },
    /// A page of the display.
    Show {
        /// `play`, `menu`, `presets`, `inputs` or `about`.
        page: String,
    },
    /// What is played, kept as a preset.
    SavePreset {
        /// Its name; else one is made up.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        name: Option<String>,
    },
    /// A preset played.
    RecallPreset {
        /// Its name.
        name: String,
    },
    /// A preset deleted.
    DeletePreset {
        /// Its name.
        name: String,
    },

    /// Everything that lasts, as a text; answered by [`ServerMessage::Snapshot`].
    Snapshot,
    /// Such a text played on from.
    Restore {
        /// The text.
        snapshot: String,
        /// The network time to go on from.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        t: Option<u32>,
    },
    /// An expression of t compiled; answered by [`ServerMessage::Compiled`], or refused with
    /// the place that is wrong. It changes nothing: load it to hear it.
    Compile {
        /// The expression.
        expression: String,
        /// Bits of t, 1 to 24.
        bits: u8,
    },
    /// The whole period as it is played and without bends; answered by
    /// [`ServerMessage::Waveform`].
    Waveform {
        /// Columns to draw, 1 to 4096.
        columns: u16,
    },
}

/// A gate: its operation, numbered as in the file, and the nodes it reads.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Gate(pub u8, pub u32, pub u32);

/// What a bend makes of a node.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum Bend {
    /// Constant 0.
    Zero,
    /// Constant 1.
    One,
    /// The opposite of what it would be.
    Invert,
    /// A gate of another operation.
    Op(u8),
}

/// A finger on the pad, in parts of its sides from the top left.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Finger {
    /// From the left, 0 to 1.
    pub x: f32,
    /// From the top, 0 to 1.
    pub y: f32,
    /// Its size, as a part of the largest.
    pub size: f32,
}

/// What a client is told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum ServerMessage {
    /// The answer to the first message.
    Welcome(Box<Welcome>),
    /// A pairing code is wanted; the display shows it.
    Pairing,
    /// Sections of the state that have changed; all of them at first.
    State(Box<State>),
    /// How it does, some times a second.
    Status(Status),
    /// What was asked for with this id is done. Its state was told before.
    Done {
        /// The message's.
        id: u32,
    },
    /// What was asked for is not done, and nothing has changed.
    Refused {
        /// The message's, if it had one that could be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        id: Option<u32>,
        /// Why, in plain words.
        reason: String,
        /// The place in an expression, in characters from its start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        at: Option<usize>,
    },
    /// An answer to [`ClientMessage::Snapshot`].
    Snapshot {
        /// The message's.
        id: u32,
        /// What [`ClientMessage::Restore`] takes.
        snapshot: String,
        /// The network time.
        t: u32,
    },
    /// An answer to [`ClientMessage::Compile`].
    Compiled {
        /// The message's.
        id: u32,
        /// The network's file.
        network: String,
        /// Its gates.
        gates: u32,
    },
    /// An answer to [`ClientMessage::Waveform`]: the least and the most sample of each
    /// column, of what is played, and of the same without bends.
    Waveform {
        /// The message's.
        id: u32,
        /// Samples of the whole period, all columns together.
        period: u32,
        /// As it is played.
        bent: Vec<(u8, u8)>,
        /// Without bends.
        plain: Vec<(u8, u8)>,
        /// Columns in which any sample differs.
        changed: Vec<bool>,
    },
}

/// Where a client is.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Welcome {
    /// [`VERSION`] as the instrument has it.
    pub version: u32,
    /// The program's version.
    pub program: String,
    /// Tells starts of the instrument apart: another one since the client was here
    /// last means that it was restarted.
    pub start: u32,
    /// What it runs on: `desk`, `bela-black`, `browser` and so on.
    pub board: String,
    /// Frames a second that it plays.
    pub rate: u32,
    /// Sound can be streamed.
    pub sound: bool,
    /// The display's height in pixels, 32 or 64, by 128; 0 without one.
    pub display: u8,
    /// The table of parameters, in the order of [`State::parameters`].
    pub parameters: Vec<Parameter>,
    /// The pad: what lies where on it.
    pub regions: Vec<Region>,
}

/// A row of the table of parameters.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Parameter {
    /// Its id.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// Its unit, or nothing.
    pub unit: String,
    /// A sentence for people.
    pub about: String,
    /// Least value.
    pub min: i32,
    /// Most value.
    pub max: i32,
    /// What a step changes.
    pub step: i32,
    /// Digits after the point: the value 125 of 2 decimals is 1.25.
    pub decimals: u8,
    /// The words of a choice, by value from 0; of numbers, none.
    pub choices: Vec<String>,
    /// A value that has a name instead, and the name.
    pub named: Option<(i32, String)>,
}

/// A region of the pad, in parts of its sides from the top left.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Region {
    /// `field`, or a button: `previous`, `next`, `mode`, `clear`, `time`.
    pub name: String,
    /// Left, top, right, bottom.
    pub corners: (f32, f32, f32, f32),
}

/// Sections of the state; those that are not there are as before.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export, optional_fields))]
pub struct State {
    /// The network that is played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Layers of bends, from the lowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Layers>,
    /// What is bent while it is touched, or turned to by an analog input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched: Option<Touched>,
    /// Every parameter's value, in the table's order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<i32>>,
    /// Names of the library's networks, and which it is, or was before it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<Library>,
    /// Names of the presets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presets: Option<Vec<String>>,
    /// Whether time goes on, and at how many samples a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// Steps that can be undone, and done again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<(usize, usize)>,
    /// The display's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Something told to the player; `""` when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// The network that is played.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Network {
    /// Another one, another number; frames of activity have it.
    pub revision: u32,
    /// Its file, without the player's bends.
    pub file: String,
    /// Where each gate lies on the pad's field, by node: (x, y) in parts of it.
    /// Gates that are not there are not named.
    pub places: Vec<(u32, f32, f32)>,
}

/// Layers of bends.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Layers {
    /// From the lowest.
    pub layers: Vec<Layer>,
    /// The one that paints go into.
    pub chosen: usize,
}

/// A layer of bends.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// The share of its gates that are bent, in percent.
    pub strength: u8,
    /// Its bends by node, ascending, and whether each counts at this strength.
    pub bends: Vec<(u32, Bend, bool)>,
}

/// What is bent and will not last.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Touched {
    /// Nodes under the finger, the nearest first.
    pub nodes: Vec<u32>,
    /// The node that analog inputs bend.
    pub steered: Option<u32>,
    /// What they are bent to.
    pub bend: Bend,
}

/// The networks that are at hand.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Library {
    /// Their names.
    pub names: Vec<String>,
    /// Which it is, or was before it was changed.
    pub place: usize,
}

/// How time goes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Transport {
    /// It goes on.
    pub playing: bool,
    /// Samples a second at speed 1.
    pub rate: u32,
    /// How often it was set to another place.
    pub seeks: u32,
}

/// How the instrument does.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Status {
    /// Network time.
    pub t: u32,
    /// Part of its time that the audio callback used, in thousandths.
    pub load: u32,
    /// Callbacks that came too late, since the start.
    pub late: u32,
    /// Which engine evaluates: `cpu` or `pru`.
    pub engine: String,
    /// Clients that are connected.
    pub clients: u32,
    /// What does not work now, in plain words.
    pub faults: Vec<String>,
}

/// What a binary message is, by its first byte. Numbers are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// What every node does: byte, three zeros, revision of the network (u32), t
    /// (u32), then a byte for each node: bit 7 its value at t, bits 0 to 6 how often
    /// it toggled lately, 0 (never) to 127 (at every sample).
    Activity = 1,
    /// The display: byte, whether it is on, its contrast, its height, then its
    /// memory: pages of 8 rows, a byte a column, the lowest bit at the top.
    Display = 2,
    /// Sound: byte, seven zeros, number of the first frame (u64), then frames (f32).
    /// The rate is in the welcome. A gap in the numbers is sound that was lost.
    Sound = 3,
}
