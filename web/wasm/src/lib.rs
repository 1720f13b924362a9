//! The module that browsers load: the instrument in a page, without a server.
//!
//! This is only the boundary between Rust and JavaScript: plain functions of numbers, since
//! an audio worklet lacks what generated loaders need. Bytes go in through the [`inbox`],
//! which the next call reads; they come out through the [`outbox`], which is valid until the
//! next call. The caller has one thread and one instrument, and any call may move memory.
//!
//! `web/audio/module.js` is the other side.

mod standalone;

use std::cell::RefCell;
use std::mem;

use gatebend::factory_networks;
use gatebend::link::jobs::{self, Job};
use gatebend::link::protocol;
use serde_json::json;

pub use standalone::{Message, Standalone};

/// Kinds of bytes in the inbox and the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Nothing.
    Nothing = 0,
    /// A message from the client or for it, JSON; or a script.
    Text = 1,
    /// Bytes: a frame for the client, or samples.
    Binary = 2,
    /// The reason why a call failed, UTF-8.
    Problem = 3,
    /// A job for [`work`], JSON, whose answer is for the client.
    Job = 4,
    /// A long message of the client for [`prepare`], whose answer is for [`receive`].
    Unprepared = 5,
    /// A message that [`prepare`] made quick to read.
    Prepared = 6,
    /// A training for the module of `train/`: id and training, JSON.
    Train = 7,
    /// Nothing; the training ends.
    StopTraining = 8,
}

type Output = (Kind, Vec<u8>);

/// State between two calls.
#[derive(Default)]
struct Rim {
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    /// The audio input of the next frames: all of the left channel, then all of the right one.
    heard: Vec<f32>,
    standalone: Option<Standalone>,
}

thread_local! {
    static RIM: RefCell<Rim> = RefCell::default();
}

/// Runs a call with the contents of the inbox, and puts its output into the outbox.
fn call(run: impl FnOnce(Vec<u8>, &mut Option<Standalone>) -> Result<Output, String>) -> Kind {
    RIM.with_borrow_mut(|rim| {
        let output = run(mem::take(&mut rim.inbox), &mut rim.standalone);
        let (kind, bytes) = output.unwrap_or_else(|problem| (Kind::Problem, problem.into_bytes()));
        rim.outbox = bytes;
        kind
    })
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "this text is not UTF-8".into())
}

/// Returns room for this many bytes, to be written before the next call.
#[unsafe(no_mangle)]
pub extern "C" fn inbox(length: usize) -> *mut u8 {
    RIM.with_borrow_mut(|rim| {
        rim.inbox.clear();
        rim.inbox.resize(length, 0);
        rim.inbox.as_mut_ptr()
    })
}

/// Returns the output of the last call.
#[unsafe(no_mangle)]
pub extern "C" fn outbox() -> *const u8 {
    RIM.with_borrow(|rim| rim.outbox.as_ptr())
}

/// Returns the length of that output in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn outbox_length() -> usize {
    RIM.with_borrow(|rim| rim.outbox.len())
}

/// Starts the instrument at this rate in Hz, in place of any other. The inbox may hold a
/// script that plays on it (`docs/playing.md`).
#[unsafe(no_mangle)]
pub extern "C" fn create(rate: u32) -> Kind {
    call(|script, standalone| {
        *standalone = None;
        warm_up(rate)?;
        *standalone = Some(Standalone::new(rate, &text(script)?)?);
        Ok((Kind::Nothing, Vec::new()))
    })
}

/// Loads, bends, draws and saves a network on an instrument that nobody hears: browsers compile
/// code when it first runs, which would interrupt the sound.
fn warm_up(rate: u32) -> Result<(), String> {
    let mut standalone = Standalone::new(rate, "")?;
    let network = factory_networks::all().swap_remove(0).to_json();
    for message in [
        json!({"type": "hello", "version": protocol::VERSION}),
        json!({"type": "load", "network": network}),
        json!({"type": "paint", "bends": [[40, "invert"]], "begins": true}),
        json!({"type": "waveform", "id": 1, "columns": 1}),
        json!({"type": "snapshot", "id": 2}),
    ] {
        standalone.handle(&jobs::prepare(&message.to_string())?);
        for _ in 0..20 {
            standalone.render(128, [&[]; 2]);
            while let Some(message) = standalone.next_message() {
                output(message)?;
            }
        }
    }
    Ok(())
}

/// Returns room for this many frames of audio input, all of the left channel and then all of
/// the right one, to be written before the next call: [`render`], which hears them.
#[unsafe(no_mangle)]
pub extern "C" fn hear(frames: usize) -> *mut f32 {
    RIM.with_borrow_mut(|rim| {
        rim.heard.clear();
        rim.heard.resize(2 * frames, 0.0);
        rim.heard.as_mut_ptr()
    })
}

/// Renders the next frames as floats, all of the left channel and then all of the right one,
/// valid until the next call. Returns null if there is no instrument.
#[unsafe(no_mangle)]
pub extern "C" fn render(frames: usize) -> *const f32 {
    RIM.with_borrow_mut(|rim| {
        let (left, right) = rim.heard.split_at(rim.heard.len() / 2);
        let rendered = rim.standalone.as_mut().map(|standalone| {
            let quantum = standalone.render(frames, [left, right]);
            quantum.as_ptr()
        });
        rim.heard.clear();
        rendered.unwrap_or(std::ptr::null())
    })
}

/// Handles the inbox: a message of the client, [`Kind::Text`], or the answer of [`prepare`],
/// [`Kind::Prepared`] or [`Kind::Problem`]. Returns a message to be prepared, if any;
/// [`next_message`] returns everything else.
#[unsafe(no_mangle)]
pub extern "C" fn receive(kind: u32) -> Kind {
    call(|message, standalone| {
        const PREPARED: u32 = Kind::Prepared as u32;
        const PROBLEM: u32 = Kind::Problem as u32;
        let message = text(message)?;
        let unprepared = standalone.as_mut().and_then(|standalone| match kind {
            PREPARED => standalone.receive_prepared(Ok(message)),
            PROBLEM => standalone.receive_prepared(Err(message)),
            _ => standalone.receive(message),
        });
        Ok(match unprepared {
            Some(message) => (Kind::Unprepared, message.as_bytes().to_vec()),
            None => (Kind::Nothing, Vec::new()),
        })
    })
}

/// Takes the instrument's next message, if there is one.
#[unsafe(no_mangle)]
pub extern "C" fn next_message() -> Kind {
    call(|_, standalone| {
        let message = standalone.as_mut().and_then(Standalone::next_message);
        message.map_or(Ok((Kind::Nothing, Vec::new())), output)
    })
}

fn output(message: Message) -> Result<Output, String> {
    let (kind, json) = match message {
        Message::Frame(frame) => return Ok((Kind::Binary, frame)),
        Message::ServerMessage(message) => (Kind::Text, serde_json::to_vec(&message)),
        Message::Job(job) => (Kind::Job, serde_json::to_vec(&job)),
        Message::Train(id, training) => (Kind::Train, serde_json::to_vec(&(id, training))),
        Message::StopTraining => (Kind::StopTraining, Ok(Vec::new())),
    };
    Ok((kind, json.map_err(|error| error.to_string())?))
}

/// Runs the job in the inbox and returns its answer, a message for the client. For a module
/// in a worker, since it may take long.
#[unsafe(no_mangle)]
pub extern "C" fn work() -> Kind {
    call(|job, _| {
        let job: Job = serde_json::from_slice(&job).map_err(|error| error.to_string())?;
        let answer = job.answer(&mut ()).map_err(|error| error.to_string())?;
        output(Message::ServerMessage(answer))
    })
}

/// Makes the client's message in the inbox quick to read. For a module in a worker, since it
/// may take longer than a quantum of audio.
#[unsafe(no_mangle)]
pub extern "C" fn prepare() -> Kind {
    call(|message, _| Ok((Kind::Prepared, jobs::prepare(&text(message)?)?.into_bytes())))
}

/// Renders this many frames of the network's file in the inbox from time t on, as bytes.
#[unsafe(no_mangle)]
pub extern "C" fn samples(t: u32, count: usize) -> Kind {
    call(|file, _| {
        let samples = jobs::samples(&text(file)?, t, count).map_err(|error| error.to_string())?;
        Ok((Kind::Binary, samples))
    })
}
