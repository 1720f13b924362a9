//! The player's presets.

use logicnet::quote;
use std::sync::Arc;

use super::change::{Change, Outcome};
use crate::names::{free_name, is_name};
use crate::preset::{MAX_PRESETS, MAX_RESCUED, Preset, fit};
use crate::save_request::SaveRequest;
use crate::saved::Saved;
use crate::state::{Page, State};

/// Most presets that can be brought back.
const MAX_LOST: usize = 16;
const NO_ROOM: &str = "no memory for another preset of this size; delete one first";

/// Presets in the order of their names, and names that none may take.
pub struct Presets {
    list: Vec<Preset>,
    reserved: Vec<String>,
    /// Presets that were deleted or replaced, the oldest first.
    lost: Vec<Preset>,
}

impl Presets {
    pub fn new(list: Vec<Preset>) -> Presets {
        Presets {
            list,
            reserved: Vec::new(),
            lost: Vec::new(),
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
        preset.ok_or_else(|| format!("no preset {}", quote(name)))
    }

    /// Finds a preset that holds exactly this state.
    pub fn holding(&self, saved: &Saved) -> Option<&Preset> {
        let mut rescued = self.list.iter().filter(|preset| preset.origin.is_some());
        rescued.find(|preset| Saved::from((*preset).clone()) == *saved)
    }

    /// Returns whether no further state can be rescued.
    pub fn is_full(&self) -> bool {
        self.list.len() + self.reserved.len() >= MAX_PRESETS + MAX_RESCUED
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
        // A deleted preset may come back.
        let is_lost = |name: &String| self.lost.iter().any(|lost| lost.name == *name);
        (1..=self.list.len() + self.reserved.len() + self.lost.len() + 1)
            .map(|i| format!("preset {i}"))
            .find(|name| !self.is_taken(name) && !is_lost(name))
            .unwrap_or_default()
    }

    /// Returns whether there is memory for a preset, in place of one with the same name.
    pub fn has_room(&self, preset: &Preset) -> bool {
        let others = self.list.iter().filter(|other| other.name != preset.name);
        fit(others.chain([preset]))
    }

    /// Requests to save a state as a preset. If another preset has the name, this one gets a
    /// number after it.
    pub fn save(&self, state: &State, name: Option<String>) -> Outcome {
        let name = name.unwrap_or_else(|| self.next_name());
        if !is_name(&name) {
            return Err(format!(
                "{} is not a valid preset name: use letters, digits, spaces, - and _",
                quote(&name)
            ));
        }
        if self.reserved.contains(&name) {
            return Err(format!(
                "preset {name:?} exists but could not be read; choose another name"
            ));
        }
        self.add(state.to_preset(name), "saved as")
    }

    /// Requests to save a state over the preset of this name.
    pub fn replace(&self, state: &State, name: String) -> Outcome {
        self.find(&name)?;
        let preset = state.to_preset(name);
        if !self.has_room(&preset) {
            return Err(NO_ROOM.into());
        }
        let saved = format!("{} is replaced", preset.name);
        Ok(Change::save(SaveRequest::Save(Box::new(preset)), saved))
    }

    /// Requests to save a preset again that was deleted or replaced: the last one, or the
    /// last one of a name.
    pub fn bring_back(&self, name: Option<&str>) -> Outcome {
        let mut lost = self.lost.iter().rev();
        let preset = lost.find(|lost| name.is_none_or(|name| lost.name == name));
        let preset = preset.ok_or_else(|| match name {
            Some(name) => format!("no preset {} was deleted", quote(name)),
            None => "no preset was deleted".into(),
        })?;
        self.add(preset.clone(), "back as")
    }

    /// Requests to save a preset under its name or, if another one has it, with a number.
    fn add(&self, mut preset: Preset, done: &str) -> Outcome {
        let is_other = |other: &Preset| !other.sounds_like(&preset);
        let is_free = |name: &str| match self.find(name) {
            Ok(other) => !is_other(other),
            Err(_) => !self.is_taken(name),
        };
        let name = free_name(&preset.name, |name| !is_free(name));
        let count = self.list.len() + self.reserved.len();
        if count >= MAX_PRESETS && !self.is_taken(&name) {
            return Err(format!(
                "there are {MAX_PRESETS} presets already; delete one first"
            ));
        }
        let wanted = std::mem::replace(&mut preset.name, name);
        if !self.has_room(&preset) {
            return Err(NO_ROOM.into());
        }
        let name = &preset.name;
        let saved = if *name == wanted {
            format!("{done} {name}")
        } else {
            format!("{done} {name}: {wanted} exists")
        };
        Ok(Change::save(SaveRequest::Save(Box::new(preset)), saved))
    }

    /// Requests to delete a preset.
    pub fn delete(&self, name: String) -> Outcome {
        self.find(&name)?;
        let saved = format!("{name} is deleted");
        Ok(Change::save(SaveRequest::Delete(name), saved))
    }

    /// Adds or removes a preset as a request says, here and in the state.
    pub fn update(&mut self, request: &SaveRequest, state: &mut State) {
        let Some(name) = request.preset() else {
            return;
        };
        let index = self.list.iter().position(|preset| preset.name == *name);
        self.lost.extend(index.map(|index| self.list.remove(index)));
        if let SaveRequest::Save(preset) = request {
            self.lost.retain(|lost| !lost.sounds_like(preset));
            if self.has_room(preset) {
                self.list.push((**preset).clone());
            } else {
                // A rescued state is on disk even if there is no memory for it.
                self.reserved.push(preset.name.clone());
            }
        }
        let is_too_much = |lost: &[Preset]| {
            lost.len() > MAX_LOST || !fit(self.list.iter().chain(lost.iter().rev()))
        };
        while !self.lost.is_empty() && is_too_much(&self.lost) {
            self.lost.remove(0);
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
