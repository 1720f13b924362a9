//! The server: the page's files and the websocket of its clients, at one port.
//!
//! A thread accepts connections, each connection has a thread of its own, one more
//! makes what all clients are told of the moment, and one works out what takes long. All
//! of them may wait; none of them is waited for by the instrument, and the audio callback
//! gives its frames away without knowing whether anybody takes them.

mod admission;
mod broadcast;
mod client;
mod connection;
mod context;
mod deadline;
mod http;
mod job_queue;
mod latest;
mod trust;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::unbounded;

use crate::handle::Handle;
use crate::link::files::Files;
use crate::link::touch_merge::TouchMerge;
use crate::link::view::Place;
use crate::panel::Mirror;
use crate::spawn::{Role, Spawn, Task};
use engine::{Counters, TapReader};

use context::ServerContext;

/// The port, if it is free.
pub const PORT: u16 = 8080;
/// So many ports are tried.
const PORTS: u16 = 20;

/// How the server is to be reached.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen at.
    pub listen: IpAddr,
    /// The first port to try; 0 takes any.
    pub port: u16,
    /// What it is called where it listens at all addresses.
    pub name: String,
    /// More names and addresses that it goes by.
    pub hosts: Vec<String>,
    /// Clients must know a code that the display shows.
    pub pairing: bool,
    /// The page.
    pub files: Files,
    /// How patient it is.
    pub limits: Limits,
}

impl Default for Options {
    /// On this machine alone.
    fn default() -> Options {
        Options {
            listen: Ipv4Addr::LOCALHOST.into(),
            port: PORT,
            name: "localhost".into(),
            hosts: Vec::new(),
            pairing: false,
            files: Files::embedded(),
            limits: Limits::default(),
        }
    }
}

/// How much is taken from a client, and for how long it is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Clients at a time.
    pub clients: usize,
    /// Of those that were not welcomed yet.
    pub waiting: usize,
    /// Bytes of a message.
    pub message: usize,
    /// Messages a second, and twice as many at once after a rest.
    pub messages: f64,
    /// Bytes a second; at once after a rest, two of the longest messages.
    pub bytes: f64,
    /// Until a request is there.
    pub request: Duration,
    /// Until an answer was taken, or all that a client is told at once.
    pub answer: Duration,
    /// Until a client was welcomed; of who must type a code, 20 times that.
    pub hello: Duration,
    /// No whole message was heard of a client, not even an answer to a ping: it is gone.
    pub silence: Duration,
    /// Nothing could be sent to a client: it is too slow.
    pub full: Duration,
    /// After a wrong pairing code, until the next one from there; after each more, twice
    /// as long, up to a minute.
    pub guess: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            clients: 8,
            waiting: 8,
            message: 4 << 20,
            messages: 500.0,
            bytes: 1e6,
            request: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            hello: Duration::from_secs(10),
            silence: Duration::from_secs(15),
            full: Duration::from_secs(5),
            guess: Duration::from_secs(1),
        }
    }
}

/// What of the instrument the server has to do with.
pub struct Access {
    /// Its state, and the way to its thread.
    pub shared: Handle,
    /// The engine's counters.
    pub counters: Arc<Counters>,
    /// What clients are welcomed with.
    pub place: Place,
    /// The engine's sound, where it can be had.
    pub sound: Option<TapReader>,
    /// What the display shows, as [`super::display`] makes messages of it.
    pub display: Box<dyn FnMut() -> Vec<u8> + Send>,
    /// What the panel knows of faults.
    pub mirror: Mirror,
    /// Where fingers of clients go.
    pub hand: TouchMerge,
}

/// A port that is taken, before anybody serves there.
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
    options: Options,
    code: Option<Arc<str>>,
    /// `localhost` leads here.
    is_localhost: bool,
}

impl Listener {
    /// Takes the port, or the next one that is free.
    ///
    /// # Errors
    /// When none is; says what to do.
    pub fn open(options: Options) -> Result<Listener, String> {
        let (listen, first) = (options.listen, options.port);
        let last = match first {
            0 => 0,
            first => first.saturating_add(PORTS - 1),
        };
        let mut refused = None;
        for port in first..=last {
            match TcpListener::bind((listen, port)) {
                Ok(listener) => {
                    let address = listener.local_addr().map_err(|error| error.to_string())?;
                    let code = options.pairing.then(code);
                    return Ok(Listener {
                        listener,
                        address,
                        options,
                        code,
                        is_localhost: is_localhost(address),
                    });
                }
                Err(error) => refused = Some(error),
            }
        }
        let why = refused.map_or_else(String::new, |error| error.to_string());
        Err(format!(
            "no page: nothing can be served at {listen}, ports {first} to {last}: {why}; \
             choose with --listen and --port, or do without: --no-web"
        ))
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Host and port, as one types them into a browser.
    pub fn host(&self) -> String {
        let ip = self.address.ip();
        let port = self.address.port();
        if self.is_localhost {
            format!("localhost:{port}")
        } else if ip.is_unspecified() {
            format!("{}:{port}", self.options.name)
        } else {
            self.address.to_string()
        }
    }

    /// The page's address.
    pub fn page(&self) -> String {
        format!("http://{}/", self.host())
    }

    /// The pairing code, if one is wanted.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Where it is and the code, as short as the display's lines.
    pub fn label(&self) -> String {
        match self.code() {
            Some(code) => format!("{} #{code}", self.host()),
            None => self.host(),
        }
    }
}

/// Whether a browser that is told `localhost` comes to this address, and not to another
/// program's: it may try the sixth version first.
fn is_localhost(address: SocketAddr) -> bool {
    let other = || TcpListener::bind((Ipv6Addr::LOCALHOST, address.port()));
    address.ip() == Ipv4Addr::LOCALHOST
        && !other().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// Six digits that nobody knows.
fn code() -> Arc<str> {
    format!("{:06}", chance() % 1_000_000).into()
}

/// A number that is another one each time: the standard library's hashers have random
/// keys, from the system.
pub fn chance() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}

/// The running server.
pub struct Server {
    context: Arc<ServerContext>,
    address: SocketAddr,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Serves from now on, by threads of the board.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(listener: Listener, access: Access, spawn: Spawn) -> Result<Server, String> {
        let Listener {
            listener,
            address,
            options,
            code,
            ..
        } = listener;
        let (jobs, work) = unbounded();
        let Access { display, sound, .. } = access;
        let context = Arc::new(ServerContext::new(
            context::Parts {
                shared: access.shared,
                counters: access.counters,
                place: access.place,
                hand: access.hand,
            },
            options,
            code,
            jobs,
        ));
        let start = |name, role, work: Task| {
            spawn(name, role, work).map_err(|error| format!("no thread {name}: {error}"))
        };
        let of_broadcast = Arc::clone(&context);
        let mut broadcast = broadcast::Broadcast::new(display, access.mirror, sound);
        let of_doors = Arc::clone(&context);
        let threads = vec![
            start(
                "gb-link",
                Role::Background,
                Box::new(move || broadcast.run(&of_broadcast)),
            )?,
            start(
                "gb-workshop",
                Role::Jobs,
                Box::new(move || job_queue::work(&work)),
            )?,
            start(
                "gb-listener",
                Role::Background,
                Box::new(move || accept(&listener, &of_doors, spawn)),
            )?,
        ];
        Ok(Server {
            context,
            address,
            threads,
        })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends all clients away and frees the port. Who is slow is not waited for.
    pub fn end(self) {
        self.context.end();
        // Wakes the thread that waits for connections.
        let ip = match self.address.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let knock = SocketAddr::new(ip, self.address.port());
        if TcpStream::connect_timeout(&knock, Duration::from_secs(1)).is_ok() {
            for thread in self.threads {
                let name = thread.thread().name().map(String::from);
                // The workshop ends when the last client has.
                if name.as_deref() != Some("gb-workshop") {
                    let _ = thread.join();
                }
            }
        }
    }
}

/// After a connection that was none: the system has no room for more.
const BREATH: Duration = Duration::from_millis(50);

/// The thread that waits for connections.
fn accept(listener: &TcpListener, context: &Arc<ServerContext>, spawn: Spawn) {
    loop {
        let connection = listener.accept();
        if context.ended() {
            return;
        }
        let Ok((stream, peer)) = connection else {
            thread::sleep(BREATH);
            continue;
        };
        // So many are not had by people: whoever it is comes again.
        let Some(guest) = context::Guest::of(context, peer.ip()) else {
            continue;
        };
        let work = Box::new(move || connection::serve(stream, &guest));
        if let Err(error) = spawn("gb-client", Role::Background, work) {
            log::warn!("a connection was dropped: no thread: {error}");
            thread::sleep(BREATH);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(listen: impl Into<IpAddr>, port: u16) -> Listener {
        let listen = listen.into();
        Listener::open(Options {
            listen,
            port,
            ..Options::default()
        })
        .unwrap()
    }

    #[test]
    fn the_address_that_is_told_is_one_that_answers() {
        let listener = at(Ipv4Addr::LOCALHOST, 0);
        assert_eq!(
            listener.host(),
            format!("localhost:{}", listener.address().port())
        );
        if cfg!(target_os = "linux") {
            let listener = at([127, 0, 0, 2], 0);
            assert_eq!(listener.host(), listener.address().to_string());
        }
        // Where another program has the port in the sixth version.
        let Ok(other) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
            return;
        };
        let port = other.local_addr().unwrap().port();
        let listener = at(Ipv4Addr::LOCALHOST, port);
        if listener.address().port() == port {
            assert_eq!(listener.page(), format!("http://127.0.0.1:{port}/"));
        }
        drop((listener, other));
        let listener = at(Ipv6Addr::LOCALHOST, 0);
        assert_eq!(
            listener.host(),
            format!("[::1]:{}", listener.address().port())
        );
    }
}
