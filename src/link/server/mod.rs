//! The server: the page's files and the websocket of its clients, on one port.
//!
//! One thread accepts connections, a limited number of threads serves requests, each client
//! has a thread, and so has each job that takes long; one makes the frames for all clients.
//! Neither the instrument nor the audio callback ever waits for any of them.

mod admission;
mod broadcast;
mod client;
mod connection;
mod context;
mod deadline;
mod fragments;
mod hosts;
mod http;
mod job_queue;
mod latest;
mod pairing;
mod request_queue;
mod token_bucket;
mod turns;
mod workshop;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use arc_swap::ArcSwap;
use engine::{Counters, TapReader};

use crate::handle::Handle;
use crate::link::files::Files;
use crate::link::frames::{DisplayReader, FrameSource};
use crate::link::touch_merge::TouchMerge;
use crate::link::view::InstrumentInfo;
use crate::panel::Mirror;
use crate::spawn::{Role, Spawn, Task, service};

use context::{Request, ServerContext};
use pairing::Pairing;

/// The first port that is tried by default.
pub const PORT: u16 = 8080;
/// Number of ports that are tried.
const PORTS: u16 = 20;
/// Pause after a connection could not be accepted for lack of memory or threads.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The pairing code as people read it, for threads that show it. Reading it never blocks.
pub type ShownCode = Arc<ArcSwap<String>>;

/// Settings of the server.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen at.
    pub listen: IpAddr,
    /// The first port to try; 0 takes any.
    pub port: u16,
    /// The host name that people use if it listens at all addresses.
    pub name: String,
    /// More host names and addresses under which it may be reached.
    pub hosts: Vec<String>,
    /// True if clients must know a code that the display shows.
    pub pairing: bool,
    /// Called with each pairing code that replaces an earlier one.
    pub announce: fn(&str),
    /// The page.
    pub files: Files,
    /// Limits on the resources of clients.
    pub limits: ClientLimits,
}

impl Default for Options {
    /// Serves this computer only.
    fn default() -> Options {
        Options {
            listen: Ipv4Addr::LOCALHOST.into(),
            port: PORT,
            name: "localhost".into(),
            hosts: Vec::new(),
            pairing: false,
            announce: |_| {},
            files: Files::embedded(),
            limits: ClientLimits::default(),
        }
    }
}

/// Limits on the resources of clients, and on the time for which the server waits for them.
#[derive(Clone, Copy, Debug)]
pub struct ClientLimits {
    /// Clients at a time.
    pub clients: usize,
    /// Clients that wait to be welcomed. Newer ones displace older ones.
    pub pending: usize,
    /// Bytes of a message.
    pub message_bytes: usize,
    /// Messages a second; twice as many in a burst after a rest.
    pub messages: f64,
    /// Bytes a second; twice `message_bytes` in a burst after a rest.
    pub bytes: f64,
    /// Time for a request to arrive.
    pub request: Duration,
    /// Time for the peer to receive a response, or for a client to receive one batch of
    /// messages.
    pub answer: Duration,
    /// Time for a client to be welcomed; 20 times as long if a code has to be typed.
    pub hello: Duration,
    /// Time without a whole message, not even an answer to a ping, after which a client is
    /// dropped.
    pub silence: Duration,
    /// Time without room for output after which a welcomed client is dropped.
    pub stall: Duration,
    /// Time for which nothing more is read from a connection after a wrong pairing code.
    pub wrong_code: Duration,
}

impl Default for ClientLimits {
    fn default() -> ClientLimits {
        ClientLimits {
            clients: 8,
            pending: 24,
            message_bytes: 4 << 20,
            messages: 500.0,
            bytes: 1e6,
            request: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            hello: Duration::from_secs(10),
            silence: Duration::from_secs(15),
            stall: Duration::from_secs(5),
            wrong_code: Duration::from_secs(1),
        }
    }
}

/// The parts of the instrument that the server uses.
pub struct Access {
    /// Handle to the instrument.
    pub handle: Handle,
    /// The engine's counters.
    pub counters: Arc<Counters>,
    /// Facts that clients are welcomed with.
    pub info: InstrumentInfo,
    /// The engine's sound, if it can be streamed.
    pub sound: Option<TapReader>,
    /// Reads the display.
    pub display: DisplayReader,
    /// The panel's faults.
    pub mirror: Mirror,
    /// The fingers of clients.
    pub touches: TouchMerge,
}

/// Reason why the server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No port is free.
    #[error(
        "no page: nothing can be served at {listen}, ports {first} to {last}: {error}; \
         choose with --listen and --port, or do without: --no-web"
    )]
    NoPort {
        /// The address.
        listen: IpAddr,
        /// The first port that was tried.
        first: u16,
        /// The last port that was tried.
        last: u16,
        /// Why the last one could not be used.
        error: io::Error,
    },
    /// The system has no random numbers.
    #[error("no page: no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// A thread could not be started.
    #[error("no thread {name}: {error}")]
    Thread {
        /// The thread's name.
        name: &'static str,
        /// Why the system refused.
        error: io::Error,
    },
}

/// An open port, before it is served.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    options: Options,
    pairing: Option<(Pairing, ShownCode)>,
    /// True if a browser reaches it as `localhost`.
    is_localhost: bool,
}

impl Listener {
    /// Opens the port, or the next one that is free.
    ///
    /// # Errors
    /// Fails if none is free, or if the system has no random numbers for a pairing code.
    pub fn open(options: Options) -> Result<Listener, Error> {
        let pairing = options.pairing.then(Pairing::new).transpose()?;
        let pairing = pairing.map(|pairing| {
            let shown = Arc::new(ArcSwap::from_pointee(pairing.shown()));
            (pairing, shown)
        });
        let (listen, first) = (options.listen, options.port);
        let (last, mut port) = match first {
            0 => (0, 0),
            first => (first.saturating_add(PORTS - 1), first),
        };
        let (socket, address) = loop {
            let opened = TcpListener::bind((listen, port));
            match opened.and_then(|socket| socket.local_addr().map(|address| (socket, address))) {
                Ok(opened) => break opened,
                Err(_) if port < last => port += 1,
                Err(error) => {
                    return Err(Error::NoPort {
                        listen,
                        first,
                        last,
                        error,
                    });
                }
            }
        };
        Ok(Listener {
            socket,
            address,
            options,
            pairing,
            is_localhost: is_localhost(address),
        })
    }

    /// The address and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Host and port, as people type them into a browser.
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

    /// The page's URL.
    pub fn page(&self) -> String {
        format!("http://{}/", self.host())
    }

    /// The pairing code, if one is required.
    pub fn code(&self) -> Option<&ShownCode> {
        self.pairing.as_ref().map(|(_, shown)| shown)
    }
}

/// Returns whether a browser that resolves `localhost` arrives at this address. It may try
/// IPv6 first, where another program may have the port.
fn is_localhost(address: SocketAddr) -> bool {
    let other = || TcpListener::bind((Ipv6Addr::LOCALHOST, address.port()));
    address.ip() == Ipv4Addr::LOCALHOST
        && !other().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// The running server.
pub struct Server {
    context: Arc<ServerContext>,
    address: SocketAddr,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts to serve, on threads that the board spawns.
    ///
    /// # Errors
    /// Fails if the system cannot start a thread, or has no random numbers.
    pub fn start(listener: Listener, access: Access, spawn: Spawn) -> Result<Server, Error> {
        let Listener {
            socket,
            address,
            options,
            pairing,
            ..
        } = listener;
        let context = Arc::new(ServerContext::new(&access, options, pairing, spawn)?);
        let rate = access.info.rate;
        let mut frames = FrameSource::new(access.counters, access.display, access.mirror);
        if let Some(sound) = access.sound {
            frames = frames.with_sound(sound, rate);
        }
        let start = |name, role, task: Task| {
            spawn(name, role, task).map_err(|error| Error::Thread { name, error })
        };
        let [for_frames, for_listener] = [Arc::clone(&context), Arc::clone(&context)];
        let threads = vec![
            start(
                "gb-frames",
                Role::Background,
                service("gb-frames", move || {
                    broadcast::run(&mut frames, &for_frames);
                }),
            )?,
            start(
                "gb-listener",
                Role::Background,
                service("gb-listener", move || accept(&socket, &for_listener)),
            )?,
        ];
        Ok(Server {
            context,
            address,
            threads,
        })
    }

    /// The address and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes all connections and frees the port. Does not wait for slow clients.
    pub fn end(self) {
        self.context.end();
        // Wakes the thread that waits for connections.
        let ip = match self.address.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let wake = SocketAddr::new(ip, self.address.port());
        if TcpStream::connect_timeout(&wake, Duration::from_secs(1)).is_ok() {
            for thread in self.threads {
                let _ = thread.join();
            }
        }
    }
}

/// Accepts connections until the server ends.
fn accept(socket: &TcpListener, context: &Arc<ServerContext>) {
    loop {
        let accepted = socket.accept();
        if context.is_ended() {
            return;
        }
        let Ok((stream, peer)) = accepted else {
            thread::sleep(ACCEPT_PAUSE);
            continue;
        };
        let Some(request) = Request::arrive(context, peer.ip(), stream) else {
            continue;
        };
        let serve = Box::new(move || connection::serve(request));
        if let Err(error) = (context.spawn)("gb-request", Role::Background, serve) {
            log::warn!("a connection was dropped: no thread: {error}");
            thread::sleep(ACCEPT_PAUSE);
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
    fn the_shown_address_reaches_the_listener() {
        let listener = at(Ipv4Addr::LOCALHOST, 0);
        assert_eq!(
            listener.host(),
            format!("localhost:{}", listener.address().port())
        );
        if cfg!(target_os = "linux") {
            let listener = at([127, 0, 0, 2], 0);
            assert_eq!(listener.host(), listener.address().to_string());
        }
        // Another program has the port in IPv6.
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
