//! Turns the instrument's sounds into the engine's.

use engine::{Interpolation, Platform, Settings};
use instrument::{Limits, Playback};
use logicnet::Program;

/// Returns the engine's settings for a way of playing.
pub fn settings(playback: &Playback) -> Settings {
    Settings {
        rate: playback.rate,
        speed: playback.speed,
        interpolation: if playback.linear {
            Interpolation::Linear
        } else {
            Interpolation::Hold
        },
        level: playback.level,
        notes: playback.notes.as_ref().map(notes),
        input_gain: playback.input_gain,
        dry: playback.dry,
    }
}

fn notes(notes: &instrument::Notes) -> engine::Notes {
    engine::Notes {
        places: notes.places,
        held: notes.held.map(|note| {
            note.map(|note| engine::Note {
                start: note.strike,
                rate: note.rate,
                level: note.level,
            })
        }),
    }
}

/// Programs that an engine keeps up with.
#[derive(Clone, Copy, Debug)]
pub struct EngineLimits {
    /// The engine's platform.
    pub platform: Platform,
    /// The engine's lanes.
    pub lanes: usize,
}

impl Limits for EngineLimits {
    fn check(&self, program: &Program, playback: &Playback) -> Result<(), String> {
        self.platform
            .keeps_up(program, &settings(playback), self.lanes)
            .map_err(|error| error.to_string())
    }
}
