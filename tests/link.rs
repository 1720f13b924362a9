//! The server as clients meet it: over real sockets, beside a desk in simulated time.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use engine::{TapWriter, tap};
use gatebend::board::desk::{Desk, Script, Simulation};
use gatebend::factory_networks;
use gatebend::handle::Handle;
use gatebend::link::files::Files;
use gatebend::link::protocol::{Bend, Frame, ServerMessage, State, Status, Welcome};
use gatebend::link::server::{Access, Limits, Listener, Options, Server, chance};
use gatebend::link::session::{Action, Session};
use gatebend::link::touch_merge::TouchMerge;
use gatebend::link::view::{Place, View};
use gatebend::spawn::spawn_plainly;
use tungstenite::protocol::frame::Frame as Piece;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::{Error, Message, WebSocket};

/// Knows how much a thread has, beside what guards it.
struct Counted;

thread_local! {
    /// Bytes that this thread has more than it began with, and the most of them.
    static HAS: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn count(bytes: isize) {
    HAS.set({
        let (has, most) = HAS.get();
        (has + bytes, most.max(has + bytes))
    });
}

// SAFETY: it is the other one's memory, by the other one's rules.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as our own caller promises.
        unsafe { AllocDisabler.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as our own caller promises.
        unsafe { AllocDisabler.dealloc(pointer, layout) }
    }
}

/// The most bytes that something has at a time.
fn most_bytes(of: impl FnOnce()) -> usize {
    HAS.set((0, 0));
    of();
    HAS.get().1 as usize
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Nothing here takes so long, unless it fails.
const PATIENCE: Duration = Duration::from_secs(60);
/// Simulated time between two looks whether all is over.
const SLICE: u64 = 5_000_000;

fn options() -> Options {
    Options {
        port: 0,
        ..Options::default()
    }
}

fn simulation(script: &str, hand: &TouchMerge) -> Simulation {
    let desk = Desk::new(factory_networks::all());
    let script = Script::parse(script, &desk.panel.surface).unwrap();
    Simulation::played(desk, script, hand.clone()).unwrap()
}

/// Serves a desk.
fn serve(simulation: &mut Simulation, hand: TouchMerge, options: Options) -> (Server, TapWriter) {
    let rate = simulation.platform().rate;
    let (tap, listener) = tap(rate as usize);
    let oled = simulation.oled().clone();
    let access = Access {
        shared: simulation.share(),
        counters: Arc::clone(simulation.counters()),
        place: Place {
            start: chance() as u32,
            board: "desk".into(),
            rate,
            sound: true,
            display: 64,
            surface: gatebend::panel::Config::default().surface,
        },
        sound: Some(listener),
        display: Box::new(move || oled.frame().message()),
        mirror: simulation.panel().mirror(),
        hand,
    };
    let listener = Listener::open(options).unwrap();
    let server = Server::start(listener, access, spawn_plainly).unwrap();
    (server, tap)
}

/// A desk that plays, faster than in real time, and is served.
struct Playing {
    server: Option<Server>,
    address: SocketAddr,
    shared: Handle,
    ends: Arc<AtomicBool>,
    /// All that was played.
    sound: Arc<Mutex<Vec<f32>>>,
    thread: Option<JoinHandle<()>>,
}

impl Playing {
    fn start(options: Options) -> Playing {
        Playing::scripted("", false, options)
    }

    /// Plays by itself what a script says; hands of clients are on the simulated sensor, or
    /// beside it.
    fn scripted(script: &'static str, beside: bool, options: Options) -> Playing {
        let ends = Arc::new(AtomicBool::new(false));
        let sound = Arc::new(Mutex::new(Vec::new()));
        let (tell, told) = channel();
        let (stop, record) = (Arc::clone(&ends), Arc::clone(&sound));
        let thread = thread::spawn(move || {
            let hand = TouchMerge::default();
            let sensed = if beside {
                TouchMerge::default()
            } else {
                hand.clone()
            };
            let mut simulation = simulation(script, &sensed);
            if beside {
                simulation.beside(hand.clone());
            }
            let shared = simulation.share();
            let (server, mut tap) = serve(&mut simulation, hand, options);
            tell.send((server, shared)).unwrap();
            while !stop.load(Ordering::Relaxed) {
                let until = simulation.now() + SLICE;
                simulation.run(
                    until,
                    |block| {
                        record.lock().unwrap().extend_from_slice(block.sound);
                        tap.write(block.sound);
                    },
                    |_| {},
                );
                // Leaves the machine to others, too.
                thread::sleep(Duration::from_millis(1));
            }
        });
        let (server, shared) = told.recv().unwrap();
        Playing {
            address: server.address(),
            server: Some(server),
            shared,
            ends,
            sound,
            thread: Some(thread),
        }
    }

    fn client(&self) -> Client {
        Client::connect(self.address)
    }

    fn greeted(&self) -> Client {
        let mut client = self.client();
        client.say(r#"{"type":"hello","version":1,"id":1}"#);
        client.answer(1);
        client
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.end();
        }
        self.ends.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || ended.is_some_and(|ended| ended.is_ok()));
    }
}

fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Says something over HTTP, and gives back head and content of the answer.
fn http(address: SocketAddr, request: &str) -> (String, Vec<u8>) {
    let mut stream = tcp(address);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let at = answer
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .unwrap();
    let content = answer.split_off(at + 4);
    (String::from_utf8(answer).unwrap(), content)
}

fn get(address: SocketAddr, path: &str, more: &str) -> (String, Vec<u8>) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:1\r\n{more}\r\n");
    http(address, &request)
}

/// A websocket, opened by hand.
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

/// A frame of a client, masked by zeros: its first byte, and less than 64 kB.
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

/// A websocket opened by hand, and greeted.
fn raw_greeted(address: SocketAddr) -> TcpStream {
    let mut stream = raw(address);
    let hello = br#"{"type":"hello","version":1}"#;
    stream.write_all(&frame(0x81, hello)).unwrap();
    // The first bytes of its welcome.
    stream.read_exact(&mut [0; 2]).unwrap();
    stream
}

/// Says this over and over, now and then, until the server has hung up.
fn insist(mut stream: TcpStream, what: &[u8], pause: Duration) {
    let mut other = stream.try_clone().unwrap();
    let heard = thread::spawn(move || {
        // A reset is an end, too.
        let _ = other.read_to_end(&mut Vec::new());
    });
    let started = Instant::now();
    while !heard.is_finished() && stream.write_all(what).is_ok() {
        assert!(started.elapsed() < PATIENCE, "it is listened to for ever");
        thread::sleep(pause);
    }
    heard.join().unwrap();
}

/// What a websocket opened by hand is told last: the number of its closing frame.
fn closed(mut stream: TcpStream) -> Option<u16> {
    let mut told = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut told);
    let mut rest = &told[..];
    while let [first, length, after @ ..] = rest {
        let (length, after) = match length {
            126 => (
                usize::from(after[0]) << 8 | usize::from(after[1]),
                &after[2..],
            ),
            127 => panic!("nothing here is so long"),
            length => (usize::from(*length), after),
        };
        if *first == 0x88 {
            return Some(u16::from_be_bytes([after[0], after[1]]));
        }
        rest = after.get(length..)?;
    }
    None
}

/// A client, and what it was told.
struct Client {
    socket: WebSocket<TcpStream>,
    welcome: Option<Welcome>,
    /// Everything it knows of the state.
    state: State,
    status: Option<Status>,
    /// Sections that came since it was asked last.
    changes: Vec<State>,
    frames: Vec<Vec<u8>>,
    ids: u32,
}

impl Client {
    fn connect(address: SocketAddr) -> Client {
        let url = format!("ws://localhost:{}/ws", address.port());
        let (socket, _) = tungstenite::client(url, tcp(address)).unwrap();
        Client {
            socket,
            welcome: None,
            state: State::default(),
            status: None,
            changes: Vec::new(),
            frames: Vec::new(),
            ids: 100,
        }
    }

    fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    /// The next thing that it is told in words; what is of the moment is noted.
    fn next(&mut self) -> Result<ServerMessage, Error> {
        loop {
            match self.socket.read()? {
                Message::Text(text) => {
                    let tell: ServerMessage = serde_json::from_str(&text).unwrap();
                    match &tell {
                        ServerMessage::Welcome(welcome) => self.welcome = Some((**welcome).clone()),
                        ServerMessage::State(state) => self.learn(state),
                        ServerMessage::Status(status) => self.status = Some(status.clone()),
                        _ => {}
                    }
                    return Ok(tell);
                }
                Message::Binary(bytes) => self.frames.push(bytes.to_vec()),
                _ => {}
            }
        }
    }

    fn learn(&mut self, changes: &State) {
        macro_rules! learn {
            ($($section:ident),*) => {
                $(if changes.$section.is_some() {
                    self.state.$section.clone_from(&changes.$section);
                })*
            };
        }
        learn!(
            network, layers, touched, parameters, library, presets, transport, history, page,
            notice
        );
        self.changes.push(changes.clone());
    }

    /// Waits until it is so.
    fn until(&mut self, mut so: impl FnMut(&Client) -> bool) {
        while !so(self) {
            self.next().unwrap();
        }
    }

    /// The answer with this id.
    fn answer(&mut self, wanted: u32) -> ServerMessage {
        loop {
            let tell = self.next().unwrap();
            let id = match &tell {
                ServerMessage::Done { id }
                | ServerMessage::Snapshot { id, .. }
                | ServerMessage::Compiled { id, .. }
                | ServerMessage::Waveform { id, .. } => Some(*id),
                ServerMessage::Refused { id, .. } => *id,
                _ => None,
            };
            if id == Some(wanted) {
                return tell;
            }
        }
    }

    /// Asks, the rest of a message, and waits for the answer.
    fn ask(&mut self, rest: &str) -> ServerMessage {
        self.ids += 1;
        self.changes.clear();
        self.say(&format!(r#"{{"id":{},{rest}}}"#, self.ids));
        self.answer(self.ids)
    }

    fn done(&mut self, rest: &str) {
        let answer = self.ask(rest);
        assert!(
            matches!(answer, ServerMessage::Done { .. }),
            "{rest}: {answer:?}"
        );
    }

    /// Its last words, and how it was closed.
    fn end(mut self) -> (Vec<ServerMessage>, Option<CloseCode>) {
        let mut tells = Vec::new();
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => tells.push(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(frame)) => return (tells, frame.map(|frame| frame.code)),
                Ok(_) => {}
                Err(_) => return (tells, None),
            }
        }
    }

    /// Leaves, and waits until the server has noticed.
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

    /// Nodes that layers bend.
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
fn a_client_is_told_everything_and_then_what_changes() {
    let playing = Playing::start(options());
    let mut client = playing.client();
    client.say(r#"{"type":"undo","id":9}"#);
    let early = client.next().unwrap();
    assert!(
        matches!(early, ServerMessage::Refused { id: Some(9), .. }),
        "{early:?}"
    );
    client.say(r#"{"type":"hello","version":1,"id":1}"#);
    let ServerMessage::Welcome(welcome) = client.next().unwrap() else {
        panic!("a welcome comes first");
    };
    assert!(welcome.sound && welcome.display == 64 && welcome.board == "desk");
    let ServerMessage::State(state) = client.next().unwrap() else {
        panic!("then the state");
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
    client.done(r#""type":"add-layer","name":"bass""#);
    let expected = State {
        layers: client.state.layers.clone(),
        history: Some((1, 0)),
        ..State::default()
    };
    assert_eq!(client.changes, [expected]);
    assert_eq!(client.state.layers.as_ref().unwrap().layers[1].name, "bass");
    // What is of the moment comes by itself.
    client.until(|client| client.status.is_some());
    let status = client.status.clone().unwrap();
    assert_eq!((status.engine.as_str(), status.clients), ("cpu", 1));
    client.until(|client| {
        let has = |kind: Frame| client.frames.iter().any(|frame| frame[0] == kind as u8);
        has(Frame::Activity) && has(Frame::Display) && !has(Frame::Sound)
    });
}

#[test]
fn what_cannot_be_done_is_refused_and_what_takes_long_is_answered() {
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
        let answer = client.ask(rest);
        assert!(
            matches!(answer, ServerMessage::Refused { .. }),
            "{rest}: {answer:?}"
        );
    }
    // The display tells the player, too.
    client.state.notice.clone_from(&before.notice);
    assert_eq!(client.state, before);
    let ServerMessage::Compiled { network, .. } =
        client.ask(r#""type":"compile","expression":"t*3","bits":9"#)
    else {
        panic!("it is right");
    };
    let network = serde_json::to_string(&network).unwrap();
    client.done(&format!(r#""type":"load","network":{network}"#));
    let ServerMessage::Waveform { period, .. } = client.ask(r#""type":"waveform","columns":64"#)
    else {
        panic!("it can be drawn");
    };
    assert_eq!(period, 512);
    let ServerMessage::Snapshot { snapshot, .. } = client.ask(r#""type":"snapshot""#) else {
        panic!("there is one");
    };
    client.done(r#""type":"swap","next":true"#);
    let other = client.state.network.clone();
    let snapshot = serde_json::to_string(&snapshot).unwrap();
    client.done(&format!(r#""type":"restore","snapshot":{snapshot},"t":17"#));
    assert_ne!(client.state.network, other);
}

#[test]
fn two_clients_stay_in_step_and_the_last_writer_wins() {
    let playing = Playing::start(options());
    let (mut one, mut two) = (playing.greeted(), playing.greeted());
    one.done(r#""type":"paint","bends":[[20,"zero"],[21,"zero"]],"begins":true"#);
    two.done(r#""type":"paint","bends":[[20,"one"]],"begins":true"#);
    two.done(r#""type":"set","key":"volume","value":-30"#);
    one.done(r#""type":"set","key":"volume","value":-20"#);
    let agreed = |client: &Client| {
        client.bend(20) == Some(Bend::One)
            && client.bend(21) == Some(Bend::Zero)
            && client.state.parameters.as_ref().unwrap().contains(&-20)
    };
    one.until(agreed);
    two.until(agreed);
    assert_eq!(one.state, two.state);
}

#[test]
fn fingers_bend_until_their_client_leaves() {
    for beside in [false, true] {
        let playing = Playing::scripted("", beside, options());
        let (mut one, mut two) = (playing.greeted(), playing.greeted());
        // Once the panel's splash is over.
        let rate = one.welcome.as_ref().unwrap().rate as usize;
        while playing.sound.lock().unwrap().len() < 3 * rate {
            one.next().unwrap();
        }
        one.done(r#""type":"touch","fingers":[{"x":0.5,"y":0.4,"size":0.9}]"#);
        two.until(Client::touched);
        one.leave();
        two.until(|client| !client.touched());
        // Two fingers, one of each, span a box.
        let mut one = playing.greeted();
        one.done(r#""type":"touch","fingers":[{"x":0.1,"y":0.1,"size":0.5}]"#);
        two.done(r#""type":"touch","fingers":[{"x":0.9,"y":0.7,"size":0.5}]"#);
        let many = |client: &Client| client.state.touched.as_ref().unwrap().nodes.len() > 50;
        one.until(many);
        two.until(many);
    }
}

#[test]
fn fingers_beside_the_sensor_are_of_the_same_hand() {
    // A finger rests on the sensor, and has latched what is under it.
    let script = "0 set hold=latched\n2.5 down 0.5 0.4";
    let playing = Playing::scripted(script, true, options());
    let mut client = playing.greeted();
    client.until(|client| client.touched() && !client.bends().is_empty());
    let latched = client.bends();
    client.done(r#""type":"touch","fingers":[{"x":0.1,"y":0.1,"size":0.5}]"#);
    client.until(|client| client.bends().len() > latched.len());
    client.done(r#""type":"touch","fingers":[]"#);
    let few = |client: &Client| client.state.touched.as_ref().unwrap().nodes.len() <= latched.len();
    client.until(few);
    // Another round of the panel, or a dozen.
    for _ in 0..10 {
        client.done(r#""type":"show","page":"menu""#);
        client.done(r#""type":"show","page":"play""#);
    }
    let bends = client.bends();
    assert!(
        latched.iter().all(|node| bends.contains(node)),
        "{latched:?} {bends:?}"
    );
    assert!(client.touched());
}

#[test]
fn sound_is_what_the_engine_plays() {
    let playing = Playing::start(options());
    let mut client = playing.greeted();
    client.done(r#""type":"listen","activity":false,"display":false,"sound":true"#);
    client.done(r#""type":"paint","bends":[[30,"invert"]],"begins":true"#);
    let blocks = |client: &Client| -> BTreeMap<u64, Vec<f32>> {
        let sound = client
            .frames
            .iter()
            .filter(|frame| frame[0] == Frame::Sound as u8);
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
    client.until(enough);
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
fn pages_of_other_places_are_refused() {
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
    let (head, content) = http(address, request);
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert!(String::from_utf8(content).unwrap().contains("[web] hosts"));
}

#[test]
fn the_page_is_served() {
    let playing = Playing::start(options());
    let address = playing.address;
    let (head, content) = get(address, "/", "");
    assert!(
        head.starts_with("HTTP/1.1 200 ") && head.contains("text/html"),
        "{head}"
    );
    assert!(
        String::from_utf8(content.clone())
            .unwrap()
            .contains("<html")
    );
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
    let length = format!("Content-Length: {}\r\n", content.len());
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
fn the_ninth_client_is_told_why_and_gets_the_next_place() {
    let playing = Playing::start(options());
    let mut clients: Vec<Client> = (0..8).map(|_| playing.greeted()).collect();
    let mut ninth = playing.client();
    ninth.say(r#"{"type":"hello","version":1}"#);
    let (told, code) = ninth.end();
    assert!(
        matches!(&told[..], [ServerMessage::Refused { reason, .. }] if reason.contains("8 clients")),
        "{told:?}"
    );
    assert_eq!(code, Some(CloseCode::Again));
    clients.pop().unwrap().leave();
    playing.greeted().done(r#""type":"swap","next":true"#);
}

/// The pairing code, as soon as the display shows it.
fn shown_code(playing: &Playing) -> String {
    loop {
        let notice = playing.shared.state().notice.clone().unwrap_or_default();
        if let Some((_, code)) = notice.split_once("browser: ") {
            break code.to_string();
        }
        thread::yield_now();
    }
}

fn hello(code: &str) -> String {
    format!(r#"{{"type":"hello","version":1,"code":"{code}"}}"#)
}

#[test]
fn a_pairing_code_is_wanted_and_shown() {
    let guess = Duration::from_millis(20);
    let limits = Limits {
        guess,
        ..Limits::default()
    };
    let playing = Playing::start(Options {
        pairing: true,
        limits,
        ..options()
    });
    let mut client = playing.client();
    let started = Instant::now();
    // Who has the code of another start, too, is asked for the new one.
    let wrong = |client: &mut Client| {
        client.say(&hello("no"));
        let told = client.next().unwrap();
        assert!(
            matches!(told, ServerMessage::Refused { id: None, .. }),
            "{told:?}"
        );
        assert_eq!(client.next().unwrap(), ServerMessage::Pairing);
    };
    (0..5).for_each(|_| wrong(&mut client));
    assert!(started.elapsed() >= 15 * guess);
    let code = shown_code(&playing);
    assert!(code.len() == 6 && code.parse::<u32>().is_ok(), "{code}");
    // Another connection is no way around the wait.
    let mut other = playing.client();
    wrong(&mut other);
    assert!(started.elapsed() >= 31 * guess);
    client.say(&hello(&code));
    assert!(matches!(client.next().unwrap(), ServerMessage::Welcome(_)));
    assert!(started.elapsed() >= 63 * guess);
    other.say(r#"{"type":"hello","version":1}"#);
    assert_eq!(other.next().unwrap(), ServerMessage::Pairing);
}

#[test]
fn who_waits_at_the_door_takes_no_seat() {
    let playing = Playing::start(Options {
        pairing: true,
        ..options()
    });
    let mut waiting: Vec<Client> = (0..8).map(|_| playing.client()).collect();
    for client in &mut waiting {
        client.say(r#"{"type":"hello","version":1}"#);
        assert_eq!(client.next().unwrap(), ServerMessage::Pairing);
    }
    let mut owner = playing.client();
    owner.say(&hello(&shown_code(&playing)));
    assert!(matches!(owner.next().unwrap(), ServerMessage::Welcome(_)));
    owner.until(|client| client.status.as_ref().is_some_and(|it| it.clients == 1));
    // For whom the longest of them had to go.
    assert_eq!(waiting.remove(0).end().1, Some(CloseCode::Again));
}

#[test]
fn who_is_not_greeted_goes_in_time_whatever_it_says() {
    let limits = Limits {
        hello: Duration::from_secs(1),
        ..Limits::default()
    };
    let playing = Playing::start(Options {
        limits,
        ..options()
    });
    let pause = Duration::from_millis(5);
    // A message without end, of nothing; the same in a frame; and pings.
    let nothing = frame(0, &[]).repeat(1000);
    let mut endless = raw(playing.address);
    endless.write_all(&frame(1, &[])).unwrap();
    insist(endless, &nothing, Duration::ZERO);
    let mut slow = raw(playing.address);
    slow.write_all(&frame(0x81, &[b' '; 900])[..8]).unwrap();
    insist(slow, b" ", pause);
    insist(raw(playing.address), &frame(0x89, &[]), pause);
    // Long messages are not waited for.
    let mut long = raw(playing.address);
    let _ = long.write_all(&frame(0x81, &vec![b' '; 60_000]));
    assert_eq!(closed(long), Some(1009));
    let mut other = playing.greeted();
    other.until(|client| client.status.as_ref().is_some_and(|it| it.clients == 1));
}

#[test]
fn who_is_greeted_goes_without_a_whole_message_in_time() {
    let limits = Limits {
        silence: Duration::from_secs(1),
        ..Limits::default()
    };
    let playing = Playing::start(Options {
        limits,
        ..options()
    });
    // It answers no ping.
    let mut silent = raw_greeted(playing.address);
    let _ = silent.read_to_end(&mut Vec::new());
    let nothing = frame(0, &[]).repeat(1000);
    let mut endless = raw_greeted(playing.address);
    endless.write_all(&frame(1, &[])).unwrap();
    insist(endless, &nothing, Duration::ZERO);
    insist(announced(&playing), b" ", Duration::from_millis(5));
}

/// A websocket, greeted, on which a text of 4 MB is announced.
fn announced(playing: &Playing) -> TcpStream {
    let mut stream = raw_greeted(playing.address);
    let length = (4u64 << 20).to_be_bytes();
    let head = [&[0x81, 0xff][..], &length, &[0; 4]].concat();
    stream.write_all(&head).unwrap();
    stream
}

#[test]
fn the_end_comes_amid_a_message_too() {
    let limits = Limits {
        silence: 10 * PATIENCE,
        ..Limits::default()
    };
    let mut playing = Playing::start(Options {
        limits,
        ..options()
    });
    let stream = announced(&playing);
    let server = playing.server.take().unwrap();
    let slow = thread::spawn(move || insist(stream, b" ", Duration::from_millis(1)));
    server.end();
    slow.join().unwrap();
}

#[test]
fn who_says_more_than_it_may_is_heard_later() {
    let limits = Limits {
        messages: 100.0,
        bytes: 1e5,
        message: 10_000,
        ..Limits::default()
    };
    let playing = Playing::start(Options {
        limits,
        ..options()
    });
    let mut client = playing.greeted();
    let started = Instant::now();
    for _ in 0..260 {
        client.say(r#"{"type":"play","playing":true}"#);
    }
    client.done(r#""type":"play","playing":true"#);
    assert!(started.elapsed() >= Duration::from_millis(500));
    let started = Instant::now();
    for _ in 0..7 {
        let long = " ".repeat(9_000);
        client.say(&format!(r#"{{"type":"play",{long}"playing":true}}"#));
    }
    client.done(r#""type":"play","playing":true"#);
    assert!(started.elapsed() >= Duration::from_millis(400));
}

#[test]
fn a_message_may_come_in_pieces() {
    let playing = Playing::start(options());
    let mut client = playing.greeted();
    let text = r#"{"id":7,"type":"swap","next":true}"#.as_bytes();
    let mut pieces = text.chunks(5).enumerate().peekable();
    while let Some((i, piece)) = pieces.next() {
        let kind = if i == 0 { Data::Text } else { Data::Continue };
        let last = pieces.peek().is_none();
        let piece = Piece::message(piece.to_vec(), OpCode::Data(kind), last);
        client.socket.send(Message::Frame(piece)).unwrap();
        client.socket.send(Message::Ping(vec![1].into())).unwrap();
    }
    assert_eq!(client.answer(7), ServerMessage::Done { id: 7 });
}

#[test]
fn who_reads_slowly_holds_an_answer_for_a_time_only() {
    const LENGTH: usize = 32 << 20;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<html>").unwrap();
    std::fs::write(folder.path().join("long.js"), vec![b' '; LENGTH]).unwrap();
    let limits = Limits {
        answer: Duration::from_secs(1),
        ..Limits::default()
    };
    let playing = Playing::start(Options {
        files: Files::folder(folder.path()).unwrap(),
        limits,
        ..options()
    });
    let mut stream = tcp(playing.address);
    let request = "GET /long.js HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let (mut part, mut all) = (vec![0; 64 << 10], 0);
    while let Ok(count @ 1..) = stream.read(&mut part) {
        all += count;
        thread::sleep(Duration::from_millis(10));
    }
    assert!(0 < all && all < LENGTH, "{all}");
}

#[test]
fn a_message_takes_little_memory() {
    let hand = TouchMerge::default();
    let mut simulation = simulation("", &hand);
    let place = Place {
        start: 1,
        board: "desk".into(),
        rate: 44_100,
        sound: true,
        display: 64,
        surface: gatebend::panel::Config::default().surface,
    };
    let mut session = Session::new(Arc::new(place.welcome()), None);
    let view = View::new(simulation.share().state());
    session.receive(r#"{"type":"hello","version":1}"#, &view, 0);
    let zeros = "0,".repeat(2 << 20);
    for text in [
        format!(r#"{{"type":"undo","more":[{zeros}0]}}"#),
        format!(r#"{{"more":[{zeros}0],"type":"undo"}}"#),
        format!(r#"{{"type":"paint","bends":[{zeros}0],"begins":true}}"#),
    ] {
        let most = most_bytes(|| {
            let wish = session.receive(&text, &view, 0);
            assert!(matches!(wish, Action::Send(_)));
        });
        assert!(most < 1 << 20, "{most}");
    }
    let bends = "[4294967295,null],".repeat(200_000);
    let text = format!(r#"{{"type":"paint","begins":true,"bends":[{bends}[0,null]]}}"#);
    let most = most_bytes(|| {
        let wish = session.receive(&text, &view, 0);
        assert!(matches!(wish, Action::Command(..)));
    });
    assert!(most < 4 * text.len(), "{most}");
}

#[test]
fn what_is_no_message_ends_its_connection_only() {
    let playing = Playing::start(options());
    let mut other = playing.greeted();
    let mut send = |bytes: &[u8]| {
        let mut stream = raw(playing.address);
        stream.write_all(bytes).unwrap();
        let code = closed(stream);
        other.done(r#""type":"swap","next":true"#);
        code
    };
    // A text of 5 MB is announced.
    let length = (5u64 << 20).to_be_bytes();
    assert_eq!(
        send(&[&[0x81, 0xff][..], &length, &[0; 4]].concat()),
        Some(1009)
    );
    // No UTF-8, masked by zeros.
    assert_eq!(send(&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]), Some(1007));
    // Not masked, and no opcode.
    assert_eq!(send(&[0x81, 0x02, b'{', b'}']), Some(1002));
    assert_eq!(send(&[0x8f; 100]), Some(1002));
    // A version that is none of ours.
    let mut client = playing.client();
    client.say(r#"{"type":"hello","version":7}"#);
    let (told, code) = client.end();
    assert!(
        matches!(&told[..], [ServerMessage::Refused { reason, .. }] if reason.contains("version 7"))
    );
    assert_eq!(code, Some(CloseCode::Policy));
    // Binary, and what is no JSON: refused, and listened to further.
    let mut client = playing.greeted();
    client.socket.send(Message::binary(vec![1, 2, 3])).unwrap();
    client.say("{");
    client.say(&"[".repeat(100_000));
    client.done(r#""type":"play","playing":true"#);
}

#[test]
fn who_is_silent_or_slow_is_dropped_and_disturbs_nobody() {
    let limits = Limits {
        hello: Duration::from_secs(2),
        silence: Duration::from_secs(3),
        request: Duration::from_secs(1),
        full: Duration::from_secs(1),
        ..Limits::default()
    };
    let playing = Playing::start(Options {
        limits,
        ..options()
    });
    // A request, and a message, that do not come to their end.
    let mut half = tcp(playing.address);
    half.write_all(b"GET / HTTP/1.1\r\nHo").unwrap();
    let mut half_message = raw(playing.address);
    half_message.write_all(&[0x81, 0xff, 0, 0]).unwrap();
    // Who says nothing, not even hello.
    let silent = playing.client();
    let mut slow = playing.greeted();
    for id in 0..900 {
        slow.say(&format!(r#"{{"id":{id},"type":"snapshot"}}"#));
    }
    let mut other = playing.greeted();
    other.until(|client| {
        let status = client.status.as_ref();
        status.is_some_and(|status| status.clients == 1)
    });
    other.done(r#""type":"swap","next":true"#);
    let mut answer = String::new();
    half.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(silent.end().1, Some(CloseCode::Policy));
    assert_eq!(slow.end().1, None);
}

#[test]
fn what_is_told_to_all_is_short_whatever_one_has_said() {
    let playing = Playing::start(options());
    let (mut one, mut other) = (playing.greeted(), playing.greeted());
    let name = "a".repeat(3_900_000);
    let answer = one.ask(&format!(r#""type":"recall-preset","name":"{name}""#));
    assert!(matches!(answer, ServerMessage::Refused { reason, .. } if reason.len() < 1000));
    let notice = |client: &Client| client.state.notice.clone().unwrap_or_default();
    other.until(|client| notice(client).contains("aaa"));
    assert!(notice(&other).len() < 1000);
    other.done(r#""type":"swap","next":true"#);
}

#[test]
fn after_a_restart_a_client_finds_another_start() {
    let first = Playing::start(options());
    let address = first.address;
    let client = first.greeted();
    let before = client.welcome.clone().unwrap().start;
    drop(first);
    assert_eq!(client.end().1, Some(CloseCode::Away));
    // The same port, at once.
    let second = Playing::start(Options {
        port: address.port(),
        ..options()
    });
    assert_eq!(second.address, address);
    assert_ne!(second.greeted().welcome.unwrap().start, before);
    // A second one takes another port.
    let third = Playing::start(Options {
        port: address.port(),
        ..options()
    });
    assert_ne!(third.address, address);
}

/// What a script plays, with everybody listening and one who shouts, or alone.
fn played(clients: usize) -> Vec<f32> {
    const SCRIPT: &str = "0.2 next\n2.4 down 0.3 0.5\n3.0 move 0.7 0.3\n3.6 up\n\
                          4 mutate\n4.4 set volume=-6\n5 random\n5.5 undo";
    let hand = TouchMerge::default();
    let mut simulation = simulation(SCRIPT, &hand);
    simulation.guard(|callback| assert_no_alloc(callback));
    let (server, mut tap) = serve(&mut simulation, hand, options());
    let ends = Arc::new(AtomicBool::new(false));
    let crowd: Vec<(Receiver<()>, JoinHandle<u32>)> = (0..clients)
        .map(|i| {
            let mut client = Client::connect(server.address());
            client.say(r#"{"type":"hello","version":1}"#);
            client.say(r#"{"type":"listen","activity":true,"display":true,"sound":true}"#);
            let (tell, told) = sync_channel(1);
            let ends = Arc::clone(&ends);
            let thread = thread::spawn(move || {
                let mut refused = 0;
                while !ends.load(Ordering::Relaxed) {
                    if i == 0 {
                        client.say("{\"id\":1,\"type\":\"nonsense\"}");
                        client.say(&"[".repeat(1000));
                    }
                    if let Ok(ServerMessage::Refused { .. }) = client.next() {
                        refused += 1;
                    }
                    let _ = tell.try_send(());
                }
                refused
            });
            (told, thread)
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
        // Now and then it waits for them, so that they are heard all the time.
        if slice % 25 == 0 {
            for (told, _) in &crowd {
                told.recv_timeout(PATIENCE).unwrap();
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
