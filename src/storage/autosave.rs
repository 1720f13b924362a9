//! The loop of the storage thread: watches the state and saves changes.
//!
//! Time is passed in, in milliseconds. The instrument never waits for this thread, and
//! the audio thread does not know of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, TryRecvError};
use instrument::{SaveRequest, Saved, State};

use super::disk::Disk;
use super::handle::{Inbox, Message, Saving, StorageHandle};
use super::presets::Presets;
use super::state_folder::StateFolder;
use super::{Folders, Restored, StorageError};

/// The state is saved this long after its last change, and at most
/// [`MAX_DELAY_MS`] after its first: including the writing, within 2 s.
const SETTLED_MS: u64 = 500;
const MAX_DELAY_MS: u64 = 1500;
/// Time from a failed attempt to the next: first, and at most.
const FIRST_RETRY_MS: u64 = 250;
const MAX_RETRY_MS: u64 = 5000;
/// Period at which the state is checked.
const INTERVAL: Duration = Duration::from_millis(100);

/// Watches the state and saves it.
pub struct Autosave<D: Disk + Clone> {
    inbox: Inbox,
    presets: Option<Presets<D>>,
    folder: Option<StateFolder<D>>,
    /// The newest request for each file, by the file's name.
    queue: BTreeMap<String, Saving>,
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
    /// Notices of requests that are done.
    done: Vec<String>,
    problems: Vec<String>,
    notices: Vec<String>,
}

impl<D: Disk + Clone> Drop for Autosave<D> {
    /// Ends a start that gave up before it played, with an error message: it does not count
    /// as failed.
    fn drop(&mut self) {
        if let Some(folder) = &mut self.folder {
            if folder.is_reading() && !std::thread::panicking() {
                folder.end();
            }
        }
    }
}

impl<D: Disk + Clone> Autosave<D> {
    /// Reads the folders. Waits only for the disk. Missing files are left out; the notices
    /// report damaged ones.
    pub fn open(disk: &D, folders: Folders) -> (Autosave<D>, StorageHandle, Restored) {
        let (handle, inbox) = StorageHandle::new();
        let mut restored = Restored::default();
        // First, since it says whether the rest may be read.
        let mut folder = folders
            .state
            .map(|folder| StateFolder::open(disk, &folder, &mut restored));
        let presets = folders
            .presets
            .map(|folder| Presets::open(disk.clone(), folder, &mut restored));
        if let Some(folder) = &mut folder {
            folder.read(&mut restored);
        }
        let autosave = Autosave {
            inbox,
            presets,
            folder,
            queue: BTreeMap::new(),
            seen: None,
            changed: None,
            failure: None,
            retry_at: 0,
            retry_ms: FIRST_RETRY_MS,
            ending: false,
            reply: None,
        };
        (autosave, handle, restored)
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
            match self.inbox.messages.recv_timeout(INTERVAL) {
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
            Message::Save(mut saving) => {
                let file = saving.request.file().to_string();
                if let Some(earlier) = self.queue.remove(&file) {
                    saving.replies.merge(earlier.replies);
                }
                self.queue.insert(file, saving);
                self.retry_at = 0;
                // The player learns of a failure even if it is the same as before.
                self.failure = None;
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
            match self.inbox.messages.try_recv() {
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
        if let Some(folder) = &mut self.folder {
            // The instrument that plays the state was made.
            folder.ready();
        }
        self.observe(now, state);
        if now < self.retry_at && !self.ending {
            return;
        }
        let mut polled = Polled::default();
        self.save_queue(&mut polled);
        self.save_folder(now, &mut polled);
        polled.done.into_iter().for_each(&mut *notify);
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
        self.queue.is_empty() && self.changed.is_none() && count
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

    fn save_queue(&mut self, polled: &mut Polled) {
        let (presets, folder) = (&mut self.presets, &mut self.folder);
        self.queue.retain(|name, saving| {
            let notices = &mut polled.notices;
            let saved = match (&saving.request, &mut *presets, &mut *folder) {
                (SaveRequest::Save(preset), Some(presets), _) => {
                    let other = presets.save(preset, notices);
                    other.map(|other| {
                        let exists =
                            |other| format!("a preset {name} already exists: saved as {other}");
                        notices.extend(other.map(exists));
                    })
                }
                (SaveRequest::Delete(name), Some(presets), _) => presets.delete(name),
                (SaveRequest::Calibration(text), _, Some(folder)) => {
                    folder.save_calibration(text, notices)
                }
                (SaveRequest::SetAside, _, Some(folder)) => folder.set_aside(notices),
                // There is no folder for it.
                _ => Ok(()),
            };
            match saved {
                Ok(()) => {
                    saving.replies.send(&Ok(()));
                    polled.done.extend(saving.notice.take());
                    polled.saved = true;
                    false
                }
                Err(error) => {
                    let failure = format!("not saved: {error}");
                    saving.replies.send(&Err(failure.clone()));
                    if matches!(error, StorageError::TooLarge(..)) {
                        notices.push(failure);
                        return false;
                    }
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
        match folder.save_starts(&mut polled.notices) {
            Ok(saved) => polled.saved |= saved,
            Err(error) => polled.problems.push(error.to_string()),
        }
        let is_due = |(first, last)| now >= first + MAX_DELAY_MS || now >= last + SETTLED_MS;
        let due = self.changed.is_some_and(is_due) || self.ending;
        // The state that this one replaces may still be waiting to become a preset.
        let mut queued = self.queue.values();
        let rescuing = queued.any(|saving| saving.request.is_rescue());
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
