//! A terminal as the desk's surface: the display, the pad for the mouse, and a prompt.

mod areas;
mod editor;
mod view;

use std::collections::VecDeque;
use std::io::{self, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{panic, thread};

use instrument::layout::Point;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::crossterm::execute;
use ratatui::layout::Position;

use super::instruments::Instruments;
use super::prompt::{Entered, Prompt};
use crate::board::desk::oled::Oled;
use crate::handle::Handle;
use crate::link::protocol::Finger;
use areas::Areas;
use editor::Editor;
use view::View;

/// Time between two drawings, in nanoseconds.
const PERIOD_NS: u64 = 50_000_000;
/// Events handled per call; a paste that is longer continues with the next one.
const EVENTS: usize = 64;
/// Lines of the transcript.
const TRANSCRIPT: usize = 100;
/// The mouse as a client with a finger. The server's clients count from 0.
const MOUSE: u32 = u32::MAX;
/// Size of the mouse's finger, as part of the largest one.
const FINGER: f32 = 0.4;
/// Shortest touch in nanoseconds: some terminals report press and release of a click at
/// once, and the panel reads fingers every few milliseconds.
const SHORTEST_NS: u64 = 60_000_000;

/// The terminal, until it is dropped.
pub struct Screen {
    terminal: DefaultTerminal,
    instruments: Instruments,
    prompt: Prompt,
    editor: Editor,
    transcript: VecDeque<String>,
    help: Option<u16>,
    areas: Areas,
    finger: Option<Point>,
    /// Time until which the mouse's finger touches, once its button was released.
    lift: Option<u64>,
    pressed: u64,
    next: u64,
    /// The terminal is gone; the instrument plays on.
    lost: bool,
    /// Set by Ctrl-C, as by its signal.
    interrupted: Arc<AtomicBool>,
}

impl Screen {
    /// Takes over the terminal.
    ///
    /// # Errors
    /// Fails if standard output is not a terminal that can be controlled.
    pub fn open(
        instruments: Instruments,
        notes: Vec<String>,
        interrupted: Arc<AtomicBool>,
    ) -> io::Result<Screen> {
        restore_on_panic();
        let terminal = enter()?;
        Ok(Screen {
            terminal,
            instruments,
            prompt: Prompt::default(),
            editor: Editor::default(),
            transcript: notes.into(),
            help: None,
            areas: Areas::default(),
            finger: None,
            lift: None,
            pressed: 0,
            next: 0,
            lost: false,
            interrupted,
        })
    }

    /// Handles keys and mouse, and draws if it is time, in nanoseconds. Returns false once
    /// the player wants to end the session.
    pub fn poll(&mut self, now: u64, handle: &Handle) -> bool {
        while let Some(refusal) = self.prompt.refusal() {
            self.say(&refusal);
        }
        for _ in 0..EVENTS {
            if self.lost || !self.prompt.is_ready() {
                break;
            }
            match event::poll(Duration::ZERO).and_then(|some| some.then(event::read).transpose()) {
                Ok(Some(event)) => {
                    if !self.event(event, now, handle) {
                        return false;
                    }
                }
                Ok(None) => break,
                Err(_) => self.lost = true,
            }
        }
        if self.lift.is_some_and(|at| now >= at) {
            (self.finger, self.lift) = (None, None);
            self.touch();
        }
        if now >= self.next && !self.lost {
            self.next = now + PERIOD_NS;
            self.draw(handle);
        }
        true
    }

    fn event(&mut self, event: Event, now: u64, handle: &Handle) -> bool {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => return self.key(key, handle),
            Event::Mouse(mouse) => self.mouse(mouse, now),
            Event::Paste(text) => self.editor.paste(&text),
            Event::Resize(..) => self.next = 0,
            _ => {}
        }
        true
    }

    fn key(&mut self, key: KeyEvent, handle: &Handle) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let empty = self.editor.line().is_empty();
        match (key.code, self.help) {
            (KeyCode::Char('c'), _) if control => {
                self.interrupted.store(true, Ordering::Release);
                return false;
            }
            (KeyCode::Char('d'), _) if control && empty => return false,
            (KeyCode::Char('l'), _) if control => {
                // The terminal may be gone.
                let _ = self.terminal.clear();
            }
            (KeyCode::Char('?'), None) if empty => self.help = Some(0),
            (KeyCode::Esc | KeyCode::Char('?' | 'q'), Some(_)) => self.help = None,
            (code, Some(first)) => {
                let lines = view::help_text().lines().count() as u16;
                let first = match code {
                    KeyCode::Up => first.saturating_sub(1),
                    KeyCode::Down => first + 1,
                    KeyCode::PageUp => first.saturating_sub(10),
                    KeyCode::PageDown | KeyCode::Char(' ') => first + 10,
                    KeyCode::Home => 0,
                    KeyCode::End => lines,
                    _ => first,
                };
                self.help = Some(first.min(lines.saturating_sub(1)));
            }
            (KeyCode::Esc, None) => self.editor.clear(),
            (KeyCode::Tab, None) => {
                if let Some(choices) = self.editor.complete(&handle.state().presets) {
                    self.say(&choices);
                }
            }
            (KeyCode::Enter, None) => {
                let line = self.editor.enter();
                if !line.trim().is_empty() {
                    self.say(&format!("> {line}"));
                }
                if line.trim() == "help" {
                    self.help = Some(0);
                    return true;
                }
                match self.prompt.enter(&line, handle) {
                    Entered::Accepted => {}
                    Entered::Answer(answer) => self.say(&answer),
                    Entered::Quit => return false,
                }
            }
            _ => self.editor.key(key),
        }
        true
    }

    fn mouse(&mut self, mouse: MouseEvent, now: u64) {
        let at = Position::new(mouse.column, mouse.row);
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) if self.help.is_none() => {
                if let Some(point) = self.areas.on_pad(at, false) {
                    (self.finger, self.lift, self.pressed) = (Some(point), None, now);
                    self.touch();
                }
            }
            MouseEventKind::Drag(MouseButton::Left) if self.finger.is_some() => {
                self.finger = self.areas.on_pad(at, true);
                self.touch();
            }
            MouseEventKind::Up(MouseButton::Left) if self.finger.is_some() => {
                self.lift = Some(now.max(self.pressed + SHORTEST_NS));
            }
            _ => {}
        }
    }

    /// Moves the mouse's finger on the instrument's pad.
    fn touch(&self) {
        let finger = self
            .finger
            .map(|Point { x, y }| Finger { x, y, size: FINGER });
        self.instruments.touches.put(MOUSE, finger.as_slice());
    }

    /// Adds lines to the transcript.
    fn say(&mut self, text: &str) {
        self.transcript
            .extend(text.lines().map(ToString::to_string));
        let excess = self.transcript.len().saturating_sub(TRANSCRIPT);
        self.transcript.drain(..excess);
    }

    fn draw(&mut self, handle: &Handle) {
        let state = handle.state();
        let display = self.instruments.oled.as_ref().map(Oled::frame);
        let counters = &self.instruments.counters;
        let view = View {
            state: &state,
            surface: &self.instruments.surface,
            display: display.as_ref(),
            finger: self.finger,
            time: counters.time(),
            load: counters.load(),
            late: counters.late(),
            page: self.instruments.page.as_deref(),
            transcript: &self.transcript,
            editor: &self.editor,
            help: self.help,
        };
        let areas = &mut self.areas;
        let drawn = self.terminal.draw(|frame| {
            *areas = view.areas(frame.area());
            view.draw(frame);
        });
        self.lost |= drawn.is_err();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.finger = None;
        self.touch();
        leave();
    }
}

fn enter() -> io::Result<DefaultTerminal> {
    use ratatui::crossterm::terminal::{EnterAlternateScreen, enable_raw_mode};
    enable_raw_mode()?;
    let entered = execute!(
        stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste
    );
    let terminal = entered
        .and_then(|()| ratatui::Terminal::new(ratatui::prelude::CrosstermBackend::new(stdout())));
    terminal.inspect_err(|_| leave())
}

/// Gives the terminal back as it was. It may be gone.
fn leave() {
    let _ = execute!(stdout(), DisableBracketedPaste, DisableMouseCapture);
    ratatui::restore();
}

/// Lets a panic on this thread restore the terminal before its message is printed. Other
/// threads' panics are logged: the main thread goes on with the screen.
fn restore_on_panic() {
    let (main, print) = (thread::current().id(), panic::take_hook());
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == main {
            leave();
            print(info);
        } else {
            log::error!("{info}");
        }
    }));
}
