//! The controller: applies commands to the instrument, and passes sounds to the engine and
//! presets to the storage.
//!
//! Runs on the instrument's thread. It builds programs and allocates, so it is not
//! real-time code; it never blocks on the engine or the storage.

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
    /// The sound that the engine has no room for yet.
    waiting: Option<Sound>,
    /// The id of the sound that the engine's program came with.
    program: u32,
    /// The queue of programs for the PRU, if one evaluates.
    requests: Option<ProgramRequests>,
}

impl<W: Word> Controller<W> {
    /// Creates a controller. [`Controller::deliver`] sends the first sound.
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

    /// Sends programs and their settings to the PRU as well from here on.
    pub fn offload(&mut self, requests: ProgramRequests) {
        self.requests = Some(requests);
    }

    /// Returns the instrument's state.
    pub fn state(&self) -> &Arc<State> {
        self.instrument.state()
    }

    /// Applies a command. If the instrument or the storage refuses it, nothing changes but
    /// the notice to the player.
    ///
    /// # Errors
    /// Returns a message for the sender if the command is refused.
    pub fn command(&mut self, command: Command) -> Result<(), String> {
        let applied = self.instrument.apply_with(command, |request| {
            let saved = self.storage.save(request.clone());
            saved.map_err(|problem| format!("not saved: {problem}"))
        });
        let effect = applied.map_err(|problem| {
            let problem = notice::cut(problem);
            log::info!("refused: {problem}");
            self.instrument.notify(&problem);
            problem
        })?;
        if let Some(sound) = effect.sound {
            self.waiting = Some(match self.waiting.take() {
                Some(earlier) => merged(earlier, sound),
                None => sound,
            });
        }
        Ok(())
    }

    /// Sends the newest sound to the engine if it has taken the one before, and drops
    /// voices that the engine gave back. Returns whether no sound waits any more.
    ///
    /// Must be called about every millisecond.
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
                // The state belongs to the newest sound. A paused network is requested at
                // the speed that it will continue with.
                let state = self.instrument.state();
                requests.send(ProgramRequest {
                    program: self.program,
                    network: Arc::clone(&state.network),
                    masks: state.masks(),
                    settings: settings(&state.running()),
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
            // The ring has room: nothing else sends changes.
            if self.handover.send(change).is_err() {
                log::error!("a change was lost between instrument and engine");
            }
        }
        true
    }
}

/// Merges a sound with an earlier one that was never sent.
fn merged(earlier: Sound, later: Sound) -> Sound {
    Sound {
        id: later.id,
        program: later.program.or(earlier.program),
        playback: later.playback,
        seek: later.seek.or(earlier.seek),
        fade: later.fade || earlier.fade,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::desk::Desk;
    use crate::runtime::parts::InstrumentParts;
    use crate::storage::StorageError;
    use instrument::SaveRequest;
    use instrument::parameters::Key;

    /// A storage whose thread has ended.
    struct Ended;

    impl Storage for Ended {
        fn save(&mut self, _: SaveRequest) -> Result<(), StorageError> {
            Err(StorageError::Ended)
        }
    }

    #[test]
    fn a_command_that_the_storage_refuses_changes_nothing() {
        let mut parts = InstrumentParts::new(crate::factory_networks::all());
        parts.storage = Box::new(Ended);
        let (mut controller, _engine) = parts.assemble(Desk::new(Vec::new()).platform).unwrap();
        controller.command(Command::Choose(3)).unwrap();
        controller.command(Command::Set(Key::Speed, 50)).unwrap();
        let sound = controller.waiting.as_ref().map(|sound| sound.id);
        let before = Arc::clone(controller.state());
        for command in [Command::SavePreset(None), Command::SafeStart] {
            let problem = controller.command(command).unwrap_err();
            assert!(problem.starts_with("not saved: "), "{problem}");
            let mut after = (**controller.state()).clone();
            assert_eq!(after.notice, Some(problem));
            after.notice.clone_from(&before.notice);
            after.notices = before.notices;
            assert_eq!(after, *before);
            assert_eq!(controller.waiting.as_ref().map(|sound| sound.id), sound);
        }
        // The history has no step for either of them.
        controller.command(Command::Undo).unwrap();
        assert_eq!(controller.state().network_index, 0);
    }
}
