//! The player's side of the desk: a terminal, or plain lines.

use std::io::{self, IsTerminal};

use super::lines::Lines;
use crate::handle::Handle;

#[cfg(feature = "terminal")]
use super::screen::Screen;

/// A surface for commands.
pub enum Console {
    /// Lines of standard input.
    Lines(Lines),
    /// A terminal.
    #[cfg(feature = "terminal")]
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

    /// Handles input and draws, at a time in nanoseconds. Returns false once the player
    /// wants to end the session.
    pub fn poll(&mut self, now: u64, handle: &Handle) -> bool {
        match self {
            Console::Lines(lines) => lines.poll(handle),
            #[cfg(feature = "terminal")]
            Console::Screen(screen) => screen.poll(now, handle),
        }
    }
}
