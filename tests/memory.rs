//! Memory of the program, whatever clients send; of networks, and of reading their files.
#![cfg(target_os = "linux")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use instrument::Saved;
use instrument::preset::{MAX_PRESETS_BYTES, Preset, fit};
use logicnet::random::Ops;
use logicnet::{Mask, Masks, Network};
use serde_json::{Value, json};
use tungstenite::client::client_with_config;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

/// Counts the bytes that a thread has allocated.
struct CountingAllocator;

thread_local! {
    /// Bytes that this thread has allocated since the count began, and their maximum.
    static ALLOCATED: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn count(bytes: isize) {
    let (now, most) = ALLOCATED.get();
    ALLOCATED.set((now + bytes, most.max(now + bytes)));
}

// SAFETY: forwards every call to the system's allocator.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the same contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps the same contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Returns the result of a call, the bytes that are allocated after it, and the most at a time.
fn counted<T>(call: impl FnOnce() -> T) -> (T, usize, usize) {
    ALLOCATED.set((0, 0));
    let result = call();
    let (now, most) = ALLOCATED.get();
    (result, now as usize, most as usize)
}

/// Asserts that a count of memory is right within a quarter.
fn assert_near(counted: usize, allocated: usize, name: &str) {
    let range = allocated * 3 / 4..=allocated * 5 / 4;
    assert!(range.contains(&counted), "{name}: {counted} of {allocated}");
}

/// Returns a network of the most gates.
fn largest(seed: u64) -> Network {
    Network::random(16, &[8192; 8], Ops::XorRich, seed).unwrap()
}

/// Returns a network file with these layers and other fields.
fn file(layers: &str, more: &str) -> String {
    format!(
        r#"{{"format":"gatebend-network","version":1,"inputs":8,"outputs":[0],"layers":[{layers}]{more}}}"#
    )
}

#[test]
fn the_memory_of_networks_and_masks_is_known() {
    let narrow = vec![r#"{"gates":[[6,0,1]]}"#; 65_536].join(",");
    let coloured: Vec<String> = (0..3000)
        .map(|layer| format!(r#"{{"gates":[[6,0,1]],"colour":{layer}}}"#))
        .collect();
    let files = [
        ("gates", largest(1).to_json()),
        ("layers", file(&narrow, "")),
        ("fields", file(&coloured.join(","), r#","mood":"dark""#)),
        (
            "text",
            file("", &format!(r#","source":"{}""#, "t".repeat(60_000))),
        ),
    ];
    for (name, text) in files {
        let (network, allocated, _) = counted(|| Network::from_json(&text).unwrap());
        assert_near(network.heap_bytes(), allocated, name);
    }
    for (name, factor) in [("in order", 1_u32), ("shuffled", 7919), ("few", 100)] {
        let node = |i| i * factor % 60_000;
        let masks = || (0..60_000).map(|i| (node(i), Mask::Invert)).collect();
        let (masks, allocated, _): (Masks, _, _) = counted(masks);
        assert_near(masks.heap_bytes(), allocated, name);
        assert!(allocated < 150_000, "{name}: {allocated}");
    }
}

#[test]
fn reading_a_hostile_file_takes_little_memory() {
    const LENGTH: usize = 8 << 20;
    let repeat = |part: &str| part.repeat(LENGTH / part.len());
    let texts = [
        repeat("["),
        format!("{}{}", repeat("["), repeat("]")),
        format!("[{}0]", repeat("0,")),
        format!("{{{}\"a\":0}}", repeat("\"a\":0,")),
        file("", &repeat(",\"a\":0")),
        file("", &format!(",\"a\":[{}0]", repeat("0,"))),
        file("", &format!(",\"a\":\"{}\"", repeat("\\n"))),
        file("", &format!(",\"outputs\":[{}0]", repeat("0,"))),
        file("", &format!(",\"layers\":{}{}", repeat("["), repeat("]"))),
        file(
            "",
            &format!(
                ",\"input_encoding\":{{{}\"a\":0}}",
                repeat("\"type\":\"\",")
            ),
        ),
        file(
            "",
            &format!(",\"masks\":[{}0]", repeat("{\"node\":1,\"force\":1},")),
        ),
        file(
            "",
            &format!(
                ",\"masks\":[{}0]",
                repeat("{\"node\":99999999,\"force\":1},")
            ),
        ),
        file(
            &format!("{}{{\"gates\":[]}}", repeat("{\"gates\":[]},")),
            "",
        ),
        file(&format!("{}{{}}", repeat("{\"gates\":[[1,0,0]]},")), ""),
        file(
            &format!("{{\"gates\":[{}[0,0,0]]}}", repeat("[0,0,0],")),
            "",
        ),
        file(&format!("{{\"gates\":[],\"a\":[{}0]}}", repeat("0,")), ""),
        file("", &format!(",\"bends\":[{}0]", repeat("0,"))),
        file(
            "",
            &format!(",\"parameters\":{{{}\"a\":0}}", repeat("\"a\":0,")),
        ),
        file(
            "",
            &format!(",\"bend_layers\":{{{}\"a\":0}}", repeat("\"a\":0,")),
        ),
        file("", &format!(",\"from_library\":\"{}\"", repeat("a"))),
    ];
    for text in texts {
        let start: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .take(150)
            .collect();
        let ((), _, most) = counted(|| drop(Network::from_json(&text)));
        assert!(most <= 2 * LENGTH, "a network: {most} bytes for {start}");
        let ((), _, most) = counted(|| drop(Saved::from_json(&text)));
        assert!(most <= 2 * LENGTH, "a state: {most} bytes for {start}");
    }
}

#[test]
fn presets_have_memory_for_a_dozen_of_the_largest() {
    let (mut presets, mut bytes) = (Vec::new(), 0);
    loop {
        let text = largest(presets.len() as u64).to_json();
        let (preset, allocated, _) = counted(|| Preset::from_json("x".into(), &text).unwrap());
        if !fit(presets.iter().chain([&preset])) {
            break;
        }
        bytes += allocated;
        presets.push(preset);
    }
    assert_near(MAX_PRESETS_BYTES, bytes, "all presets");
    assert!(presets.len() >= 12, "{}", presets.len());
    // A network that presets share counts once.
    let shared = presets[0].clone();
    assert!(fit(presets.iter().chain([&shared])));
}

/// Most memory of the program in bytes.
const MOST: u64 = 150_000_000;
/// Most address space of the program in kilobytes, which is the memory of a board. It has
/// room for the stacks of threads and for libraries, most of which is never touched.
const ADDRESSES: u64 = 512 << 10;
/// Longest wait for an answer; only a failing test reaches it.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Clients at a time.
const CLIENTS: usize = 8;

/// The program with its page, playing silently.
struct Program {
    child: Child,
    port: u16,
}

impl Program {
    /// Starts the program with as little memory as a board has.
    fn start() -> Program {
        let limited = format!("ulimit -v {ADDRESSES} && exec \"$0\" \"$@\"");
        let mut child = Command::new("sh")
            .args([
                "-c",
                &limited,
                env!("CARGO_BIN_EXE_gatebend"),
                "play",
                "--silent",
            ])
            .args(["--state", "none", "--listen", "127.0.0.1", "--port", "0"])
            // As on boards, whose heap never shrinks.
            .env("MALLOC_ARENA_MAX", "2")
            .env("MALLOC_MMAP_MAX_", "0")
            .env("MALLOC_TRIM_THRESHOLD_", i32::MAX.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("the page has an address").unwrap();
            if let Some((_, rest)) = line.split_once("localhost:") {
                let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
                break digits.unwrap().parse().unwrap();
            }
        };
        thread::spawn(move || lines.for_each(drop));
        Program { child, port }
    }

    /// Asserts that the program has never had more than the most memory.
    fn check(&mut self, step: &str) {
        assert_eq!(self.child.try_wait().unwrap(), None, "{step}: it has ended");
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
        let peak = kilobytes.parse::<u64>().unwrap() * 1024;
        println!("{step}: {} MB", peak / 1_000_000);
        assert!(peak < MOST, "{step}: {peak} bytes");
    }

    fn client(&self) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let url = format!("ws://localhost:{}/ws", self.port);
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let (socket, _) = client_with_config(url, stream, Some(config)).unwrap();
        let mut client = Client { socket, id: 0 };
        client.expect_done(json!({"type": "hello", "version": 1}));
        client
    }

    /// Runs a script with each of the most clients, all at the same time.
    fn with_clients(&self, script: impl Fn(usize, &mut Client) + Sync) {
        // All connect first: a client that leaves makes room later.
        let clients: Vec<Client> = (0..CLIENTS).map(|_| self.client()).collect();
        thread::scope(|scope| {
            for (i, mut client) in clients.into_iter().enumerate() {
                let script = &script;
                scope.spawn(move || {
                    script(i, &mut client);
                    client.leave();
                });
            }
        });
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client {
    socket: WebSocket<TcpStream>,
    id: u32,
}

impl Client {
    /// Sends a message with a new id.
    fn send(&mut self, mut message: Value) {
        self.id += 1;
        message["id"] = self.id.into();
        self.socket
            .send(Message::text(message.to_string()))
            .unwrap();
    }

    /// Sends a message, and returns its answer.
    fn request(&mut self, message: Value) -> Value {
        self.send(message);
        loop {
            let Message::Text(text) = self.socket.read().unwrap() else {
                continue;
            };
            // States are long and not answers.
            if !text.starts_with(r#"{"type":"state""#) {
                let answer: Value = serde_json::from_str(&text).unwrap();
                if answer["id"] == self.id {
                    return answer;
                }
            }
        }
    }

    fn expect_done(&mut self, message: Value) {
        let answer = self.request(message);
        assert_eq!(answer["type"], "done", "{answer}");
    }

    /// Closes the connection, and waits until the server has noticed.
    fn leave(mut self) {
        let _ = self.socket.close(None);
        while self.socket.read().is_ok() {}
    }
}

fn load(file: &str) -> Value {
    json!({"type": "load", "network": file})
}

#[test]
fn the_program_keeps_below_150_mb_whatever_clients_send() {
    let mut program = Program::start();
    // Unknown fields: of files, of layers, and as many as a message has room for, which a
    // link of a few thousand letters holds when packed.
    let numbers = |count: usize| format!("[{}0]", "0,".repeat(count));
    let in_file = file("", &format!(",\"x\":{}", numbers(700_000)));
    let in_layer = file(&format!("{{\"gates\":[],\"x\":{}}}", numbers(700_000)), "");
    let longest = file("", &format!(",\"x\":{}", numbers(1_700_000)));
    program.with_clients(|_, client| {
        for i in 0..8 {
            client.request(load(if i % 2 == 0 { &in_file } else { &in_layer }));
        }
        client.request(load(&longest));
    });
    program.check("unknown fields");
    // Undo of the largest networks.
    program.with_clients(|i, client| {
        let network = largest(i as u64).to_json();
        for _ in 0..5 {
            client.expect_done(load(&network));
        }
    });
    program.check("largest networks");
    // Bends of all gates in all layers.
    let mut player = program.client();
    player.expect_done(
        json!({"type": "listen", "activity": false, "display": false, "sound": false}),
    );
    for bend in [
        "zero", "one", "invert", "zero", "one", "invert", "zero", "one",
    ] {
        let bends: Vec<Value> = (16..65_552).map(|node| json!([node, bend])).collect();
        player.expect_done(json!({"type": "paint", "begins": true, "bends": bends}));
        player.request(json!({"type": "add-layer"}));
    }
    program.check("bends");
    // Presets until there is no memory for another one; then undo has them all.
    let reason = loop {
        player.expect_done(json!({"type": "mutate"}));
        let answer = player.request(json!({"type": "save-preset"}));
        if answer["type"] != "done" {
            break answer["reason"].to_string();
        }
    };
    assert!(reason.contains("no memory for another preset"), "{reason}");
    program.check("presets");
    player.leave();
    // Everything at once, for clients that read slowly or not at all.
    program.with_clients(|i, client| {
        for _ in 0..4 {
            client.send(json!({"type": "mutate"}));
            client.send(json!({"type": "snapshot"}));
        }
        if i % 2 == 0 {
            client.request(json!({"type": "snapshot"}));
        }
    });
    program.check("snapshots");
    program.with_clients(|i, client| {
        for _ in 0..4 {
            client.send(json!({"type": "mutate"}));
            client.send(json!({"type": "waveform", "columns": 4096}));
            client.send(json!({"type": "compile", "expression": "t*(t>>5|t>>8)", "bits": 12}));
        }
        if i % 2 == 0 {
            client.request(json!({"type": "snapshot"}));
        }
    });
    program.check("jobs");
    // Compilations that need the most memory.
    program.with_clients(|i, client| {
        let expressions = ["(t*t>>7)%251*(t>>9)", "t/7*t/11*t"];
        let compile = json!({"type": "compile", "expression": expressions[i % 2], "bits": 24});
        assert_eq!(client.request(compile)["type"], "compiled");
    });
    program.check("compilations");
}
