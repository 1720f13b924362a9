//! The way to the storage thread for other threads.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, unbounded};
use instrument::SaveRequest;

use crate::handle::Replies;

/// Something to save or delete, and those who wait until the disk has it.
#[derive(Debug)]
pub struct Saving {
    /// The request.
    pub request: SaveRequest,
    /// The notice for the player once it is done.
    pub notice: Option<String>,
    /// Receive the result of the first attempt.
    pub replies: Replies,
}

impl From<SaveRequest> for Saving {
    /// Has nobody wait.
    fn from(request: SaveRequest) -> Saving {
        Saving {
            request,
            notice: None,
            replies: Replies::default(),
        }
    }
}

/// A message to the storage thread.
#[derive(Debug)]
pub(super) enum Message {
    Save(Saving),
    Played(Sender<bool>),
    Steady,
    End(Sender<bool>),
}

/// The storage thread's end of the queue.
pub(super) struct Inbox {
    pub messages: Receiver<Message>,
    /// Dropped with the queue, so that handles know of the end.
    _alive: Arc<()>,
}

/// Sends requests to the storage thread. Never waits.
#[derive(Clone)]
pub struct StorageHandle {
    messages: Sender<Message>,
    /// Alive as long as the inbox is.
    inbox: Weak<()>,
}

impl StorageHandle {
    /// Creates a handle and the inbox of its requests.
    pub(super) fn new() -> (StorageHandle, Inbox) {
        let (sender, messages) = unbounded();
        let alive = Arc::new(());
        let handle = StorageHandle {
            messages: sender,
            inbox: Arc::downgrade(&alive),
        };
        let inbox = Inbox {
            messages,
            _alive: alive,
        };
        (handle, inbox)
    }

    /// Queues a request; the storage answers it.
    pub fn save(&self, saving: Saving) {
        // If the thread has ended already, those who wait learn it.
        let _ = self.messages.send(Message::Save(saving));
    }

    /// Returns whether nothing can be saved any more.
    pub fn has_ended(&self) -> bool {
        self.inbox.strong_count() == 0
    }

    /// Reports the first block: from here on, this start counts as failed until it is
    /// steady. The reply arrives once the thread has tried to write the count.
    pub fn played(&self) -> Reply {
        self.request(Message::Played)
    }

    /// Reports steady play: this start has not failed. To be called after
    /// [`STEADY_NS`](super::STEADY_NS) of sound.
    pub fn steady(&self) {
        let _ = self.messages.send(Message::Steady);
    }

    /// Requests that the thread saves everything and ends. A start that ends like this
    /// before it was steady does not count as failed.
    pub fn begin_end(&self) -> Reply {
        self.request(Message::End)
    }

    fn request(&self, message: impl FnOnce(Sender<bool>) -> Message) -> Reply {
        let (reply, replied) = bounded(1);
        // If the thread has ended already, there is no reply.
        let _ = self.messages.send(message(reply));
        Reply(replied)
    }
}

/// The storage thread's reply to a request.
pub struct Reply(Receiver<bool>);

impl Reply {
    /// Waits at most this long. Returns whether everything is saved.
    pub fn wait(self, timeout: Duration) -> bool {
        self.0.recv_timeout(timeout).unwrap_or(false)
    }

    /// Returns whether the reply has arrived, or cannot arrive any more; never waits.
    pub fn is_over(&self) -> bool {
        self.0.try_recv() != Err(TryRecvError::Empty)
    }
}
