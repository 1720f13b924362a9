//! Turns the instrument's sounds into the engine's.

use engine::{Change, Clock, Interpolation, Platform, Settings, Start, Voice};
use instrument::{Limits, Playback, Sound};
use logicnet::{Program, Word};

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
        clock: Clock::Running,
    }
}

/// Returns a sound as a change for the engine, with this source of network time.
pub fn change<W: Word>(sound: Sound, clock: Clock) -> Change<W> {
    let settings = Settings {
        clock,
        ..settings(&sound.playback)
    };
    let start = sound.program.map(|program| Start {
        voice: voice(program, &settings),
        seek: sound.seek,
        fade: sound.fade,
    });
    Change {
        id: sound.id,
        settings,
        start,
    }
}

/// Returns a voice for a program that is played with these settings.
pub fn voice<W: Word>(program: Program, settings: &Settings) -> Box<Voice<W>> {
    let is_live = settings.notes.is_some() || settings.clock != Clock::Running;
    let voice = if is_live { Voice::live } else { Voice::new };
    Box::new(voice(program))
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
