//! The instrument's thread: takes commands, one at a time, and hands what they
//! sound like to the engine and what is to be kept to a storage.
//!
//! Not real-time code: it builds programs and allocates. It waits for its
//! commands, and never for the engine.

use std::sync::Arc;

use logicnet::Word;

use super::sound::settings;
use crate::pru::{ProgramRequest, ProgramRequests};
use crate::storage::Storage;
use engine::{Change, Handover, Start, Voice};
use instrument::{Command, Instrument, Sound, State, notice};

/// Whether a command need not be done when this one comes right after it: where
/// a finger, a knob or a fader was is of no interest once it is elsewhere. That a touch ends is.
/// Without this, touches would pile up where programs take long to build.
pub fn is_superseded(earlier: &Command, later: &Command) -> bool {
    match (earlier, later) {
        (Command::Touch(Some(_)), Command::Touch(Some(_)))
        | (Command::Seek(_), Command::Seek(_)) => true,
        (Command::Turn(earlier, _), Command::Turn(later, _))
        | (Command::SetStrength(earlier, _), Command::SetStrength(later, _)) => earlier == later,
        _ => false,
    }
}

/// Owns the instrument and its end of the engine's rings.
pub struct Controller<W> {
    instrument: Instrument,
    handover: Handover<W>,
    storage: Box<dyn Storage>,
    /// What shall sound, and the engine has no room for yet.
    waiting: Option<Sound>,
    /// The id of the sound that scope the engine's program.
    program: u32,
    /// Who makes programs for the PRU, if one plays.
    requests: Option<ProgramRequests>,
}

impl<W: Word> Controller<W> {
    /// A controller whose first sound waits for [`Controller::deliver`].
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

    /// Tells from now on which programs the engine is sent and how fast they are read, for
    /// the PRU.
    pub fn offload(&mut self, requests: ProgramRequests) {
        self.requests = Some(requests);
    }

    /// The instrument's state.
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

    /// Drops what the engine gave back and sends it what waits, if it has taken
    /// what was sent before: only the newest counts. True when nothing waits any
    /// more. To be called every millisecond or so.
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
                // The newest sound is the state's. In a pause it is what will go on.
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
            // There was room just now, and nobody else sends.
            if self.handover.send(change).is_err() {
                log::error!("a change was lost between instrument and engine");
            }
        }
        true
    }
}

/// A later sound in place of an earlier one that was never heard.
fn merged(earlier: Sound, later: Sound) -> Sound {
    Sound {
        id: later.id,
        program: later.program.or(earlier.program),
        playback: later.playback,
        seek: later.seek.or(earlier.seek),
        fade: later.fade || earlier.fade,
    }
}
