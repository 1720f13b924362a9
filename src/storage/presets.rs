//! Presets as files of a folder, each a network file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::disk::Disk;
use super::versioned_files::VersionedFiles;
use super::{Restored, StorageError};
use instrument::names::{free_name, is_name};
use instrument::preset::{MAX_PRESETS, MAX_PRESETS_BYTES, MAX_RESCUED, Preset};
use logicnet::count;

/// A folder of presets.
pub struct Presets<D> {
    files: VersionedFiles<D, Preset>,
    /// The file of every preset that this run has read or written. Any other file
    /// appeared later, and is not overwritten.
    known: BTreeMap<String, String>,
}

impl<D: Disk> Presets<D> {
    /// Opens a folder and loads its presets, unless earlier starts failed while they did so.
    pub fn open(disk: D, folder: PathBuf, restored: &mut Restored) -> Presets<D> {
        let parse = |name: &str, text: &str| {
            Preset::from_json(name.to_string(), text).map_err(|error| error.to_string())
        };
        let mut files = VersionedFiles::new(disk, folder, parse);
        let mut known = BTreeMap::new();
        let notices = &mut restored.notices;
        let mut names = files.names().unwrap_or_else(|error| {
            notices.push(format!("presets left out: {error}"));
            Vec::new()
        });
        names.retain(|name| is_name(name));
        if restored.is_unread {
            if !names.is_empty() {
                let count = count(names.len(), "preset");
                notices.push(format!("{count} left unread until the next start"));
            }
            restored.reserved = names;
            return Presets { files, known };
        }
        let mut room = MAX_PRESETS_BYTES;
        let mut unread = Vec::new();
        for name in names {
            let loaded = files.load(&name);
            match (loaded.value, loaded.problem) {
                (Some(preset), problem) => {
                    notices.extend(problem);
                    known.insert(name.clone(), name.clone());
                    let bytes = preset.memory();
                    if bytes > room || restored.presets.len() == MAX_PRESETS + MAX_RESCUED {
                        unread.push(name);
                        continue;
                    }
                    room -= bytes;
                    restored.presets.push(preset);
                }
                (None, Some(problem)) => {
                    notices.push(format!("preset left out: {problem}"));
                    restored.reserved.push(name);
                }
                // Removed since the folder was listed.
                (None, None) => {}
            }
        }
        if !unread.is_empty() {
            let (count, names) = (count(unread.len(), "preset"), unread.join(", "));
            notices.push(format!("no memory for {count}, left on the disk: {names}"));
            restored.reserved.extend(unread);
        }
        Presets { files, known }
    }

    /// Returns whether no further state can be rescued.
    pub fn is_full(&self) -> bool {
        self.known.len() >= MAX_PRESETS + MAX_RESCUED
    }

    /// Saves a preset. Returns the name of its file if the preset's own was taken.
    ///
    /// # Errors
    /// Fails if the preset is too large, or if the disk fails; saving may be tried again.
    pub fn save(
        &mut self,
        preset: &Preset,
        notices: &mut Vec<String>,
    ) -> Result<Option<String>, StorageError> {
        let text = preset.to_json()?;
        let file = match self.known.get(&preset.name) {
            Some(file) => file.clone(),
            None => self.free_name(&preset.name)?,
        };
        notices.extend(self.files.save(&file, &text)?);
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

    /// Returns a name that no file has yet, readable or not. Some file systems do not
    /// distinguish upper and lower case.
    fn free_name(&self, name: &str) -> Result<String, StorageError> {
        let mut taken = self.files.names()?;
        taken.extend(self.known.values().cloned());
        let taken: BTreeSet<String> = taken.iter().map(|name| name.to_lowercase()).collect();
        Ok(free_name(name, |name| taken.contains(&name.to_lowercase())))
    }
}
