//! Bela's rim against a strict double of its library: what is played arrives, in
//! every layout, and every failure is told in its sentence.
//!
//! A library stays open for good and its settings are a program's own, so each
//! run is a process: this test binary again, with [`SCENARIO`] set, which then
//! does nothing but `child`. From the first block on, its audio thread may not
//! allocate, in our code or around it.
//!
//! For another processor, `CC` compiles the double and `BELA_TEST_RUNNER` runs
//! the child, such as `qemu-arm-static -cpu cortex-a8`.
#![cfg(target_os = "linux")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use gatebend::board::bela::{Block, Format, Library, Player, Session, Settings, SettingsRequest};

/// What the child plays: see [`Tone`].
const SCENARIO: &str = "BELA_TEST_SCENARIO";
/// The player's options, separated by `|`.
const OPTIONS: &str = "BELA_TEST_OPTIONS";
/// The board's request: `period=64,pru=0,reserved_pru=1,stop_button`.
const WISHES: &str = "BELA_TEST_WISHES";

/// Counts what an audio thread allocates and frees.
struct Watch;

#[global_allocator]
static WATCH: Watch = Watch;
static ALLOCATIONS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static RENDERS: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    // A thread that ends has no cell any more.
    if RENDERS.try_with(Cell::get) == Ok(true) {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: the system's, with a count.
unsafe impl GlobalAlloc for Watch {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// The sample that is played in a frame since the start.
fn sample(frame: u64) -> f32 {
    (frame % 256) as f32 / 128.0 - 1.0
}

/// What the player has seen of its last block, to be told when all is over.
#[derive(Default)]
struct Seen {
    underruns: AtomicU32,
    /// In 256ths; inputs 3 and 1000.
    analog: [AtomicU32; 2],
    load: AtomicU32,
    /// A block is being rendered.
    inside: AtomicBool,
}

const NONE: u32 = u32::MAX;

/// Plays [`sample`]; `refuse`, `panic-in-setup`, `panic-in-block-N`.
struct Tone {
    scenario: String,
    panics_in: Option<u64>,
    mono: Vec<f32>,
    blocks: u64,
    seen: Arc<Seen>,
}

impl Player for Tone {
    fn setup(&mut self, format: &Format) -> bool {
        assert_ne!(self.scenario, "panic-in-setup", "as was wanted");
        self.mono = vec![0.0; format.frames as usize];
        self.scenario != "refuse"
    }

    fn render(&mut self, block: &mut Block<'_>) {
        RENDERS.set(true);
        assert!(
            !self.seen.inside.swap(true, Ordering::SeqCst),
            "two at once"
        );
        self.blocks += 1;
        let elapsed = block.elapsed();
        for (frame, out) in self.mono.iter_mut().enumerate() {
            *out = sample(elapsed + frame as u64);
        }
        block.write(&self.mono);
        if self.panics_in == Some(self.blocks) {
            // The machinery of panics allocates, which is no matter any more.
            RENDERS.set(false);
            panic!("as was wanted");
        }
        let seen = &self.seen;
        seen.underruns.store(block.underruns(), Ordering::Relaxed);
        for (seen, input) in seen.analog.iter().zip([3, 1000]) {
            let value = block
                .analog(input)
                .map_or(NONE, |value| (value * 256.0) as u32);
            seen.store(value, Ordering::Relaxed);
        }
        seen.load
            .store(block.load().unwrap_or(NONE), Ordering::Relaxed);
        seen.inside.store(false, Ordering::SeqCst);
    }
}

/// Tells the parent.
fn say(key: &str, value: impl std::fmt::Display) {
    println!("@{key} {value}");
}

fn request(text: &str) -> SettingsRequest {
    let mut request = SettingsRequest::default();
    for wish in text.split(',').filter(|wish| !wish.is_empty()) {
        match wish.split_once('=') {
            Some(("period", value)) => request.period = value.parse().ok(),
            Some(("pru", value)) => request.pru = value.parse().ok(),
            Some(("reserved_pru", value)) => request.reserved_pru = value.parse().ok(),
            _ => request.stop_button = wish == "stop_button",
        }
    }
    request
}

fn prepare(seen: &Arc<Seen>) -> Result<Session, gatebend::board::bela::Error> {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let library = Library::open()?;
    say("version", library.version());
    say("newer", library.is_newer_than_known());
    let options: Vec<String> = variable(OPTIONS)
        .split('|')
        .filter(|option| !option.is_empty())
        // No variable can hold one.
        .map(|option| option.replace("NUL", "\0"))
        .collect();
    let settings = Settings::new(library, &request(&variable(WISHES)), &options)?;
    say("period", settings.period());
    say("pru", settings.pru_number());
    let scenario = variable(SCENARIO);
    let panics_in = scenario.strip_prefix("panic-in-block-");
    Session::new(
        settings,
        Box::new(Tone {
            panics_in: panics_in.and_then(|block| block.parse().ok()),
            scenario,
            mono: Vec::new(),
            blocks: 0,
            seen: Arc::clone(seen),
        }),
    )
}

/// One run, told to the parent.
fn run() {
    let seen = Arc::new(Seen::default());
    let mut session = match prepare(&seen) {
        Ok(session) => session,
        Err(error) => {
            say("error", &error);
            if let Err(second) = prepare(&seen) {
                say("second", second);
            }
            return;
        }
    };
    if let Some(format) = session.format() {
        say("format", format);
        say("inputs", format.analog_inputs);
        say("offline", format.offline);
    }
    if std::env::var(SCENARIO).as_deref() == Ok("never-start") {
        return;
    }
    let started = session.start();
    // Where offline boards have rendered.
    RENDERS.set(false);
    if let Err(error) = started {
        say("error", error);
        return;
    }
    while !session.stop_requested() {
        thread::sleep(Duration::from_millis(1));
    }
    say("panicked", session.panicked());
    drop(session);
    say("underruns", seen.underruns.load(Ordering::Relaxed));
    for (key, number) in [
        ("analog", &seen.analog[0]),
        ("analog-beyond", &seen.analog[1]),
        ("load", &seen.load),
    ] {
        match number.load(Ordering::Relaxed) {
            NONE => say(key, "none"),
            number => say(key, number),
        }
    }
    say("allocations", ALLOCATIONS.load(Ordering::Relaxed));
}

/// No test, but what the tests start.
#[test]
fn child() {
    match std::env::var(SCENARIO).as_deref() {
        Err(_) => {}
        Ok("twice") => {
            run();
            run();
        }
        Ok(_) => run(),
    }
}

/// A run to be.
struct Run {
    command: Command,
    out: PathBuf,
    _folder: tempfile::TempDir,
}

/// What came of it.
struct Outcome {
    code: Option<i32>,
    told: HashMap<String, String>,
    errors: String,
    /// What the double has received.
    sound: Vec<f32>,
}

impl Run {
    /// With the double in general, and as variants of it are compiled.
    fn new(scenario: &str, flags: &[&str]) -> Option<Run> {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out.f32");
        let program = std::env::current_exe().unwrap();
        let runner = std::env::var("BELA_TEST_RUNNER").unwrap_or_default();
        let mut words = runner.split_whitespace();
        let mut command = match words.next() {
            Some(runner) => {
                let mut command = Command::new(runner);
                command.args(words).arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(SCENARIO, scenario)
            .env("GATEBEND_LIBBELA", double(flags)?)
            .env("BELA_DOUBLE_OUT", &out)
            .env("BELA_DOUBLE_BLOCKS", "100");
        Some(Run {
            command,
            out,
            _folder: folder,
        })
    }

    fn set(mut self, name: &str, value: impl std::fmt::Display) -> Run {
        let name = format!("BELA_DOUBLE_{name}");
        self.command.env(name, format!("{value}"));
        self
    }

    fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Run {
        self.command.env(name, value);
        self
    }

    fn outcome(mut self) -> Outcome {
        let output = self.command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = text
            .lines()
            // The first line stands behind the harness's own words.
            .filter_map(|line| line.split_once('@')?.1.split_once(' '))
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        let bytes = fs::read(&self.out).unwrap_or_default();
        let sound = bytes.chunks_exact(4);
        Outcome {
            code: output.status.code(),
            told,
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            sound: sound
                .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
                .collect(),
        }
    }
}

impl Outcome {
    fn told(&self, key: &str) -> &str {
        self.told.get(key).map_or("", String::as_str)
    }

    /// It ended well, and what arrived is what was played, so many frames.
    #[track_caller]
    fn check(&self, frames: usize) {
        assert_eq!(self.code, Some(0), "{} {:?}", self.errors, self.told);
        assert_eq!(self.told("error"), "");
        assert_eq!(self.told("panicked"), "false", "{}", self.errors);
        assert_eq!(self.told("allocations"), "0");
        assert_eq!(self.sound.len(), frames);
        let expected: Vec<f32> = (0..frames as u64).map(sample).collect();
        assert_eq!(self.sound, expected);
    }

    /// It failed with one sentence that has all of this, and not by a crash.
    #[track_caller]
    fn failed(&self, parts: &[&str]) {
        assert_eq!(self.code, Some(0), "{} {:?}", self.errors, self.told);
        let error = self.told("error");
        for part in parts {
            assert!(error.contains(part), "{error:?} lacks {part:?}");
        }
        assert!(!error.ends_with('.'), "{error}");
    }
}

/// The double, compiled with these flags; none without a compiler.
fn double(flags: &[&str]) -> Option<PathBuf> {
    static COMPILED: Mutex<Vec<(String, PathBuf)>> = Mutex::new(Vec::new());
    let cc = std::env::var("CC").unwrap_or("cc".into());
    if Command::new(&cc).arg("--version").output().is_err() {
        eprintln!("skipped: the double of libbela, no C compiler ({cc})");
        return None;
    }
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let name = flags.concat();
    if let Some((_, path)) = compiled.iter().find(|(known, _)| *known == name) {
        return Some(path.clone());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("libbela{name}"));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("libbela.so");
    let output = Command::new(&cc)
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1"])
        .args(["-shared", "-fPIC", "-pthread", "-o"])
        .arg(&path)
        .args(flags)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doubles/libbela.c"))
        .arg("-lm")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    compiled.push((name, path.clone()));
    Some(path)
}

/// A run of a variant, or the end of the test where there is no compiler.
macro_rules! run {
    ($scenario:expr) => {
        run!($scenario, &[])
    };
    ($scenario:expr, $flags:expr) => {
        match Run::new($scenario, $flags) {
            Some(run) => run,
            None => return,
        }
    };
}

#[test]
fn what_is_played_arrives_in_every_layout() {
    for interleaved in [0, 1] {
        for (channels, analog, frames) in [(1, 0, 16), (2, 8, 16), (12, 2, 128), (3, 4, 5)] {
            let outcome = run!("play")
                .set("INTERLEAVED", interleaved)
                .set("CHANNELS", channels)
                .set("ANALOG", analog)
                .env(WISHES, format!("period={frames}"))
                .outcome();
            outcome.check(100 * frames);
            let format = format!("{channels} channels, 44100 Hz, blocks of {frames} frames");
            assert_eq!(outcome.told("format"), format);
            assert_eq!(outcome.told("inputs"), analog.to_string());
            assert_eq!(outcome.told("offline"), "false");
            // Input 3 is 3/16 + 1/256 in the last frame, where there is one.
            let last = if analog > 3 { "49" } else { "none" };
            assert_eq!(outcome.told("analog"), last);
            assert_eq!(outcome.told("analog-beyond"), "none");
        }
    }
}

#[test]
fn the_offline_board_renders_on_the_thread_that_starts_it() {
    let outcome = run!("play").env(OPTIONS, "--board|Batch").outcome();
    outcome.check(1600);
    assert_eq!(outcome.told("offline"), "true");
    assert!(outcome.told("format").starts_with("12 channels"));
}

#[test]
fn a_clean_up_without_a_context_is_no_matter() {
    run!("play").set("NULL_CLEANUP", 1).outcome().check(1600);
    // Nor is one without a start, or a second run.
    let never = run!("never-start").set("NULL_CLEANUP", 1).outcome();
    assert_eq!((never.code, never.told("error")), (Some(0), ""));
    run!("twice").outcome().check(1600);
}

#[test]
fn buffers_that_are_not_there_are_not_touched() {
    let outcome = run!("play").set("NULL_BUFFERS", 1).outcome();
    outcome.check(0);
    assert_eq!(outcome.told("analog"), "none");
}

#[test]
fn rendering_on_several_threads_is_one_players() {
    let run = run!("play").set("RENDERERS", 4).set("BLOCKS", 1000);
    run.outcome().check(16_000);
}

#[test]
fn underruns_are_counted_and_load_is_measured() {
    let outcome = run!("play")
        .set("BLOCKS", 300)
        .set("UNDERRUNS_AT", 91)
        .outcome();
    outcome.check(4800);
    assert_eq!(outcome.told("underruns"), "210");
    // 12.5 percent, once as many blocks as a tenth of a second has were counted.
    assert_eq!(outcome.told("load"), "125");
    // Where it is measured on another thread, or not at all.
    let outcome = run!("play").env(OPTIONS, "-p|256").outcome();
    assert_eq!(outcome.told("load"), "none");
    let outcome = run!("play", &["-DWITHOUT_MONITORING"])
        .set("VERSION", "1.11.0")
        .outcome();
    outcome.check(1600);
    assert_eq!(outcome.told("load"), "none");
}

#[test]
fn the_players_options_come_before_the_boards_wishes() {
    let plain = run!("play").env(OPTIONS, "-v").outcome();
    assert_eq!((plain.told("period"), plain.told("pru")), ("16", "1"));
    assert!(
        plain.errors.contains("stop button -1, PRU 1"),
        "{}",
        plain.errors
    );

    let request = "period=64,pru=0,reserved_pru=1,stop_button";
    let wished = run!("play")
        .env(WISHES, request)
        .env(OPTIONS, "-v")
        .outcome();
    wished.check(6400);
    assert_eq!((wished.told("period"), wished.told("pru")), ("64", "0"));
    assert!(
        wished.errors.contains("stop button 115, PRU 0"),
        "{}",
        wished.errors
    );

    let options = "--period=32|--stop-button-pin|99|-v|--codec-mode|x|--disable-led";
    let chosen = run!("play")
        .env(WISHES, "period=64")
        .env(OPTIONS, options)
        .outcome();
    chosen.check(3200);
    assert!(
        chosen.errors.contains("stop button 99"),
        "{}",
        chosen.errors
    );
}

#[test]
fn what_is_no_option_of_belas_is_named() {
    for (options, word) in [
        ("--frobnicate", "--frobnicate: no option"),
        ("-p|32|--frobnicate=3", "--frobnicate=3: no option"),
        ("-q", "-q: no option"),
        ("-p", "-p: no option"),
        ("-p|32|stray|-v", "stray: no option"),
        ("--|stray", "stray: no option"),
        ("a\tNUL", "a\t\0: no option"),
    ] {
        let outcome = run!("play").env(OPTIONS, options).outcome();
        outcome.failed(&[word, "such as -p 32"]);
        // Nothing has started: the library would say so, too, if it had.
        assert_eq!(outcome.told("format"), "");
        assert_eq!(
            outcome.errors.matches("option").count(),
            0,
            "{}",
            outcome.errors
        );
    }
}

#[test]
fn the_instruments_pru_is_not_given_to_audio() {
    let request = "pru=1,reserved_pru=0";
    run!("play").env(WISHES, request).outcome().check(1600);
    let outcome = run!("play")
        .env(WISHES, request)
        .env(OPTIONS, "--pru-number|0")
        .outcome();
    outcome.failed(&["--pru-number 0", "leave the option away"]);
}

#[test]
fn a_library_that_does_not_do_is_told() {
    let missing = run!("play").env("GATEBEND_LIBBELA", "/nowhere/libbela.so");
    missing
        .outcome()
        .failed(&["/nowhere/libbela.so", "run this on a Bela board"]);
    let text = run!("play").env(
        "GATEBEND_LIBBELA",
        concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"),
    );
    text.outcome()
        .failed(&["README.md: cannot be loaded", "update the Bela software"]);
    let old = run!("play").set("VERSION", "1.10.9");
    old.outcome()
        .failed(&["libbela 1.10.9 is too old, 1.11 is needed", "update"]);
    let older = run!("play", &["-DWITHOUT_VERSION"]);
    older
        .outcome()
        .failed(&["too old to tell its version", "update"]);
    let newer = run!("play").set("VERSION", "2.0.0");
    newer
        .outcome()
        .failed(&["libbela 2.0.0", "update Gatebend"]);
    let poor = run!("play", &["-DWITHOUT_GETOPT"]);
    poor.outcome().failed(&["lacks Bela_getopt_long", "update"]);
}

#[test]
fn every_release_from_the_oldest_on_plays() {
    for (version, newer) in [("1.11.0", "false"), ("1.18.3", "false"), ("1.19.0", "true")] {
        let outcome = run!("play").set("VERSION", version).outcome();
        outcome.check(1600);
        assert_eq!(
            (outcome.told("version"), outcome.told("newer")),
            (version, newer)
        );
    }
}

#[test]
fn the_loader_finds_the_library_by_its_name() {
    let mut run = run!("play");
    let folder = double(&[]).unwrap();
    run.command.env_remove("GATEBEND_LIBBELA");
    run.env("LD_LIBRARY_PATH", folder.parent().unwrap())
        .outcome()
        .check(1600);
}

#[test]
fn audio_that_cannot_be_is_told() {
    for code in [-1, 1] {
        let init = run!("play").set("INIT", code).outcome();
        init.failed(&[
            "cannot be set up",
            &format!("it returned {code}"),
            "./deploy.sh --stop",
        ]);
        // The library would crash if it were asked again.
        assert!(init.told("second").contains("start it again"));
        let start = run!("play").set("START", code).outcome();
        start.failed(&[
            "does not start",
            &format!("it returned {code}"),
            "restart the board",
        ]);
    }
    for scenario in ["refuse", "panic-in-setup"] {
        let outcome = run!(scenario).outcome();
        outcome.failed(&["2 channels, 44100 Hz, blocks of 16", "options after --"]);
    }
    let mute = run!("play").set("CHANNELS", 0).outcome();
    mute.failed(&["0 channels"]);
}

#[test]
fn a_panic_while_playing_is_silence_and_the_end() {
    for board in ["Bela", "Batch"] {
        let outcome = run!("panic-in-block-5")
            .set("BLOCKS", 0)
            .env(OPTIONS, format!("--board|{board}"))
            .outcome();
        assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
        assert_eq!(outcome.told("panicked"), "true");
        assert!(
            outcome.errors.contains("as was wanted"),
            "{}",
            outcome.errors
        );
        let (sound, silence) = outcome.sound.split_at(4 * 16);
        assert!(sound.iter().copied().eq((0..64).map(sample)));
        assert!(silence.len() >= 16 && silence.iter().all(|sample| *sample == 0.0));
        assert_eq!(outcome.told("allocations"), "0");
    }
}

#[test]
fn a_library_that_ends_the_process_ends_it() {
    let outcome = run!("play").set("BLOCKS", 0).set("EXIT_AT", 50).outcome();
    assert_eq!(outcome.code, Some(1), "{}", outcome.errors);
    assert_eq!(outcome.told("panicked"), "");
}
