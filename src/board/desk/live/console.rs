//! The player's side of the desk: a terminal, or plain lines.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::instruments::Instruments;
use super::lines::Lines;
use super::screen::Screen;
use crate::handle::Handle;

/// A surface for commands.
pub enum Console {
    /// Lines of standard input.
    Lines(Lines),
    /// A terminal.
    Screen(Box<Screen>),
}

impl Console {
    /// Returns whether standard input and output are a terminal that shows pictures.
    pub fn is_possible() -> bool {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        cfg!(feature = "terminal")
            && !dumb
            && io::stdin().is_terminal()
            && io::stdout().is_terminal()
    }

    /// Takes over the terminal, which shows these messages first; or starts to read lines.
    ///
    /// # Errors
    /// Fails if the terminal cannot be controlled.
    pub fn open(
        instruments: Instruments,
        screen: Option<Vec<String>>,
        interrupted: Arc<AtomicBool>,
    ) -> io::Result<Console> {
        Ok(match screen {
            Some(notes) => {
                Console::Screen(Box::new(Screen::open(instruments, notes, interrupted)?))
            }
            None => Console::Lines(Lines::start()),
        })
    }

    /// Handles input and draws, at a time in nanoseconds. Returns false once the player
    /// wants to end the session.
    pub fn poll(&mut self, now: u64, handle: &Handle) -> bool {
        match self {
            Console::Lines(lines) => lines.poll(handle),
            Console::Screen(screen) => screen.poll(now, handle),
        }
    }
}
