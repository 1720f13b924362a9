//! Requests to the storage.

use super::preset::Preset;

/// Something to save on disk, or to delete from it.
#[derive(Clone, Debug, PartialEq)]
pub enum SaveRequest {
    /// Saves a preset, in place of one with the same name.
    Save(Box<Preset>),
    /// Deletes the preset of this name.
    Delete(String),
    /// Saves the text of the analog inputs' calibration file.
    Calibration(String),
    /// Renames the file of the running state, so that a new state does not replace it.
    SetAside,
}

impl SaveRequest {
    /// Returns the name of the preset that is saved or deleted, if it is one.
    pub fn preset(&self) -> Option<&str> {
        match self {
            SaveRequest::Save(preset) => Some(&preset.name),
            SaveRequest::Delete(name) => Some(name),
            SaveRequest::Calibration(_) | SaveRequest::SetAside => None,
        }
    }

    /// True if this saves a running state that was replaced: until it is saved, the
    /// storage's copy of the running state is the only one.
    pub fn is_rescue(&self) -> bool {
        match self {
            SaveRequest::Save(preset) => preset.origin.is_some(),
            other => *other == SaveRequest::SetAside,
        }
    }

    /// Returns the name of the file that it changes; a later request for the same file
    /// supersedes it. Names of presets have no dots.
    pub fn file(&self) -> &str {
        match self {
            SaveRequest::Save(preset) => &preset.name,
            SaveRequest::Delete(name) => name,
            SaveRequest::Calibration(_) => ".calibration",
            SaveRequest::SetAside => ".state",
        }
    }
}
