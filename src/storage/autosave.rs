//! The loop of the storage thread: watches the state and saves changes.
//!
//! Time is passed in, in milliseconds. The instrument never waits for this thread, and
//! the audio thread does not know of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded, unbounded};
use instrument::{SaveRequest, Saved, State};

use super::disk::Disk;
use super::presets::Presets;
use super::state_folder::StateFolder;
use super::{Folders, Restored, Storage, StorageError};

/// The state is saved this long after its last change, and at most
/// [`MAX_DELAY_MS`] after its first: including the writing, within 2 s.
const SETTLED_MS: u64 = 500;
const MAX_DELAY_MS: u64 = 1500;
/// Time from a failed attempt to the next: first, and at most.
const FIRST_RETRY_MS: u64 = 250;
const MAX_RETRY_MS: u64 = 5000;
/// Period at which the state is checked.
const INTERVAL: Duration = Duration::from_millis(100);

enum Message {
    Save(SaveRequest),
    Played(Sender<bool>),
    Steady,
    End(Sender<bool>),
}

/// Sends requests to the storage thread. Never waits.
#[derive(Clone)]
pub struct StorageHandle(Sender<Message>);

impl StorageHandle {
    /// Reports the first block: from here on, this start counts as failed until it is
    /// steady. The reply arrives once the thread has tried to write the count.
    pub fn played(&self) -> Reply {
        self.request(Message::Played)
    }

    /// Reports steady play: this start has not failed. To be called after
    /// [`STEADY_NS`](super::STEADY_NS) of sound.
    pub fn steady(&self) {
        let _ = self.0.send(Message::Steady);
    }

    /// Requests that the thread saves everything and ends. A start that ends like this
    /// before it was steady does not count as failed.
    pub fn begin_end(&self) -> Reply {
        self.request(Message::End)
    }

    fn request(&self, message: impl FnOnce(Sender<bool>) -> Message) -> Reply {
        let (reply, replied) = bounded(1);
        // If the thread has ended already, there is no reply.
        let _ = self.0.send(message(reply));
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

impl Storage for StorageHandle {
    /// Queues the request; [`Autosave::poll`] reports failures.
    fn save(&mut self, request: SaveRequest) -> Result<(), StorageError> {
        self.0
            .send(Message::Save(request))
            .map_err(|_| StorageError::Ended)
    }
}

/// Watches the state and saves it.
pub struct Autosave<D> {
    messages: Receiver<Message>,
    presets: Option<Presets<D>>,
    folder: Option<StateFolder<D>>,
    /// The newest request for each preset, by name.
    queue: BTreeMap<String, SaveRequest>,
    calibration: Option<String>,
    /// The state that was seen last.
    seen: Option<Saved>,
    /// When the state first and last differed from the saved one.
    changed: Option<(u64, u64)>,
    /// The last failure that was reported.
    failure: Option<String>,
    retry_at: u64,
    retry_ms: u64,
    ending: bool,
    /// Receives whether everything is saved after the next attempt.
    reply: Option<Sender<bool>>,
}

/// The result of one poll.
#[derive(Default)]
struct Polled {
    saved: bool,
    problems: Vec<String>,
    notices: Vec<String>,
}

impl<D: Disk + Clone> Autosave<D> {
    /// Reads the folders. Waits only for the disk. Missing files are left out; the notices
    /// report damaged ones.
    pub fn open(disk: &D, folders: Folders) -> (Autosave<D>, StorageHandle, Restored) {
        let (handle, messages) = unbounded();
        let mut restored = Restored::default();
        let presets = folders
            .presets
            .map(|folder| Presets::open(disk.clone(), folder, &mut restored));
        let folder = folders
            .state
            .map(|folder| StateFolder::open(disk, &folder, &mut restored));
        let autosave = Autosave {
            messages,
            presets,
            folder,
            queue: BTreeMap::new(),
            calibration: None,
            seen: None,
            changed: None,
            failure: None,
            retry_at: 0,
            retry_ms: FIRST_RETRY_MS,
            ending: false,
            reply: None,
        };
        (autosave, StorageHandle(handle), restored)
    }

    /// Runs until [`StorageHandle::begin_end`], or until all handles are gone. `clock` is in
    /// milliseconds, `state` returns the newest state, `notify` shows a message to the
    /// player.
    pub fn run(
        &mut self,
        mut clock: impl FnMut() -> u64,
        mut state: impl FnMut() -> Arc<State>,
        mut notify: impl FnMut(String),
    ) {
        while !self.ending {
            match self.messages.recv_timeout(INTERVAL) {
                Ok(message) => self.receive(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.end(None),
            }
            self.poll(clock(), &state(), &mut notify);
        }
    }

    /// Saves the latest changes, for callers without a thread. Returns whether everything
    /// is saved.
    pub fn finish(mut self, now: u64, state: &Arc<State>, notify: &mut dyn FnMut(String)) -> bool {
        self.end(None);
        self.poll(now, state, notify);
        self.is_all_saved()
    }

    fn end(&mut self, reply: Option<Sender<bool>>) {
        self.ending = true;
        self.reply = reply;
        if let Some(folder) = &mut self.folder {
            folder.end();
        }
    }

    fn receive(&mut self, message: Message) {
        match message {
            Message::Save(SaveRequest::Calibration(text)) => {
                self.calibration = Some(text);
                self.retry_at = 0;
            }
            Message::Save(request) => {
                if let (Some(name), true) = (request.preset(), self.presets.is_some()) {
                    self.queue.insert(name.to_string(), request);
                    self.retry_at = 0;
                }
            }
            Message::Played(reply) => {
                if let Some(folder) = &mut self.folder {
                    folder.played();
                }
                self.reply = Some(reply);
                self.retry_at = 0;
            }
            Message::Steady => {
                if let Some(folder) = &mut self.folder {
                    folder.steady();
                }
            }
            Message::End(reply) => self.end(Some(reply)),
        }
    }

    /// Checks the state at a time in milliseconds, and saves changes that are due. Calls
    /// `notify` with messages for the player.
    pub fn poll(&mut self, now: u64, state: &Arc<State>, notify: &mut dyn FnMut(String)) {
        loop {
            match self.messages.try_recv() {
                Ok(message) => self.receive(message),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    if !self.ending {
                        self.end(None);
                    }
                    break;
                }
            }
        }
        self.observe(now, state);
        if now < self.retry_at && !self.ending {
            return;
        }
        let mut polled = Polled::default();
        self.save_presets(&mut polled);
        self.save_folder(now, &mut polled);
        for notice in polled.notices {
            log::warn!("{notice}");
            notify(notice);
        }
        if polled.problems.is_empty() {
            if polled.saved && self.failure.take().is_some() {
                log::info!("saved again");
                notify("saved again".into());
            }
            self.retry_ms = FIRST_RETRY_MS;
        } else {
            let failure = format!("not saved: {}", polled.problems.join("; "));
            if self.failure.as_ref() != Some(&failure) {
                log::warn!("{failure}");
                notify(failure.clone());
                self.failure = Some(failure);
            }
            self.retry_at = now + self.retry_ms;
            self.retry_ms = (self.retry_ms * 2).min(MAX_RETRY_MS);
        }
        if let Some(reply) = self.reply.take() {
            // The caller may have stopped waiting.
            let _ = reply.send(self.is_all_saved());
        }
    }

    fn is_all_saved(&self) -> bool {
        let count = self.folder.as_ref().is_none_or(StateFolder::is_count_saved);
        self.queue.is_empty() && self.calibration.is_none() && self.changed.is_none() && count
    }

    /// Notes when the lasting part of the state changes; fingers, pages and notices are
    /// not part of it.
    fn observe(&mut self, now: u64, state: &Arc<State>) {
        let Some(folder) = &self.folder else {
            return;
        };
        if self.seen.as_ref().is_some_and(|seen| seen.matches(state)) {
            return;
        }
        if folder.is_saved(state) {
            self.changed = None;
        } else {
            let (first, _) = self.changed.unwrap_or((now, now));
            self.changed = Some((first, now));
        }
        self.seen = Some(Saved::of(state));
    }

    fn save_presets(&mut self, polled: &mut Polled) {
        let Some(presets) = &mut self.presets else {
            return;
        };
        self.queue.retain(|name, request| {
            let saved = match request {
                SaveRequest::Save(preset) => presets.save(preset),
                SaveRequest::Delete(name) => presets.delete(name).map(|()| None),
                // Saved with the state.
                SaveRequest::Calibration(_) => return false,
            };
            match saved {
                Ok(other) => {
                    let notice =
                        |other| format!("a preset {name} already exists: saved as {other}");
                    polled.notices.extend(other.map(notice));
                    polled.saved = true;
                    false
                }
                Err(error) => {
                    polled.problems.push(error.to_string());
                    true
                }
            }
        });
    }

    fn save_folder(&mut self, now: u64, polled: &mut Polled) {
        let Some(folder) = &mut self.folder else {
            return;
        };
        match folder.save_starts() {
            Ok(saved) => polled.saved |= saved,
            Err(error) => polled.problems.push(error.to_string()),
        }
        if let Some(text) = self.calibration.take() {
            match folder.save_calibration(&text) {
                Ok(()) => polled.saved = true,
                Err(error) => {
                    polled.problems.push(error.to_string());
                    self.calibration = Some(text);
                }
            }
        }
        let is_due = |(first, last)| now >= first + MAX_DELAY_MS || now >= last + SETTLED_MS;
        let due = self.changed.is_some_and(is_due) || self.ending;
        // The state that this one replaces may still be waiting to become a preset.
        let rescuing = self.queue.values().any(SaveRequest::is_rescue);
        if self.changed.is_none() || !due || rescuing {
            return;
        }
        let Some(state) = self.seen.clone() else {
            return;
        };
        match folder.save_state(state, self.presets.as_mut(), &mut polled.notices) {
            Ok(()) => {
                polled.saved = true;
                self.changed = None;
            }
            Err(error) => polled.problems.push(error.to_string()),
        }
    }
}
