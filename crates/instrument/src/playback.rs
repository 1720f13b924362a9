//! How a network's samples are played, and which programs can be played at all.

use logicnet::Program;

/// The part of the sound that is not a program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playback {
    /// Network samples a second, 1..=768,000.
    pub rate: u32,
    /// Speed of time in hundredths, -400..=400; negative runs backwards.
    pub speed: i32,
    /// Draws a straight line between samples; otherwise each one is held.
    pub linear: bool,
    /// Level of the output, 0.0..=1.0.
    pub level: f32,
}

/// Decides which programs can be played here.
pub trait Limits: Send {
    /// Checks that a program can be played continuously like this.
    ///
    /// # Errors
    /// Returns the reason, in words for the player.
    fn check(&self, program: &Program, playback: &Playback) -> Result<(), String>;
}
