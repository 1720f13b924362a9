//! The way to the instrument for other threads: its newest state, and a queue of
//! commands for it.
//!
//! Reading the state never blocks, so a thread of low priority cannot delay one of
//! high priority. Not for the audio thread: a state may be dropped here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded, unbounded};
use instrument::{Command, State};

/// Result of a command: nothing, or the reason why it was refused.
pub type CommandResult = Result<(), String>;

/// The reason given for commands that come too late.
const ENDED: &str = "the instrument has ended";

/// A command on its way to the instrument.
#[derive(Debug)]
pub struct Request {
    /// The command to apply.
    pub command: Command,
    /// Receives the result, after the state that it led to was published and what it saves
    /// is on the disk. Dropped unused, it reports that the instrument has ended.
    pub reply: Option<Sender<CommandResult>>,
}

impl From<Command> for Request {
    /// Makes a request without a reply.
    fn from(command: Command) -> Request {
        Request {
            command,
            reply: None,
        }
    }
}

/// Senders of commands who wait for the same result. Dropped unused, they learn that the
/// instrument has ended.
#[derive(Debug, Default)]
pub struct Replies(Vec<Sender<CommandResult>>);

impl Replies {
    /// Adds those who wait for something else, which has the same result.
    pub fn merge(&mut self, others: Replies) {
        self.0.extend(others.0);
    }

    /// Sends everybody the result.
    pub fn send(&mut self, result: &CommandResult) {
        for reply in self.0.drain(..) {
            // The receiver may be gone.
            let _ = reply.send(result.clone());
        }
    }
}

impl From<Option<Sender<CommandResult>>> for Replies {
    fn from(reply: Option<Sender<CommandResult>>) -> Replies {
        Replies(reply.into_iter().collect())
    }
}

/// The result of a command, once it is known.
#[derive(Debug)]
pub struct Reply(Receiver<CommandResult>);

impl Reply {
    /// Returns the result if it has arrived; never blocks.
    pub fn now(&self) -> Option<CommandResult> {
        match self.0.try_recv() {
            Ok(result) => Some(result),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(ENDED.into())),
        }
    }

    /// Returns the result if it arrives within this time.
    pub fn within(&self, timeout: Duration) -> Option<CommandResult> {
        match self.0.recv_timeout(timeout) {
            Ok(result) => Some(result),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Err(ENDED.into())),
        }
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// Returns the reason why the command was refused, or that the instrument has ended.
    pub fn wait(self) -> CommandResult {
        self.0.recv().unwrap_or_else(|_| Err(ENDED.into()))
    }
}

/// A handle to a running instrument. Clones refer to the same instrument.
#[derive(Clone)]
pub struct Handle {
    state: Arc<ArcSwap<State>>,
    stop: Arc<AtomicBool>,
    requests: Sender<Request>,
}

impl Handle {
    /// Creates a handle to an instrument in this state, and the queue of requests that
    /// its thread takes from.
    pub fn new(state: &Arc<State>) -> (Handle, Receiver<Request>) {
        // Unbounded, so that no command is lost; touches that pile up are superseded.
        let (requests, inbox) = unbounded();
        let handle = Handle {
            state: Arc::new(ArcSwap::new(Arc::clone(state))),
            stop: Arc::new(AtomicBool::new(false)),
            requests,
        };
        (handle, inbox)
    }

    /// Publishes a new state.
    pub fn publish(&self, state: &Arc<State>) {
        self.state.store(Arc::clone(state));
    }

    /// Returns the newest state.
    pub fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Queues a command.
    pub fn command(&self, command: Command) {
        // The queue is gone only once the instrument has ended.
        let _ = self.requests.send(command.into());
    }

    /// Queues a command and returns its result to come. The state that it led to is
    /// published, and what it saves is on the disk, before the result arrives.
    pub fn request(&self, command: Command) -> Reply {
        let (reply, result) = bounded(1);
        let _ = self.requests.send(Request {
            command,
            reply: Some(reply),
        });
        Reply(result)
    }

    /// Returns the number of commands that the instrument's thread has not taken yet.
    pub fn queued(&self) -> usize {
        self.requests.len()
    }

    /// Requests the end of the instrument's threads.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Returns whether the end was requested.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
