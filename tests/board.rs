//! The real binary on a simulated Bela: test doubles (`tests/doubles`) replace its library
//! and its I2C bus. Runs on this machine by default; `tests/arm.sh` runs the board's binary
//! in an emulator. It sets `BOARD_RUN` (the emulator and its options), `BOARD_BINARY` (the
//! program), `BOARD_LIBBELA` and `BOARD_I2C` (the doubles).

#![cfg(target_os = "linux")]

use std::env;
use std::ffi::CString;
use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use gatebend::board::desk::{Desk, Script, Simulation};
use gatebend::factory_networks;
use gatebend::panel::Chip;
use instrument::surface::Surface;

/// Returns the level of an analog input of the libbela double.
fn analog(input: u32) -> f64 {
    f64::from(input) / 16.0 + 1.0 / 256.0
}

struct Doubles {
    libbela: PathBuf,
    i2c: PathBuf,
}

/// Builds the doubles once. Returns none, and prints a message, if they cannot be built.
fn doubles() -> Option<&'static Doubles> {
    static DOUBLES: OnceLock<Option<Doubles>> = OnceLock::new();
    DOUBLES
        .get_or_init(|| {
            let doubles = match (env::var_os("BOARD_LIBBELA"), env::var_os("BOARD_I2C")) {
                (Some(libbela), Some(i2c)) => Some(Doubles {
                    libbela: libbela.into(),
                    i2c: i2c.into(),
                }),
                _ => build(),
            };
            if doubles.is_none() {
                eprintln!("skipped: the doubles of a board cannot be built (no cc)");
            }
            doubles
        })
        .as_ref()
}

fn build() -> Option<Doubles> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Next to this test's program, which is in target/PROFILE/deps.
    let program = env::current_exe().ok()?;
    let target = program.ancestors().nth(2)?.to_path_buf();
    let libbela = target.join("libbela-double.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-pthread", "-O1", "-o"])
        .arg(&libbela)
        .arg(root.join("tests/doubles/libbela.c"))
        .arg("-lm")
        .status()
        .ok()?;
    assert!(built.success(), "the double of libbela does not build");
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--package",
            "i2c-double",
            "--target-dir",
        ])
        .arg(target.parent()?)
        .current_dir(root)
        .status()
        .ok()?;
    assert!(built.success(), "the double of the bus does not build");
    let i2c = target.parent()?.join("debug/libi2c_double.so");
    Some(Doubles { libbela, i2c })
}

/// The program with its doubles, and the folder of its files.
struct Board {
    command: Command,
    folder: tempfile::TempDir,
}

impl Board {
    /// `gatebend play` on the board.
    fn new(arguments: &[&str]) -> Option<Board> {
        Board::with("play", arguments)
    }

    fn with(verb: &str, arguments: &[&str]) -> Option<Board> {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        Board::with_state(verb, arguments, folder, &state)
    }

    /// Returns a board with the state folder of another one.
    fn after(other: &Board, arguments: &[&str]) -> Board {
        let folder = tempfile::tempdir().unwrap();
        let state = other.folder.path().join("state");
        Board::with_state("play", arguments, folder, &state).unwrap()
    }

    fn with_state(
        verb: &str,
        arguments: &[&str],
        folder: tempfile::TempDir,
        state: &Path,
    ) -> Option<Board> {
        let doubles = doubles()?;
        let program = env::var_os("BOARD_BINARY");
        let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_gatebend").into());
        let mut command = match env::var("BOARD_RUN") {
            Ok(run) => {
                let mut words = run.split_whitespace();
                let mut command = Command::new(words.next().unwrap());
                command.args(words).arg(program);
                command
            }
            Err(_) => Command::new(program),
        };
        command
            .args([verb, "--board", "bela-black", "--state"])
            .arg(state)
            .args(arguments)
            .env("LD_PRELOAD", &doubles.i2c)
            .env("GATEBEND_LOCK", state.with_extension("lock"))
            .env("GATEBEND_LIBBELA", &doubles.libbela)
            .env("BELA_DOUBLE_OUT", folder.path().join("sound"))
            .env("I2C_DOUBLE_LOG", folder.path().join("pictures"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Some(Board { command, folder })
    }

    fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Board {
        self.command.env(name, value);
        self
    }

    /// Plays in real time until a signal arrives. The time limit after it counts sleeps
    /// only, so that the outcome does not depend on the computer's speed.
    fn stopped_by_signal(self) -> Board {
        self.env("BELA_DOUBLE_REAL_TIME", "1")
            .env("I2C_DOUBLE_LIMIT", "sleeps")
    }

    fn run(&mut self) -> Output {
        self.command.output().unwrap()
    }

    /// Returns a file of the state folder, or an empty string.
    fn saved(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("state").join(name)).unwrap_or_default()
    }

    /// Returns the frames played on channel 0.
    fn sound(&self) -> Vec<f32> {
        let bytes = fs::read(self.folder.path().join("sound")).unwrap_or_default();
        let words = bytes.chunks_exact(4);
        words
            .map(|word| f32::from_le_bytes(word.try_into().unwrap()))
            .collect()
    }

    /// Returns the display's log, a line for each change of the picture.
    fn pictures(&self) -> String {
        fs::read_to_string(self.folder.path().join("pictures")).unwrap_or_default()
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Returns the sound and the display's log of a desk that plays a script, with a display of
/// this chip, and with a notice at the start.
fn desk(script: &str, chip: Chip, seconds: f64, notice: Option<String>) -> (Vec<f32>, String) {
    let script = Script::parse(script, &Surface::default()).unwrap();
    let mut desk = Desk::new(factory_networks::all());
    desk.panel.chip = chip;
    desk.parts.restored.notices.extend(notice);
    let mut simulation = Simulation::scripted(desk, script).unwrap();
    let seen = Arc::new(Mutex::new((String::new(), None)));
    let watcher = Arc::clone(&seen);
    simulation.oled().watch(Box::new(move |now, frame| {
        let (text, last) = &mut *watcher.lock().unwrap();
        if last.as_ref() != Some(frame) {
            writeln!(text, "{}", frame.line(now)).unwrap();
            *last = Some(frame.clone());
        }
    }));
    let mut sound = Vec::new();
    simulation.run(
        (seconds * 1e9) as u64,
        |block| sound.extend_from_slice(block.sound),
        |_| {},
    );
    let text = std::mem::take(&mut seen.lock().unwrap().0);
    (sound, text)
}

#[test]
fn a_board_plays_and_shows_the_same_bytes_as_a_desk() {
    let mut script = String::new();
    for input in 0..8 {
        writeln!(script, "0 analog {} {}", input + 1, analog(input)).unwrap();
    }
    // The double's knobs do not move, but their values matter.
    let everything = include_str!("scripts/everything.txt");
    let mut last = String::new();
    for text in everything.lines().filter(|line| !line.contains(" analog ")) {
        script.push_str(text);
        script.push('\n');
        last = text.to_string();
    }
    assert!(!last.is_empty());
    // The whole script, and its beginning on another display.
    for (chip, seconds) in [(Chip::Ssd1306, 33), (Chip::Sh1106, 8)] {
        let set = format!("display.controller={}", chip.name());
        let end = seconds.to_string();
        let arguments = ["--seconds", &end, "--set", &set, "--script"];
        let Some(board) = Board::new(&arguments) else {
            return;
        };
        let path = board.folder.path().join("script");
        fs::write(&path, &script).unwrap();
        let mut board = board
            .env("I2C_DOUBLE_SCRIPT", &path)
            .env("I2C_DOUBLE_CHIP", chip.name())
            .env("I2C_DOUBLE_TIME", "virtual");
        board.command.arg(&path).args(["--", "--board", "Batch"]);
        let output = board.run();
        assert!(output.status.success(), "{}", errors(&output));

        let (sound, pictures) = desk(&script, chip, f64::from(seconds), None);
        let played = board.sound();
        assert!(played.len() >= sound.len(), "{} frames", played.len());
        assert!(sound.iter().any(|frame| frame.abs() > 0.1));
        for (i, (played, frame)) in played.iter().zip(&sound).enumerate() {
            assert_eq!(played.to_bits(), frame.to_bits(), "frame {i}");
        }
        assert!(pictures.lines().count() > 15 * seconds as usize);
        for (i, (shown, picture)) in board.pictures().lines().zip(pictures.lines()).enumerate() {
            assert_eq!(shown, picture, "picture {i}, {chip:?}");
        }
        let shown = board.pictures().lines().count();
        assert!(shown >= pictures.lines().count(), "{shown} pictures");
    }
}

#[test]
fn the_player_is_notified_if_a_requested_pru_cannot_play() {
    let sentence = |output: &Output| {
        let told = errors(output);
        let mut lines = told.lines();
        let line = lines.find_map(|line| line.split_once("the CPU plays: "));
        line.map(|(_, problem)| format!("the CPU plays: {problem}"))
    };
    let offline = |engine: &str| {
        let arguments = [
            "--seconds",
            "3",
            "--engine",
            engine,
            "--",
            "--board",
            "Batch",
        ];
        let board = Board::new(&arguments)?;
        let mut board = board.env("I2C_DOUBLE_TIME", "virtual");
        let output = board.run();
        assert!(output.status.success(), "{}", errors(&output));
        Some((sentence(&output), board.pictures()))
    };
    let Some((Some(problem), pictures)) = offline("pru") else {
        assert!(doubles().is_none(), "the log has no message");
        return;
    };
    assert!(problem.contains("offline"), "{problem}");
    let shown = |pictures: &str, of_desk: String| {
        let count = of_desk.lines().count();
        count > 2 && pictures.lines().take(count).eq(of_desk.lines())
    };
    let silent = desk("", Chip::default(), 3.0, None).1;
    assert!(shown(
        &pictures,
        desk("", Chip::default(), 3.0, Some(problem)).1
    ));
    assert!(!shown(&pictures, silent.clone()));
    let (_, pictures) = offline("auto").unwrap();
    assert!(shown(&pictures, silent));

    // In real time, without a PRU.
    if Path::new("/sys/class/uio/uio0").exists() {
        return;
    }
    let board = Board::new(&["--seconds", "0.1", "--engine", "pru"]).unwrap();
    let output = board.env("BELA_DOUBLE_REAL_TIME", "1").run();
    assert!(output.status.success(), "{}", errors(&output));
    let problem = sentence(&output).unwrap();
    assert!(problem.contains("no PRU to use"), "{problem}");
}

#[test]
fn sound_touch_and_display_work_in_real_time() {
    let Some(board) = Board::new(&[]) else { return };
    let path = board.folder.path().join("script");
    fs::write(&path, "2.5 down 0.5 0.5 size 1\n").unwrap();
    // Four seconds of blocks in real time; then the library stops.
    let mut board = board
        .env("I2C_DOUBLE_SCRIPT", path)
        .env("BELA_DOUBLE_REAL_TIME", "1")
        .env("BELA_DOUBLE_BLOCKS", "11025");
    let output = board.run();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(
        errors(&output).contains("libbela 1.13.0"),
        "{}",
        errors(&output)
    );
    assert!(board.sound().iter().any(|frame| frame.abs() > 0.05));
    assert!(board.pictures().lines().count() > 2);
}

#[test]
fn the_page_is_served_while_the_audio_plays() {
    let Some(board) = Board::new(&["--listen", "127.0.0.1"]) else {
        return;
    };
    let mut board = board.env("BELA_DOUBLE_REAL_TIME", "1");
    let mut playing = Playing(board.command.stderr(Stdio::null()).spawn().unwrap());
    let host = playing.host();
    let mut stream = TcpStream::connect(&host).unwrap();
    // The server answers once it is set up.
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("<html"));
}

#[test]
fn pages_are_notified_of_the_end() {
    use tungstenite::Message;
    use tungstenite::protocol::frame::coding::CloseCode;
    let Some(board) = Board::new(&["--listen", "127.0.0.1"]) else {
        return;
    };
    let mut board = board.stopped_by_signal();
    let mut playing = Playing(board.command.stderr(Stdio::null()).spawn().unwrap());
    let host = playing.host();
    let stream = TcpStream::connect(&host).unwrap();
    let (mut socket, _) = tungstenite::client(format!("ws://{host}/ws"), stream).unwrap();
    let hello = r#"{"type":"hello","version":1}"#;
    socket.send(Message::text(hello)).unwrap();
    // Its first message is the welcome.
    socket.read().unwrap();
    // SAFETY: takes integers; the child is ours and was not waited for.
    unsafe { libc::kill(playing.0.id() as libc::pid_t, libc::SIGTERM) };
    let code = loop {
        if let Message::Close(frame) = socket.read().expect("a close message comes last") {
            break frame.map(|frame| frame.code);
        }
    };
    assert_eq!(code, Some(CloseCode::Away));
    assert_eq!(playing.0.wait().unwrap().code(), Some(0));
}

/// Returns the accessible mappings of a `smaps` file that are not locked in memory as a
/// whole, as its lines. The kernel's own mappings cannot be locked.
fn not_resident(smaps: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut mapping, mut size, mut resident) = ("", "", "");
    for line in smaps.lines() {
        match line.split_once(':') {
            Some(("Size", value)) => size = value,
            Some(("Rss", value)) => resident = value,
            Some(("VmFlags", flags)) => {
                let accessible = flags.split_whitespace().any(|flag| flag == "rd");
                let locked = flags.split_whitespace().any(|flag| flag == "lo");
                let kernel = ["[vvar", "[vdso]", "[vsyscall]"];
                if accessible
                    && (!locked || resident.trim() != size.trim())
                    && !kernel.iter().any(|name| mapping.contains(name))
                {
                    found.push(format!("{mapping}: {resident} of {size}"));
                }
            }
            _ if line
                .split(' ')
                .next()
                .is_some_and(|range| range.contains('-')) =>
            {
                mapping = line;
            }
            _ => {}
        }
    }
    found
}

// Page faults are not counted: Linux moves locked pages, too, when memory is scarce.
#[test]
fn all_memory_stays_resident_while_it_plays() {
    let Some(board) = Board::new(&["--script"]) else {
        return;
    };
    if env::var_os("BOARD_RUN").is_some() {
        eprintln!("skipped: resident memory, an emulator shows its own");
        return;
    }
    let folder = board.folder.path();
    let (commands, hand) = (folder.join("commands"), folder.join("hand"));
    let memory = folder.join("memory");
    let swaps: Vec<String> = (0..30)
        .map(|i| format!("{} random {i}", 0.1 + 0.1 * f64::from(i)))
        .collect();
    fs::write(&commands, swaps.join("\n")).unwrap();
    fs::write(&hand, "2.5 down 0.2 0.2 size 1\n+0.1 move 0.9 0.8 over 1\n").unwrap();
    // Four seconds of blocks.
    let mut board = board
        .env("I2C_DOUBLE_SCRIPT", hand)
        .env("BELA_DOUBLE_MEMORY", &memory)
        .env("BELA_DOUBLE_REAL_TIME", "1")
        .env("BELA_DOUBLE_BLOCKS", "11025");
    board.command.arg(commands);
    let output = board.run();
    assert!(output.status.success(), "{}", errors(&output));
    if errors(&output).contains("memory is not locked") {
        eprintln!("skipped: resident memory, it may not be locked here");
        return;
    }
    let mappings = fs::read_to_string(memory).unwrap();
    assert!(mappings.contains("bela-double") && mappings.contains("[heap]"));
    assert_eq!(not_resident(&mappings), Vec::<String>::new());
}

#[test]
fn a_missing_bus_does_not_delay_the_sound() {
    let Some(board) = Board::new(&[]) else { return };
    let mut board = board
        .env("I2C_DOUBLE_MISSING", "8")
        .env("BELA_DOUBLE_REAL_TIME", "1")
        .env("BELA_DOUBLE_BLOCKS", "13780");
    let output = board.run();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(board.pictures().lines().count() > 1, "{}", errors(&output));
}

/// A running program, killed with the test.
struct Playing(Child);

impl Playing {
    /// Returns host and port of the page, from the first line of standard output.
    fn host(&mut self) -> String {
        let mut line = String::new();
        let mut told = BufReader::new(self.0.stdout.as_mut().unwrap());
        told.read_line(&mut line).unwrap();
        let page = line.strip_prefix("Page: http://").expect(&line);
        page.trim_end().trim_end_matches('/').into()
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        // The program may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program and waits until a condition on its files holds, or until it ends. Its
/// standard error is dropped.
fn begin(board: &mut Board, until: impl Fn(&Board) -> bool) -> Playing {
    let folder = board.folder.path().to_path_buf();
    let state = folder.join("state");
    fs::create_dir_all(&state).unwrap();
    let mut changes = changes(&[folder, state]);
    let mut playing = Playing(board.command.stderr(Stdio::null()).spawn().unwrap());
    let output = playing.0.stdout.as_mut().unwrap();
    let poll = |fd, events| libc::pollfd {
        fd,
        events,
        revents: 0,
    };
    // The program's end closes its output.
    let mut polled = [
        poll(changes.as_raw_fd(), libc::POLLIN),
        poll(output.as_raw_fd(), 0),
    ];
    while !until(board) && polled[1].revents == 0 {
        // SAFETY: two structures with open descriptors.
        unsafe { libc::poll(polled.as_mut_ptr(), 2, -1) };
        if polled[0].revents != 0 {
            let _ = changes.read(&mut [0; 4096]).unwrap();
        }
    }
    playing
}

/// Returns a file that can be read whenever a file in one of the folders changes (inotify).
fn changes(folders: &[PathBuf]) -> fs::File {
    // SAFETY: takes integers.
    let watch = unsafe { libc::inotify_init1(libc::IN_CLOEXEC) };
    assert!(watch >= 0);
    for folder in folders {
        let path = CString::new(folder.as_os_str().as_bytes()).unwrap();
        let events = libc::IN_MODIFY | libc::IN_MOVED_TO;
        // SAFETY: the descriptor is open, and the path outlives the call.
        let added = unsafe { libc::inotify_add_watch(watch, path.as_ptr(), events) };
        assert!(added >= 0);
    }
    // SAFETY: the descriptor is open and used nowhere else.
    unsafe { fs::File::from_raw_fd(watch) }
}

/// Returns whether the board has played for a while.
fn plays(board: &Board) -> bool {
    let sound = board.folder.path().join("sound");
    fs::metadata(sound).is_ok_and(|file| file.len() > 100_000)
}

/// Starts the program, sends a signal once it plays, and returns its exit code.
fn stopped(board: Board, signal: libc::c_int) -> Option<i32> {
    let mut board = board.stopped_by_signal();
    let mut playing = begin(&mut board, plays);
    let child = &mut playing.0;
    // SAFETY: takes integers; the child is ours and was not waited for.
    unsafe { libc::kill(child.id() as libc::pid_t, signal) };
    child.wait().unwrap().code()
}

#[test]
fn signals_end_the_program_even_if_the_bus_hangs() {
    for (hang, signal) in [
        ("", libc::SIGINT),
        ("", libc::SIGTERM),
        ("300", libc::SIGINT),
    ] {
        let Some(mut board) = Board::new(&[]) else {
            return;
        };
        if !hang.is_empty() {
            board = board.env("I2C_DOUBLE_HANG", hang);
        }
        // A normal end, which does not wait for the panel.
        let code = stopped(board, signal);
        assert_eq!(code, Some(0), "hang {hang:?}, signal {signal}");
    }
}

#[test]
fn the_library_has_time_to_stop() {
    for (milliseconds, code) in [("145", 0), ("185", 130)] {
        let Some(board) = Board::new(&[]) else { return };
        let board = board.env("BELA_DOUBLE_STOP_MS", milliseconds);
        assert_eq!(
            stopped(board, libc::SIGINT),
            Some(code),
            "{milliseconds} ms"
        );
    }
}

/// Returns the number of failed starts in a row that a board's files record.
fn failed_starts(board: &Board) -> u64 {
    let text = board.saved("starts.json");
    let count = text
        .split_once("\"unsteady\":")
        .map_or("0", |(_, count)| count);
    let digits: String = count.chars().filter(char::is_ascii_digit).take(1).collect();
    digits.parse().unwrap()
}

#[test]
fn starts_count_as_failed_only_if_the_audio_has_started() {
    let Some(first) = Board::new(&[]) else { return };
    let mut first = first.env("BELA_DOUBLE_REAL_TIME", "1");
    drop(begin(&mut first, |board| {
        !board.saved("state.json").is_empty()
    }));
    assert_eq!(failed_starts(&first), 1);
    let fails = |variable| {
        let again = Board::after(&first, &[]).env("BELA_DOUBLE_REAL_TIME", "1");
        let output = again.env(variable, "1").run();
        assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
        failed_starts(&first)
    };
    for _ in 0..2 {
        assert_eq!(fails("BELA_DOUBLE_NEVER_RENDERS"), 1);
    }
    // Counted before the network sounds.
    assert_eq!(fails("BELA_DOUBLE_EXIT_ON_SOUND"), 2);
}

#[test]
fn two_killed_starts_lead_to_a_safe_start() {
    let Some(board) = Board::new(&[]) else { return };
    let mut board = board.env("BELA_DOUBLE_REAL_TIME", "1");
    let state = board.folder.path().join("state");
    fs::create_dir_all(&state).unwrap();
    fs::copy("assets/networks/pebbles.json", state.join("state.json")).unwrap();
    for count in [1, 2] {
        let counts = |board: &Board| {
            let is_read = board.saved("starts.json").contains("\"reading\": false");
            is_read && failed_starts(board) == count
        };
        drop(begin(&mut board, counts));
        assert!(board.saved("presets/rescued.json").is_empty());
    }
    let output = Board::after(&board, &["--seconds", "1"]).run();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(
        errors(&output).contains("safe start"),
        "{}",
        errors(&output)
    );
    assert!(board.saved("presets/rescued.json").contains("pebbles"));
}

#[test]
fn problems_are_reported_in_one_sentence() {
    for (name, value, expected) in [
        (
            "BELA_DOUBLE_INIT",
            "-1",
            "another Bela program is probably running",
        ),
        ("BELA_DOUBLE_INIT", "1", "such as a cape that is not found"),
        ("BELA_DOUBLE_VERSION", "1.8.0", "make -C /root/Bela lib"),
        ("GATEBEND_LIBBELA", "/nowhere/libbela.so", "no Bela here"),
        ("BELA_DOUBLE_START", "1", "Bela's audio does not start"),
    ] {
        let Some(board) = Board::new(&[]) else { return };
        let output = board.env(name, value).run();
        let told = errors(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(expected), "{told}");
    }
    for (arguments, expected) in [
        (&["--", "--colour", "red"][..], "no option of Bela's"),
        (&["--", "--pru-number", "0"], "needs this PRU for itself"),
        (&["--wav", "x.wav"], "--wav: a Bela plays in real time"),
        (&["--set", "audio.period=1"], "a period is 2 to 4096 frames"),
    ] {
        let Some(mut board) = Board::new(arguments) else {
            return;
        };
        let output = board.run();
        assert_ne!(output.status.code(), Some(0));
        assert!(errors(&output).contains(expected), "{}", errors(&output));
    }
}

#[test]
fn a_self_test_passes_or_gives_advice() {
    let Some(mut board) = Board::with("check", &[]) else {
        return;
    };
    let output = board.run();
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    for expected in [
        "pass  Bela          libbela 1.13.0",
        "pass  bus           /dev/i2c-1 is open",
        "pass  touch sensor  Trill Square, firmware 3, bus at ",
        "pass  display       ssd1306 128x64 takes data",
        "pass  PRU           ",
        "pass  audio         2 channels, 44100 Hz, blocks of 16 frames, 8 analog inputs",
        "pass  storage",
    ] {
        assert!(found.contains(expected), "{found}{}", errors(&output));
    }
    let tone = board.sound();
    assert!(tone.len() >= 2 * 44_100 && tone.iter().all(|frame| frame.abs() <= 0.051));
    assert!(tone.iter().any(|frame| frame.abs() > 0.045));

    let Some(board) = Board::with("check", &[]) else {
        return;
    };
    let path = board.folder.path().join("script");
    fs::write(
        &path,
        "0 fault touch unplugged\n0 fault display unplugged\n",
    )
    .unwrap();
    let mut board = board
        .env("I2C_DOUBLE_SCRIPT", path)
        .env("BELA_DOUBLE_INIT", "-1");
    let output = board.run();
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{found}");
    for expected in [
        "FAIL  touch sensor  0x28 on /dev/i2c-1: nothing answers; no Trill Square answers",
        "FAIL  display       nothing answers at 0x3c",
        "FAIL  audio         Bela's audio cannot be set up",
        "checks failed",
    ] {
        assert!(found.contains(expected), "{found}");
    }
}

/// Runs the self-test with these arguments and variables of the doubles; returns whether it
/// passed, and its findings.
fn self_test(arguments: &[&str], variables: &[(&str, &str)]) -> Option<(bool, String)> {
    let mut board = Board::with("check", arguments)?;
    for (name, value) in variables {
        board = board.env(name, value);
    }
    let output = board.run();
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    Some((output.status.success(), found))
}

#[test]
fn a_self_test_tells_why_the_bus_cannot_be_used() {
    let (error, denied) = ("I2C_DOUBLE_MISSING_ERROR", libc::EACCES.to_string());
    let all = ("I2C_DOUBLE_MISSING", "1000000");
    let held = Path::new(env!("CARGO_TARGET_TMPDIR")).join("held");
    fs::write(&held, "0 fault bus stuck\n").unwrap();
    let held = ("I2C_DOUBLE_SCRIPT", held.to_str().unwrap());
    let none: &[(&str, &str)] = &[];
    for (arguments, variables, expected) in [
        (
            &["--set", "i2c.device=/dev/i2c-77"][..],
            none,
            "/dev/i2c-77: no such device",
        ),
        (
            &["--set", "i2c.device=/dev/null"],
            none,
            "/dev/null: not an I2C bus",
        ),
        (&[], &[all], "/dev/i2c-1: no such device"),
        (
            &[],
            &[all, (error, &denied)],
            "/dev/i2c-1: no permission (run as root)",
        ),
        (&[], &[held], "/dev/i2c-1: SDA or SCL is held low"),
    ] {
        let Some((passed, found)) = self_test(arguments, variables) else {
            return;
        };
        assert!(!passed);
        let expected = format!("FAIL  bus           {expected}");
        assert!(found.contains(&expected), "{found}");
        // One finding tells it, and the rest of the board is checked.
        assert_eq!(found.matches("FAIL").count(), 1, "{found}");
        assert!(found.contains("pass  audio"), "{found}");
    }
}

#[test]
fn a_self_test_finds_a_square_with_bridged_pads() {
    let moved = [("I2C_DOUBLE_TOUCH", "43")];
    let Some((passed, found)) = self_test(&[], &moved) else {
        return;
    };
    let setting = "touch.address=0x2b";
    let advice = format!("a Trill Square answers at 0x2b: --set {setting} tries it");
    assert!(!passed && found.contains(&advice), "{found}");
    let (passed, found) = self_test(&["--set", setting], &moved).unwrap();
    assert!(passed, "{found}");
}

#[test]
fn a_self_test_tolerates_late_blocks_at_the_start_and_two_later() {
    // Blocks of 16 frames: the first half second ends within block 1379.
    for (first, count, expected) in [
        ("1", "1370", Ok("it played a tone\n")),
        (
            "2000",
            "2",
            Ok("it played a tone; 2 of its blocks may have come too late\n"),
        ),
        (
            "2000",
            "3",
            Err("3 blocks came too late in 1.5 s: stop other programs"),
        ),
    ] {
        let variables = [
            ("BELA_DOUBLE_UNDERRUNS_AT", first),
            ("BELA_DOUBLE_UNDERRUNS", count),
        ];
        let Some((passed, found)) = self_test(&[], &variables) else {
            return;
        };
        assert_eq!(passed, expected.is_ok(), "{found}");
        let (Ok(text) | Err(text)) = expected;
        assert!(found.contains(text), "{found}");
    }
}

#[test]
fn changes_survive_a_power_cut() {
    let Some(board) = Board::new(&["--script"]) else {
        return;
    };
    let path = board.folder.path().join("script");
    fs::write(&path, "0.1 next\n0.2 bend 40 1\n").unwrap();
    let mut board = board.env("BELA_DOUBLE_REAL_TIME", "1");
    board.command.arg(&path);
    let bent = |board: &Board| board.saved("state.json").contains("\"bends\": [40]");
    drop(begin(&mut board, bent));
    let kept = board.saved("state.json");
    assert!(kept.contains("first light"), "{kept}");
    // The next start continues from the saved state and does not change it.
    let again = Board::after(&board, &["--seconds", "1"]);
    let output = again.env("BELA_DOUBLE_REAL_TIME", "1").run();
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(board.saved("state.json"), kept);
    assert!(board.saved("log.txt").contains("libbela 1.13.0"));
}

#[test]
fn a_touch_during_the_splash_is_a_safe_start_and_loses_nothing() {
    let Some(board) = Board::new(&["--seconds", "4", "--script"]) else {
        return;
    };
    let folder = board.folder.path();
    let (commands, hand) = (folder.join("commands"), folder.join("hand"));
    fs::write(&commands, "0.1 next\n").unwrap();
    fs::write(&hand, "1.2 down 0.5 0.5\n1.8 up\n").unwrap();
    let mut board = board
        .env("BELA_DOUBLE_REAL_TIME", "1")
        .env("I2C_DOUBLE_SCRIPT", hand);
    board.command.arg(commands);
    let output = board.run();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(board.saved("state.json").contains("running man"));
    assert!(board.saved("presets/rescued.json").contains("first light"));
}

#[test]
fn a_second_instance_names_the_first() {
    let Some(mut board) = Board::new(&[]) else {
        return;
    };
    board.command.env("BELA_DOUBLE_REAL_TIME", "1");
    let first = begin(&mut board, plays);
    let output = Board::after(&board, &[]).run();
    assert_eq!(output.status.code(), Some(1));
    let told = errors(&output);
    assert!(
        told.contains(&format!("running already (process {})", first.0.id())),
        "{told}"
    );
}
