//! The controller: applies commands to the instrument, and passes sounds to the engine and
//! presets to the storage.
//!
//! Runs on the instrument's thread. It builds programs and allocates, so it is not
//! real-time code; it never blocks on the engine or the storage.

use std::sync::Arc;

use logicnet::Word;

use crate::handle::Replies;
use crate::pru::{ProgramRequest, ProgramRequests};
use crate::storage::{Saving, StorageHandle};
use engine::{Change, Clock, Handover};
use instrument::{Command, Instrument, Sound, State, notice};
use player::sound::{change, settings};

/// Owns the instrument and its end of the rings to the engine.
pub struct Controller<W> {
    instrument: Instrument,
    handover: Handover<W>,
    /// The storage; presets last as long as the instrument runs without one.
    storage: Option<StorageHandle>,
    /// The change that the engine has no room for yet.
    waiting: Option<Change<W>>,
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
        storage: Option<StorageHandle>,
    ) -> Controller<W> {
        Controller {
            instrument,
            handover,
            storage,
            program: first.id,
            waiting: Some(change(first, Clock::Running)),
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

    /// Applies a command and returns what has to be saved for it, once the new state is
    /// published: see [`Controller::answer`]. If the instrument refuses the command, or the
    /// storage has ended, nothing changes but the notice to the player.
    ///
    /// # Errors
    /// Returns a message for the sender if the command is refused.
    pub fn command(&mut self, command: Command) -> Result<Option<Saving>, String> {
        let applied = self.instrument.apply_with(command, || {
            let storage = self.storage.as_ref();
            let ended = storage.filter(|storage| storage.has_ended());
            ended.map_or(Ok(()), |_| Err("not saved: saving has stopped".into()))
        });
        let effect = applied.map_err(|problem| {
            let problem = notice::cut(problem);
            log::info!("refused: {problem}");
            self.instrument.notify(&problem);
            problem
        })?;
        if let Some(sound) = effect.sound {
            let newest = change(sound, Clock::Running);
            self.waiting = Some(match self.waiting.take() {
                Some(earlier) => earlier.and(newest),
                None => newest,
            });
        }
        match (effect.save, effect.saved) {
            (Some(request), notice) if self.storage.is_some() => Ok(Some(Saving {
                request,
                notice,
                replies: Replies::default(),
            })),
            (_, notice) => {
                if let Some(notice) = notice {
                    self.instrument.notify(&notice);
                }
                Ok(None)
            }
        }
    }

    /// Answers a command with its result or, if something has to be saved for it, has the
    /// storage answer it.
    pub fn answer(&self, applied: Result<Option<Saving>, String>, mut replies: Replies) {
        match (applied, &self.storage) {
            (Ok(Some(saving)), Some(storage)) => storage.save(Saving { replies, ..saving }),
            (applied, _) => replies.send(&applied.map(drop)),
        }
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
        if let Some(change) = self.waiting.take() {
            if change.start.is_some() {
                self.program = change.id;
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
            // The ring has room: nothing else sends changes.
            if self.handover.send(change).is_err() {
                log::error!("a change was lost between instrument and engine");
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::desk::Desk;
    use crate::runtime::parts::InstrumentParts;
    use crate::storage::{Autosave, Files, Folders};
    use instrument::parameters::Key;

    #[test]
    fn a_command_that_the_storage_cannot_save_changes_nothing() {
        let mut parts = InstrumentParts::new(crate::factory_networks::all());
        let (autosave, storage, _) = Autosave::open(&Files, Folders::default());
        drop(autosave);
        parts.storage = Some(storage);
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

    #[test]
    fn a_preset_is_reported_as_saved_once_it_is_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let presets = folder.path().join("presets");
        let folders = Folders {
            presets: Some(presets.clone()),
            state: None,
        };
        let (mut autosave, storage, _) = Autosave::open(&Files, folders);
        let mut parts = InstrumentParts::new(crate::factory_networks::all());
        parts.storage = Some(storage);
        let (mut controller, _engine) = parts.assemble(Desk::new(Vec::new()).platform).unwrap();
        let mut save = |name: &str| {
            let command = Command::SavePreset(Some(name.into()));
            let (reply, replied) = crossbeam_channel::bounded(1);
            let applied = controller.command(command);
            controller.answer(applied, Some(reply).into());
            assert_eq!(controller.state().notice, None);
            assert!(replied.try_recv().is_err());
            let mut notices = Vec::new();
            autosave.poll(0, controller.state(), &mut |notice| notices.push(notice));
            (replied.try_recv().unwrap(), notices)
        };
        assert_eq!(save("a"), (Ok(()), vec!["saved as a".into()]));
        assert!(presets.join("a.json").exists());
        std::fs::remove_dir_all(&presets).unwrap();
        std::fs::write(&presets, "in the way").unwrap();
        let (result, notices) = save("b");
        let problem = result.unwrap_err();
        assert!(problem.starts_with("not saved: "), "{problem}");
        assert_eq!(notices, [problem]);
    }
}
