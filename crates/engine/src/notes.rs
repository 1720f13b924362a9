//! Notes: up to eight copies of a program, each with its own time.

use super::output::Ramp;
use super::position::Position;

/// Most notes that sound at the same time.
pub const MAX_NOTES: usize = 8;

/// Time in which a note fades in or out, in seconds. Shorter fades click.
const FADE_SECONDS: f32 = 0.003;

/// A note that is held.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Note {
    /// Number of the note. With another number, the note starts from time 0.
    pub start: u32,
    /// Network samples a second, 1..=768,000.
    pub rate: u32,
    /// Level, 0.0..=1.0.
    pub level: f32,
}

/// The notes that are held, each in a place of its own. A note that leaves its place fades
/// out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Notes {
    /// Number of places in use, 1..=[`MAX_NOTES`].
    pub places: usize,
    /// The notes by place.
    pub held: [Option<Note>; MAX_NOTES],
}

/// A place of a note: its time, and its level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub position: Position,
    pub level: Ramp,
    start: Option<u32>,
}

impl Place {
    pub fn new(output_rate: u32) -> Place {
        Place {
            position: Position::new(output_rate),
            level: Ramp::new(output_rate, FADE_SECONDS),
            start: None,
        }
    }

    /// Sets the note of the place; returns whether it starts.
    pub fn set(&mut self, note: Option<Note>, speed: i32) -> bool {
        let Some(note) = note else {
            self.level.set(0.0);
            self.start = None;
            return false;
        };
        self.level.set(note.level);
        self.position.set_step(note.rate, speed);
        let starts = self.start != Some(note.start);
        if starts {
            self.start = Some(note.start);
            self.position.seek(0);
        }
        starts
    }

    /// Advances by one frame; returns the level.
    #[inline]
    pub fn step(&mut self) -> f32 {
        self.position.step();
        self.level.next()
    }
}
