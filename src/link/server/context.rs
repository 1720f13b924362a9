//! What all connections share. Every lock here is held for moments, and never by the
//! instrument's or the audio's thread.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::admission::{Guests, Seats};
use super::job_queue::QueuedJob;
use super::latest::Moments;
use super::trust::{Guesses, Hosts, RateLimit};
use super::{Limits, Options};
use crate::handle::Handle;
use crate::link::files::Files;
use crate::link::protocol::{ServerMessage, Welcome};
use crate::link::session::{Action, Listening, Session};
use crate::link::touch_merge::TouchMerge;
use crate::link::view::{Place, View};
use engine::Counters;
use instrument::Command;

/// From one showing of the pairing code to the next.
const SHOWING: Duration = Duration::from_secs(3);

/// What all connections share.
pub struct ServerContext {
    /// The way to the instrument.
    pub shared: Handle,
    /// The engine's counters.
    pub counters: Arc<Counters>,
    /// Names that it goes by.
    pub hosts: Hosts,
    /// The page.
    pub files: Files,
    /// Clients' fingers.
    pub hand: TouchMerge,
    /// How patient it is.
    pub limits: Limits,
    /// To the workshop.
    pub jobs: Sender<QueuedJob>,
    welcome: Arc<Welcome>,
    code: Option<Arc<str>>,
    view: Mutex<View>,
    moments: Mutex<Moments>,
    seats: Mutex<Seats>,
    guests: Mutex<Guests>,
    started: Instant,
    guesses: Mutex<Guesses>,
    showing: Mutex<RateLimit>,
    ended: AtomicBool,
}

/// What of the instrument a context takes.
pub struct Parts {
    pub shared: Handle,
    pub counters: Arc<Counters>,
    pub place: Place,
    pub hand: TouchMerge,
}

impl ServerContext {
    /// A context without connections.
    pub fn new(
        parts: Parts,
        options: Options,
        code: Option<Arc<str>>,
        jobs: Sender<QueuedJob>,
    ) -> ServerContext {
        let name = options.name;
        ServerContext {
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
            showing: Mutex::new(RateLimit::new(SHOWING)),
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
    pub fn guess(
        &self,
        peer: IpAddr,
        receive: impl FnOnce() -> Action,
    ) -> Result<Action, Duration> {
        let mut guesses = locked(&self.guesses);
        let now = self.started.elapsed();
        let wait = guesses.wait(peer, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        let wish = receive();
        match &wish {
            Action::WrongCode(_) => guesses.wrong(peer, now),
            Action::Send(tells) if matches!(tells.first(), Some(ServerMessage::Welcome(_))) => {
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
    context: Arc<ServerContext>,
    peer: IpAddr,
}

impl Guest {
    /// One more, unless there are too many.
    pub fn of(context: &Arc<ServerContext>, peer: IpAddr) -> Option<Guest> {
        let enters = locked(&context.guests).enter(peer);
        enters.then(|| Guest {
            context: Arc::clone(context),
            peer,
        })
    }

    /// Where it comes from.
    pub fn peer(&self) -> IpAddr {
        self.peer
    }

    /// What it shares with others.
    pub fn context(&self) -> &ServerContext {
        &self.context
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        locked(&self.context.guests).leave(self.peer);
    }
}

/// A client's place among the others: at the listener, until it sits. Who leaves it lifts its
/// fingers.
pub struct Seat<'a> {
    context: &'a ServerContext,
    number: u32,
}

impl<'a> Seat<'a> {
    /// A place at the listener; if too many stand there, the one is lost that is the oldest.
    pub fn wait(context: &'a ServerContext) -> Seat<'a> {
        let number = locked(&context.seats).wait(context.limits.waiting);
        Seat { context, number }
    }

    /// Whether it was lost to others.
    pub fn is_lost(&self) -> bool {
        !locked(&self.context.seats).has(self.number)
    }

    /// Sits, if there is room, and wants to hear of this.
    pub fn sit(&self, listening: Listening) -> bool {
        locked(&self.context.seats).take(self.number, listening, self.context.limits.clients)
    }

    /// The fingers of its client, all of them.
    pub fn touch(&self, fingers: &[crate::link::protocol::Finger]) {
        self.context.hand.put(self.number, fingers);
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.touch(&[]);
        locked(&self.context.seats).leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;
    use crate::board::description;
    use crate::factory_networks;
    use crate::runtime::parts::Parts as Instrument;

    #[test]
    fn the_code_is_shown_now_and_then() {
        let board = description::built_in("desk").unwrap().board().unwrap();
        let instrument = Instrument::new(factory_networks::all());
        let (controller, engine) = instrument.assemble(board.platform).unwrap();
        let (shared, inbox) = Handle::new(controller.state());
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
            hand: TouchMerge::default(),
        };
        let code = Some(Arc::from("123456"));
        let context = ServerContext::new(parts, Options::default(), code, unbounded().0);
        let began = Instant::now();
        (0..100).for_each(|_| context.show_code());
        let times = 1 + began.elapsed().as_secs() as usize / SHOWING.as_secs() as usize;
        assert!((1..=times).contains(&inbox.len()), "{}", inbox.len());
    }
}
