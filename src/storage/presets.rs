//! Presets as files of a folder, each a network file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::StorageError;
use super::disk::Disk;
use super::versioned_files::{LoadProblem, VersionedFiles};
use instrument::preset::{Preset, free_name, is_name};

/// The presets of a folder.
#[derive(Debug, Default)]
pub struct LoadedPresets {
    /// Valid presets, ordered by name.
    pub presets: Vec<Preset>,
    /// Names of presets that could not be read; their files are left alone.
    pub reserved: Vec<String>,
    /// Problems to report.
    pub problems: Vec<String>,
}

/// A folder of presets.
pub struct Presets<D> {
    files: VersionedFiles<D, Preset>,
    /// The file of every preset that this run has read or written. Any other file
    /// appeared later, and is not overwritten.
    known: BTreeMap<String, String>,
}

impl<D: Disk> Presets<D> {
    /// Opens a folder and loads its presets.
    pub fn open(disk: D, folder: PathBuf) -> (Presets<D>, LoadedPresets) {
        let parse = |name: &str, text: &str| {
            Preset::from_json(name.to_string(), text).map_err(|error| error.to_string())
        };
        let mut files = VersionedFiles::new(disk, folder, parse);
        let mut known = BTreeMap::new();
        let mut all = LoadedPresets::default();
        let names = files.names().unwrap_or_else(|error| {
            all.problems.push(format!("presets left out: {error}"));
            Vec::new()
        });
        for name in names.into_iter().filter(|name| is_name(name)) {
            let loaded = files.load(&name);
            let problem = loaded.problem.as_ref().map(LoadProblem::text);
            match (loaded.value, problem) {
                (Some(preset), problem) => {
                    all.problems.extend(problem.map(str::to_string));
                    all.presets.push(preset);
                    known.insert(name.clone(), name);
                }
                (None, Some(problem)) => {
                    all.problems.push(format!("preset left out: {problem}"));
                    all.reserved.push(name);
                }
                // Removed since the folder was listed.
                (None, None) => {}
            }
        }
        (Presets { files, known }, all)
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
