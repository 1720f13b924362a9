//! The controller applies commands to the instrument, one at a time, and hands new
//! sounds to the engine and whatever is to be saved to the storage.
//!
//! Runs on the instrument's thread. Not real-time code: it builds programs and
//! allocates. It never waits for the engine.

use std::sync::Arc;

use logicnet::Word;

use super::sound::settings;
use crate::pru::{ProgramRequest, ProgramRequests};
use crate::storage::Storage;
use engine::{Change, Handover, Start, Voice};
use instrument::{Command, Instrument, Sound, State, notice};

/// Owns the instrument and its end of the rings to the engine.
pub struct Controller<W> {
    instrument: Instrument,
    handover: Handover<W>,
    storage: Box<dyn Storage>,
    /// The next sound, if the engine has no room for it yet.
    waiting: Option<Sound>,
    /// The id of the sound that brought the engine's program.
    program: u32,
    /// Requests for programs for the PRU, if one plays.
    requests: Option<ProgramRequests>,
}

impl<W: Word> Controller<W> {
    /// Creates a controller whose first sound is sent by [`Controller::deliver`].
    pub fn new(
        (instrument, first): (Instrument, Sound),
        handover: Handover<W>,
        storage: Box<dyn Storage>,
    ) -> Controller<W> {
        Controller {
            instrument,
            handover,
            storage,
            program: first.id,
            waiting: Some(first),
            requests: None,
        }
    }

    /// Requests a program for the PRU with every change that is sent to the engine.
    pub fn offload(&mut self, requests: ProgramRequests) {
        self.requests = Some(requests);
    }

    /// Returns the instrument's state.
    pub fn state(&self) -> &Arc<State> {
        self.instrument.state()
    }

    /// Does a command. One that is refused is told to the player.
    ///
    /// # Errors
    /// Says in plain words why a command was refused, for who sent it.
    pub fn command(&mut self, command: Command) -> Result<(), String> {
        let outcome = match self.instrument.apply(command) {
            Ok(outcome) => outcome,
            Err(problem) => return Err(self.refuse(problem)),
        };
        if let Some(sound) = outcome.sound {
            self.waiting = Some(match self.waiting.take() {
                Some(earlier) => merged(earlier, sound),
                None => sound,
            });
        }
        if let Some(keep) = outcome.keep {
            if let Err(problem) = self.storage.save(keep) {
                return Err(self.refuse(format!("not saved: {problem}")));
            }
        }
        Ok(())
    }

    fn refuse(&mut self, problem: String) -> String {
        let problem = notice::cut(problem);
        log::info!("refused: {problem}");
        self.instrument.notify(&problem);
        problem
    }

    /// Drops what the engine has returned and sends it the newest sound, if it has taken
    /// the one before. Returns true if no sound is waiting. Call it about every
    /// millisecond.
    pub fn deliver(&mut self) -> bool {
        self.handover.collect();
        if !self.handover.ready() {
            return self.waiting.is_none();
        }
        if let Some(sound) = self.waiting.take() {
            if sound.program.is_some() {
                self.program = sound.id;
            }
            if let Some(requests) = &self.requests {
                // The newest sound is the state's. In a pause, it plays afterwards.
                let state = self.instrument.state();
                requests.send(ProgramRequest {
                    program: self.program,
                    network: Arc::clone(&state.network),
                    masks: state.masks(),
                    settings: settings(&state.parameters.playback(state.network.sample_rate())),
                });
            }
            let start = sound.program.map(|program| Start {
                voice: Box::new(Voice::new(program)),
                seek: sound.seek,
                fade: sound.fade,
            });
            let change = Change {
                id: sound.id,
                settings: settings(&sound.playback),
                start,
            };
            // There was room, and nothing else sends.
            if self.handover.send(change).is_err() {
                log::error!("a change was lost between instrument and engine");
            }
        }
        true
    }
}

/// Returns a later sound merged with an earlier one that was not sent.
fn merged(earlier: Sound, later: Sound) -> Sound {
    Sound {
        id: later.id,
        program: later.program.or(earlier.program),
        playback: later.playback,
        seek: later.seek.or(earlier.seek),
        fade: later.fade || earlier.fade,
    }
}
