//! The Bela board against a strict double of its library: played samples arrive in every
//! layout, and every failure has its message.
//!
//! The library stays open for the life of a process, and its settings are global, so each
//! run is a separate process: this test binary again, with [`SCENARIO`] set, which then
//! runs only `child`. The child counts allocations on its audio thread.
//!
//! For another processor, `CC` compiles the double and `BELA_TEST_RUNNER` runs the child,
//! such as `qemu-arm-static -cpu cortex-a8`.
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

use gatebend::board::bela::{BelaAudio, Block, Format, Library, Player, Settings, SettingsRequest};

/// Behaviour of the child: see [`Tone`].
const SCENARIO: &str = "BELA_TEST_SCENARIO";
/// The player's options, separated by `|`.
const OPTIONS: &str = "BELA_TEST_OPTIONS";
/// The board's request: `period=64,pru=0,reserved_pru=1,stop_button`.
const REQUEST: &str = "BELA_TEST_REQUEST";

/// Counts the audio thread's calls of the allocator.
struct CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;
static ALLOCATIONS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// True on a thread that has rendered.
    static RENDERS: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    // An ending thread has destroyed its cell.
    if RENDERS.try_with(Cell::get) == Ok(true) {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: forwards to the system's allocator.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller upholds the same requirements.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Returns the sample of a frame, counted from the start.
fn sample(frame: u64) -> f32 {
    (frame % 256) as f32 / 128.0 - 1.0
}

/// The player's observations of its last block, reported after the run.
#[derive(Default)]
struct Seen {
    blocks: AtomicU32,
    underruns: AtomicU32,
    /// Values of inputs 3 and 1000, in 256ths.
    analog: [AtomicU32; 2],
    load: AtomicU32,
    /// True while a block is being rendered.
    inside: AtomicBool,
}

const NONE: u32 = u32::MAX;

/// Plays [`sample`], unless the scenario is `refuse`, `panic-in-setup` or
/// `panic-in-block-N`.
struct Tone {
    scenario: String,
    panics_in: Option<u32>,
    mono: Vec<f32>,
    seen: Arc<Seen>,
}

impl Player for Tone {
    fn setup(&mut self, format: &Format) -> bool {
        assert_ne!(self.scenario, "panic-in-setup", "deliberate panic");
        self.mono = vec![0.0; format.frames as usize];
        self.scenario != "refuse"
    }

    fn render(&mut self, block: &mut Block<'_>) {
        RENDERS.set(true);
        assert!(
            !self.seen.inside.swap(true, Ordering::SeqCst),
            "two concurrent renders"
        );
        let blocks = 1 + self.seen.blocks.fetch_add(1, Ordering::Relaxed);
        let elapsed = block.elapsed();
        for (frame, out) in self.mono.iter_mut().enumerate() {
            *out = sample(elapsed + frame as u64);
        }
        block.write([&self.mono, &self.mono]);
        if self.panics_in == Some(blocks) {
            // A panic allocates, which is allowed.
            RENDERS.set(false);
            panic!("deliberate panic");
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

/// Reports a value to the parent.
fn report(key: &str, value: impl std::fmt::Display) {
    println!("@{key} {value}");
}

fn request(text: &str) -> SettingsRequest {
    let mut request = SettingsRequest::default();
    for setting in text.split(',').filter(|setting| !setting.is_empty()) {
        match setting.split_once('=') {
            Some(("period", value)) => request.period = value.parse().ok(),
            Some(("pru", value)) => request.pru = value.parse().ok(),
            Some(("reserved_pru", value)) => request.reserved_pru = value.parse().ok(),
            _ => request.stop_button = setting == "stop_button",
        }
    }
    request
}

fn prepare(seen: &Arc<Seen>) -> Result<BelaAudio, gatebend::board::bela::Error> {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let library = Library::open()?;
    report("version", library.version());
    report("newer", library.version().is_newer_than_known());
    let options: Vec<String> = variable(OPTIONS)
        .split('|')
        .filter(|option| !option.is_empty())
        // An environment variable cannot hold the character itself.
        .map(|option| option.replace("NUL", "\0"))
        .collect();
    let settings = Settings::new(library, &request(&variable(REQUEST)), &options)?;
    report("period", settings.period());
    report("pru", settings.pru_number());
    let scenario = variable(SCENARIO);
    let panics_in = scenario.strip_prefix("panic-in-block-");
    BelaAudio::new(
        settings,
        Box::new(Tone {
            panics_in: panics_in.and_then(|block| block.parse().ok()),
            scenario,
            mono: Vec::new(),
            seen: Arc::clone(seen),
        }),
    )
}

/// Runs the audio once and reports to the parent.
fn run() {
    let seen = Arc::new(Seen::default());
    let mut audio = match prepare(&seen) {
        Ok(audio) => audio,
        Err(error) => {
            report("error", &error);
            if let Err(second) = prepare(&seen) {
                report("second", second);
            }
            return;
        }
    };
    if let Some(format) = audio.format() {
        report("format", format);
        report("inputs", format.analog_inputs);
        report("offline", format.offline);
    }
    if std::env::var(SCENARIO).as_deref() == Ok("never-start") {
        return;
    }
    let started = audio.start();
    // Offline boards have rendered on this thread.
    RENDERS.set(false);
    if let Err(error) = started {
        report("error", error);
        return;
    }
    while !audio.stop_requested() {
        thread::yield_now();
    }
    report("panicked", audio.panicked());
    drop(audio);
    report("blocks", seen.blocks.load(Ordering::Relaxed));
    report("underruns", seen.underruns.load(Ordering::Relaxed));
    for (key, number) in [
        ("analog", &seen.analog[0]),
        ("analog-beyond", &seen.analog[1]),
        ("load", &seen.load),
    ] {
        match number.load(Ordering::Relaxed) {
            NONE => report(key, "none"),
            number => report(key, number),
        }
    }
    report("allocations", ALLOCATIONS.load(Ordering::Relaxed));
}

/// The child's part, which does nothing unless another test starts it.
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

/// A run that is being prepared.
struct Run {
    command: Command,
    out: PathBuf,
    _folder: tempfile::TempDir,
}

/// Outcome of a run.
struct Outcome {
    code: Option<i32>,
    reported: HashMap<String, String>,
    errors: String,
    /// Samples that the double received.
    sound: Vec<f32>,
}

impl Run {
    /// Prepares a run with the double that these compiler flags select; returns none
    /// without a compiler.
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
        let reported = text
            .lines()
            // The test harness prints text in front of the first report.
            .filter_map(|line| line.split_once('@')?.1.split_once(' '))
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        let bytes = fs::read(&self.out).unwrap_or_default();
        let sound = bytes.chunks_exact(4);
        Outcome {
            code: output.status.code(),
            reported,
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            sound: sound
                .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
                .collect(),
        }
    }
}

impl Outcome {
    fn reported(&self, key: &str) -> &str {
        self.reported.get(key).map_or("", String::as_str)
    }

    /// Asserts that the run succeeded, and that the double received the played frames.
    #[track_caller]
    fn check_sound(&self, frames: usize) {
        assert_eq!(self.code, Some(0), "{} {:?}", self.errors, self.reported);
        assert_eq!(self.reported("error"), "");
        assert_eq!(self.reported("panicked"), "false", "{}", self.errors);
        assert_eq!(self.reported("allocations"), "0");
        assert_eq!(self.sound.len(), frames);
        let expected: Vec<f32> = (0..frames as u64).map(sample).collect();
        assert_eq!(self.sound, expected);
    }

    /// Asserts that the run failed with a message that contains these parts, and did not
    /// crash.
    #[track_caller]
    fn check_error(&self, parts: &[&str]) {
        assert_eq!(self.code, Some(0), "{} {:?}", self.errors, self.reported);
        let error = self.reported("error");
        for part in parts {
            assert!(error.contains(part), "{error:?} lacks {part:?}");
        }
        assert!(!error.ends_with('.'), "{error}");
    }
}

/// Returns the double, compiled with these flags; none without a compiler.
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
    // Renamed at the end: other test processes may be loading the same file.
    let new = folder.join(format!("libbela.so.{}", std::process::id()));
    let output = Command::new(&cc)
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1"])
        .args(["-shared", "-fPIC", "-pthread", "-o"])
        .arg(&new)
        .args(flags)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doubles/libbela.c"))
        .arg("-lm")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    fs::rename(new, &path).unwrap();
    compiled.push((name, path.clone()));
    Some(path)
}

/// Prepares a run of a variant of the double; without a compiler, ends the test.
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
fn played_samples_arrive_in_every_layout() {
    for interleaved in [0, 1] {
        for (channels, analog, frames) in [(1, 0, 16), (2, 8, 16), (12, 2, 128), (3, 4, 5)] {
            let outcome = run!("play")
                .set("INTERLEAVED", interleaved)
                .set("CHANNELS", channels)
                .set("ANALOG", analog)
                .env(REQUEST, format!("period={frames}"))
                .outcome();
            outcome.check_sound(100 * frames);
            let format = format!("{channels} channels, 44100 Hz, blocks of {frames} frames");
            assert_eq!(outcome.reported("format"), format);
            assert_eq!(outcome.reported("inputs"), analog.to_string());
            assert_eq!(outcome.reported("offline"), "false");
            // Input 3, if it exists, is 3/16 + 1/256 in the last frame.
            let last = if analog > 3 { "49" } else { "none" };
            assert_eq!(outcome.reported("analog"), last);
            assert_eq!(outcome.reported("analog-beyond"), "none");
        }
    }
}

#[test]
fn the_offline_board_renders_on_the_starting_thread() {
    let outcome = run!("play").env(OPTIONS, "--board|Batch").outcome();
    outcome.check_sound(1600);
    assert_eq!(outcome.reported("offline"), "true");
    assert!(outcome.reported("format").starts_with("12 channels"));
}

#[test]
fn clean_up_works_without_a_context() {
    run!("play")
        .set("NULL_CLEANUP", 1)
        .outcome()
        .check_sound(1600);
    // Clean-up also works without a start, and before a second run.
    let never = run!("never-start").set("NULL_CLEANUP", 1).outcome();
    assert_eq!((never.code, never.reported("error")), (Some(0), ""));
    run!("twice").outcome().check_sound(1600);
}

#[test]
fn missing_buffers_are_not_touched() {
    let outcome = run!("play").set("NULL_BUFFERS", 1).outcome();
    outcome.check_sound(0);
    assert_eq!(outcome.reported("analog"), "none");
}

#[test]
fn one_of_several_threads_renders_each_block() {
    let run = run!("play").set("RENDERERS", 4).set("BLOCKS", 1000);
    let outcome = run.outcome();
    outcome.check_sound(16_000);
    assert_eq!(outcome.reported("blocks"), "1000");
}

#[test]
fn underruns_are_counted_and_load_is_measured() {
    let outcome = run!("play")
        .set("BLOCKS", 300)
        .set("UNDERRUNS_AT", 91)
        .outcome();
    outcome.check_sound(4800);
    assert_eq!(outcome.reported("underruns"), "210");
    // 12.5 percent, after the blocks of 0.1 s.
    assert_eq!(outcome.reported("load"), "125");
    // For larger blocks, the library may render on another thread than it measures.
    let outcome = run!("play")
        .set("RENDER_LOAD", 40)
        .env(OPTIONS, "-p|128")
        .outcome();
    assert_eq!(outcome.reported("load"), "400");
    let outcome = run!("play", &["-DWITHOUT_MONITORING"])
        .set("VERSION", "1.11.0")
        .outcome();
    outcome.check_sound(1600);
    assert_eq!(outcome.reported("load"), "none");
}

#[test]
fn the_players_options_override_the_boards_request() {
    let plain = run!("play").env(OPTIONS, "-v").outcome();
    assert_eq!(
        (plain.reported("period"), plain.reported("pru")),
        ("16", "1")
    );
    assert!(
        plain.errors.contains("stop button -1, PRU 1"),
        "{}",
        plain.errors
    );

    let request = "period=64,pru=0,reserved_pru=1,stop_button";
    let requested = run!("play")
        .env(REQUEST, request)
        .env(OPTIONS, "-v")
        .outcome();
    requested.check_sound(6400);
    assert_eq!(
        (requested.reported("period"), requested.reported("pru")),
        ("64", "0")
    );
    assert!(
        requested.errors.contains("stop button 115, PRU 0"),
        "{}",
        requested.errors
    );

    let options = "--period=32|--stop-button-pin|99|-v|--codec-mode|x|--disable-led";
    let chosen = run!("play")
        .env(REQUEST, "period=64")
        .env(OPTIONS, options)
        .outcome();
    chosen.check_sound(3200);
    assert!(
        chosen.errors.contains("stop button 99"),
        "{}",
        chosen.errors
    );
}

#[test]
fn errors_name_unknown_options() {
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
        outcome.check_error(&[word, "such as -p 32"]);
        // Nothing has started, and getopt has printed no message.
        assert_eq!(outcome.reported("format"), "");
        assert_eq!(
            outcome.errors.matches("option").count(),
            0,
            "{}",
            outcome.errors
        );
    }
}

#[test]
fn audio_cannot_take_the_instruments_pru() {
    let request = "pru=1,reserved_pru=0";
    run!("play")
        .env(REQUEST, request)
        .outcome()
        .check_sound(1600);
    let outcome = run!("play")
        .env(REQUEST, request)
        .env(OPTIONS, "--pru-number|0")
        .outcome();
    outcome.check_error(&["--pru-number 0", "omit the option"]);
}

#[test]
fn errors_name_an_unsuitable_library() {
    let missing = run!("play").env("GATEBEND_LIBBELA", "/nowhere/libbela.so");
    missing
        .outcome()
        .check_error(&["/nowhere/libbela.so", "run this on a Bela board"]);
    let text = run!("play").env(
        "GATEBEND_LIBBELA",
        concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"),
    );
    text.outcome()
        .check_error(&["README.md: cannot be loaded", "make -C /root/Bela lib"]);
    let old = run!("play").set("VERSION", "1.10.9");
    old.outcome().check_error(&[
        "libbela 1.10.9 is too old, 1.11 is needed",
        "make -C /root/Bela lib",
    ]);
    let older = run!("play", &["-DWITHOUT_VERSION"]);
    older
        .outcome()
        .check_error(&["too old to report its version", "make -C /root/Bela lib"]);
    let newer = run!("play").set("VERSION", "2.0.0");
    newer
        .outcome()
        .check_error(&["libbela 2.0.0", "update Gatebend"]);
    let poor = run!("play", &["-DWITHOUT_GETOPT"]);
    poor.outcome()
        .check_error(&["lacks Bela_getopt_long", "make -C /root/Bela lib"]);
}

#[test]
fn supported_and_newer_releases_play() {
    for (version, newer) in [("1.11.0", "false"), ("1.18.3", "false"), ("1.19.0", "true")] {
        let outcome = run!("play").set("VERSION", version).outcome();
        outcome.check_sound(1600);
        assert_eq!(
            (outcome.reported("version"), outcome.reported("newer")),
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
        .check_sound(1600);
}

#[test]
fn failures_to_set_up_or_start_are_reported() {
    for (code, advice) in [(-1, "./deploy.sh --stop"), (1, "a cape that is not found")] {
        let init = run!("play").set("INIT", code).outcome();
        init.check_error(&["cannot be set up", &format!("it returned {code}"), advice]);
        init.check_error(&["message above names the reason"]);
        assert_eq!(init.reported("error").contains("another"), code == -1);
        // A second attempt would crash the library.
        assert!(init.reported("second").contains("start it again"));
        let start = run!("play").set("START", code).outcome();
        start.check_error(&[
            "does not start",
            &format!("it returned {code}"),
            "restart the board",
        ]);
    }
    for scenario in ["refuse", "panic-in-setup"] {
        let outcome = run!(scenario).outcome();
        outcome.check_error(&["2 channels, 44100 Hz, blocks of 16", "options after --"]);
    }
    let mute = run!("play").set("CHANNELS", 0).outcome();
    mute.check_error(&["0 channels"]);
}

#[test]
fn a_panic_while_playing_silences_and_ends_the_audio() {
    for board in ["Bela", "Batch"] {
        let outcome = run!("panic-in-block-5")
            .set("BLOCKS", 0)
            .env(OPTIONS, format!("--board|{board}"))
            .outcome();
        assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
        assert_eq!(outcome.reported("panicked"), "true");
        assert!(
            outcome.errors.contains("deliberate panic"),
            "{}",
            outcome.errors
        );
        let (sound, silence) = outcome.sound.split_at(4 * 16);
        assert!(sound.iter().copied().eq((0..64).map(sample)));
        assert!(silence.len() >= 16 && silence.iter().all(|sample| *sample == 0.0));
        assert_eq!(outcome.reported("allocations"), "0");
    }
}

#[test]
fn the_library_may_exit_the_process() {
    let outcome = run!("play").set("BLOCKS", 0).set("EXIT_AT", 50).outcome();
    assert_eq!(outcome.code, Some(1), "{}", outcome.errors);
    assert_eq!(outcome.reported("panicked"), "");
}
