//! Draws the screen.

use std::collections::VecDeque;

use instrument::State;
use instrument::commands;
use instrument::layout::{Point, Region};
use instrument::surface::{Button, Surface};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::canvas::{Canvas, Context, Points};
use ratatui::widgets::{Block, Clear, Paragraph, Widget};

use super::areas::{Areas, inner};
use super::editor::Editor;
use crate::board::desk::oled::DisplayFrame;

/// Everything that the screen shows.
pub struct View<'a> {
    pub state: &'a State,
    pub surface: &'a Surface,
    /// The display's content, if there is a display.
    pub display: Option<&'a DisplayFrame>,
    /// The mouse's finger.
    pub finger: Option<Point>,
    /// Network time, load in thousandths of a block, and late callbacks.
    pub time: u32,
    pub load: u32,
    pub late: u32,
    /// The address of the page.
    pub page: Option<&'a str>,
    /// Lines entered and their answers.
    pub transcript: &'a VecDeque<String>,
    pub editor: &'a Editor,
    /// The first line of the help, while it is open.
    pub help: Option<u16>,
}

const PROMPT: &str = "> ";

impl View<'_> {
    /// Returns the places of the parts on a screen.
    pub fn areas(&self, screen: Rect) -> Areas {
        Areas::of(screen, self.display.map_or(0, |display| display.height))
    }

    /// Draws everything.
    pub fn draw(&self, frame: &mut Frame<'_>) {
        let screen = frame.area();
        let areas = self.areas(screen);
        let buffer = frame.buffer_mut();
        if let Some(display) = self.display {
            let rows = (0..display.height).step_by(4).map(|y| {
                let row = (0..128).step_by(2).map(|x| braille(display, x, y));
                Line::from(row.collect::<String>())
            });
            Paragraph::new(rows.collect::<Vec<_>>())
                .block(Block::bordered().title("Display").dim())
                .render(areas.display, buffer);
        }
        self.pad(areas.pad, buffer);
        Paragraph::new(self.status())
            .reversed()
            .render(areas.status, buffer);
        let room = usize::from(areas.transcript.height);
        let width = usize::from(areas.transcript.width);
        let lines = self.transcript.iter().flat_map(|line| folded(line, width));
        let lines: Vec<_> = lines.map(Line::from).collect();
        let hidden = lines.len().saturating_sub(room);
        Paragraph::new(lines[hidden..].to_vec()).render(areas.transcript, buffer);
        if let Some(first) = self.help {
            help(screen, first, buffer);
        }
        let prompt = areas.prompt;
        let width = usize::from(prompt.width).saturating_sub(PROMPT.len() + 1);
        let (column, scroll) = self.editor.cursor(width);
        Paragraph::new(Line::from(vec![PROMPT.bold(), self.editor.line().into()]))
            .scroll((0, scroll as u16))
            .render(prompt, buffer);
        let column = prompt.x + (PROMPT.len() + column) as u16;
        frame.set_cursor_position((column.min(prompt.right().saturating_sub(1)), prompt.y));
    }

    fn status(&self) -> Line<'_> {
        let state = self.state;
        let gates = state.network.gates().len();
        let playing = if state.playing { "plays" } else { "paused" };
        let mut parts = vec![
            state.network.name().to_string(),
            format!("{gates} {}", if gates == 1 { "gate" } else { "gates" }),
            format!("{playing}, t {}", self.time),
            format!("load {} %", self.load.div_ceil(10)),
        ];
        if self.late > 0 {
            parts.push(format!("late {}", self.late));
        }
        parts.extend(self.page.map(ToString::to_string));
        parts.push("? help".into());
        Line::from(format!(" {} ", parts.join(" · ")))
    }

    /// Draws the pad: gates as dots, bent and touched ones in colour, and the buttons.
    fn pad(&self, area: Rect, buffer: &mut ratatui::buffer::Buffer) {
        if area.is_empty() {
            return;
        }
        let field = self.surface.field;
        let bends = self.state.bends();
        let of = |bent: bool, touched: bool| -> Vec<(f64, f64)> {
            let cells = self.state.layout.cells().iter();
            cells
                .filter(|cell| {
                    let is_touched = self.state.touched.contains(&cell.node);
                    is_touched == touched && (touched || bends.contains(cell.node) == bent)
                })
                .map(|cell| on_canvas(on_surface(&field, cell.at)))
                .collect()
        };
        let (plain, bent, touched) = (of(false, false), of(true, false), of(false, true));
        let finger: Vec<_> = self.finger.into_iter().map(on_canvas).collect();
        let paint = |context: &mut Context<'_>| {
            for (coords, color) in [
                (&plain, Color::DarkGray),
                (&bent, Color::Yellow),
                (&touched, Color::Green),
                (&finger, Color::Red),
            ] {
                context.draw(&Points { coords, color });
            }
        };
        Canvas::default()
            .block(Block::bordered().title("Pad: press it").dim())
            .marker(Marker::Braille)
            .x_bounds([0.0, 1.0])
            .y_bounds([-1.0, 0.0])
            .paint(paint)
            .render(area, buffer);
        let inner = inner(area);
        let labels = self.state.page.button_labels();
        for (button, label) in Button::ALL.into_iter().zip(labels) {
            if let Some(region) = self.surface.region(button) {
                let area = on_screen(inner, region);
                let style = if self.state.finger == Some(button) {
                    Style::new().reversed()
                } else {
                    Style::new().on_dark_gray().white()
                };
                Clear.render(area, buffer);
                Block::new().style(style).render(area, buffer);
                // One column stays free, so that neighbours can be told apart.
                let room = usize::from(area.width).saturating_sub(1).max(1);
                let label: String = label.chars().take(room).collect();
                let middle = Rect {
                    y: area.y + area.height.saturating_sub(1) / 2,
                    height: area.height.min(1),
                    ..area
                };
                Line::from(Span::styled(label, style)).render(middle, buffer);
            }
        }
    }
}

/// Converts a point of the field to one of the surface.
fn on_surface(field: &Region, at: Point) -> Point {
    let part = |at: f32, least: f32, most: f32| least + at * (most - least);
    Point::new(
        part(at.x, field.least.x, field.most.x),
        part(at.y, field.least.y, field.most.y),
    )
}

/// Converts a point of the surface to the canvas's, which grows upwards.
fn on_canvas(at: Point) -> (f64, f64) {
    (at.x.into(), (-at.y).into())
}

/// Returns the characters whose middles are in a region of the surface.
fn on_screen(inner: Rect, region: &Region) -> Rect {
    let edge = |part: f32, size: u16| (part * f32::from(size)).round() as u16;
    let (left, right) = (
        edge(region.least.x, inner.width),
        edge(region.most.x, inner.width),
    );
    let (top, bottom) = (
        edge(region.least.y, inner.height),
        edge(region.most.y, inner.height),
    );
    Rect::new(inner.x + left, inner.y + top, right - left, bottom - top)
}

/// Draws the help over everything but the prompt.
fn help(screen: Rect, first: u16, buffer: &mut ratatui::buffer::Buffer) {
    let area = Rect {
        height: screen.height.saturating_sub(1),
        ..screen
    };
    Clear.render(area, buffer);
    Paragraph::new(help_text())
        .scroll((first, 0))
        .block(Block::bordered().title("Help: arrow keys scroll, Esc closes"))
        .render(area, buffer);
}

/// Returns the text of the help.
pub fn help_text() -> String {
    let commands = commands::help(None).unwrap_or_default();
    format!(
        "Mouse: press the pad's field to bend gates, and its buttons.\n\
         Keys: Tab completes, Up and Down recall lines, Ctrl-C or quit ends.\n\n\
         Commands, with help COMMAND and quit:\n{commands}"
    )
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

/// Returns the rows of a line on a screen of this width, with at least one.
fn folded(line: &str, width: usize) -> Vec<String> {
    let characters: Vec<char> = line.chars().collect();
    let rows = characters.chunks(width.max(1)).map(String::from_iter);
    rows.chain(characters.is_empty().then(String::new))
        .collect()
}
