//! What the storage's thread does: looks at the state, and keeps what changed.
//!
//! Time is passed in, in milliseconds. Nothing here is ever waited for by the
//! instrument, and least of all by the sound.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded, unbounded};

use super::disk::Disk;
use super::presets::Presets;
use super::running::Running;
use super::{Memory, Places};
use crate::runtime::controller::Storage;
use instrument::{SaveRequest, Saved, State};

/// The state is saved so long after its last change, and at most so long after
/// its first: together with the writing, within 2 s.
const SETTLED_MS: u64 = 500;
const LONGEST_MS: u64 = 1500;
/// From one attempt that failed to the next: at first, and at most.
const FIRST_WAIT_MS: u64 = 250;
const MOST_WAIT_MS: u64 = 5000;
/// How often the thread looks at the state.
const LOOK: Duration = Duration::from_millis(100);

/// What the storage is asked for.
enum Order {
    SaveRequest(SaveRequest),
    Steady,
    End(Sender<bool>),
}

/// The near end of the way to the storage; never waits, but to end.
#[derive(Clone)]
pub struct StorageHandle(Sender<Order>);

impl StorageHandle {
    /// It has been playing steadily: this start has not failed. To be called
    /// after some ten seconds of sound.
    pub fn steady(&self) {
        let _ = self.0.send(Order::Steady);
    }

    /// Keeps what is not kept yet and ends. A start that ends like this before
    /// it was steady counts neither way. Waits so long at most; true if all is
    /// kept.
    pub fn end(&self, longest: Duration) -> bool {
        self.begin_end().wait(longest)
    }

    /// As [`StorageHandle::end`], without waiting yet: there may be other things to do.
    pub fn begin_end(&self) -> Ending {
        let (reply, ended) = bounded(1);
        // Nobody takes it only when all is over; then nobody replies.
        let _ = self.0.send(Order::End(reply));
        Ending(ended)
    }
}

/// An end that was asked for.
pub struct Ending(Receiver<bool>);

impl Ending {
    /// Waits so long at most; true if all is kept.
    pub fn wait(self, longest: Duration) -> bool {
        self.0.recv_timeout(longest).unwrap_or(false)
    }
}

impl Storage for StorageHandle {
    /// Hands it over; a failure is told by [`Autosave::turn`].
    fn keep(&mut self, keep: SaveRequest) -> Result<(), String> {
        self.0
            .send(Order::SaveRequest(keep))
            .map_err(|_| "nothing is kept any more".to_string())
    }
}

/// Watches the state and keeps what shall last.
pub struct Autosave<D> {
    orders: Receiver<Order>,
    presets: Option<Presets<D>>,
    running: Option<Running<D>>,
    /// What to do with presets, the newest for each name.
    queue: BTreeMap<String, SaveRequest>,
    calibration: Option<String>,
    /// What was seen last, and when it first and last differed from what is kept.
    seen: Option<Saved>,
    changed: Option<(u64, u64)>,
    /// What failed, as it was told, and when to try again.
    trouble: Option<String>,
    retry_at: u64,
    wait: u64,
    /// It ends, and who wants to know whether all is kept.
    ending: bool,
    reply: Option<Sender<bool>>,
}

impl<D: Disk + Clone> Autosave<D> {
    /// Counts this start, and reads what was kept. Waits for nothing but the
    /// disk; what is not there is not in the memory, and what is wrong is told
    /// in its notices.
    pub fn open(disk: &D, places: Places) -> (Autosave<D>, StorageHandle, Memory) {
        let (handle, orders) = unbounded();
        let mut memory = Memory::default();
        let presets = places.presets.map(|folder: PathBuf| {
            let (presets, read) = Presets::open(disk.clone(), folder);
            memory.presets = read.presets;
            memory.reserved = read.reserved;
            memory.notices = read.problems;
            presets
        });
        let running = places
            .state
            .map(|folder| Running::open(disk, &folder, &mut memory));
        let watch = Autosave {
            orders,
            presets,
            running,
            queue: BTreeMap::new(),
            calibration: None,
            seen: None,
            changed: None,
            trouble: None,
            retry_at: 0,
            wait: FIRST_WAIT_MS,
            ending: false,
            reply: None,
        };
        (watch, StorageHandle(handle), memory)
    }

    /// Watches until [`StorageHandle::end`], or until all handles are gone. `clock` is
    /// in milliseconds, `state` gives the newest state, `tell` tells the player.
    pub fn run(
        mut self,
        mut clock: impl FnMut() -> u64,
        mut state: impl FnMut() -> Arc<State>,
        mut tell: impl FnMut(String),
    ) {
        while !self.ending {
            match self.orders.recv_timeout(LOOK) {
                Ok(order) => self.take(order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.end(None),
            }
            self.turn(clock(), &state(), &mut tell);
        }
    }

    /// Keeps all that is not kept yet; true if that was possible. For who has
    /// no thread.
    pub fn finish(mut self, now: u64, state: &Arc<State>, tell: &mut dyn FnMut(String)) -> bool {
        self.end(None);
        self.turn(now, state, tell);
        self.is_all_kept()
    }

    /// Ends without having played: this start counts neither way, and the state
    /// stays as it is.
    pub fn cancel(mut self) {
        if let Some(running) = &mut self.running {
            running.end();
            // A count that cannot be written is one start too many.
            let _ = running.keep_starts(&mut false);
        }
    }

    fn end(&mut self, reply: Option<Sender<bool>>) {
        self.ending = true;
        self.reply = reply;
        if let Some(running) = &mut self.running {
            running.end();
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::SaveRequest(SaveRequest::Calibration(text)) => {
                self.calibration = Some(text);
                self.retry_at = 0;
            }
            Order::SaveRequest(keep) => {
                if let (Some(name), true) = (keep.preset(), self.presets.is_some()) {
                    self.queue.insert(name.to_string(), keep);
                    self.retry_at = 0;
                }
            }
            Order::Steady => {
                if let Some(running) = &mut self.running {
                    running.steady();
                }
            }
            Order::End(reply) => self.end(Some(reply)),
        }
    }

    /// One look at the state at a time in milliseconds; keeps what is due. What
    /// the player should know of is told.
    pub fn turn(&mut self, now: u64, state: &Arc<State>, tell: &mut dyn FnMut(String)) {
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.take(order),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    if !self.ending {
                        self.end(None);
                    }
                    break;
                }
            }
        }
        self.see(now, state);
        if now < self.retry_at && !self.ending {
            return;
        }
        let mut done = Done::default();
        self.keep_presets(&mut done);
        self.keep_running(now, &mut done);
        for notice in done.notices {
            log::warn!("{notice}");
            tell(notice);
        }
        if done.problems.is_empty() {
            if done.kept && self.trouble.take().is_some() {
                log::info!("kept on disk again");
                tell("kept on disk again".into());
            }
            self.wait = FIRST_WAIT_MS;
        } else {
            let words = format!("not kept on disk: {}", done.problems.join("; "));
            if self.trouble.as_ref() != Some(&words) {
                log::warn!("{words}");
                tell(words.clone());
                self.trouble = Some(words);
            }
            self.retry_at = now + self.wait;
            self.wait = (self.wait * 2).min(MOST_WAIT_MS);
        }
        if let Some(reply) = &self.reply {
            let _ = reply.send(self.is_all_kept());
        }
    }

    fn is_all_kept(&self) -> bool {
        let running = self.running.as_ref().is_none_or(Running::is_all_kept);
        self.queue.is_empty() && self.calibration.is_none() && self.changed.is_none() && running
    }

    /// Notes when what lasts of the state changes. A finger, a page, a notice
    /// is no change.
    fn see(&mut self, now: u64, state: &Arc<State>) {
        let Some(running) = &mut self.running else {
            return;
        };
        if self.seen.as_ref().is_some_and(|seen| seen.is_of(state)) {
            return;
        }
        if running.is_kept(state) {
            self.changed = None;
        } else {
            let (first, _) = self.changed.unwrap_or((now, now));
            self.changed = Some((first, now));
        }
        self.seen = Some(Saved::of(state));
    }

    fn keep_presets(&mut self, done: &mut Done) {
        let Some(presets) = &mut self.presets else {
            return;
        };
        self.queue.retain(|name, keep| match presets.keep(keep) {
            Ok(other) => {
                if let Some(other) = other {
                    let notice = format!("a preset {name} was there already: kept as {other}");
                    done.notices.push(notice);
                }
                done.kept = true;
                false
            }
            Err(problem) => {
                done.problems.push(problem);
                true
            }
        });
    }

    fn keep_running(&mut self, now: u64, done: &mut Done) {
        let Some(running) = &mut self.running else {
            return;
        };
        let problem = running.keep_starts(&mut done.kept);
        done.problems.extend(problem.err());
        if let Some(text) = self.calibration.take() {
            match running.keep_calibration(&text) {
                Ok(()) => done.kept = true,
                Err(problem) => {
                    done.problems.push(problem);
                    self.calibration = Some(text);
                }
            }
        }
        let is_due = |(first, last)| now >= first + LONGEST_MS || now >= last + SETTLED_MS;
        let due = self.changed.is_some_and(is_due) || self.ending;
        // What is replaced may be on its way to a preset.
        let rescuing = self.queue.values().any(SaveRequest::is_rescue);
        if self.changed.is_none() || !due || rescuing {
            return;
        }
        let Some(state) = self.seen.clone() else {
            return;
        };
        match running.keep_state(state, self.presets.as_mut(), &mut done.notices) {
            Ok(()) => {
                done.kept = true;
                self.changed = None;
            }
            Err(problem) => done.problems.push(problem),
        }
    }
}

/// What came of a turn.
#[derive(Default)]
struct Done {
    kept: bool,
    problems: Vec<String>,
    notices: Vec<String>,
}
