//! What all connections share. Every lock here is held for moments, and never by the
//! instrument's or the audio's thread.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crossbeam_channel::Sender;

use super::moments::Moments;
use super::pad::Pad;
use super::trust::Hosts;
use super::workbench::Job;
use super::{Limits, Options};
use crate::board::threads::Shared;
use crate::engine::Counters;
use crate::instrument::Command;
use crate::link::files::Files;
use crate::link::protocol::Welcome;
use crate::link::session::{Listening, Session};
use crate::link::view::{Place, View};

/// Connections at a time, those of clients among them: a browser has six.
const CONNECTIONS: usize = 48;

/// What all connections share.
pub struct Hub {
    /// The way to the instrument.
    pub shared: Shared,
    /// The engine's counters.
    pub counters: Arc<Counters>,
    /// Names that it goes by.
    pub hosts: Hosts,
    /// The page.
    pub files: Files,
    /// Clients' fingers.
    pub pad: Pad,
    /// How patient it is.
    pub limits: Limits,
    /// To the workshop.
    pub jobs: Sender<Job>,
    welcome: Arc<Welcome>,
    code: Option<Arc<str>>,
    view: Mutex<View>,
    /// What each client wants to hear of, by its number.
    seats: Mutex<BTreeMap<u32, Listening>>,
    next_seat: AtomicU32,
    moments: Mutex<Moments>,
    guess: Mutex<()>,
    connections: AtomicUsize,
    ended: AtomicBool,
}

/// What of the instrument a hub takes.
pub struct Parts {
    pub shared: Shared,
    pub counters: Arc<Counters>,
    pub place: Place,
    pub pad: Pad,
}

impl Hub {
    /// A hub without connections.
    pub fn new(parts: Parts, options: Options, code: Option<Arc<str>>, jobs: Sender<Job>) -> Hub {
        let name = options.name;
        Hub {
            view: Mutex::new(View::new(parts.shared.state())),
            shared: parts.shared,
            counters: parts.counters,
            hosts: Hosts::new(options.hosts.into_iter().chain([name])),
            files: options.files,
            pad: parts.pad,
            limits: options.limits,
            jobs,
            welcome: Arc::new(parts.place.welcome()),
            code,
            seats: Mutex::default(),
            next_seat: AtomicU32::new(0),
            moments: Mutex::default(),
            guess: Mutex::default(),
            connections: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        }
    }

    /// Asks all threads to end.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Whether they were asked to, or the instrument was.
    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed) || self.shared.stopped()
    }

    /// A new client's session.
    pub fn session(&self) -> Session {
        Session::new(Arc::clone(&self.welcome), self.code.clone())
    }

    /// The welcome.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Whether clients must know a code.
    pub fn pairs(&self) -> bool {
        self.code.is_some()
    }

    /// The newest state. What is made of a network is made once for all.
    pub fn view(&self) -> View {
        let mut view = locked(&self.view);
        view.go_to(&self.shared.state());
        view.clone()
    }

    /// What is told of the moment.
    pub fn moments(&self) -> MutexGuard<'_, Moments> {
        locked(&self.moments)
    }

    /// How many clients there are, and what any of them wants to hear of.
    pub fn wanted(&self) -> (u32, Listening) {
        let seats = locked(&self.seats);
        let any = |of: fn(&Listening) -> bool| seats.values().any(of);
        let wanted = Listening {
            activity: any(|listening| listening.activity),
            display: any(|listening| listening.display),
            sound: any(|listening| listening.sound),
        };
        (seats.len() as u32, wanted)
    }

    /// Shows the pairing code, for who stands in front of the instrument.
    pub fn show_code(&self) {
        if let Some(code) = &self.code {
            let notice = format!("pairing code for a browser: {code}");
            self.shared.command(Command::Notice(notice));
        }
    }

    /// Waits after a wrong code. One client at a time: many guess no faster than one.
    pub fn wait_for_guess(&self) {
        let _one = locked(&self.guess);
        thread::sleep(self.limits.guess);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is in there is whole at every moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection, for as long as it lasts.
pub struct Guest(Arc<Hub>);

impl Guest {
    /// One more, unless there are too many.
    pub fn of(hub: &Arc<Hub>) -> Option<Guest> {
        let guest = Guest(Arc::clone(hub));
        (hub.connections.fetch_add(1, Ordering::Relaxed) < CONNECTIONS).then_some(guest)
    }

    /// What it shares with others.
    pub fn hub(&self) -> &Hub {
        &self.0
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A client's place among the others. Who leaves it lifts its fingers.
pub struct Seat<'a> {
    hub: &'a Hub,
    number: u32,
}

impl<'a> Seat<'a> {
    /// A free one, if there is one.
    pub fn take(hub: &'a Hub) -> Option<Seat<'a>> {
        let mut seats = locked(&hub.seats);
        if seats.len() >= hub.limits.clients {
            return None;
        }
        let number = hub.next_seat.fetch_add(1, Ordering::Relaxed);
        seats.insert(number, hub.session().listening());
        Some(Seat { hub, number })
    }

    /// What its client wants to hear of.
    pub fn listen(&self, listening: Listening) {
        locked(&self.hub.seats).insert(self.number, listening);
    }

    /// The fingers of its client, all of them.
    pub fn touch(&self, fingers: &[crate::link::protocol::Finger]) {
        self.hub.pad.touch(self.number, fingers);
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.touch(&[]);
        locked(&self.hub.seats).remove(&self.number);
    }
}
