//! The places of the screen's parts.

use instrument::layout::Point;
use ratatui::layout::{Position, Rect};

/// Columns of a braille picture of the display, with its border.
const DISPLAY_COLUMNS: u16 = 64 + 2;
/// Least columns of a pad next to the display.
const LEAST_PAD: u16 = 12;
/// Most rows of the pad, with its border.
const MOST_ROWS: u16 = 24;
/// Least rows of the transcript.
const LEAST_TRANSCRIPT: u16 = 2;

/// The parts of the screen. Those for which there is no room are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    pub display: Rect,
    pub pad: Rect,
    pub status: Rect,
    pub transcript: Rect,
    pub prompt: Rect,
}

impl Areas {
    /// Divides a screen, with a display of this many rows of pixels.
    pub fn of(screen: Rect, pixels: usize) -> Areas {
        let (width, height) = (screen.width, screen.height);
        let display = match pixels {
            0 => (0, 0),
            _ => (DISPLAY_COLUMNS.min(width), pixels as u16 / 4 + 2),
        };
        // The prompt comes first, then the status, the display, and the pad.
        let fixed = 2 + LEAST_TRANSCRIPT;
        let room = height.saturating_sub(fixed);
        let display = (display.0, display.1.min(room));
        let beside = width - display.0 >= LEAST_PAD;
        // Characters are about twice as high as wide.
        let pad = if beside {
            let rows = room
                .min(MOST_ROWS)
                .min((width - display.0) / 2)
                .max(display.1);
            (display.0, 0, (width - display.0).min(2 * rows), rows)
        } else {
            let rows = (room - display.1).min(width / 2);
            (0, display.1, width.min(2 * rows), rows)
        };
        let top = display.1.max(pad.1 + pad.3);
        let at = |x, y, width, height| Rect::new(screen.x + x, screen.y + y, width, height);
        let line = |y: u16| at(0, y.min(height), width, 1.min(height.saturating_sub(y)));
        let last = height.saturating_sub(1);
        Areas {
            display: at(0, 0, display.0, display.1),
            pad: at(pad.0, pad.1, pad.2, pad.3),
            status: line(top.min(last.saturating_sub(1))),
            transcript: at(0, (top + 1).min(last), width, last.saturating_sub(top + 1)),
            prompt: line(last),
        }
    }

    /// Returns the point of the pad's surface at a position of the screen; beyond its
    /// edges the nearest one if `beyond`, else none.
    pub fn on_pad(&self, at: Position, beyond: bool) -> Option<Point> {
        let inner = inner(self.pad);
        if inner.is_empty() || (!beyond && !inner.contains(at)) {
            return None;
        }
        let part = |at: u16, from: u16, size: u16| {
            let offset = at.clamp(from, from + size - 1) - from;
            (f32::from(offset) + 0.5) / f32::from(size)
        };
        Some(Point::new(
            part(at.x, inner.x, inner.width),
            part(at.y, inner.y, inner.height),
        ))
    }
}

/// Returns an area without its border.
pub fn inner(area: Rect) -> Rect {
    area.inner(ratatui::layout::Margin::new(1, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_inside_and_apart_at_every_size() {
        for (width, height) in (1..200).flat_map(|width| (1..70).map(move |height| (width, height)))
        {
            for pixels in [0, 32, 64] {
                let screen = Rect::new(0, 0, width, height);
                let areas = Areas::of(screen, pixels);
                let parts = [
                    areas.prompt,
                    areas.status,
                    areas.display,
                    areas.pad,
                    areas.transcript,
                ];
                assert_eq!(areas.prompt.area(), u32::from(width));
                for (i, part) in parts.iter().enumerate() {
                    assert!(
                        part.is_empty() || screen.union(*part) == screen,
                        "{areas:?}"
                    );
                    for other in &parts[..i] {
                        assert!(!part.intersects(*other), "{screen:?} {areas:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_usual_terminal_shows_everything() {
        let areas = Areas::of(Rect::new(0, 0, 80, 24), 64);
        assert_eq!(areas.display, Rect::new(0, 0, 66, 18));
        assert_eq!(areas.pad, Rect::new(66, 0, 14, 18));
        assert_eq!(areas.transcript.height, 4);
    }

    #[test]
    fn points_of_the_pad_reach_its_corners() {
        let areas = Areas::of(Rect::new(0, 0, 120, 30), 64);
        let pad = inner(areas.pad);
        let corner = areas.on_pad(Position::new(pad.x, pad.y), false).unwrap();
        assert!(corner.x < 0.05 && corner.y < 0.05);
        assert_eq!(areas.on_pad(Position::new(0, 0), false), None);
        let beyond = areas.on_pad(Position::new(500, 500), true).unwrap();
        assert!(beyond.x > 0.95 && beyond.y > 0.95);
    }
}
