//! Commands from standard input.

use std::io::{self, BufRead};
use std::thread;

use crossbeam_channel::{Receiver, unbounded};
use instrument::commands;

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
            let Some(verb) = words.first() else {
                continue;
            };
            if *verb == "quit" {
                return false;
            }
            match commands::parse(&words) {
                Ok(Some(command)) => {
                    handle.command(command);
                    terminal.show("");
                }
                Ok(None) => {
                    let about = words.get(1).filter(|_| *verb == "help");
                    let help = commands::help(about.copied());
                    terminal.show(&format!("{help}, help COMMAND, quit"));
                }
                Err(problem) => terminal.show(&problem),
            }
        }
        true
    }
}
