//! The server as clients see it: real sockets, and a desk in simulated time.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use engine::{TapWriter, tap};
use gatebend::board::desk::{Desk, Script, Simulation};
use gatebend::factory_networks;
use gatebend::handle::Handle;
use gatebend::link::client_session::{Action, ClientSession};
use gatebend::link::files::Files;
use gatebend::link::protocol::{Bend, FrameKind, ServerMessage, State, Status, Welcome};
use gatebend::link::server::{Access, ClientLimits, Listener, Options, Server};
use gatebend::link::touch_merge::TouchMerge;
use gatebend::link::view::{InstrumentInfo, View};
use gatebend::panel::Mirror;
use gatebend::spawn::spawn_plainly;
use gatebend::storage::{Autosave, Files as Disk, Folders, StorageHandle};
use instrument::parameters::Parameters;
use instrument::surface::Surface;
use instrument::{Command, Instrument, Saved};
use logicnet::random::Ops;
use logicnet::{Mask, Network};
use serde_json::json;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::{Error, Message, WebSocket};

/// Counts the bytes that a thread has allocated, on top of the allocator that forbids
/// allocations.
struct CountingAllocator;

thread_local! {
    /// Bytes that this thread has allocated since the count began, and their maximum.
    static ALLOCATED: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn count(bytes: isize) {
    ALLOCATED.set({
        let (now, most) = ALLOCATED.get();
        (now + bytes, most.max(now + bytes))
    });
}

// SAFETY: forwards every call to the inner allocator.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the same contract.
        unsafe { AllocDisabler.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps the same contract.
        unsafe { AllocDisabler.dealloc(pointer, layout) }
    }
}

/// Returns the most bytes that are allocated at a time during a call.
fn most_bytes(call: impl FnOnce()) -> usize {
    ALLOCATED.set((0, 0));
    call();
    ALLOCATED.get().1 as usize
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Longest wait; only a failing test reaches it.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Simulated time that is played in one step, in nanoseconds.
const SLICE: u64 = 5_000_000;
/// Real time per slice, which leaves the machine to other threads.
const PACE: Duration = Duration::from_millis(1);

fn options() -> Options {
    Options {
        port: 0,
        ..Options::default()
    }
}

fn simulation(script: &str, touches: &TouchMerge, storage: Option<StorageHandle>) -> Simulation {
    let mut desk = Desk::new(factory_networks::all());
    desk.parts.storage = storage;
    let script = Script::parse(script, &desk.panel.surface).unwrap();
    Simulation::played(desk, script, touches.clone()).unwrap()
}

/// Returns an instrument that nothing plays.
fn instrument() -> Instrument {
    let networks = factory_networks::all();
    let made = Instrument::new(networks, Parameters::default(), Vec::new(), None, 1);
    made.unwrap().0
}

/// Facts about the simulated desk for clients.
fn info(rate: u32) -> InstrumentInfo {
    InstrumentInfo {
        board: "desk".into(),
        rate,
        sound: true,
        outputs: false,
        display: 64,
        surface: Surface::default(),
    }
}

/// Serves a desk.
fn serve(
    simulation: &mut Simulation,
    touches: TouchMerge,
    options: Options,
) -> (Server, TapWriter) {
    let rate = simulation.platform().rate;
    let (writer, reader) = tap(rate as usize);
    let oled = simulation.oled().clone();
    let access = Access {
        handle: simulation.handle(),
        counters: Arc::clone(simulation.counters()),
        info: info(rate),
        sound: Some(reader),
        display: Box::new(move || oled.frame().message()),
        mirror: simulation.panel().mirror(),
        touches,
    };
    let listener = Listener::open(options).unwrap();
    let server = Server::start(listener, access, spawn_plainly).unwrap();
    (server, writer)
}

/// A served desk that plays on a thread, faster than in real time.
struct Playing {
    server: Option<Server>,
    address: SocketAddr,
    handle: Handle,
    stop: Sender<()>,
    /// Everything that was played.
    sound: Arc<Mutex<Vec<f32>>>,
    thread: Option<JoinHandle<()>>,
}

impl Playing {
    fn start(options: Options) -> Playing {
        Playing::scripted("", false, options)
    }

    /// Plays a script. The fingers of clients are on the simulated sensor, or merged with
    /// it later (`merged`).
    fn scripted(script: &'static str, merged: bool, options: Options) -> Playing {
        Playing::saving(None, script, merged, options)
    }

    /// Saves presets in a storage.
    fn saving(
        storage: Option<StorageHandle>,
        script: &'static str,
        merged: bool,
        options: Options,
    ) -> Playing {
        let sound = Arc::new(Mutex::new(Vec::new()));
        let (started, start) = channel();
        let (stop, stopped) = channel();
        let record = Arc::clone(&sound);
        let thread = thread::spawn(move || {
            let touches = TouchMerge::default();
            let sensed = if merged {
                TouchMerge::default()
            } else {
                touches.clone()
            };
            let mut simulation = simulation(script, &sensed, storage);
            if merged {
                simulation.merge_touches(touches.clone());
            }
            let handle = simulation.handle();
            let (server, mut tap) = serve(&mut simulation, touches, options);
            started.send((server, handle)).unwrap();
            while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                let until = simulation.now() + SLICE;
                simulation.run(
                    until,
                    |block| {
                        record.lock().unwrap().extend_from_slice(block.sound);
                        tap.write(block.sound);
                    },
                    |_| {},
                );
            }
        });
        let (server, handle) = start.recv().unwrap();
        Playing {
            address: server.address(),
            server: Some(server),
            handle,
            stop,
            sound,
            thread: Some(thread),
        }
    }

    fn client(&self) -> Client {
        Client::connect(self.address)
    }

    #[cfg(target_os = "linux")]
    fn client_from(&self, from: [u8; 4]) -> Client {
        Client::over(tcp_from(from, self.address))
    }

    fn greeted(&self) -> Client {
        let mut client = self.client();
        client.send(r#"{"type":"hello","version":1,"id":1}"#);
        client.answer(1);
        client
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.end();
        }
        let _ = self.stop.send(());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || ended.is_some_and(|ended| ended.is_ok()));
    }
}

fn tcp(address: SocketAddr) -> TcpStream {
    with_timeouts(TcpStream::connect(address).unwrap())
}

/// Connects from another address of this computer: Linux has all of 127.0.0.0/8.
#[cfg(target_os = "linux")]
fn tcp_from(from: [u8; 4], address: SocketAddr) -> TcpStream {
    use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddr::from((from, 0))).unwrap();
    connect(&socket, &address).unwrap();
    with_timeouts(socket.into())
}

fn with_timeouts(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.set_write_timeout(Some(TIMEOUT)).unwrap();
    stream
}

/// Sends an HTTP request; returns the head and the body of the response.
fn http(address: SocketAddr, request: &str) -> (String, Vec<u8>) {
    let mut stream = tcp(address);
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    stream.read_to_end(&mut head).unwrap();
    let end = head.windows(4).position(|end| end == b"\r\n\r\n");
    let body = head.split_off(end.unwrap() + 4);
    (String::from_utf8(head).unwrap(), body)
}

fn get(address: SocketAddr, path: &str, headers: &str) -> (String, Vec<u8>) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:1\r\n{headers}\r\n");
    http(address, &request)
}

/// Opens a websocket by hand.
fn raw(address: SocketAddr) -> TcpStream {
    let mut stream = tcp(address);
    let request = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
                   Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    stream
}

/// A websocket frame of a client, masked by zeros: its first byte, and less than 64 kB.
fn frame(first: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = (content.len() as u16).to_be_bytes();
    let mut frame = vec![first];
    match content.len() {
        ..126 => frame.push(0x80 | low),
        _ => frame.extend([0xfe, high, low]),
    }
    frame.extend([0; 4]);
    frame.extend(content);
    frame
}

/// Opens a websocket by hand, and says hello.
fn raw_greeted(address: SocketAddr) -> TcpStream {
    let mut stream = raw(address);
    let hello = br#"{"type":"hello","version":1}"#;
    stream.write_all(&frame(0x81, hello)).unwrap();
    // The first bytes of the welcome.
    stream.read_exact(&mut [0; 2]).unwrap();
    stream
}

/// Sends these bytes repeatedly, with pauses, until the server closes the connection.
fn send_until_hung_up(mut stream: TcpStream, bytes: &[u8], pause: Duration) {
    let (hung_up, end) = channel();
    let mut input = stream.try_clone().unwrap();
    let reader = thread::spawn(move || {
        // A reset also ends the connection.
        let _ = input.read_to_end(&mut Vec::new());
        let _ = hung_up.send(());
    });
    let started = Instant::now();
    while end.recv_timeout(pause).is_err() && stream.write_all(bytes).is_ok() {
        assert!(
            started.elapsed() < TIMEOUT,
            "the server never closes the connection"
        );
    }
    reader.join().unwrap();
}

/// Returns the code of the close frame that a websocket opened by hand receives last.
fn close_code(mut stream: TcpStream) -> Option<u16> {
    let mut received = Vec::new();
    // A reset also ends the connection.
    let _ = stream.read_to_end(&mut received);
    let mut rest = &received[..];
    while let [first, length, after @ ..] = rest {
        let (length, after) = match length {
            126 => (
                usize::from(after[0]) << 8 | usize::from(after[1]),
                &after[2..],
            ),
            127 => panic!("no frame here is this long"),
            length => (usize::from(*length), after),
        };
        if *first == 0x88 {
            return Some(u16::from_be_bytes([after[0], after[1]]));
        }
        rest = after.get(length..)?;
    }
    None
}

/// A client and everything that it has received.
struct Client {
    socket: WebSocket<TcpStream>,
    welcome: Option<Welcome>,
    /// The whole state.
    state: State,
    status: Option<Status>,
    /// Changes of the state since the last request.
    changes: Vec<State>,
    frames: Vec<Vec<u8>>,
    /// Id of the last request.
    last_id: u32,
}

impl Client {
    fn connect(address: SocketAddr) -> Client {
        Client::over(tcp(address))
    }

    fn over(stream: TcpStream) -> Client {
        let (socket, _) = tungstenite::client("ws://localhost/ws", stream).unwrap();
        Client {
            socket,
            welcome: None,
            state: State::default(),
            status: None,
            changes: Vec::new(),
            frames: Vec::new(),
            last_id: 100,
        }
    }

    fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    /// Receives the next JSON message; keeps the frames that arrive before it.
    fn receive(&mut self) -> Result<ServerMessage, Error> {
        loop {
            match self.socket.read()? {
                Message::Text(text) => {
                    let message: ServerMessage = serde_json::from_str(&text).unwrap();
                    match &message {
                        ServerMessage::Welcome(welcome) => self.welcome = Some((**welcome).clone()),
                        ServerMessage::State(state) => self.merge(state),
                        ServerMessage::Status(status) => self.status = Some(status.clone()),
                        _ => {}
                    }
                    return Ok(message);
                }
                Message::Binary(bytes) => self.frames.push(bytes.to_vec()),
                _ => {}
            }
        }
    }

    fn merge(&mut self, changes: &State) {
        macro_rules! merge {
            ($($section:ident),*) => {
                $(if changes.$section.is_some() {
                    self.state.$section.clone_from(&changes.$section);
                })*
            };
        }
        merge!(
            network, layers, touched, parameters, library, presets, transport, revision, history,
            page, notice
        );
        self.changes.push(changes.clone());
    }

    /// Receives messages until a condition holds.
    fn wait_until(&mut self, mut condition: impl FnMut(&Client) -> bool) {
        while !condition(self) {
            self.receive().unwrap();
        }
    }

    /// Waits for the answer with this id.
    fn answer(&mut self, wanted: u32) -> ServerMessage {
        loop {
            let message = self.receive().unwrap();
            let id = match &message {
                ServerMessage::Done { id }
                | ServerMessage::Snapshot { id, .. }
                | ServerMessage::Compiled { id, .. }
                | ServerMessage::Waveform { id, .. } => Some(*id),
                ServerMessage::Refused { id, .. } => *id,
                _ => None,
            };
            if id == Some(wanted) {
                return message;
            }
        }
    }

    /// Sends a message with these fields and an id, and waits for the answer.
    fn request(&mut self, fields: &str) -> ServerMessage {
        self.last_id += 1;
        self.changes.clear();
        self.send(&format!(r#"{{"id":{},{fields}}}"#, self.last_id));
        self.answer(self.last_id)
    }

    /// Sends a request that must succeed.
    fn expect_done(&mut self, fields: &str) {
        let answer = self.request(fields);
        assert!(
            matches!(answer, ServerMessage::Done { .. }),
            "{fields}: {answer:?}"
        );
    }

    /// Receives the last messages, and the code of the close frame.
    fn closed(mut self) -> (Vec<ServerMessage>, Option<CloseCode>) {
        let mut messages = Vec::new();
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => messages.push(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(frame)) => return (messages, frame.map(|frame| frame.code)),
                Ok(_) => {}
                Err(_) => return (messages, None),
            }
        }
    }

    /// Closes the connection, and waits until the server has noticed.
    fn leave(mut self) {
        self.socket.close(None).unwrap();
        while self.socket.read().is_ok() {}
    }

    fn bend(&self, node: u32) -> Option<Bend> {
        let layers = self.state.layers.as_ref().unwrap();
        let bends = layers.layers.iter().flat_map(|layer| &layer.bends);
        bends
            .filter(|bend| bend.0 == node)
            .map(|bend| bend.1)
            .next_back()
    }

    /// Nodes that the layers bend.
    fn bends(&self) -> Vec<u32> {
        let layers = self.state.layers.iter().flat_map(|layers| &layers.layers);
        layers
            .flat_map(|layer| layer.bends.iter().map(|bend| bend.0))
            .collect()
    }

    fn touched(&self) -> bool {
        let touched = self.state.touched.as_ref();
        touched.is_some_and(|touched| !touched.nodes.is_empty())
    }
}

#[test]
fn only_the_answer_about_a_preset_waits_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let presets = folder.path().join("presets");
    let folders = Folders {
        presets: Some(presets.clone()),
        state: None,
    };
    let (mut autosave, storage, _) = Autosave::open(&Disk, folders);
    let desk = Playing::saving(Some(storage), "", false, options());
    let mut client = desk.client();
    client.send(r#"{"id":1,"type":"save","name":"dusk"}"#);
    // The storage does nothing yet.
    client.expect_done(r#""type":"swap","next":true"#);
    client.send(r#"{"id":2,"type":"save","name":"dawn"}"#);
    client.expect_done(r#""type":"swap","next":true"#);
    assert!(!presets.exists());
    let mut notices = Vec::new();
    autosave.poll(0, &desk.handle.state(), &mut |notice| notices.push(notice));
    assert!(matches!(client.answer(1), ServerMessage::Done { .. }));
    assert!(matches!(client.answer(2), ServerMessage::Done { .. }));
    notices.sort();
    assert_eq!(notices, ["saved as dawn", "saved as dusk"]);
    assert!(presets.join("dusk.json").exists() && presets.join("dawn.json").exists());
    // A failure of the disk is the answer.
    std::fs::remove_dir_all(&presets).unwrap();
    std::fs::write(&presets, "in the way").unwrap();
    client.send(r#"{"id":3,"type":"save","name":"noon"}"#);
    client.expect_done(r#""type":"swap","next":true"#);
    autosave.poll(0, &desk.handle.state(), &mut |_| {});
    match client.answer(3) {
        ServerMessage::Refused { reason, .. } => {
            assert!(reason.starts_with("not saved: "), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_client_gets_the_whole_state_and_then_changes() {
    let playing = Playing::start(options());
    let mut client = playing.client();
    client.send(r#"{"type":"undo","id":9}"#);
    let early = client.receive().unwrap();
    assert!(
        matches!(early, ServerMessage::Refused { id: Some(9), .. }),
        "{early:?}"
    );
    client.send(r#"{"type":"hello","version":1,"id":1}"#);
    let ServerMessage::Welcome(welcome) = client.receive().unwrap() else {
        panic!("the welcome comes first");
    };
    assert!(welcome.sound && welcome.display == 64 && welcome.board == "desk");
    let ServerMessage::State(state) = client.receive().unwrap() else {
        panic!("the state comes next");
    };
    let text = serde_json::to_string(&state).unwrap();
    for section in [
        "network",
        "layers",
        "touched",
        "parameters",
        "library",
        "presets",
        "transport",
        "history",
        "page",
        "notice",
    ] {
        assert!(text.contains(&format!("{section:?}:")), "{section}");
    }
    assert_eq!(client.answer(1), ServerMessage::Done { id: 1 });
    client.expect_done(r#""type":"add-layer","name":"bass""#);
    let expected = State {
        layers: client.state.layers.clone(),
        revision: client.state.revision,
        history: Some((1, 0)),
        ..State::default()
    };
    assert_eq!(client.changes, [expected]);
    assert_eq!(client.state.layers.as_ref().unwrap().layers[1].name, "bass");
    // Status and frames arrive without a request.
    client.wait_until(|client| client.status.is_some());
    let status = client.status.clone().unwrap();
    assert_eq!((status.engine.as_str(), status.clients), ("cpu", 1));
    client.wait_until(|client| {
        let has = |kind: FrameKind| client.frames.iter().any(|frame| frame[0] == kind as u8);
        has(FrameKind::Activity) && has(FrameKind::Display) && !has(FrameKind::Sound)
    });
}

/// Serves an instrument that nothing plays, with this network and this display.
fn serve_still(network: Network, display: impl FnMut() -> Vec<u8> + Send + 'static) -> Server {
    let parameters = Parameters::default();
    let made = Instrument::new(vec![network], parameters, Vec::new(), None, 1);
    let (handle, _) = Handle::new(made.unwrap().0.state());
    let access = Access {
        handle,
        counters: Arc::default(),
        info: info(44_100),
        sound: None,
        display: Box::new(display),
        mirror: Mirror::default(),
        touches: TouchMerge::default(),
    };
    let listener = Listener::open(options()).unwrap();
    Server::start(listener, access, spawn_plainly).unwrap()
}

fn greeted(server: &Server) -> Client {
    let mut client = Client::connect(server.address());
    client.send(r#"{"type":"hello","version":1,"id":1}"#);
    client.answer(1);
    client
}

#[test]
fn a_long_job_of_one_client_delays_no_other_and_ends_for_a_newer_one() {
    let largest = Network::random(24, &[1024; 64], Ops::XorRich, 1).unwrap();
    let server = serve_still(largest, Vec::new);
    let (mut one, mut two) = (greeted(&server), greeted(&server));
    let waveform = |id| format!(r#"{{"id":{id},"type":"waveform","columns":2000}}"#);
    one.send(&waveform(7));
    for bits in [4, 8, 12] {
        let compile = format!(r#""type":"compile","expression":"t>>4&t","bits":{bits}"#);
        let answer = two.request(&compile);
        assert!(
            matches!(answer, ServerMessage::Compiled { .. }),
            "{answer:?}"
        );
    }
    // The waveform goes on: the newer one ends it.
    one.send(&waveform(8));
    let ServerMessage::Refused { reason, .. } = one.answer(7) else {
        panic!("the waveform was done before a small compilation");
    };
    assert_eq!(reason, "a newer request has replaced this one");
    // Long jobs say how far they are.
    loop {
        if let ServerMessage::Progress { of: 8, part } = one.receive().unwrap() {
            assert!((0.0..=1.0).contains(&part));
            break;
        }
    }
    server.end();
}

#[test]
fn a_panic_of_the_thread_for_frames_does_not_end_them() {
    let mut calls = 0;
    let display = move || {
        calls += 1;
        assert_ne!(calls, 1, "an injected panic");
        vec![FrameKind::Display as u8, 1, 2, 3]
    };
    let network = Network::random(8, &[8], Ops::XorRich, 1).unwrap();
    let server = serve_still(network, display);
    let mut client = greeted(&server);
    let is_display = |frame: &Vec<u8>| frame[0] == FrameKind::Display as u8;
    client.wait_until(|client| client.frames.iter().any(is_display));
    server.end();
}

#[test]
fn invalid_requests_are_refused_and_jobs_are_answered() {
    let playing = Playing::start(options());
    let mut client = playing.greeted();
    let before = client.state.clone();
    for rest in [
        r#""type":"set","key":"tempo","value":1"#,
        r#""type":"paint","bends":[[99999,"zero"]],"begins":true"#,
        r#""type":"load","network":"{}""#,
        r#""type":"dance""#,
        r#""type":"recall-preset","name":"nowhere""#,
        r#""type":"compile","expression":"t+","bits":8"#,
    ] {
        let answer = client.request(rest);
        assert!(
            matches!(answer, ServerMessage::Refused { .. }),
            "{rest}: {answer:?}"
        );
    }
    // The display shows the refusal as a notice.
    client.state.notice.clone_from(&before.notice);
    assert_eq!(client.state, before);
    let ServerMessage::Compiled { network, .. } =
        client.request(r#""type":"compile","expression":"t*3","bits":9"#)
    else {
        panic!("a valid expression is compiled");
    };
    let network = serde_json::to_string(&network).unwrap();
    client.expect_done(&format!(r#""type":"load","network":{network}"#));
    let ServerMessage::Waveform { period, .. } =
        client.request(r#""type":"waveform","columns":64"#)
    else {
        panic!("a waveform is answered");
    };
    assert_eq!(period, 512);
    let ServerMessage::Snapshot { snapshot, .. } = client.request(r#""type":"snapshot""#) else {
        panic!("a snapshot is answered");
    };
    client.expect_done(r#""type":"swap","next":true"#);
    let other = client.state.network.clone();
    let snapshot = serde_json::to_string(&snapshot).unwrap();
    client.expect_done(&format!(r#""type":"restore","snapshot":{snapshot},"t":17"#));
    assert_ne!(client.state.network, other);
}

#[test]
fn two_clients_stay_in_step_and_the_last_writer_wins() {
    let playing = Playing::start(options());
    let (mut one, mut two) = (playing.greeted(), playing.greeted());
    one.expect_done(r#""type":"paint","bends":[[20,"zero"],[21,"zero"]],"begins":true"#);
    two.expect_done(r#""type":"paint","bends":[[20,"one"]],"begins":true"#);
    two.expect_done(r#""type":"set","key":"volume","value":-30"#);
    one.expect_done(r#""type":"set","key":"volume","value":-20"#);
    let agreed = |client: &Client| {
        client.bend(20) == Some(Bend::One)
            && client.bend(21) == Some(Bend::Zero)
            && client.state.parameters.as_ref().unwrap().contains(&-20)
    };
    one.wait_until(agreed);
    two.wait_until(agreed);
    assert_eq!(one.state, two.state);
}

#[test]
fn edits_for_what_another_client_has_replaced_are_refused_with_a_sentence() {
    let playing = Playing::start(options());
    let (mut one, mut two) = (playing.greeted(), playing.greeted());
    one.expect_done(r#""type":"add-layer","name":"bass""#);
    one.expect_done(r#""type":"add-layer","name":"lead""#);
    let names = |client: &Client| -> Vec<String> {
        let layers = client.state.layers.iter().flat_map(|it| &it.layers);
        layers.map(|layer| layer.name.clone()).collect()
    };
    two.wait_until(|client| names(client).len() == 3);
    let (name, nodes) = two.state.network.clone().unwrap().target;
    // Both remove the same layer, and the second has not seen the first do it.
    let remove = r#""type":"remove-layer","layer":1,"target":{"layer":"bass"}"#;
    one.expect_done(remove);
    let reason = |answer: ServerMessage| match answer {
        ServerMessage::Refused { reason, .. } => reason,
        answer => panic!("{answer:?}"),
    };
    let gone = "the layer bass is gone, so its edit was left out";
    assert_eq!(reason(two.request(remove)), gone);
    assert_eq!(names(&two), ["hand", "lead"]);
    // One plays another network while the other paints.
    one.expect_done(r#""type":"random","seed":1"#);
    let target = format!(r#""target":{{"network":["{name}",{nodes}]}}"#);
    let paint = format!(r#""type":"paint","bends":[[40,"one"]],"begins":true,{target}"#);
    let gone = format!("{name} no longer plays, so its edit was left out");
    assert_eq!(reason(two.request(&paint)), gone);
    assert!(two.bends().is_empty());
    let compile = format!(r#""type":"compile","expression":"t","bits":8,{target}"#);
    assert!(reason(two.request(&compile)).contains("only edits have a target"));
}

#[test]
fn whichever_client_returns_first_after_a_restart_the_newer_edit_stays() {
    for order in [[true, false], [false, true]] {
        let mut before = instrument();
        for command in [
            Command::Random(Some(1)),
            Command::bend(40, Some(Mask::Invert)),
        ] {
            before.apply(command).unwrap();
        }
        let snapshot = Saved::of(before.state()).to_json().unwrap();
        let playing = Playing::start(options());
        for has_edit in order {
            let mut client = playing.greeted();
            let resume = json!(snapshot);
            let answer = client.request(&format!(r#""type":"resume","snapshot":{resume},"t":7"#));
            // The second one finds the state that it would bring back.
            let is_second = has_edit != order[0];
            let refused = matches!(answer, ServerMessage::Refused { .. });
            assert_eq!(refused, is_second, "{answer:?}");
            if has_edit {
                client.expect_done(r#""type":"add-layer","name":"new""#);
            }
            let revision = client.state.revision.unwrap();
            assert_eq!(revision.resumed, 2);
            let layers = client.state.layers.unwrap().layers;
            assert_eq!(layers.len(), if has_edit || order[0] { 2 } else { 1 });
        }
    }
}

#[test]
fn fingers_bend_until_their_client_leaves() {
    for merged in [false, true] {
        let playing = Playing::scripted("", merged, options());
        let (mut one, mut two) = (playing.greeted(), playing.greeted());
        // Wait for the end of the panel's splash.
        let rate = one.welcome.as_ref().unwrap().rate as usize;
        while playing.sound.lock().unwrap().len() < 3 * rate {
            one.receive().unwrap();
        }
        one.expect_done(r#""type":"touch","fingers":[{"x":0.5,"y":0.4,"size":0.9}]"#);
        two.wait_until(Client::touched);
        one.leave();
        two.wait_until(|client| !client.touched());
        // Two fingers, one of each client, span a box.
        let mut one = playing.greeted();
        one.expect_done(r#""type":"touch","fingers":[{"x":0.1,"y":0.1,"size":0.5}]"#);
        two.expect_done(r#""type":"touch","fingers":[{"x":0.9,"y":0.7,"size":0.5}]"#);
        let many = |client: &Client| client.state.touched.as_ref().unwrap().nodes.len() > 50;
        one.wait_until(many);
        two.wait_until(many);
    }
}

#[test]
fn fingers_of_clients_are_merged_with_those_on_the_sensor() {
    // A finger rests on the sensor and latches the gates under it.
    let script = "0 set hold=latched\n2.5 down 0.5 0.4";
    let playing = Playing::scripted(script, true, options());
    let mut client = playing.greeted();
    client.wait_until(|client| client.touched() && !client.bends().is_empty());
    let latched = client.bends();
    client.expect_done(r#""type":"touch","fingers":[{"x":0.1,"y":0.1,"size":0.5}]"#);
    client.wait_until(|client| client.bends().len() > latched.len());
    client.expect_done(r#""type":"touch","fingers":[]"#);
    let few = |client: &Client| client.state.touched.as_ref().unwrap().nodes.len() <= latched.len();
    client.wait_until(few);
    // Let the panel run a few more cycles.
    for _ in 0..10 {
        client.expect_done(r#""type":"show","page":"menu""#);
        client.expect_done(r#""type":"show","page":"play""#);
    }
    let bends = client.bends();
    assert!(
        latched.iter().all(|node| bends.contains(node)),
        "{latched:?} {bends:?}"
    );
    assert!(client.touched());
}

#[test]
fn streamed_sound_is_the_sound_of_the_engine() {
    let playing = Playing::start(options());
    let mut client = playing.greeted();
    client.expect_done(r#""type":"listen","activity":false,"display":false,"sound":true"#);
    client.expect_done(r#""type":"paint","bends":[[30,"invert"]],"begins":true"#);
    let blocks = |client: &Client| -> BTreeMap<u64, Vec<f32>> {
        let sound = client
            .frames
            .iter()
            .filter(|frame| frame[0] == FrameKind::Sound as u8);
        let block = |frame: &Vec<u8>| {
            let first = u64::from_le_bytes(frame[8..16].try_into().unwrap());
            let frames = frame[16..].chunks_exact(4);
            let frames = frames.map(|frame| f32::from_le_bytes(frame.try_into().unwrap()));
            (first, frames.collect())
        };
        sound.map(block).collect()
    };
    let rate = client.welcome.as_ref().unwrap().rate as usize;
    let enough = |client: &Client| {
        let frames = blocks(client).values().map(Vec::len).sum::<usize>();
        frames > 2 * rate
    };
    client.wait_until(enough);
    let played = playing.sound.lock().unwrap();
    let mut loudest = 0f32;
    for (first, frames) in blocks(&client) {
        let first = first as usize;
        assert!(played[first..first + frames.len()] == frames, "at {first}");
        loudest = frames
            .iter()
            .fold(loudest, |most, frame| most.max(frame.abs()));
    }
    assert!(loudest > 0.01);
}

#[test]
fn pages_of_other_origins_are_refused() {
    let playing = Playing::start(options());
    let address = playing.address;
    let key = "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let ws = |host: &str, origin: &str| {
        let request = format!("GET /ws HTTP/1.1\r\nHost: {host}\r\n{key}Origin: {origin}\r\n\r\n");
        let mut stream = tcp(address);
        stream.write_all(request.as_bytes()).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        String::from_utf8(status.to_vec()).unwrap()
    };
    assert_eq!(
        ws("localhost:8080", "http://localhost:8080"),
        "HTTP/1.1 101"
    );
    for (host, origin) in [
        ("localhost:8080", "http://evil.example"),
        ("localhost:8080", "null"),
        ("localhost:8080", "http://localhost:3000"),
        ("evil.example", "http://evil.example"),
    ] {
        assert_eq!(ws(host, origin), "HTTP/1.1 403", "{host} {origin}");
    }
    let request = "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    let (head, body) = http(address, request);
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert!(String::from_utf8(body).unwrap().contains("[web] hosts"));
}

#[test]
fn the_page_is_served() {
    let playing = Playing::start(options());
    let address = playing.address;
    let (head, page) = get(address, "/", "");
    assert!(
        head.starts_with("HTTP/1.1 200 ") && head.contains("text/html"),
        "{head}"
    );
    assert!(String::from_utf8(page.clone()).unwrap().contains("<html"));
    assert!(
        head.contains("'wasm-unsafe-eval'") && head.contains("nosniff"),
        "{head}"
    );
    let tag = head
        .lines()
        .find(|line| line.starts_with("ETag: "))
        .unwrap();
    let known = format!("If-None-Match: {}\r\n", &tag["ETag: ".len()..]);
    let (head, nothing) = get(address, "/", &known);
    assert!(
        head.starts_with("HTTP/1.1 304 ") && nothing.is_empty(),
        "{head}"
    );
    let (head, _) = get(address, "/", "Accept-Encoding: gzip\r\n");
    assert!(head.contains("Content-Encoding: gzip"), "{head}");
    let (head, nothing) = http(address, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let length = format!("Content-Length: {}\r\n", page.len());
    assert!(head.contains(&length) && nothing.is_empty(), "{head}");
    for (request, status) in [
        ("GET /nowhere.js HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (
            "GET /../Cargo.toml HTTP/1.1\r\nHost: localhost\r\n\r\n",
            404,
        ),
        ("GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n", 426),
        ("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("nonsense\r\n\r\n", 400),
    ] {
        let (head, _) = http(address, request);
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {head}"
        );
    }
}

#[test]
fn many_browsers_at_one_address_load_the_page_at_once() {
    let playing = Playing::start(options());
    let _clients: Vec<Client> = (0..8).map(|_| playing.greeted()).collect();
    // All connections are open before the first request: more than are served at a time.
    let mut streams: Vec<TcpStream> = (0..100).map(|_| tcp(playing.address)).collect();
    for stream in &mut streams {
        let request = b"GET /main.js HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request).unwrap();
    }
    for mut stream in streams {
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        assert!(response.starts_with(b"HTTP/1.1 200 "), "a file is missing");
    }
}

#[test]
fn the_ninth_client_is_refused_until_another_leaves() {
    let playing = Playing::start(options());
    let mut clients: Vec<Client> = (0..8).map(|_| playing.greeted()).collect();
    let mut ninth = playing.client();
    ninth.send(r#"{"type":"hello","version":1}"#);
    let (messages, code) = ninth.closed();
    assert!(
        matches!(&messages[..], [ServerMessage::Refused { reason, .. }] if reason.contains("8 clients")),
        "{messages:?}"
    );
    assert_eq!(code, Some(CloseCode::Again));
    clients.pop().unwrap().leave();
    playing
        .greeted()
        .expect_done(r#""type":"swap","next":true"#);
}

/// Waits until the display shows the pairing code, and returns it.
#[cfg(target_os = "linux")]
fn shown_code(playing: &Playing) -> String {
    loop {
        let notice = playing.handle.state().notice.clone().unwrap_or_default();
        if let Some((_, code)) = notice.split_once("browser: ") {
            break code.to_string();
        }
        thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
fn hello(code: &str) -> String {
    format!(r#"{{"type":"hello","version":1,"code":"{code}"}}"#)
}

/// Options of a server that requires a code, with this time after a wrong one.
#[cfg(target_os = "linux")]
fn pairing(limits: ClientLimits) -> Options {
    Options {
        pairing: true,
        limits: ClientLimits {
            wrong_code: Duration::ZERO,
            ..limits
        },
        ..options()
    }
}

/// Sends a wrong code, which is refused.
#[cfg(target_os = "linux")]
fn guess(client: &mut Client) {
    client.send(&hello("no"));
    let answer = client.receive().unwrap();
    let is_refusal = matches!(answer, ServerMessage::Refused { id: None, .. });
    assert!(is_refusal, "{answer:?}");
    assert_eq!(client.receive().unwrap(), ServerMessage::Pairing);
}

/// Sends a message that is answered by a welcome.
#[cfg(target_os = "linux")]
fn expect_welcome(client: &mut Client, hello: &str) -> Welcome {
    client.send(hello);
    match client.receive().unwrap() {
        ServerMessage::Welcome(welcome) => *welcome,
        answer => panic!("{answer:?}"),
    }
}

#[cfg(target_os = "linux")]
#[test]
fn guesses_from_many_addresses_make_the_code_longer_and_never_keep_the_owner_out() {
    let playing = Playing::start(pairing(ClientLimits::default()));
    let mut owner = playing.client_from([127, 1, 0, 1]);
    owner.send(r#"{"type":"hello","version":1}"#);
    assert_eq!(owner.receive().unwrap(), ServerMessage::Pairing);
    let first = shown_code(&playing);
    assert_eq!(first.replace(' ', "").len(), 6, "{first}");
    // Each address guesses once; the owner's is one of them.
    let mut others: Vec<Client> = (1..=10)
        .map(|last| playing.client_from([127, 1, 0, last]))
        .collect();
    others.iter_mut().for_each(guess);
    let mut second = shown_code(&playing);
    while second == first {
        second = shown_code(&playing);
    }
    assert_eq!(second.replace(' ', "").len(), 9, "{second}");
    // The first code is a guess like any other.
    owner.send(&hello(&first));
    assert!(matches!(
        owner.receive().unwrap(),
        ServerMessage::Refused { .. }
    ));
    assert_eq!(owner.receive().unwrap(), ServerMessage::Pairing);
    (0..100).for_each(|_| others.iter_mut().for_each(guess));
    let welcome = expect_welcome(&mut owner, &hello(&second));
    let token = welcome.token.unwrap().0;
    owner.leave();
    // The token replaces the code. A wrong one is not a guess.
    for _ in 0..20 {
        others[0].send(r#"{"type":"hello","version":1,"token":"no"}"#);
        assert_eq!(others[0].receive().unwrap(), ServerMessage::Pairing);
    }
    let with_token = format!(r#"{{"type":"hello","version":1,"token":"{token}"}}"#);
    let again = expect_welcome(&mut playing.client_from([127, 1, 0, 1]), &with_token);
    assert_eq!(again.token.unwrap().0, token);
}

#[cfg(target_os = "linux")]
#[test]
fn clients_that_are_not_welcomed_keep_nobody_out() {
    let playing = Playing::start(pairing(ClientLimits::default()));
    let visit = |from| {
        let mut client = playing.client_from(from);
        client.send(r#"{"type":"hello","version":1}"#);
        assert_eq!(client.receive().unwrap(), ServerMessage::Pairing);
        client
    };
    // Twelve visitors wait at the same time.
    let mut visitors: Vec<Client> = (0..12).map(|_| visit([127, 0, 0, 1])).collect();
    visitors.iter_mut().for_each(guess);
    let mut owner = visit([127, 0, 0, 2]);
    // More of them displace one another, but nobody else.
    let more: Vec<Client> = (0..100).map(|_| visit([127, 0, 0, 1])).collect();
    assert_eq!(visitors.remove(0).closed().1, Some(CloseCode::Again));
    expect_welcome(&mut owner, &hello(&shown_code(&playing)));
    // Nor do visitors from a hundred addresses keep a newcomer from sending a code.
    let others: Vec<Client> = (1..=100).map(|last| visit([127, 2, 0, last])).collect();
    let mut newcomer = playing.client_from([127, 0, 0, 1]);
    expect_welcome(&mut newcomer, &hello(&shown_code(&playing)));
    newcomer.wait_until(|client| client.status.as_ref().is_some_and(|it| it.clients == 2));
    drop((more, others));
}

#[cfg(target_os = "linux")]
#[test]
fn two_addresses_leave_room_for_others() {
    let limits = ClientLimits {
        request: 10 * TIMEOUT,
        hello: 10 * TIMEOUT,
        ..ClientLimits::default()
    };
    let playing = Playing::start(pairing(limits));
    let addresses = [[127, 0, 0, 2], [127, 0, 0, 3]];
    let flood = |count, open: &dyn Fn(TcpStream)| {
        for from in addresses {
            (0..count).for_each(|_| open(tcp_from(from, playing.address)));
        }
    };
    // Websockets that say nothing, then requests that never arrive.
    let websockets = std::cell::RefCell::new(Vec::new());
    flood(48, &|stream| {
        let client = tungstenite::client("ws://localhost/ws", stream);
        websockets.borrow_mut().extend(client.ok());
    });
    let requests = std::cell::RefCell::new(Vec::new());
    flood(300, &|stream| requests.borrow_mut().push(stream));
    let (head, _) = get(playing.address, "/", "");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let mut owner = playing.client();
    owner.send(r#"{"type":"hello","version":1}"#);
    assert_eq!(owner.receive().unwrap(), ServerMessage::Pairing);
    expect_welcome(&mut owner, &hello(&shown_code(&playing)));
}

#[test]
fn a_client_that_does_not_say_hello_is_dropped_whatever_it_sends() {
    let limits = ClientLimits {
        hello: Duration::from_secs(3),
        ..ClientLimits::default()
    };
    let playing = Playing::start(Options {
        limits,
        ..options()
    });
    let pause = Duration::from_millis(5);
    // A message of endless empty fragments, one of endless bytes, and pings.
    let empty = frame(0, &[]).repeat(1000);
    let mut endless = raw(playing.address);
    endless.write_all(&frame(1, &[])).unwrap();
    let mut slow = raw(playing.address);
    slow.write_all(&frame(0x81, &[b' '; 900])[..8]).unwrap();
    let pinging = raw(playing.address);
    thread::scope(|scope| {
        scope.spawn(|| send_until_hung_up(endless, &empty, Duration::ZERO));
        scope.spawn(|| send_until_hung_up(slow, b" ", pause));
        scope.spawn(|| send_until_hung_up(pinging, &frame(0x89, &[]), pause));
    });
    // Long messages are refused immediately.
    let mut long = raw(playing.address);
    let _ = long.write_all(&frame(0x81, &vec![b' '; 60_000]));
    assert_eq!(close_code(long), Some(1009));
    let mut other = playing.greeted();
    other.wait_until(|client| client.status.as_ref().is_some_and(|it| it.clients == 1));
}

#[test]
fn a_client_that_sends_no_whole_message_is_dropped() {
    let limits = ClientLimits {
        silence: Duration::from_secs(3),
        ..ClientLimits::default()
    };
    let playing = Playing::start(Options {
        limits,
        ..options()
    });
    // This one answers no ping.
    let mut silent = raw_greeted(playing.address);
    let empty = frame(0, &[]).repeat(1000);
    let mut endless = raw_greeted(playing.address);
    endless.write_all(&frame(1, &[])).unwrap();
    let announced = announced(&playing);
    thread::scope(|scope| {
        scope.spawn(|| silent.read_to_end(&mut Vec::new()));
        scope.spawn(|| send_until_hung_up(endless, &empty, Duration::ZERO));
        scope.spawn(|| send_until_hung_up(announced, b" ", Duration::from_millis(5)));
    });
}

/// Opens a websocket by hand, says hello and announces a text of 4 MB.
fn announced(playing: &Playing) -> TcpStream {
    let mut stream = raw_greeted(playing.address);
    let length = (4u64 << 20).to_be_bytes();
    let head = [&[0x81, 0xff][..], &length, &[0; 4]].concat();
    stream.write_all(&head).unwrap();
    stream
}

#[test]
fn the_server_ends_in_the_middle_of_a_message() {
    let limits = ClientLimits {
        silence: 10 * TIMEOUT,
        ..ClientLimits::default()
    };
    let mut playing = Playing::start(Options {
        limits,
        ..options()
    });
    let stream = announced(&playing);
    let server = playing.server.take().unwrap();
    let slow = thread::spawn(move || send_until_hung_up(stream, b" ", Duration::from_millis(1)));
    server.end();
    slow.join().unwrap();
}

#[test]
fn a_client_that_sends_too_much_is_read_later() {
    let limits = ClientLimits {
        messages: 100.0,
        bytes: 1e5,
        message_bytes: 10_000,
        ..ClientLimits::default()
    };
    let playing = Playing::start(Options {
        limits,
        ..options()
    });
    let mut client = playing.greeted();
    let started = Instant::now();
    for _ in 0..260 {
        client.send(r#"{"type":"play","playing":true}"#);
    }
    client.expect_done(r#""type":"play","playing":true"#);
    assert!(started.elapsed() >= Duration::from_millis(500));
    let started = Instant::now();
    for _ in 0..7 {
        let long = " ".repeat(9_000);
        client.send(&format!(r#"{{"type":"play",{long}"playing":true}}"#));
    }
    client.expect_done(r#""type":"play","playing":true"#);
    assert!(started.elapsed() >= Duration::from_millis(400));
}

#[test]
fn a_message_may_be_fragmented() {
    let playing = Playing::start(options());
    let mut client = playing.greeted();
    let text = r#"{"id":7,"type":"swap","next":true}"#.as_bytes();
    let mut fragments = text.chunks(5).enumerate().peekable();
    while let Some((i, fragment)) = fragments.next() {
        let kind = if i == 0 { Data::Text } else { Data::Continue };
        let is_last = fragments.peek().is_none();
        let frame = Frame::message(fragment.to_vec(), OpCode::Data(kind), is_last);
        client.socket.send(Message::Frame(frame)).unwrap();
        client.socket.send(Message::Ping(vec![1].into())).unwrap();
    }
    assert_eq!(client.answer(7), ServerMessage::Done { id: 7 });
}

#[test]
fn a_slow_reader_holds_a_response_for_a_limited_time() {
    const LENGTH: usize = 32 << 20;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<html>").unwrap();
    std::fs::write(folder.path().join("long.js"), vec![b' '; LENGTH]).unwrap();
    let limits = ClientLimits {
        answer: Duration::from_secs(1),
        ..ClientLimits::default()
    };
    let playing = Playing::start(Options {
        files: Files::folder(folder.path()).unwrap(),
        limits,
        ..options()
    });
    let mut stream = tcp(playing.address);
    let request = "GET /long.js HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    // Reads a part at each status that another client receives, until the time is over.
    let mut other = playing.greeted();
    let mut part = vec![0; 64 << 10];
    let mut all = stream.read(&mut part).unwrap();
    let began = Instant::now();
    while began.elapsed() < 2 * limits.answer {
        other.status = None;
        other.wait_until(|client| client.status.is_some());
        all += stream.read(&mut part).unwrap_or(0);
    }
    while let Ok(count @ 1..) = stream.read(&mut part) {
        all += count;
    }
    assert!(0 < all && all < LENGTH, "{all}");
}

#[test]
fn a_message_takes_little_memory() {
    let mut simulation = simulation("", &TouchMerge::default(), None);
    let mut session = ClientSession::new(Arc::new(info(44_100).welcome(1)));
    let view = View::new(simulation.handle().state());
    session.receive(r#"{"type":"hello","version":1}"#, &view, 0);
    let zeros = "0,".repeat(2 << 20);
    for text in [
        format!(r#"{{"type":"undo","more":[{zeros}0]}}"#),
        format!(r#"{{"more":[{zeros}0],"type":"undo"}}"#),
        format!(r#"{{"type":"paint","bends":[{zeros}0],"begins":true}}"#),
    ] {
        let most = most_bytes(|| {
            let action = session.receive(&text, &view, 0);
            assert!(matches!(action, Action::Send(_)));
        });
        assert!(most < 1 << 20, "{most}");
    }
    let bends = "[4294967295,null],".repeat(200_000);
    let text = format!(r#"{{"type":"paint","begins":true,"bends":[{bends}[0,null]]}}"#);
    let most = most_bytes(|| {
        let action = session.receive(&text, &view, 0);
        assert!(matches!(action, Action::Command(..)));
    });
    assert!(most < 4 * text.len(), "{most}");
}

#[test]
fn an_invalid_message_ends_its_own_connection_only() {
    let playing = Playing::start(options());
    let mut other = playing.greeted();
    let mut send = |bytes: &[u8]| {
        let mut stream = raw(playing.address);
        stream.write_all(bytes).unwrap();
        let code = close_code(stream);
        other.expect_done(r#""type":"swap","next":true"#);
        code
    };
    // A text of 5 MB is announced.
    let length = (5u64 << 20).to_be_bytes();
    assert_eq!(
        send(&[&[0x81, 0xff][..], &length, &[0; 4]].concat()),
        Some(1009)
    );
    // Not UTF-8, masked by zeros.
    assert_eq!(send(&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]), Some(1007));
    // Not masked, and an unknown opcode.
    assert_eq!(send(&[0x81, 0x02, b'{', b'}']), Some(1002));
    assert_eq!(send(&[0x8f; 100]), Some(1002));
    // An unknown version.
    let mut client = playing.client();
    client.send(r#"{"type":"hello","version":7}"#);
    let (messages, code) = client.closed();
    assert!(
        matches!(&messages[..], [ServerMessage::Refused { reason, .. }] if reason.contains("version 7"))
    );
    assert_eq!(code, Some(CloseCode::Policy));
    // Binary messages and text that is not JSON are refused; the connection stays open.
    let mut client = playing.greeted();
    client.socket.send(Message::binary(vec![1, 2, 3])).unwrap();
    client.send("{");
    client.send(&"[".repeat(100_000));
    client.expect_done(r#""type":"play","playing":true"#);
}

#[test]
fn silent_and_slow_clients_are_dropped_and_do_not_disturb_others() {
    let limits = ClientLimits {
        hello: Duration::from_secs(2),
        silence: Duration::from_secs(3),
        request: Duration::from_secs(1),
        stall: Duration::from_secs(1),
        ..ClientLimits::default()
    };
    let playing = Playing::start(Options {
        limits,
        ..options()
    });
    // A request and a message that stay incomplete.
    let mut half = tcp(playing.address);
    half.write_all(b"GET / HTTP/1.1\r\nHo").unwrap();
    let mut half_message = raw(playing.address);
    half_message.write_all(&[0x81, 0xff, 0, 0]).unwrap();
    // A client that does not even say hello.
    let silent = playing.client();
    let mut slow = playing.greeted();
    let mut other = playing.greeted();
    let clients = |count| {
        move |client: &Client| {
            let status = client.status.as_ref();
            status.is_some_and(|status| status.clients == count)
        }
    };
    // Not a status from before the server counted the other one.
    other.wait_until(clients(2));
    for id in 0..900 {
        slow.send(&format!(r#"{{"id":{id},"type":"snapshot"}}"#));
    }
    other.wait_until(clients(1));
    other.expect_done(r#""type":"swap","next":true"#);
    let mut answer = String::new();
    half.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(silent.closed().1, Some(CloseCode::Policy));
    assert_eq!(slow.closed().1, None);
}

#[test]
fn notices_are_short_however_long_a_name_is() {
    let playing = Playing::start(options());
    let (mut one, mut other) = (playing.greeted(), playing.greeted());
    let name = "a".repeat(3_900_000);
    let answer = one.request(&format!(r#""type":"recall-preset","name":"{name}""#));
    assert!(matches!(answer, ServerMessage::Refused { reason, .. } if reason.len() < 1000));
    let notice = |client: &Client| client.state.notice.clone().unwrap_or_default();
    other.wait_until(|client| notice(client).contains("aaa"));
    assert!(notice(&other).len() < 1000);
    other.expect_done(r#""type":"swap","next":true"#);
}

#[test]
fn a_restart_changes_the_start_number() {
    let first = Playing::start(options());
    let address = first.address;
    let client = first.greeted();
    let before = client.welcome.clone().unwrap().start;
    drop(first);
    assert_eq!(client.closed().1, Some(CloseCode::Away));
    // The same port, immediately.
    let second = Playing::start(Options {
        port: address.port(),
        ..options()
    });
    assert_eq!(second.address, address);
    assert_ne!(second.greeted().welcome.unwrap().start, before);
    // A third server takes another port.
    let third = Playing::start(Options {
        port: address.port(),
        ..options()
    });
    assert_ne!(third.address, address);
}

/// Plays a script, with clients that listen to everything, one of which sends nonsense.
fn played(clients: usize) -> Vec<f32> {
    const SCRIPT: &str = "0.2 next\n2.4 down 0.3 0.5\n3.0 move 0.7 0.3\n3.6 up\n\
                          4 mutate\n4.4 set volume=-6\n5 random\n5.5 undo";
    let touches = TouchMerge::default();
    let mut simulation = simulation(SCRIPT, &touches, None);
    simulation.guard(|callback| assert_no_alloc(callback));
    let (server, mut tap) = serve(&mut simulation, touches, options());
    let ends = Arc::new(AtomicBool::new(false));
    let crowd: Vec<(Receiver<()>, JoinHandle<u32>)> = (0..clients)
        .map(|i| {
            let mut client = Client::connect(server.address());
            client.send(r#"{"type":"hello","version":1}"#);
            client.send(r#"{"type":"listen","activity":true,"display":true,"sound":true}"#);
            let (received, receives) = sync_channel(1);
            let ends = Arc::clone(&ends);
            let thread = thread::spawn(move || {
                let mut refused = 0;
                while !ends.load(Ordering::Relaxed) {
                    if i == 0 {
                        client.send("{\"id\":1,\"type\":\"nonsense\"}");
                        client.send(&"[".repeat(1000));
                    }
                    if let Ok(ServerMessage::Refused { .. }) = client.receive() {
                        refused += 1;
                    }
                    let _ = received.try_send(());
                }
                refused
            });
            (receives, thread)
        })
        .collect();
    let mut sound = Vec::new();
    for slice in 1..=650u64 {
        simulation.run(
            slice * 10_000_000,
            |block| {
                sound.extend_from_slice(block.sound);
                assert_no_alloc(|| tap.write(block.sound));
            },
            |_| {},
        );
        // Waits for the clients occasionally, so that they are active all the time.
        if slice % 25 == 0 {
            for (receives, _) in &crowd {
                receives.recv_timeout(TIMEOUT).unwrap();
            }
        }
    }
    ends.store(true, Ordering::Relaxed);
    let refused: Vec<u32> = crowd
        .into_iter()
        .map(|(_, thread)| thread.join().unwrap())
        .collect();
    assert!(
        refused.first().is_none_or(|refused| *refused > 10),
        "{refused:?}"
    );
    server.end();
    sound
}

#[test]
fn a_crowd_does_not_change_a_sample() {
    let alone = played(0);
    assert!(alone.iter().any(|frame| frame.abs() > 0.01));
    assert!(played(8) == alone);
}
