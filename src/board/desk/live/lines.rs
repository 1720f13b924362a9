//! Plain lines: commands from standard input, answers to standard error.

use std::io::{self, BufRead, Read, Write};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::prompt::{Entered, Prompt};
use crate::handle::Handle;

/// Lines that are read ahead. A writer that is faster waits.
const AHEAD: usize = 16;
/// Longest line in bytes.
const LONGEST: usize = 4096;

/// Commands from a pipe, a file or a plain terminal.
pub struct Lines {
    received: Receiver<Result<String, String>>,
    prompt: Prompt,
}

impl Lines {
    /// Starts to read standard input, on a thread that ends with the program.
    pub fn start() -> Lines {
        let (sender, received) = bounded(AHEAD);
        thread::spawn(move || read(io::stdin().lock(), &sender));
        Lines {
            received,
            prompt: Prompt::default(),
        }
    }

    /// Carries out a few of the lines that have arrived, and shows the answers. Returns
    /// false after `quit`.
    pub fn poll(&mut self, handle: &Handle) -> bool {
        while let Some(refusal) = self.prompt.refusal() {
            show(&refusal);
        }
        for line in self.received.try_iter().take(AHEAD) {
            match line.map(|line| self.prompt.enter(&line, handle)) {
                Ok(Entered::Accepted) => {}
                Ok(Entered::Answer(answer)) | Err(answer) => show(&answer),
                Ok(Entered::Quit) => return false,
            }
            if !self.prompt.is_ready() {
                break;
            }
        }
        true
    }
}

/// Standard error may be closed.
fn show(message: &str) {
    let _ = writeln!(io::stderr(), "{message}");
}

/// Sends all lines of an input, and an error for each one that is too long.
fn read(mut input: impl BufRead, lines: &Sender<Result<String, String>>) {
    let mut line = Vec::new();
    let mut too_long = false;
    loop {
        line.clear();
        let mut start = input.by_ref().take(LONGEST as u64);
        match start.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let ends = line.ends_with(b"\n") || line.len() < LONGEST;
        let goes_on = std::mem::replace(&mut too_long, !ends);
        let message = match (goes_on, ends) {
            (true, _) => continue,
            (false, true) => Ok(String::from_utf8_lossy(&line).into_owned()),
            (false, false) => Err(format!(
                "a line has more than {LONGEST} bytes and is ignored"
            )),
        };
        if lines.send(message).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_ignored_with_one_message() {
        let (sender, lines) = bounded(9);
        let long = "x".repeat(3 * LONGEST);
        read(format!("next\n{long}\nclear\nundo").as_bytes(), &sender);
        let lines: Vec<_> = lines.try_iter().collect();
        assert_eq!(lines[0], Ok("next\n".into()));
        assert!(lines[1].as_ref().unwrap_err().contains("4096 bytes"));
        assert_eq!(lines[2..], [Ok("clear\n".into()), Ok("undo".into())]);
    }
}
