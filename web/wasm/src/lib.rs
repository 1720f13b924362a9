//! The module that browsers load: the instrument in a page, without a server.
//!
//! Only the interface between Rust and JavaScript: plain functions of numbers, because
//! generated loaders need more than an audio worklet offers. The caller writes a text to
//! the [`inbox`], which the next call reads; results are in the [`outbox`] until the next
//! call. A module has one thread and one instrument. Any call may move its memory.
//!
//! `web/audio/module.js` is the JavaScript side.

mod alone;

use std::cell::RefCell;

use gatebend::link::jobs::{self, Job};

pub use alone::{Alone, Message};

/// Kinds of results that a call leaves in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Nothing.
    Nothing = 0,
    /// A text, UTF-8.
    Text = 1,
    /// Bytes.
    Binary = 2,
    /// A job for [`work`], JSON, whose answer is for the client.
    Job = 4,
    /// The reason why the call failed, UTF-8.
    Problem = 3,
}

/// State between two calls.
#[derive(Default)]
struct Rim {
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    alone: Option<Alone>,
}

thread_local! {
    static RIM: RefCell<Rim> = RefCell::default();
}

/// Runs a call and puts its result into the outbox.
fn call(body: impl FnOnce(&mut Rim) -> Result<(Kind, Vec<u8>), String>) -> Kind {
    RIM.with_borrow_mut(|rim| {
        let result = body(rim);
        let (kind, bytes) = result.unwrap_or_else(|problem| (Kind::Problem, problem.into_bytes()));
        rim.outbox = bytes;
        kind
    })
}

/// Takes the text in the inbox.
fn text(rim: &mut Rim) -> Result<String, String> {
    String::from_utf8(std::mem::take(&mut rim.inbox)).map_err(|_| "this is no text in UTF-8".into())
}

/// Returns room for a text of this many bytes, to be written before the next call.
#[unsafe(no_mangle)]
pub extern "C" fn inbox(length: usize) -> *mut u8 {
    RIM.with_borrow_mut(|rim| {
        rim.inbox.clear();
        rim.inbox.resize(length, 0);
        rim.inbox.as_mut_ptr()
    })
}

/// Returns the result of the last call.
#[unsafe(no_mangle)]
pub extern "C" fn outbox() -> *const u8 {
    RIM.with_borrow(|rim| rim.outbox.as_ptr())
}

/// Returns the length of the last call's result in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn outbox_length() -> usize {
    RIM.with_borrow(|rim| rim.outbox.len())
}

/// Creates an instrument that plays `rate` frames a second, in place of any earlier one.
/// The inbox may hold a script that plays it (`docs/playing.md`).
#[unsafe(no_mangle)]
pub extern "C" fn create(rate: u32) -> Kind {
    call(|rim| {
        rim.alone = None;
        let script = text(rim)?;
        rim.alone = Some(Alone::new(rate, &script)?);
        Ok((Kind::Nothing, Vec::new()))
    })
}

/// Renders the next frames, one channel of floats, which are valid until the next call.
/// Returns null if there is no instrument.
#[unsafe(no_mangle)]
pub extern "C" fn render(frames: usize) -> *const f32 {
    RIM.with_borrow_mut(|rim| match &mut rim.alone {
        Some(alone) => alone.render(frames).as_ptr(),
        None => std::ptr::null(),
    })
}

/// Receives the client's message in the inbox. [`next_message`] returns the replies.
#[unsafe(no_mangle)]
pub extern "C" fn receive() -> Kind {
    call(|rim| {
        let text = text(rim)?;
        if let Some(alone) = &mut rim.alone {
            alone.receive(&text);
        }
        Ok((Kind::Nothing, Vec::new()))
    })
}

/// Takes the instrument's next message, if there is one.
#[unsafe(no_mangle)]
pub extern "C" fn next_message() -> Kind {
    call(|rim| {
        let json = |text: serde_json::Result<Vec<u8>>| text.map_err(|error| error.to_string());
        Ok(match rim.alone.as_mut().and_then(Alone::next_message) {
            Some(Message::ServerMessage(message)) => {
                (Kind::Text, json(serde_json::to_vec(&message))?)
            }
            Some(Message::Frame(frame)) => (Kind::Binary, frame),
            Some(Message::Job(job)) => (Kind::Job, json(serde_json::to_vec(&job))?),
            None => (Kind::Nothing, Vec::new()),
        })
    })
}

/// Runs the job in the inbox and returns its answer, a message for the client. Takes up to
/// a second, so call it in a worker with its own module.
#[unsafe(no_mangle)]
pub extern "C" fn work() -> Kind {
    call(|rim| {
        let text = text(rim)?;
        let job: Job = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let answer = serde_json::to_vec(&job.answer()).map_err(|error| error.to_string())?;
        Ok((Kind::Text, answer))
    })
}

/// Computes `count` samples of the network in the inbox, from time t on, a byte each.
#[unsafe(no_mangle)]
pub extern "C" fn samples(t: u32, count: usize) -> Kind {
    call(|rim| {
        let samples = jobs::samples(&text(rim)?, t, count).map_err(|error| error.to_string())?;
        Ok((Kind::Binary, samples))
    })
}
