//! scsynth in real time, on JACK's dummy driver. The tests wait for the server's replies and
//! depend on no clock. They are skipped without jackd.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gatebend_hosts::{Frame, Networks, Segment, assert_same, expected, read_wav, run};

use crate::home::Home;

const RATE: u32 = 48_000;
/// Frames of a recording.
const FRAMES: usize = 96_000;
/// Frame of a recording from which on a node is bent.
const BENT: usize = 9_600;

/// Counts what Gatebend allocates and frees in JACK's callback and elsewhere, and prints it
/// when the program ends.
const COUNTER: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*callback)(unsigned frames, void *data);
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void __libc_free(void *memory);

static __thread int inside;
static char *begin, *end;
static int in_callback, elsewhere;
static callback process;

static void count(void *caller) {
    if ((char *)caller < begin || (char *)caller >= end)
        return;
    if (inside)
        in_callback++;
    else
        elsewhere++;
}

#define COUNT count(__builtin_return_address(0))
void *malloc(size_t size) { COUNT; return __libc_malloc(size); }
void *calloc(size_t count_of, size_t size) { COUNT; return __libc_calloc(count_of, size); }
void *realloc(void *memory, size_t size) { COUNT; return __libc_realloc(memory, size); }
void free(void *memory) { COUNT; __libc_free(memory); }

static int find(struct dl_phdr_info *library, size_t size, void *data) {
    if (!strstr(library->dlpi_name, "Gatebend.so"))
        return 0;
    begin = (char *)library->dlpi_addr;
    for (int k = 0; k < library->dlpi_phnum; k++) {
        char *last = begin + library->dlpi_phdr[k].p_vaddr + library->dlpi_phdr[k].p_memsz;
        if (last > end)
            end = last;
    }
    return 1;
}

static int run(unsigned frames, void *data) {
    inside = 1;
    int result = process(frames, data);
    inside = 0;
    return result;
}

int jack_set_process_callback(void *client, callback given, void *data) {
    int (*set)(void *, callback, void *) = dlsym(RTLD_NEXT, "jack_set_process_callback");
    dl_iterate_phdr(find, NULL);
    process = given;
    return set(client, run, data);
}

__attribute__((destructor)) static void report(void) {
    if (process)
        fprintf(stderr, "%d in the callback, %s elsewhere\n", in_callback, elsewhere ? "some" : "none");
}
"#;

/// A process that ends with its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // jackd removes its shared memory then.
        let _ = Command::new("kill").arg(self.0.id().to_string()).output();
        let _ = self.0.wait();
    }
}

/// A server in real time.
struct Live {
    server: Process,
    console: BufReader<std::process::ChildStdout>,
    socket: UdpSocket,
    /// Synths that have ended.
    ended: Vec<i32>,
    _jack: Process,
}

/// An argument of a message.
enum Argument<'a> {
    Number(i32),
    Text(&'a str),
}

fn pad(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(text.as_bytes());
    bytes.resize(bytes.len() / 4 * 4 + 4, 0);
}

fn message(address: &str, arguments: &[Argument]) -> Vec<u8> {
    let mut bytes = Vec::new();
    pad(&mut bytes, address);
    let tag = |argument: &Argument| match argument {
        Argument::Number(_) => 'i',
        Argument::Text(_) => 's',
    };
    let tags: String = arguments.iter().map(tag).collect();
    pad(&mut bytes, &format!(",{tags}"));
    for argument in arguments {
        match argument {
            Argument::Number(number) => bytes.extend(number.to_be_bytes()),
            Argument::Text(text) => pad(&mut bytes, text),
        }
    }
    bytes
}

/// Returns messages as a bundle, which the server performs in one block.
fn bundle(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"#bundle\0\0\0\0\0\0\0\0\x01".to_vec();
    for message in messages {
        bytes.extend((message.len() as u32).to_be_bytes());
        bytes.extend(message);
    }
    bytes
}

fn start_jack(name: &str) -> Process {
    let mut jack = Command::new("jackd");
    jack.args([
        "--no-realtime",
        "--sync",
        "-t",
        "10000",
        "-n",
        name,
        "-d",
        "dummy",
        "-r",
        &RATE.to_string(),
        "-p",
        "256",
    ]);
    Process(
        jack.stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    )
}

fn build_counter(home: &Home) {
    fs::write(home.path().join("count.c"), COUNTER).unwrap();
    let mut compiler = Command::new("cc");
    compiler.current_dir(home.path());
    run(compiler.args(["-shared", "-fPIC", "-O", "-o", "count.so", "count.c"]));
}

impl Live {
    /// Starts a server, or returns nothing if there is no jackd.
    fn start(home: &Home) -> Option<Live> {
        if Command::new("jackd").arg("--version").output().is_err() {
            eprintln!("skipped: jackd is missing");
            return None;
        }
        build_counter(home);
        let name = format!("gatebend-{}", std::process::id());
        let jack = start_jack(&name);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        // A port that was free a moment ago.
        let port = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        socket.connect(("127.0.0.1", port)).unwrap();
        // Until jackd is ready, the server ends.
        for _ in 0..1_000 {
            let mut server = home.program("scsynth");
            server.args(["-u", &port.to_string(), "-i", "0", "-o", "2"]);
            server
                .env("JACK_DEFAULT_SERVER", &name)
                .env("JACK_NO_START_SERVER", "1");
            server.env("LD_PRELOAD", home.path().join("count.so"));
            server
                .stdout(Stdio::piped())
                .stderr(fs::File::create(home.path().join("errors")).unwrap());
            let mut server = Process(server.spawn().unwrap());
            let mut console = BufReader::new(server.0.stdout.take().unwrap());
            let mut line = String::new();
            while console.read_line(&mut line).unwrap() > 0 {
                if line.contains("server ready") {
                    return Some(Live {
                        server,
                        console,
                        socket,
                        ended: Vec::new(),
                        _jack: jack,
                    });
                }
                line.clear();
            }
        }
        panic!("the server does not start");
    }

    fn send(&self, bytes: &[u8]) {
        self.socket.send(bytes).unwrap();
    }

    /// Waits for a reply, and returns its address and its first number.
    fn reply(&self) -> (String, Option<i32>) {
        let mut bytes = [0; 4_096];
        let size = self.socket.recv(&mut bytes).expect("the server replies");
        let text = |start: usize| {
            let end = start + bytes[start..].iter().position(|byte| *byte == 0).unwrap();
            let text = String::from_utf8_lossy(&bytes[start..end]).into_owned();
            (text, end / 4 * 4 + 4)
        };
        let (address, tags) = text(0);
        assert_ne!(
            address,
            "/fail",
            "{}",
            String::from_utf8_lossy(&bytes[..size])
        );
        let (tags, first) = text(tags);
        let number = bytes[first..first + 4].try_into().unwrap();
        let number = tags.starts_with(",i").then(|| i32::from_be_bytes(number));
        (address, number)
    }

    /// Waits until everything that was sent is done.
    fn sync(&mut self) {
        self.send(&message("/sync", &[Argument::Number(1)]));
        loop {
            match self.reply() {
                (address, _) if address == "/synced" => return,
                (address, Some(synth)) if address == "/n_end" => self.ended.push(synth),
                _ => {}
            }
        }
    }

    /// Waits until a synth has ended.
    fn wait_for_end(&mut self, synth: i32) {
        while !self.ended.contains(&synth) {
            let (address, number) = self.reply();
            self.ended.extend(number.filter(|_| address == "/n_end"));
        }
    }

    /// Ends the server while synths play, and returns the errors of its end.
    fn quit(mut self, home: &Home) -> (String, String) {
        self.send(&message("/quit", &[]));
        let mut console = String::new();
        while self.console.read_line(&mut console).unwrap() > 0 {}
        let status = self.server.0.wait().unwrap();
        assert!(status.success(), "{status}\n{console}");
        (
            console,
            fs::read_to_string(home.path().join("errors")).unwrap(),
        )
    }
}

/// A synth that records itself from its first frame on, and ends then. Its node is bent from a
/// frame on.
const RECORDER: &str = r"
    SynthDef(\recorder, { |buffer|
        var sound, started, time;
        sound = Gatebend.ar(1, 2, bends: [41, LocalIn.kr(1)]);
        started = SetResetFF.ar(sound[0].abs > 0);
        time = Sweep.ar(started, SampleRate.ir);
        LocalOut.kr(A2K.kr(time >= BENT) * 3);
        RecordBuf.ar(sound, buffer, run: A2K.kr(started), loop: 0, doneAction: 2);
    })";

#[test]
fn a_server_in_real_time_plays_the_same() {
    use Argument::{Number, Text};
    let home = Home::new();
    let networks = Networks::write(home.path(), RATE);
    let definition = RECORDER.replace("BENT", &BENT.to_string());
    let player = r"SynthDef(\player, { |network = 1| Gatebend.ar(network, 2, bends: [41, 3]) })";
    let folder = home.path().display().to_string();
    let write = |definition: &str| format!("{definition}.writeDefFile(\"{folder}\");");
    home.run_code(&(write(&definition) + &write(player)));
    let Some(mut live) = Live::start(&home) else {
        return;
    };
    let path = |name: &str| home.path().join(name).display().to_string();
    let load = |live: &Live, key, path: &Path| {
        let path = path.display().to_string();
        live.send(&message(
            "/cmd",
            &[Text("/gatebend_load"), Number(key), Text(&path)],
        ));
    };
    live.send(&message("/notify", &[Number(1)]));
    for definition in ["recorder", "player"] {
        live.send(&message(
            "/d_load",
            &[Text(&path(&format!("{definition}.scsyndef")))],
        ));
    }
    live.send(&message(
        "/b_alloc",
        &[Number(0), Number(FRAMES as i32), Number(2)],
    ));
    load(&live, 1, &networks.formula);
    load(&live, 2, &networks.trained);
    live.sync();

    // Synths that end before their players are made.
    for id in 2_000..2_200 {
        let new = message(
            "/s_new",
            &[Text("player"), Number(id), Number(0), Number(0)],
        );
        let free = message("/n_free", &[Number(id)]);
        live.send(&bundle(&[new, free]));
        // No more replies at once than the socket has room for.
        if id % 20 == 0 {
            live.sync();
        }
    }
    // One that plays on, and changes its network while others are recorded.
    live.send(&message(
        "/s_new",
        &[Text("player"), Number(1_999), Number(0), Number(0)],
    ));
    live.sync();

    live.send(&message(
        "/s_new",
        &[Text("recorder"), Number(1_000), Number(1), Number(0)],
    ));
    for network in [2, 1, 9, 2] {
        live.send(&message(
            "/n_set",
            &[Number(1_999), Text("network"), Number(network)],
        ));
        live.sync();
    }
    live.wait_for_end(1_000);
    let out = path("out.wav");
    live.send(&message(
        "/b_write",
        &[Number(0), Text(&out), Text("wav"), Text("float")],
    ));
    live.sync();
    let (console, errors) = live.quit(&home);
    assert!(
        console.contains("no network is loaded under the key 9"),
        "{console}"
    );
    assert!(
        errors.contains("0 in the callback, some elsewhere"),
        "{errors}"
    );

    let recorded = read_wav(Path::new(&out)).1;
    let whole = |bends| {
        let network = networks.formula.as_path();
        expected(
            &[Segment {
                frames: FRAMES,
                network,
                bends,
                controls: &[],
            }],
            RATE,
            None,
        )
    };
    let (plain, bent) = (whole(&[]), whole(&[(41, "invert")]));
    // The bend is heard at the begin of one of the blocks that follow.
    let differs = |k: &usize| plain[*k] != bent[*k] && recorded[*k] == bent[*k];
    let first = (0..FRAMES).find(differs).expect("the bend is heard");
    let begin = first / 64 * 64;
    assert!(begin >= BENT, "frame {begin}");
    let expected: Vec<Frame> = [&plain[..begin], &bent[begin..]].concat();
    assert_same("in real time", &expected, &recorded);
}
