//! Restored states and presets, networks from elsewhere, and safe starts.

use std::sync::Arc;

use super::change::{Affects, Change, Outcome, Sound};
use super::{Effect, Instrument};
use crate::history::History;
use crate::parameters::ParameterScope;
use crate::preset::RESCUED;
use crate::revision::Revision;
use crate::save_request::SaveRequest;
use crate::saved::Saved;
use crate::state::{Page, State};

impl Instrument {
    /// Continues with a saved state, before the first sound.
    ///
    /// A state that cannot be played here, or is not `trusted` after failed starts, is
    /// saved as a preset instead, and a notice tells the player.
    pub fn resume(&mut self, saved: Saved, trusted: bool) -> Effect {
        let played = if trusted {
            self.play_on(&saved)
        } else {
            Err("safe start: the last ones failed".to_string())
        };
        match played {
            Ok(sound) => Effect {
                sound: Some(sound),
                ..Effect::default()
            },
            Err(problem) => self.set_aside(saved, &problem),
        }
    }

    /// Saves a state as a preset instead of continuing with it, before the first sound,
    /// and tells the player why.
    pub fn set_aside(&mut self, saved: Saved, reason: &str) -> Effect {
        let mut state = (*self.state).clone();
        let (notice, save) = self.rescue(saved, &state, reason);
        if let Some(request) = &save {
            self.presets.update(request, &mut state);
        }
        state.notify(notice);
        self.state = Arc::new(state);
        self.supersede();
        Effect {
            save,
            ..Effect::default()
        }
    }

    /// Makes what plays here newer than the earlier state, before the first sound: a page
    /// must not bring back on its own what was set aside here.
    pub fn supersede(&mut self) {
        let mut state = (*self.state).clone();
        state.revision = state.revision.next();
        self.state = Arc::new(state);
    }

    fn play_on(&mut self, saved: &Saved) -> Result<Sound, String> {
        let mut state = (*self.state).clone();
        self.restore(&mut state, saved, ParameterScope::All)?;
        state.revision = Revision::resumed(saved.revision);
        let sound = self.first_sound(&mut state)?;
        self.history = History::new(&state);
        self.state = Arc::new(state);
        Ok(sound)
    }

    /// Plays a preset's file, with its parameters or without.
    pub(super) fn load_preset(
        &self,
        state: &mut State,
        mut preset: Saved,
        with_parameters: bool,
    ) -> Outcome {
        if !with_parameters {
            preset.parameters.clone_from(&state.parameters);
        }
        self.restore(state, &preset, ParameterScope::Presets)
    }

    /// Restores a saved state, with those of its parameters that are in `scope`.
    pub(super) fn restore(
        &self,
        state: &mut State,
        saved: &Saved,
        scope: ParameterScope,
    ) -> Outcome {
        saved.layers.fit(&saved.network)?;
        state.parameters.copy_from(&saved.parameters, scope);
        self.place_network(state, &saved.network, &saved.origin);
        state.layers = saved.layers.clone();
        Ok(Change {
            scope,
            ..Change::new(Affects::Network)
        })
    }

    pub(super) fn recall_preset(&self, state: &mut State, name: &str) -> Outcome {
        let preset = self.presets.find(name)?.clone();
        let scope = preset.scope();
        self.restore(state, &preset.into(), scope)
    }

    pub(super) fn safe_start(&self, state: &mut State) -> Change {
        let earlier = Saved::of(state);
        state.network_index = 0;
        state.parameters = self.defaults.clone();
        state.page = Page::Play;
        state.playing = true;
        state.analog.stop_learning();
        state.set_network(Arc::clone(&self.networks[0]));
        let (mut notice, mut save) = self.rescue(earlier, state, "safe start");
        if save == Some(SaveRequest::SetAside) {
            notice += ", but undo brings it back";
            save = None;
        }
        state.notify(notice);
        Change {
            scope: ParameterScope::All,
            save,
            ..Change::new(Affects::Network)
        }
    }

    /// Returns a notice, and a request to save a state that is replaced by another one, or to
    /// set its file aside if there are too many presets; no request if both are the same, or
    /// if a preset holds it already.
    fn rescue(&self, saved: Saved, state: &State, reason: &str) -> (String, Option<SaveRequest>) {
        if saved.matches(state) {
            return (reason.to_string(), None);
        }
        let found = self.presets.holding(&saved);
        let found = found.map(|preset| preset.name.clone());
        let is_new = found.is_none();
        if is_new && self.presets.is_full() {
            let notice = format!("{reason}; there are too many presets to save what was played");
            return (notice, Some(SaveRequest::SetAside));
        }
        let name = found.unwrap_or_else(|| self.presets.free_name(RESCUED));
        let preset = saved.into_preset(name);
        let name = &preset.name;
        let notice = if is_new && !self.presets.has_room(&preset) {
            format!(
                "{reason}; what was played is saved as {name}, which memory has no room for: \
                 delete other presets and restart"
            )
        } else {
            format!("{reason}; what was played is preset {name}")
        };
        let save = is_new.then(|| SaveRequest::Save(Box::new(preset)));
        (notice, save)
    }
}
