//! The real program with `--pairing`, as its log sees it.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};

use gatebend::link::protocol::ServerMessage;
use tungstenite::{Message, WebSocket};

/// A program that plays without a sound card.
struct Playing {
    child: Child,
    output: BufReader<ChildStdout>,
    state: tempfile::TempDir,
}

impl Playing {
    fn start(options: &[&str]) -> Playing {
        let state = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_gatebend"))
            .args(["play", "--silent", "--plain", "--port", "0", "--state"])
            .arg(state.path())
            .args(options)
            .env("GATEBEND_LOG", "trace")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Playing {
            child,
            output,
            state,
        }
    }

    /// Waits for a line of standard output with this beginning, and returns its rest.
    fn line(&mut self, beginning: &str) -> String {
        let mut lines = self.output.by_ref().lines().map(Result::unwrap);
        lines
            .find_map(|line| line.strip_prefix(beginning).map(String::from))
            .unwrap()
    }

    /// Ends the program; returns its standard error and its log file.
    fn end(mut self) -> (String, String) {
        writeln!(self.child.stdin.take().unwrap(), "quit").unwrap();
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.success());
        let errors = String::from_utf8(output.stderr).unwrap();
        let log = std::fs::read_to_string(self.state.path().join("log.txt"));
        (errors, log.unwrap_or_default())
    }
}

/// A page's websocket.
struct Page(WebSocket<TcpStream>);

impl Page {
    fn open(address: &str) -> Page {
        let stream = TcpStream::connect(address).unwrap();
        let (socket, _) = tungstenite::client("ws://localhost/ws", stream).unwrap();
        Page(socket)
    }

    /// Says hello with these fields; returns the first answer.
    fn hello(&mut self, fields: &str) -> ServerMessage {
        let text = format!(r#"{{"type":"hello","version":1{fields}}}"#);
        self.0.send(Message::text(text)).unwrap();
        loop {
            if let Message::Text(text) = self.0.read().unwrap() {
                break serde_json::from_str(&text).unwrap();
            }
        }
    }
}

#[test]
fn the_log_has_wrong_guesses_but_no_code_no_token_and_no_closed_pages() {
    let mut playing = Playing::start(&["--pairing"]);
    let page = playing.line("Page: http://");
    let address = page.trim_end_matches('/').to_string();
    let first = playing.line("Pairing code: ");
    assert_eq!(Page::open(&address).hello(""), ServerMessage::Pairing);
    for _ in 0..10 {
        let answer = Page::open(&address).hello(r#","code":"314159""#);
        assert!(matches!(answer, ServerMessage::Refused { .. }));
    }
    let second = playing.line("Pairing code: ");
    let mut page = Page::open(&address);
    let ServerMessage::Welcome(welcome) = page.hello(&format!(r#","code":"{second}""#)) else {
        panic!("the code that is printed is refused");
    };
    let token = welcome.token.unwrap().0;
    // This page is closed without a word, and the next one in the way of browsers.
    page.0.get_ref().shutdown(Shutdown::Write).unwrap();
    while page.0.read().is_ok() {}
    let mut page = Page::open(&address);
    let answer = page.hello(&format!(r#","token":"{token}""#));
    assert!(matches!(answer, ServerMessage::Welcome(_)));
    page.0.close(None).unwrap();
    while page.0.read().is_ok() {}
    let (errors, log) = playing.end();
    let text = errors + &log;
    assert!(text.contains("wrong pairing code from 127.0.0.1"), "{text}");
    for hidden in [&first, &second, &token, "314159"] {
        assert!(!text.contains(hidden), "{text}");
        assert!(!text.contains(&hidden.replace(' ', "")), "{text}");
    }
    assert!(!text.contains("not a valid websocket frame"), "{text}");
}

#[test]
fn an_open_page_that_others_can_reach_is_warned_of() {
    for (options, warns) in [
        (&["--listen", "0.0.0.0"][..], true),
        (&["--listen", "0.0.0.0", "--pairing"], false),
        (&["--listen", "127.0.0.1"], false),
    ] {
        let mut playing = Playing::start(options);
        playing.line("Page: ");
        let (errors, log) = playing.end();
        for text in [errors, log] {
            assert_eq!(text.contains("everybody in this network"), warns, "{text}");
        }
    }
}
