//! Commands from standard input.

use std::io::{self, BufRead};
use std::thread;

use crossbeam_channel::{Receiver, unbounded};

use super::script::command;
use super::terminal::Terminal;
use crate::handle::Handle;

/// Lines of standard input.
pub struct Prompt(Receiver<String>);

impl Prompt {
    /// Starts to read standard input, on a thread that ends with the program.
    pub fn start() -> Prompt {
        let (sender, lines) = unbounded();
        thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Prompt(lines)
    }

    /// Sends the commands that have arrived, and shows what is wrong with them. Returns
    /// false after `quit`.
    pub fn poll(&self, handle: &Handle, terminal: &mut Terminal) -> bool {
        for line in self.0.try_iter() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let Some((verb, arguments)) = words.split_first() else {
                continue;
            };
            if *verb == "quit" {
                return false;
            }
            match command(verb, arguments) {
                Ok(Some(command)) => {
                    handle.command(command);
                    terminal.show("");
                }
                Ok(None) => terminal.show(
                    "next, previous, choose N, random, mutate, rewire NODE OP A B, \
                     bend NODE 0|1|invert|off, layer add|remove|choose|clear, strength N PERCENT, \
                     clear, undo, redo, play, pause, seek T, reset-time, set ID=VALUE, page NAME, \
                     keep NAME, recall NAME, forget NAME, quit",
                ),
                Err(problem) => terminal.show(&problem),
            }
        }
        true
    }
}
