//! The program on a Bela that is not there: the real binary, its library and its
//! I2C bus doubled (`tests/doubles`). By default on this machine; `tests/arm.sh`
//! runs the same with the binary for the board, under an emulator, and says so
//! by `BOARD_RUN` (the emulator and its options), `BOARD_BINARY` (the program),
//! `BOARD_LIBBELA` and `BOARD_I2C` (the doubles).

#![cfg(target_os = "linux")]

use std::env;
use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use gatebend::board::desk::{Desk, Script, Simulation};
use gatebend::factory_networks;
use instrument::surface::Surface;

/// What the double of libbela reads on its analog inputs.
fn analog(input: u32) -> f64 {
    f64::from(input) / 16.0 + 1.0 / 256.0
}

struct Doubles {
    libbela: PathBuf,
    i2c: PathBuf,
}

/// The doubles, built once; none, and told, where they cannot be.
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
    // Beside this test's program, which is in target/PROFILE/deps.
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
    assert!(built.success(), "the double of libbela is not C");
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

/// The program with its doubles, and a folder of its own.
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
        Board::keeping(verb, arguments, folder, &state)
    }

    /// With the state of another board, which is only borrowed.
    fn after(other: &Board, arguments: &[&str]) -> Board {
        let folder = tempfile::tempdir().unwrap();
        let state = other.folder.path().join("state");
        Board::keeping("play", arguments, folder, &state).unwrap()
    }

    fn keeping(
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

    fn run(&mut self) -> Output {
        self.command.output().unwrap()
    }

    /// A file of the state, or nothing.
    fn kept(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("state").join(name)).unwrap_or_default()
    }

    /// What channel 0 has played.
    fn sound(&self) -> Vec<f32> {
        let bytes = fs::read(self.folder.path().join("sound")).unwrap_or_default();
        let words = bytes.chunks_exact(4);
        words
            .map(|word| f32::from_le_bytes(word.try_into().unwrap()))
            .collect()
    }

    /// What was seen: a line for each change of the picture.
    fn pictures(&self) -> String {
        fs::read_to_string(self.folder.path().join("pictures")).unwrap_or_default()
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a desk plays and shows of a script, and of what it tells at its start.
fn desk(script: &str, seconds: f64, notice: Option<String>) -> (Vec<f32>, String) {
    let script = Script::parse(script, &Surface::default()).unwrap();
    let mut desk = Desk::new(factory_networks::all());
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
fn a_board_plays_and_shows_what_a_desk_does_byte_for_byte() {
    const SECONDS: f64 = 33.0;
    let mut script = String::new();
    for input in 0..8 {
        writeln!(script, "0 analog {} {}", input + 1, analog(input)).unwrap();
    }
    // The double's knobs stand still; what they move does not.
    let everything = include_str!("scripts/everything.txt");
    let mut last = String::new();
    for text in everything.lines().filter(|line| !line.contains(" analog ")) {
        script.push_str(text);
        script.push('\n');
        last = text.to_string();
    }
    assert!(!last.is_empty());
    let Some(board) = Board::new(&["--seconds", "33", "--script"]) else {
        return;
    };
    let path = board.folder.path().join("script");
    fs::write(&path, &script).unwrap();
    let mut board = board
        .env("I2C_DOUBLE_SCRIPT", &path)
        .env("I2C_DOUBLE_TIME", "virtual");
    board.command.arg(&path).args(["--", "--board", "Batch"]);
    let output = board.run();
    assert!(output.status.success(), "{}", told(&output));

    let (sound, pictures) = desk(&script, SECONDS, None);
    let played = board.sound();
    assert!(played.len() >= sound.len(), "{} frames", played.len());
    assert!(sound.iter().any(|frame| frame.abs() > 0.1));
    for (i, (played, frame)) in played.iter().zip(&sound).enumerate() {
        assert_eq!(played.to_bits(), frame.to_bits(), "frame {i}");
    }
    assert!(pictures.lines().count() > 500);
    for (i, (shown, picture)) in board.pictures().lines().zip(pictures.lines()).enumerate() {
        assert_eq!(shown, picture, "picture {i}");
    }
    let shown = board.pictures().lines().count();
    assert!(shown >= pictures.lines().count(), "{shown} pictures");
}

#[test]
fn a_pru_that_was_asked_for_and_cannot_play_is_told_to_the_player() {
    let sentence = |output: &Output| {
        let told = told(output);
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
        assert!(output.status.success(), "{}", told(&output));
        Some((sentence(&output), board.pictures()))
    };
    let Some((Some(problem), pictures)) = offline("pru") else {
        assert!(doubles().is_none(), "the log says nothing");
        return;
    };
    assert!(problem.contains("offline"), "{problem}");
    let shown = |pictures: &str, of_desk: String| {
        let count = of_desk.lines().count();
        count > 2 && pictures.lines().take(count).eq(of_desk.lines())
    };
    let silent = desk("", 3.0, None).1;
    assert!(shown(&pictures, desk("", 3.0, Some(problem)).1));
    assert!(!shown(&pictures, silent.clone()));
    let (_, pictures) = offline("auto").unwrap();
    assert!(shown(&pictures, silent));

    // In real time, where there is none.
    if Path::new("/sys/class/uio/uio0").exists() {
        return;
    }
    let board = Board::new(&["--seconds", "0.1", "--engine", "pru"]).unwrap();
    let output = board.env("BELA_DOUBLE_REAL_TIME", "1").run();
    assert!(output.status.success(), "{}", told(&output));
    let problem = sentence(&output).unwrap();
    assert!(problem.contains("no PRU to use"), "{problem}");
}

#[test]
fn threads_play_touch_and_paint_in_real_time() {
    let Some(board) = Board::new(&[]) else { return };
    let path = board.folder.path().join("script");
    fs::write(&path, "2.5 down 0.5 0.5 size 1\n").unwrap();
    // Four seconds of blocks, at their pace; then the library stops by itself.
    let mut board = board
        .env("I2C_DOUBLE_SCRIPT", path)
        .env("BELA_DOUBLE_REAL_TIME", "1")
        .env("BELA_DOUBLE_BLOCKS", "11025");
    let output = board.run();
    assert!(output.status.success(), "{}", told(&output));
    assert!(
        told(&output).contains("libbela 1.13.0"),
        "{}",
        told(&output)
    );
    assert!(board.sound().iter().any(|frame| frame.abs() > 0.05));
    assert!(board.pictures().lines().count() > 2);
}

#[test]
fn the_page_is_served_beside_the_audio() {
    let Some(board) = Board::new(&["--listen", "127.0.0.1"]) else {
        return;
    };
    let mut board = board.env("BELA_DOUBLE_REAL_TIME", "1");
    let mut playing = Playing(board.command.stderr(Stdio::null()).spawn().unwrap());
    let host = playing.host();
    let mut stream = TcpStream::connect(&host).unwrap();
    // Until it is set up, nobody answers.
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("<html"));
}

#[test]
fn its_pages_are_told_that_it_ends() {
    use tungstenite::Message;
    use tungstenite::protocol::frame::coding::CloseCode;
    let Some(board) = Board::new(&["--listen", "127.0.0.1"]) else {
        return;
    };
    let mut board = board.env("BELA_DOUBLE_REAL_TIME", "1");
    let mut playing = Playing(board.command.stderr(Stdio::null()).spawn().unwrap());
    let host = playing.host();
    let stream = TcpStream::connect(&host).unwrap();
    let (mut socket, _) = tungstenite::client(format!("ws://{host}/ws"), stream).unwrap();
    let hello = r#"{"type":"hello","version":1}"#;
    socket.send(Message::text(hello)).unwrap();
    // It is welcomed.
    socket.read().unwrap();
    // SAFETY: takes integers; the child is ours and was not waited for.
    unsafe { libc::kill(playing.0.id() as libc::pid_t, libc::SIGTERM) };
    let code = loop {
        if let Message::Close(frame) = socket.read().expect("it ends with a word") {
            break frame.map(|frame| frame.code);
        }
    };
    assert_eq!(code, Some(CloseCode::Away));
    assert_eq!(playing.0.wait().unwrap().code(), Some(0));
}

#[test]
fn no_page_is_ever_waited_for_while_it_plays() {
    let Some(board) = Board::new(&["--script"]) else {
        return;
    };
    let folder = board.folder.path();
    let (commands, hand) = (folder.join("commands"), folder.join("hand"));
    let faults = folder.join("faults");
    let swaps: Vec<String> = (0..30)
        .map(|i| format!("{} random {i}", 0.1 + 0.1 * f64::from(i)))
        .collect();
    fs::write(&commands, swaps.join("\n")).unwrap();
    fs::write(&hand, "2.5 down 0.2 0.2 size 1\n+0.1 move 0.9 0.8 over 1\n").unwrap();
    // As fast as it goes: four seconds' blocks of an emulator take longer.
    let mut board = board
        .env("I2C_DOUBLE_SCRIPT", hand)
        .env("BELA_DOUBLE_FAULTS", &faults)
        .env("BELA_DOUBLE_REAL_TIME", "1")
        .env("BELA_DOUBLE_BLOCKS", "11025");
    board.command.arg(commands);
    let output = board.run();
    assert!(output.status.success(), "{}", told(&output));
    if told(&output).contains("memory is not locked") {
        eprintln!("skipped: page faults, memory may not be locked here");
        return;
    }
    assert_eq!(fs::read_to_string(faults).unwrap().trim(), "0");
}

#[test]
fn a_bus_that_comes_late_is_waited_for_while_it_sounds() {
    let Some(board) = Board::new(&[]) else { return };
    let mut board = board
        .env("I2C_DOUBLE_MISSING", "8")
        .env("BELA_DOUBLE_REAL_TIME", "1")
        .env("BELA_DOUBLE_BLOCKS", "13780");
    let output = board.run();
    assert!(output.status.success(), "{}", told(&output));
    assert!(board.pictures().lines().count() > 1, "{}", told(&output));
}

/// A program that plays until it is ended, or the test is.
struct Playing(Child);

impl Playing {
    /// Host and port of its page, which it says first of all.
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
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it, and waits until something is so; what it says is lost.
fn begin(board: &mut Board, until: impl Fn(&Board) -> bool) -> Playing {
    let child = board.command.stderr(Stdio::null()).spawn().unwrap();
    let mut playing = Playing(child);
    while !until(board) && playing.0.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    playing
}

/// It plays.
fn plays(board: &Board) -> bool {
    let sound = board.folder.path().join("sound");
    fs::metadata(sound).is_ok_and(|file| file.len() > 100_000)
}

/// Starts it, lets it play until there is sound, sends a signal, and waits.
fn stopped(mut board: Board, signal: libc::c_int) -> (std::process::ExitStatus, Duration) {
    let mut playing = begin(&mut board, plays);
    let child = &mut playing.0;
    let start = Instant::now();
    // SAFETY: takes integers; the child is ours and was not waited for.
    unsafe { libc::kill(child.id() as libc::pid_t, signal) };
    let status = child.wait().unwrap();
    (status, start.elapsed())
}

#[test]
fn signals_end_it_whatever_hangs() {
    for (hang, signal) in [
        ("", libc::SIGINT),
        ("", libc::SIGTERM),
        ("300", libc::SIGINT),
    ] {
        let Some(board) = Board::new(&[]) else { return };
        let mut board = board.env("BELA_DOUBLE_REAL_TIME", "1");
        if !hang.is_empty() {
            board = board.env("I2C_DOUBLE_HANG", hang);
        }
        let (status, took) = stopped(board, signal);
        // By itself, without having waited for the panel.
        assert_eq!(status.code(), Some(0), "hang {hang:?}, signal {signal}");
        eprintln!("hang {hang:?}, signal {signal}: gone after {took:?}");
    }
}

#[test]
fn what_is_wrong_is_told_in_one_sentence() {
    for (name, value, expected) in [
        (
            "BELA_DOUBLE_INIT",
            "-1",
            "another Bela program is probably running",
        ),
        ("BELA_DOUBLE_VERSION", "1.8.0", "libbela 1.8.0 is too old"),
        ("GATEBEND_LIBBELA", "/nowhere/libbela.so", "no Bela here"),
        ("BELA_DOUBLE_START", "1", "Bela's audio does not start"),
    ] {
        let Some(board) = Board::new(&[]) else { return };
        let output = board.env(name, value).run();
        let told = told(&output);
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
        assert!(told(&output).contains(expected), "{}", told(&output));
    }
}

#[test]
fn a_self_test_says_pass_or_what_to_do() {
    let Some(mut board) = Board::with("check", &[]) else {
        return;
    };
    let output = board.run();
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    for expected in [
        "pass  Bela          libbela 1.13.0",
        "pass  touch sensor  Trill Square, firmware 3, bus at ",
        "pass  display       128x64",
        "pass  PRU           ",
        "pass  audio         2 channels, 44100 Hz, blocks of 16 frames, 8 analog inputs",
        "pass  storage",
    ] {
        assert!(found.contains(expected), "{found}{}", told(&output));
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
        "FAIL  touch sensor  nothing answers at 0x28 on /dev/i2c-1: check cable",
        "FAIL  display       nothing answers at 0x3c",
        "FAIL  audio         Bela's audio cannot be set up",
        "checks failed",
    ] {
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn what_was_played_is_there_after_the_plug_is_pulled() {
    let Some(board) = Board::new(&["--script"]) else {
        return;
    };
    let path = board.folder.path().join("script");
    fs::write(&path, "0.1 next\n0.2 bend 40 1\n").unwrap();
    let mut board = board.env("BELA_DOUBLE_REAL_TIME", "1");
    board.command.arg(&path);
    let bent = |board: &Board| board.kept("state.json").contains("\"bends\": [40]");
    drop(begin(&mut board, bent));
    let kept = board.kept("state.json");
    assert!(kept.contains("first light"), "{kept}");
    // And is played on from, by a start that does nothing itself.
    let again = Board::after(&board, &["--seconds", "1"]);
    let output = again.env("BELA_DOUBLE_REAL_TIME", "1").run();
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(board.kept("state.json"), kept);
    assert!(board.kept("log.txt").contains("libbela 1.13.0"));
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
    assert!(output.status.success(), "{}", told(&output));
    assert!(board.kept("state.json").contains("running man"));
    assert!(board.kept("presets/rescued.json").contains("first light"));
}

#[test]
fn a_second_one_is_told_of_the_first() {
    let Some(mut board) = Board::new(&[]) else {
        return;
    };
    board.command.env("BELA_DOUBLE_REAL_TIME", "1");
    let first = begin(&mut board, plays);
    let output = Board::after(&board, &[]).run();
    assert_eq!(output.status.code(), Some(1));
    let told = told(&output);
    assert!(
        told.contains(&format!("running already (process {})", first.0.id())),
        "{told}"
    );
}
