//! The display painted in the terminal, and the prompt's messages.

use std::io::{self, Write};

use crate::board::desk::oled::DisplayFrame;

/// Time between two paintings, in nanoseconds.
const PERIOD_NS: u64 = 50_000_000;

/// Paints the display in braille characters, two by four pixels each.
pub struct Terminal {
    painted: bool,
    /// The first picture was painted.
    begun: bool,
    last: Option<DisplayFrame>,
    next: u64,
    message: String,
    page: Option<String>,
}

impl Terminal {
    /// Creates a terminal. Unless it is `painted`, it only gets messages. `page` is the
    /// address of the page, shown while there is no message.
    pub fn new(painted: bool, page: Option<String>) -> Terminal {
        Terminal {
            painted,
            begun: false,
            last: None,
            next: 0,
            message: String::new(),
            page,
        }
    }

    /// Shows a message, or none if it is empty.
    pub fn show(&mut self, message: &str) {
        if !self.painted && !message.is_empty() {
            let _ = writeln!(io::stderr(), "{message}");
        }
        self.message = message.to_string();
        self.last = None;
    }

    /// Paints the display if it has changed and a painting is due at this time in
    /// nanoseconds.
    pub fn paint(&mut self, now: u64, frame: impl FnOnce() -> DisplayFrame) {
        if !self.painted || now < self.next {
            return;
        }
        self.next = now + PERIOD_NS;
        let frame = frame();
        if self.last.as_ref() == Some(&frame) {
            return;
        }
        // Later pictures replace the first one and leave the line below, which may be half
        // typed.
        let (start, end) = if self.begun {
            ("\x1b7\x1b[H", "\x1b8")
        } else {
            ("\x1b[2J\x1b[H", "\r\n> ")
        };
        let mut text = start.to_string();
        for y in (0..frame.height).step_by(4) {
            for x in (0..128).step_by(2) {
                text.push(braille(&frame, x, y));
            }
            text.push_str("\x1b[K\r\n");
        }
        match &self.page {
            Some(page) if self.message.is_empty() => text.extend(["Page: ", page]),
            _ => text.push_str(&self.message),
        }
        text.extend(["\x1b[K", end]);
        // The instrument plays on if the terminal is gone.
        let _ = io::stdout().write_all(text.as_bytes());
        let _ = io::stdout().flush();
        self.begun = true;
        self.last = Some(frame);
    }
}

impl Drop for Terminal {
    /// Leaves the cursor below the picture.
    fn drop(&mut self) {
        if self.begun {
            let _ = writeln!(io::stdout());
        }
    }
}

/// Offsets of a braille character's dots, in the order of its bits.
const DOTS: [(usize, usize); 8] = [
    (0, 0),
    (0, 1),
    (0, 2),
    (1, 0),
    (1, 1),
    (1, 2),
    (0, 3),
    (1, 3),
];

fn braille(frame: &DisplayFrame, x: usize, y: usize) -> char {
    let bits = DOTS.iter().enumerate().fold(0, |bits, (i, (dx, dy))| {
        bits | u32::from(frame.is_lit(x + dx, y + dy)) << i
    });
    char::from_u32(0x2800 + bits).unwrap_or(' ')
}
