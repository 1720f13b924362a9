//! The module that browsers load to train networks, in a worker: apart from the instrument's
//! module, since few pages need it.
//!
//! The boundary is as in that module: bytes go in through the [`inbox`], which the next call
//! reads, and come out through the [`outbox`], which is valid until the next call.
//!
//! `web/audio/trainer.js` is the other side.

use std::cell::RefCell;

use gatebend::link::client_session::refused;
use gatebend::link::protocol::{ServerMessage, Training};
use gatebend::link::training::Learner;

/// State between two calls.
#[derive(Default)]
struct Rim {
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    learner: Option<Learner>,
}

thread_local! {
    static RIM: RefCell<Rim> = RefCell::default();
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

/// Returns the output of the last call: a message for the client, JSON.
#[unsafe(no_mangle)]
pub extern "C" fn outbox() -> *const u8 {
    RIM.with_borrow(|rim| rim.outbox.as_ptr())
}

/// Returns the length of that output in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn outbox_length() -> usize {
    RIM.with_borrow(|rim| rim.outbox.len())
}

/// Begins the training in the inbox, its id and itself. Returns false if it is refused; the
/// output says why.
#[unsafe(no_mangle)]
pub extern "C" fn begin() -> bool {
    RIM.with_borrow_mut(|rim| {
        let read = serde_json::from_slice::<(u32, Training)>(&rim.inbox);
        let begun = match read {
            Ok((id, training)) => Learner::new(id, &training).map_err(|reason| (Some(id), reason)),
            Err(error) => Err((None, error.to_string())),
        };
        match begun {
            Ok(learner) => rim.learner = Some(learner),
            Err((id, reason)) => rim.put(&refused(id, reason)),
        }
        rim.learner.is_some()
    })
}

/// Continues for some milliseconds, seldom for seconds. Returns false once nothing is left to do.
#[unsafe(no_mangle)]
pub extern "C" fn step() -> bool {
    RIM.with_borrow_mut(|rim| {
        let step = |learner: &mut Learner| learner.step(&mut ()) == Ok(true);
        rim.learner.as_mut().is_some_and(step)
    })
}

/// Outputs how far the training is, and the network if it is another one than before.
#[unsafe(no_mangle)]
pub extern "C" fn report() {
    RIM.with_borrow_mut(|rim| {
        if let Some(report) = rim.learner.as_mut().map(Learner::report) {
            rim.put(&report);
        }
    });
}

/// Outputs the answer of the training.
#[unsafe(no_mangle)]
pub extern "C" fn answer() {
    RIM.with_borrow_mut(|rim| {
        if let Some(answer) = rim.learner.as_ref().map(Learner::answer) {
            rim.put(&answer);
        }
    });
}

impl Rim {
    fn put(&mut self, message: &ServerMessage) {
        self.outbox = serde_json::to_vec(message).unwrap_or_default();
    }
}
