//! Playback of a network's samples, and limits of what can be played.

use logicnet::Program;

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
}

/// Decides which programs can be played here.
pub trait Limits: Send {
    /// Checks that a program can be played without gaps at these settings.
    ///
    /// # Errors
    /// Returns a message for the player if it cannot.
    fn check(&self, program: &Program, playback: &Playback) -> Result<(), String>;
}
