//! The picture of a board's self-test.

use embedded_graphics::prelude::Point;

use super::{LINE, OUTLINED, Picture, WIDTH, rectangle, text};

/// Draws a line along each edge, around the display's settings in at most 24 characters. A
/// display that needs other settings lacks a line.
pub fn draw_check(picture: &mut Picture, settings: &str) {
    let (width, height) = (WIDTH as i32, picture.height() as i32);
    rectangle(picture, (0, 0), (width, height), OUTLINED);
    let lines = ["gatebend check", settings, "a line at each edge?"];
    let top = (height - lines.len() as i32 * LINE) / 2;
    for (i, line) in lines.into_iter().enumerate() {
        let left = (width - text().width(line)) / 2;
        text().write(picture, Point::new(left, top + i as i32 * LINE), line);
    }
}
