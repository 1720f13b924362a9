//! The player's presets.

use std::sync::Arc;

use super::change::{Change, Outcome};
use crate::names::{free_name, is_name};
use crate::preset::{MAX_PRESETS, Preset};
use crate::save_request::SaveRequest;
use crate::saved::Saved;
use crate::state::{Page, State};

/// Presets in the order of their names, and names that none may take.
pub struct Presets {
    list: Vec<Preset>,
    reserved: Vec<String>,
}

impl Presets {
    pub fn new(list: Vec<Preset>) -> Presets {
        Presets {
            list,
            reserved: Vec::new(),
        }
    }

    pub fn reserve(&mut self, names: Vec<String>) {
        self.reserved = names;
    }

    pub fn names(&self) -> Vec<String> {
        self.list.iter().map(|preset| preset.name.clone()).collect()
    }

    pub fn find(&self, name: &str) -> Result<&Preset, String> {
        let mut list = self.list.iter();
        let preset = list.find(|preset| preset.name == name);
        preset.ok_or_else(|| format!("no preset {name:?}"))
    }

    /// Finds a preset that holds exactly this state.
    pub fn holding(&self, saved: &Saved) -> Option<&Preset> {
        let mut rescued = self.list.iter().filter(|preset| preset.origin.is_some());
        rescued.find(|preset| Saved::from((*preset).clone()) == *saved)
    }

    /// Returns `name`, with a number if it is taken.
    pub fn free_name(&self, name: &str) -> String {
        free_name(name, |name| self.is_taken(name))
    }

    fn is_taken(&self, name: &str) -> bool {
        self.reserved.iter().any(|reserved| reserved == name)
            || self.list.iter().any(|preset| preset.name == name)
    }

    /// Returns the first free name of `preset 1`, `preset 2` and so on.
    fn next_name(&self) -> String {
        (1..=self.list.len() + self.reserved.len() + 1)
            .map(|i| format!("preset {i}"))
            .find(|name| !self.is_taken(name))
            .unwrap_or_default()
    }

    /// Requests to save a state as a preset.
    pub fn save(&self, state: &mut State, name: Option<String>) -> Outcome {
        let name = name.unwrap_or_else(|| self.next_name());
        if !is_name(&name) {
            return Err(format!(
                "{name:?} is not a valid preset name: use letters, digits, spaces, - and _"
            ));
        }
        let count = self.list.len() + self.reserved.len();
        if count >= MAX_PRESETS && !self.is_taken(&name) {
            return Err(format!(
                "there are {MAX_PRESETS} presets already; delete one first"
            ));
        }
        if self.reserved.contains(&name) {
            return Err(format!(
                "preset {name:?} exists but could not be read; choose another name"
            ));
        }
        state.notify(format!("saved as {name}"));
        let preset = Box::new(state.to_preset(name));
        Ok(Change::save(SaveRequest::Save(preset)))
    }

    /// Requests to delete a preset.
    pub fn delete(&self, state: &mut State, name: String) -> Outcome {
        self.find(&name)?;
        state.notify(format!("{name} is deleted"));
        Ok(Change::save(SaveRequest::Delete(name)))
    }

    /// Adds or removes a preset as a request says, here and in the state.
    pub fn update(&mut self, request: &SaveRequest, state: &mut State) {
        let Some(name) = request.preset() else {
            return;
        };
        self.list.retain(|preset| preset.name != *name);
        if let SaveRequest::Save(preset) = request {
            self.list.push((**preset).clone());
        }
        self.list.sort_by(|a, b| a.name.cmp(&b.name));
        state.presets = Arc::new(self.names());
        if state.page == Page::Presets {
            // The preset that was saved is chosen, or the one after a deleted one.
            let row = self.list.iter().position(|preset| preset.name == *name);
            let last = state.presets.len().saturating_sub(1);
            state.row = row.unwrap_or(state.row).min(last);
        }
    }
}
