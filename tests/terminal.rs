//! The desk's screen in a real terminal: a pseudo-terminal, read by a terminal emulator.

#![cfg(all(unix, feature = "terminal"))]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::{Child, Command, Stdio};

const ENTER: &str = "\r";

/// The program in a terminal of 80 columns.
struct Session {
    child: Child,
    terminal: File,
    screen: vt100::Parser,
    /// All bytes that the program has written.
    written: Vec<u8>,
    before: libc::termios,
}

impl Session {
    fn start(arguments: &[&str]) -> Session {
        let (mut controller, mut program) = (0, 0);
        let size = window(80, 24);
        // SAFETY: writes two descriptors, reads the size; the name and settings may be null.
        let opened = unsafe {
            libc::openpty(
                &raw mut controller,
                &raw mut program,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                (&raw const size).cast_mut(),
            )
        };
        assert_eq!(opened, 0);
        // SAFETY: both were just opened and have no other owner.
        let (controller, program_side) =
            unsafe { (File::from_raw_fd(controller), OwnedFd::from_raw_fd(program)) };
        let end = || Stdio::from(program_side.try_clone().unwrap());
        let before = settings(&controller);
        let child = Command::new(env!("CARGO_BIN_EXE_gatebend"))
            .args(["play", "--silent", "--no-web", "--state", "none"])
            .args(arguments)
            .env("TERM", "xterm-256color")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        Session {
            before,
            child,
            terminal: controller,
            screen: vt100::Parser::new(24, 80, 0),
            written: Vec::new(),
        }
    }

    fn send(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).unwrap();
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Reads until the screen is as wanted. The program draws at least its network time
    /// again and again, so this cannot wait for long without a byte to read.
    fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        self.until_on(what, |screen| wanted(&screen.contents()));
    }

    /// The same, for all that is on the screen.
    fn until_on(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let mut bytes = [0; 4096];
        // About 20 drawings a second.
        for _ in 0..2000 {
            if wanted(self.screen.screen()) {
                return;
            }
            let length = self.terminal.read(&mut bytes).unwrap_or(0);
            assert_ne!(length, 0, "{what}: the program has ended\n{}", self.text());
            self.screen.process(&bytes[..length]);
            self.written.extend_from_slice(&bytes[..length]);
        }
        panic!("{what}: not seen\n{}", self.text());
    }

    /// Presses or moves the mouse's button, or releases it, at a character.
    fn mouse(&mut self, code: u8, (column, row): (u16, u16), end: char) {
        self.send(&format!("\x1b[<{code};{};{}{end}", column + 1, row + 1));
    }

    /// Waits for the end. Returns whether it was a success.
    fn end(mut self) -> bool {
        let success = self.child.wait().unwrap().success();
        // Ends with an error once the program's side is closed.
        let _ = self.terminal.read_to_end(&mut self.written);
        let written = String::from_utf8_lossy(&self.written);
        for (on, off) in [
            ("\x1b[?1049h", "\x1b[?1049l"),
            ("\x1b[?1003h", "\x1b[?1003l"),
        ] {
            let (on, off) = (written.rfind(on).unwrap(), written.rfind(off).unwrap());
            assert!(on < off, "the terminal is not given back");
        }
        let after = settings(&self.terminal);
        assert_eq!(after.c_lflag, self.before.c_lflag);
        assert_eq!(after.c_iflag, self.before.c_iflag);
        success
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The program may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn window(columns: u16, rows: u16) -> libc::winsize {
    libc::winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

fn settings(terminal: &File) -> libc::termios {
    // SAFETY: integers, of which all values are valid, are written before they are read.
    unsafe {
        let mut settings = std::mem::zeroed();
        assert_eq!(libc::tcgetattr(terminal.as_raw_fd(), &raw mut settings), 0);
        settings
    }
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default().trim_end()
}

#[test]
fn messages_wider_than_the_terminal_are_folded() {
    let mut session = Session::start(&[]);
    session.until("the prompt", |text| last_line(text).starts_with('>'));
    session.send(&format!("set {}=1{ENTER}", "x".repeat(100)));
    session.until("the end of the message", |text| {
        text.replace('\n', "").contains("analog8")
    });
    session.send(&format!("quit{ENTER}"));
    assert!(session.end());
}

#[test]
fn answers_and_the_prompt_do_not_overwrite_one_another() {
    let mut session = Session::start(&[]);
    session.until("the prompt", |text| last_line(text).starts_with('>'));
    session.until("the display", |text| {
        text.lines().next().unwrap().contains("Display")
    });
    session.send("bend 60 1ME");
    session.until("the line", |text| last_line(text) == "> bend 60 1ME");
    session.send(ENTER);
    session.until("the answer", |text| {
        text.contains("HOW is one of 0, 1, invert, off, not \"1ME\"") && last_line(text) == ">"
    });
    session.send("nxt\r");
    session.until("a suggestion", |text| {
        text.contains("\"nxt\" is not a command; did you mean next?")
    });
    session.send("pau\t\r");
    session.until("the pause", |text| text.contains("paused"));
    session.send("\x1b[A\x1b[A");
    session.until("an older line", |text| last_line(text) == "> nxt");
    session.send("\x03");
    assert!(session.end());
}

/// Returns the parts of the status line: name, gates, time and more.
fn status(text: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.contains(" · "));
    let parts = line.unwrap_or_default().split(" · ");
    parts.map(|part| part.trim().to_string()).collect()
}

fn time(text: &str) -> u32 {
    let shown = status(text).into_iter().nth(2);
    let digits = shown.and_then(|time| time.split("t ").nth(1)?.parse().ok());
    digits.unwrap_or(0)
}

#[test]
fn the_mouse_bends_gates_and_presses_buttons() {
    let mut session = Session::start(&["--set", "hold=latched", "--set", "rate=8000"]);
    // A touch on the splash, which takes two seconds, has another meaning.
    session.until("the end of the splash", |text| time(text) > 20_000);
    // The second of the five buttons in the last rows of the pad: next.
    let before = status(&session.text())[0].clone();
    session.mouse(0, (70, 16), 'M');
    session.mouse(0, (70, 16), 'm');
    session.until("another network", |text| status(text)[0] != before);
    // A place among the gates: bent ones are yellow, also when the finger is gone.
    session.mouse(0, (70, 7), 'M');
    session.mouse(32, (71, 8), 'M');
    session.mouse(0, (71, 8), 'm');
    let is_yellow = |screen: &vt100::Screen| {
        let cells = (0..18).flat_map(|row| (66..80).map(move |column| (row, column)));
        let mut cells = cells.filter_map(|(row, column)| screen.cell(row, column));
        cells.any(|cell| cell.fgcolor() == vt100::Color::Idx(3))
    };
    session.until_on("a bent gate", is_yellow);
    session.send("quit\r");
    assert!(session.end());
}

#[test]
fn help_opens_and_a_smaller_terminal_is_drawn_anew() {
    let mut session = Session::start(&[]);
    session.until("the prompt", |text| last_line(text).starts_with('>'));
    session.send("?");
    session.until("the help", |text| {
        text.contains("swap") || text.contains("Plays the next")
    });
    session.send("\x1b");
    session.until("the display", |text| text.contains("Display"));
    let size = window(50, 30);
    session.screen.set_size(30, 50);
    // SAFETY: the descriptor is open, and the size is read.
    unsafe {
        libc::ioctl(
            session.terminal.as_raw_fd(),
            libc::TIOCSWINSZ,
            &raw const size,
        )
    };
    // SAFETY: the child is ours and was not waited for.
    unsafe { libc::kill(session.child.id() as libc::pid_t, libc::SIGWINCH) };
    session.until("the pad below the display", |text| {
        let pad = text.lines().position(|line| line.starts_with("┌Pad"));
        pad.is_some_and(|row| row > 10) && last_line(text) == ">"
    });
    // SAFETY: as above.
    unsafe { libc::kill(session.child.id() as libc::pid_t, libc::SIGTERM) };
    assert!(session.end());
}

#[test]
fn a_flood_of_lines_does_not_delay_the_end() {
    use std::io::{BufRead, BufReader};

    let mut child = Command::new(env!("CARGO_BIN_EXE_gatebend"))
        .args(["play", "--silent", "--no-web", "--state", "none"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = child.stdin.take().unwrap();
    lines.write_all(b"dance\n").unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    let answered = errors.any(|line| line.unwrap().contains("\"dance\" is not a command"));
    assert!(answered);
    // Writes until the program ends.
    let writer = std::thread::spawn(move || while lines.write_all(b"next\n").is_ok() {});
    // SAFETY: the child is ours and was not waited for.
    unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGTERM) };
    assert!(child.wait().unwrap().success());
    writer.join().unwrap();
}
