//! The module that browsers load: the instrument in a page, without a server.
//!
//! The rim between Rust and JavaScript, and no more. Plain functions of numbers, since
//! the audio worklet has none of what generated loaders want. A text goes in through
//! the [`inbox`] and is read by the function that is called next; bytes come out
//! through the [`outbox`] and stand there until the next call. Whoever calls has one
//! thread, one instrument, and memory that may have moved after any call.
//!
//! `web/audio/module.js` is the other side.

mod alone;

use std::cell::RefCell;

use gatebend::link::jobs::{self, Job};

pub use alone::{Alone, Message};

/// What a call has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Nothing.
    Nothing = 0,
    /// A text, UTF-8.
    Text = 1,
    /// Bytes.
    Binary = 2,
    /// A request for [`work`], JSON, whose answer is for the client.
    Job = 4,
    /// Why what was asked for was not done: a sentence, UTF-8.
    Problem = 3,
}

/// What is between two calls.
#[derive(Default)]
struct Rim {
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    alone: Option<Alone>,
}

thread_local! {
    static RIM: RefCell<Rim> = RefCell::default();
}

/// Runs a call, and puts what it says into the outbox.
fn call(say: impl FnOnce(&mut Rim) -> Result<(Kind, Vec<u8>), String>) -> Kind {
    RIM.with_borrow_mut(|rim| {
        let (kind, said) = say(rim).unwrap_or_else(|problem| (Kind::Problem, problem.into_bytes()));
        rim.outbox = said;
        kind
    })
}

/// What stands in the inbox.
fn text(rim: &mut Rim) -> Result<String, String> {
    String::from_utf8(std::mem::take(&mut rim.inbox)).map_err(|_| "this is no text in UTF-8".into())
}

/// Room for a text of so many bytes, to be written before the next call.
#[unsafe(no_mangle)]
pub extern "C" fn inbox(length: usize) -> *mut u8 {
    RIM.with_borrow_mut(|rim| {
        rim.inbox.clear();
        rim.inbox.resize(length, 0);
        rim.inbox.as_mut_ptr()
    })
}

/// What the last call had to say.
#[unsafe(no_mangle)]
pub extern "C" fn outbox() -> *const u8 {
    RIM.with_borrow(|rim| rim.outbox.as_ptr())
}

/// How many bytes that is.
#[unsafe(no_mangle)]
pub extern "C" fn outbox_length() -> usize {
    RIM.with_borrow(|rim| rim.outbox.len())
}

/// Switches the instrument on, at so many frames a second; the inbox may hold a
/// script that plays on it (`docs/playing.md`). Whichever was on before is gone.
#[unsafe(no_mangle)]
pub extern "C" fn create(rate: u32) -> Kind {
    call(|rim| {
        rim.alone = None;
        let script = text(rim)?;
        rim.alone = Some(Alone::new(rate, &script)?);
        Ok((Kind::Nothing, Vec::new()))
    })
}

/// Renders the next frames, one channel of floats; silence when it is not on. They
/// stand there until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn render(frames: usize) -> *const f32 {
    RIM.with_borrow_mut(|rim| match &mut rim.alone {
        Some(alone) => alone.render(frames).as_ptr(),
        None => std::ptr::null(),
    })
}

/// Takes the client's message in the inbox. It is answered by [`next_message`].
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

/// The instrument's next message, if there is one.
#[unsafe(no_mangle)]
pub extern "C" fn next_message() -> Kind {
    call(|rim| {
        let json = |text: serde_json::Result<Vec<u8>>| text.map_err(|error| error.to_string());
        Ok(match rim.alone.as_mut().and_then(Alone::next_message) {
            Some(Message::ServerMessage(tell)) => (Kind::Text, json(serde_json::to_vec(&tell))?),
            Some(Message::Frame(frame)) => (Kind::Binary, frame),
            Some(Message::Job(work)) => (Kind::Job, json(serde_json::to_vec(&work))?),
            None => (Kind::Nothing, Vec::new()),
        })
    })
}

/// Does the work in the inbox and gives its answer, a message for the client. For a
/// module of its own in a worker: it may take a second.
#[unsafe(no_mangle)]
pub extern "C" fn work() -> Kind {
    call(|rim| {
        let text = text(rim)?;
        let work: Job = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let answer = serde_json::to_vec(&work.answer()).map_err(|error| error.to_string())?;
        Ok((Kind::Text, answer))
    })
}

/// Samples of the network in the inbox, from time t on: as many bytes.
#[unsafe(no_mangle)]
pub extern "C" fn samples(t: u32, count: usize) -> Kind {
    call(|rim| {
        let samples = jobs::samples(&text(rim)?, t, count).map_err(|error| error.to_string())?;
        Ok((Kind::Binary, samples))
    })
}
