//! The state that all connections share.
//!
//! Its locks are held for microseconds, and only by the server's own threads, which have
//! one priority. The instrument, the panel and the audio thread never wait for a lock.

use std::net::{IpAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::Counters;
use instrument::Command;

use super::admission::{Admission, CONNECTIONS};
use super::hosts::Hosts;
use super::latest::Latest;
use super::pairing::{Check, Pairing};
use super::request_queue::RequestQueue;
use super::turns::Turns;
use super::workshop::Workshop;
use super::{Access, ClientLimits, Options, ShownCode};
use crate::handle::Handle;
use crate::link::client_session::{ClientSession, Listening, Proof};
use crate::link::files::Files;
use crate::link::frames::Audience;
use crate::link::protocol::{Finger, Welcome};
use crate::link::rate_limit::RateLimit;
use crate::link::touch_merge::TouchMerge;
use crate::link::view::View;
use crate::spawn::Spawn;

/// Least time between two notices of the pairing code on the display.
const CODE_PERIOD: Duration = Duration::from_secs(10);

/// The state that all connections share.
pub struct ServerContext {
    /// Handle to the instrument.
    pub handle: Handle,
    /// The engine's counters.
    pub counters: Arc<Counters>,
    /// Names under which the instrument may be reached.
    pub hosts: Hosts,
    /// The page.
    pub files: Files,
    /// Limits on the resources of clients.
    pub limits: ClientLimits,
    /// Runs the jobs of all clients.
    pub workshop: Arc<Workshop>,
    /// Starts threads for connections.
    pub spawn: Spawn,
    /// Turns of clients with long messages.
    pub turns: Turns,
    touches: TouchMerge,
    welcome: Arc<Welcome>,
    pairing: Option<Mutex<Pairing>>,
    /// The code for other threads, if one is required.
    shown_code: Option<ShownCode>,
    announce: fn(&str),
    view: Mutex<View>,
    latest: Mutex<Latest>,
    admission: Mutex<Admission>,
    requests: Mutex<RequestQueue<TcpStream>>,
    websockets: Mutex<usize>,
    /// Notified when a websocket is closed.
    websocket_closed: Condvar,
    code_limit: Mutex<RateLimit>,
    started: Instant,
    ended: AtomicBool,
}

impl ServerContext {
    /// Creates a context without connections.
    ///
    /// # Errors
    /// Fails if the system has no random numbers.
    pub fn new(
        access: &Access,
        options: Options,
        pairing: Option<(Pairing, ShownCode)>,
        spawn: Spawn,
    ) -> Result<ServerContext, getrandom::Error> {
        let mut welcome = access.info.clone().welcome(getrandom::u32()?);
        let (pairing, shown_code) = pairing.unzip();
        welcome.token = pairing.as_ref().map(|pairing| pairing.token().clone());
        Ok(ServerContext {
            view: Mutex::new(View::new(access.handle.state())),
            handle: access.handle.clone(),
            counters: Arc::clone(&access.counters),
            hosts: Hosts::new(options.hosts.into_iter().chain([options.name])),
            files: options.files,
            limits: options.limits,
            workshop: Workshop::new(spawn),
            spawn,
            turns: Turns::default(),
            touches: access.touches.clone(),
            welcome: Arc::new(welcome),
            pairing: pairing.map(Mutex::new),
            shown_code,
            announce: options.announce,
            latest: Mutex::default(),
            admission: Mutex::default(),
            requests: Mutex::default(),
            websockets: Mutex::default(),
            websocket_closed: Condvar::new(),
            code_limit: Mutex::default(),
            started: Instant::now(),
            ended: AtomicBool::new(false),
        })
    }

    /// Makes all threads end.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Returns whether the server or the instrument is ending.
    pub fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed) || self.handle.stopped()
    }

    /// The time since the server was started.
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Creates the session of a new client.
    pub fn session(&self) -> ClientSession {
        ClientSession::new(Arc::clone(&self.welcome))
    }

    /// Returns the newest state. All clients share the data derived from its network.
    pub fn view(&self) -> View {
        let mut view = lock(&self.view);
        view.go_to(&self.handle.state());
        view.clone()
    }

    /// The latest frames.
    pub fn latest(&self) -> MutexGuard<'_, Latest> {
        lock(&self.latest)
    }

    /// The clients that were welcomed.
    pub fn audience(&self) -> Audience {
        lock(&self.admission).audience()
    }

    /// Shows the pairing code to the player, at most once in a period.
    pub fn show_code(&self) {
        let is_due = || lock(&self.code_limit).is_due(self.now(), CODE_PERIOD);
        if self.shown_code.is_some() && is_due() {
            self.notify_code();
        }
    }

    fn notify_code(&self) {
        let Some(code) = &self.shown_code else { return };
        let notice = format!("pairing code for a browser: {}", code.load());
        self.handle.command(Command::Notice(notice));
    }

    /// Checks what a client has sent to pair. Wrong codes are logged without their digits;
    /// the last one of a budget makes a new code, which is shown.
    pub fn pair(&self, peer: IpAddr, proof: &Proof) -> Check {
        let (Some(pairing), Some(shown)) = (&self.pairing, &self.shown_code) else {
            return Check::Paired;
        };
        let mut pairing = lock(pairing);
        let check = pairing.check(proof);
        if matches!(check, Check::Wrong | Check::Replaced) {
            log::warn!("wrong pairing code from {}", peer.to_canonical());
        }
        if check == Check::Replaced {
            let code = pairing.shown();
            shown.store(Arc::new(code.clone()));
            drop(pairing);
            log::warn!("after too many wrong pairing codes, there is a new, longer one");
            (self.announce)(&code);
            self.notify_code();
        }
        check
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The values are consistent whenever a panic may happen.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request that is being served, counted while it exists.
pub struct Request {
    context: Arc<ServerContext>,
    peer: IpAddr,
    stream: TcpStream,
}

impl Request {
    /// Queues the request of a new connection, and returns the next one to serve, if any.
    pub fn arrive(
        context: &Arc<ServerContext>,
        peer: IpAddr,
        stream: TcpStream,
    ) -> Option<Request> {
        lock(&context.requests).add(peer, stream);
        Request::next(context)
    }

    /// Ends this request, and returns the next one to serve, if any.
    pub fn end(self) -> Option<Request> {
        let context = Arc::clone(&self.context);
        drop(self);
        Request::next(&context)
    }

    fn next(context: &Arc<ServerContext>) -> Option<Request> {
        let (peer, stream) = lock(&context.requests).next()?;
        let context = Arc::clone(context);
        Some(Request {
            context,
            peer,
            stream,
        })
    }

    /// The connection that it came over.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The state that it shares with others.
    pub fn context(&self) -> &ServerContext {
        &self.context
    }

    /// Counts its connection as a websocket as well. If there are too many, waits for those
    /// that are displaced; returns `None` if none is closed in this time.
    pub fn websocket(&self, timeout: Duration) -> Option<Connection> {
        let ServerContext {
            websockets,
            websocket_closed,
            ..
        } = &*self.context;
        let (mut open, timeout) = websocket_closed
            .wait_timeout_while(lock(websockets), timeout, |open| *open >= CONNECTIONS)
            .unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            return None;
        }
        *open += 1;
        Some(Connection {
            context: Arc::clone(&self.context),
            peer: self.peer,
        })
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        lock(&self.context.requests).end(self.peer);
    }
}

/// A client's connection, counted while it exists.
pub struct Connection {
    context: Arc<ServerContext>,
    peer: IpAddr,
}

impl Connection {
    /// The address of the other end.
    pub fn peer(&self) -> IpAddr {
        self.peer
    }

    /// The state that it shares with others.
    pub fn context(&self) -> &ServerContext {
        &self.context
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        *lock(&self.context.websockets) -= 1;
        self.context.websocket_closed.notify_one();
    }
}

/// A client's entry among the others. Dropping it lifts the client's fingers.
pub struct ClientEntry<'a> {
    context: &'a ServerContext,
    number: u32,
}

impl<'a> ClientEntry<'a> {
    /// Adds a client that waits to be welcomed.
    pub fn new(context: &'a ServerContext, peer: IpAddr) -> ClientEntry<'a> {
        let number = lock(&context.admission).enter(peer, context.limits.pending);
        ClientEntry { context, number }
    }

    /// Returns whether newer clients have displaced this one.
    pub fn is_displaced(&self) -> bool {
        !lock(&self.context.admission).contains(self.number)
    }

    /// Admits the client if there is room, and notes the frames that it listens to; returns
    /// whether it is admitted.
    pub fn admit(&self, listening: Listening) -> bool {
        let limits = self.context.limits;
        lock(&self.context.admission).admit(self.number, listening, limits.clients)
    }

    /// Replaces the client's fingers.
    pub fn touch(&self, fingers: &[Finger]) {
        self.context.touches.put(self.number, fingers);
    }
}

impl Drop for ClientEntry<'_> {
    fn drop(&mut self) {
        self.touch(&[]);
        lock(&self.context.admission).leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use arc_swap::ArcSwap;
    use instrument::parameters::Parameters;
    use instrument::{Instrument, surface::Surface};

    use super::*;
    use crate::factory_networks;
    use crate::link::view::InstrumentInfo;
    use crate::panel::Mirror;
    use crate::spawn::spawn_plainly;

    #[test]
    fn the_code_is_shown_once_in_a_period() {
        let parameters = Parameters::default();
        let networks = factory_networks::all();
        let made = Instrument::new(networks, parameters, Vec::new(), None, 0);
        let (instrument, _) = made.unwrap();
        let (handle, inbox) = Handle::new(instrument.state());
        let info = InstrumentInfo {
            board: "desk".into(),
            rate: 44_100,
            sound: true,
            outputs: false,
            display: 64,
            surface: Surface::default(),
        };
        let access = Access {
            handle,
            counters: Arc::default(),
            info,
            sound: None,
            display: Box::new(Vec::new),
            mirror: Mirror::default(),
            touches: TouchMerge::default(),
        };
        let pairing = Pairing::new().unwrap();
        let shown = Arc::new(ArcSwap::from_pointee(pairing.shown()));
        let pairing = Some((pairing, shown));
        let made = ServerContext::new(&access, Options::default(), pairing, spawn_plainly);
        let context = made.unwrap();
        let began = Instant::now();
        (0..100).for_each(|_| context.show_code());
        let most = 1 + began.elapsed().as_secs() as usize / CODE_PERIOD.as_secs() as usize;
        assert!((1..=most).contains(&inbox.len()), "{}", inbox.len());
    }
}
