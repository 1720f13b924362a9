//! The page for playing: every gate at its position, lit by its value.

use embedded_graphics::prelude::Point;

use super::{CLEARED, FILLED, LINE, OUTLINED, Picture, View, WIDTH, rectangle, text};
use crate::layout::Cell;
use crate::pitch;

pub fn draw(picture: &mut Picture, view: &View<'_>) {
    draw_gates(picture, view);
    draw_header(picture, view);
}

/// Draws the network's name, the key that sounds, the bend and the load, or the name of the button under the
/// finger.
fn draw_header(picture: &mut Picture, view: &View<'_>) {
    let state = view.state;
    rectangle(picture, (0, 0), (WIDTH as i32, LINE), CLEARED);
    if let Some(button) = state.finger {
        text().bar(picture, 0, button.name());
        return;
    }
    let bend = state.parameters.format(crate::parameters::Key::Bend);
    let lasting = if state.latched() { "+" } else { "" };
    let load = view.status.load.div_ceil(10);
    let key = state.lead().filter(|voice| voice.gate);
    let key = key.map_or(String::new(), |voice| pitch::name(voice.key.1) + " ");
    let right = if state.playing {
        format!("{key}{bend}{lasting} {load}%")
    } else {
        format!("{key}{bend}{lasting} paused")
    };
    let meter = if state.network.hears() { METER + 3 } else { 0 };
    let room = WIDTH as i32 - text().width(&right) - 4 - meter;
    let name = text().cut(state.network.name(), room);
    text().write(picture, Point::new(0, 0), &name);
    text().write_right(picture, 0, &right);
    if meter > 0 {
        let left = WIDTH as i32 - text().width(&right) - 2 - meter;
        draw_meter(picture, left, view.status.input);
    }
}

/// Width of the input meter in pixels.
const METER: i32 = 18;

/// Draws the level of the audio input, in thousandths of full scale: a bar with a step for
/// every 6 dB from -42 dB on. At full scale and above, the bar reaches its frame.
fn draw_meter(picture: &mut Picture, left: i32, level: u32) {
    rectangle(picture, (left, 1), (METER, 5), OUTLINED);
    // Each step is twice the level of the one before, and the last one is full scale.
    let level = level.min(1000);
    let steps = (0..8).filter(|step| level << step >= 1000).count() as i32;
    if steps > 0 {
        rectangle(picture, (left + 1, 2), (2 * steps, 3), FILLED);
    }
}

/// The field of gates on the display.
struct Field {
    top: f32,
    height: f32,
    cell: (i32, i32),
}

impl Field {
    fn new(picture: &Picture, (columns, rows): (u32, u32)) -> Field {
        let gap = if picture.height() > 32 { 2 } else { 1 };
        let top = (LINE + gap) as f32;
        let height = picture.height() as f32 - top;
        // Cells of more than two pixels leave a gap of one.
        let side = |pixels: f32, count: u32| {
            let whole = (pixels / count as f32) as i32;
            if whole > 2 {
                (whole - 1).min(7)
            } else {
                whole.max(1)
            }
        };
        Field {
            top,
            height,
            cell: (side(WIDTH as f32, columns), side(height, rows)),
        }
    }

    /// Returns the top left pixel of a gate.
    fn corner(&self, cell: &Cell) -> (i32, i32) {
        let (width, height) = self.cell;
        let middle = (cell.at.x * WIDTH as f32, self.top + cell.at.y * self.height);
        (
            (middle.0 - width as f32 / 2.0) as i32,
            (middle.1 - height as f32 / 2.0) as i32,
        )
    }
}

fn draw_gates(picture: &mut Picture, view: &View<'_>) {
    let state = view.state;
    let field = Field::new(picture, state.layout.grid());
    let (width, height) = field.cell;
    let dotted = width * height >= 6;
    for cell in state.layout.cells() {
        let (x, y) = field.corner(cell);
        if view.values.get(cell.node as usize) == Some(&true) {
            rectangle(picture, (x, y), field.cell, FILLED);
        } else if dotted {
            // A dark gate is a dot in the middle of its cell.
            let middle = (x + (width - 1) / 2, y + (height - 1) / 2);
            rectangle(picture, middle, (1, 1), FILLED);
        }
    }
    let masks = state.masks();
    for cell in state.layout.cells() {
        if masks.get(cell.node).is_some() {
            frame(picture, field.corner(cell), field.cell, 1);
        }
    }
    let nearest = state.touched.first();
    let mut cells = state.layout.cells().iter();
    if let Some(cell) = cells.find(|cell| Some(&cell.node) == nearest) {
        frame(picture, field.corner(cell), field.cell, 3);
    }
}

/// Draws a frame around a cell, at a distance in pixels.
fn frame(picture: &mut Picture, (x, y): (i32, i32), (width, height): (i32, i32), distance: i32) {
    let size = (width + 2 * distance, height + 2 * distance);
    rectangle(picture, (x - distance, y - distance), size, OUTLINED);
}
