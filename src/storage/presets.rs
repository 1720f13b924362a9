//! Presets as files of a folder, each a network file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::disk::Disk;
use super::versioned_files::VersionedFiles;
use super::{Restored, StorageError};
use instrument::names::{free_name, is_name};
use instrument::preset::Preset;

/// A folder of presets.
pub struct Presets<D> {
    files: VersionedFiles<D, Preset>,
    /// The file of every preset that this run has read or written. Any other file
    /// appeared later, and is not overwritten.
    known: BTreeMap<String, String>,
}

impl<D: Disk> Presets<D> {
    /// Opens a folder and loads its presets.
    pub fn open(disk: D, folder: PathBuf, restored: &mut Restored) -> Presets<D> {
        let parse = |name: &str, text: &str| {
            Preset::from_json(name.to_string(), text).map_err(|error| error.to_string())
        };
        let mut files = VersionedFiles::new(disk, folder, parse);
        let mut known = BTreeMap::new();
        let notices = &mut restored.notices;
        let names = files.names().unwrap_or_else(|error| {
            notices.push(format!("presets left out: {error}"));
            Vec::new()
        });
        for name in names.into_iter().filter(|name| is_name(name)) {
            let loaded = files.load(&name);
            let problem = loaded.problem.map(|problem| problem.text);
            match (loaded.value, problem) {
                (Some(preset), problem) => {
                    notices.extend(problem);
                    restored.presets.push(preset);
                    known.insert(name.clone(), name);
                }
                (None, Some(problem)) => {
                    notices.push(format!("preset left out: {problem}"));
                    restored.reserved.push(name);
                }
                // Removed since the folder was listed.
                (None, None) => {}
            }
        }
        Presets { files, known }
    }

    /// Saves a preset. Returns the name of its file if the preset's own was taken.
    ///
    /// # Errors
    /// Fails if the disk does; saving may be tried again.
    pub fn save(&mut self, preset: &Preset) -> Result<Option<String>, StorageError> {
        let text = preset.to_json()?;
        let file = match self.known.get(&preset.name) {
            Some(file) => file.clone(),
            None => self.free_name(&preset.name)?,
        };
        self.files.save(&file, &text)?;
        self.known.insert(preset.name.clone(), file.clone());
        Ok((file != preset.name).then_some(file))
    }

    /// Deletes a preset.
    ///
    /// # Errors
    /// Fails if the disk does; deleting may be tried again.
    pub fn delete(&mut self, name: &str) -> Result<(), StorageError> {
        let file = self.known.get(name).map_or(name, String::as_str);
        self.files.remove(file)?;
        self.known.remove(name);
        Ok(())
    }

    /// Returns a name that no file has yet.
    fn free_name(&self, name: &str) -> Result<String, StorageError> {
        let mut failed = None;
        let free = free_name(name, |name| {
            let known = self.known.values().any(|file| file == name);
            known
                || self.files.exists(name).unwrap_or_else(|error| {
                    failed.get_or_insert(error);
                    false
                })
        });
        failed.map_or(Ok(free), Err)
    }
}
