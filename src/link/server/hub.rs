//! What all connections share. Every lock here is held for moments, and never by the
//! instrument's or the audio's thread.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::moments::Moments;
use super::seats::{Guests, Seats};
use super::trust::{Guesses, Hosts, Seldom};
use super::workbench::Job;
use super::{Limits, Options};
use crate::board::threads::Shared;
use crate::engine::Counters;
use crate::instrument::Command;
use crate::link::files::Files;
use crate::link::hand::Hand;
use crate::link::protocol::{Tell, Welcome};
use crate::link::session::{Listening, Session, Wish};
use crate::link::view::{Place, View};

/// From one showing of the pairing code to the next.
const SHOWING: Duration = Duration::from_secs(3);

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
    pub hand: Hand,
    /// How patient it is.
    pub limits: Limits,
    /// To the workshop.
    pub jobs: Sender<Job>,
    welcome: Arc<Welcome>,
    code: Option<Arc<str>>,
    view: Mutex<View>,
    moments: Mutex<Moments>,
    seats: Mutex<Seats>,
    guests: Mutex<Guests>,
    started: Instant,
    guesses: Mutex<Guesses>,
    showing: Mutex<Seldom>,
    ended: AtomicBool,
}

/// What of the instrument a hub takes.
pub struct Parts {
    pub shared: Shared,
    pub counters: Arc<Counters>,
    pub place: Place,
    pub hand: Hand,
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
            hand: parts.hand,
            limits: options.limits,
            jobs,
            welcome: Arc::new(parts.place.welcome()),
            code,
            moments: Mutex::default(),
            seats: Mutex::default(),
            guests: Mutex::default(),
            started: Instant::now(),
            guesses: Mutex::new(Guesses::new(options.limits.guess)),
            showing: Mutex::new(Seldom::new(SHOWING)),
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
        locked(&self.seats).wanted()
    }

    /// Shows the pairing code, for who stands in front of the instrument; not over and over.
    pub fn show_code(&self) {
        let Some(code) = &self.code else { return };
        if locked(&self.showing).now(self.started.elapsed()) {
            let notice = format!("pairing code for a browser: {code}");
            self.shared.command(Command::Notice(notice));
        }
    }

    /// What comes of a message that may have a pairing code; or how long it must wait,
    /// unread, as codes from there were wrong. One at a time: many guess no faster than one.
    ///
    /// # Errors
    /// The wait.
    pub fn guess(&self, peer: IpAddr, receive: impl FnOnce() -> Wish) -> Result<Wish, Duration> {
        let mut guesses = locked(&self.guesses);
        let now = self.started.elapsed();
        let wait = guesses.wait(peer, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        let wish = receive();
        match &wish {
            Wish::Wrong(_) => guesses.wrong(peer, now),
            Wish::Say(tells) if matches!(tells.first(), Some(Tell::Welcome(_))) => {
                guesses.right(peer);
            }
            _ => {}
        }
        Ok(wish)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is in there is whole at every moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection, for as long as it lasts.
pub struct Guest {
    hub: Arc<Hub>,
    peer: IpAddr,
}

impl Guest {
    /// One more, unless there are too many.
    pub fn of(hub: &Arc<Hub>, peer: IpAddr) -> Option<Guest> {
        let enters = locked(&hub.guests).enter(peer);
        enters.then(|| Guest {
            hub: Arc::clone(hub),
            peer,
        })
    }

    /// Where it comes from.
    pub fn peer(&self) -> IpAddr {
        self.peer
    }

    /// What it shares with others.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        locked(&self.hub.guests).leave(self.peer);
    }
}

/// A client's place among the others: at the door, until it sits. Who leaves it lifts its
/// fingers.
pub struct Seat<'a> {
    hub: &'a Hub,
    number: u32,
}

impl<'a> Seat<'a> {
    /// A place at the door; if too many stand there, the one is lost that is the oldest.
    pub fn wait(hub: &'a Hub) -> Seat<'a> {
        let number = locked(&hub.seats).wait(hub.limits.waiting);
        Seat { hub, number }
    }

    /// Whether it was lost to others.
    pub fn is_lost(&self) -> bool {
        !locked(&self.hub.seats).has(self.number)
    }

    /// Sits, if there is room, and wants to hear of this.
    pub fn sit(&self, listening: Listening) -> bool {
        locked(&self.hub.seats).take(self.number, listening, self.hub.limits.clients)
    }

    /// The fingers of its client, all of them.
    pub fn touch(&self, fingers: &[crate::link::protocol::Finger]) {
        self.hub.hand.put(self.number, fingers);
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.touch(&[]);
        locked(&self.hub.seats).leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;
    use crate::board::description;
    use crate::board::parts::Parts as Instrument;
    use crate::library;

    #[test]
    fn the_code_is_shown_now_and_then() {
        let board = description::built_in("desk").unwrap().board().unwrap();
        let instrument = Instrument::new(library::shipped());
        let (conductor, engine) = instrument.assemble(board.platform).unwrap();
        let (shared, inbox) = Shared::new(conductor.state());
        let parts = Parts {
            shared,
            counters: engine.counters(),
            place: Place {
                start: 1,
                board: board.name,
                rate: 44_100,
                sound: true,
                display: 64,
                surface: board.panel.surface,
            },
            hand: Hand::default(),
        };
        let code = Some(Arc::from("123456"));
        let hub = Hub::new(parts, Options::default(), code, unbounded().0);
        let began = Instant::now();
        (0..100).for_each(|_| hub.show_code());
        let times = 1 + began.elapsed().as_secs() as usize / SHOWING.as_secs() as usize;
        assert!((1..=times).contains(&inbox.len()), "{}", inbox.len());
    }
}
