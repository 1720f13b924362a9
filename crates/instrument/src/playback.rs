//! Playback of a network's samples, and limits of what can be played.

use logicnet::Program;

use super::keyboard::MAX_VOICES;

/// Settings of a sound besides its program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playback {
    /// Network samples per second, 1 to 768,000.
    pub rate: u32,
    /// Speed of network time in hundredths, -400 to 400; negative runs backwards.
    pub speed: i32,
    /// True to interpolate linearly between samples, false to hold each one.
    pub linear: bool,
    /// Level of the output, 0.0 to 1.0.
    pub level: f32,
    /// Factor of the audio input, 0.0 to 16.0.
    pub input_gain: f32,
    /// Share of the audio input in the output, 0.0 to 1.0.
    pub dry: f32,
    /// The keys that sound, if several may; time and level of each count from their own then.
    pub notes: Option<Notes>,
}

/// Keys that sound together, by place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Notes {
    /// Number of places in use, 2 to [`MAX_VOICES`].
    pub places: usize,
    /// The key that each place sounds.
    pub held: [Option<Note>; MAX_VOICES],
}

/// A key that sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// The number of its press. Another one in the same place starts from time 0.
    pub strike: u32,
    /// Network samples per second, 1 to 768,000.
    pub rate: u32,
    /// Level, 0.0 to 1.0.
    pub level: f32,
}

/// Decides which programs can be played here.
pub trait Limits: Send {
    /// Checks that a program can be played without gaps at these settings.
    ///
    /// # Errors
    /// Returns a message for the player if it cannot.
    fn check(&self, program: &Program, playback: &Playback) -> Result<(), String>;
}
