//! Presets as files of a folder, each a network file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::disk::Disk;
use super::versioned_files::{Trouble, VersionedFiles};
use instrument::SaveRequest;
use instrument::preset::{Preset, free_name, is_name};

/// What a folder had.
#[derive(Debug, Default)]
pub struct Read {
    /// Those that are good, in the order of their names.
    pub presets: Vec<Preset>,
    /// Names of those that could not be read: they are left alone.
    pub reserved: Vec<String>,
    /// What to tell.
    pub problems: Vec<String>,
}

/// A folder of presets.
pub struct Presets<D> {
    shelf: VersionedFiles<D, Preset>,
    /// The file of every preset that this run has read or written: a file that
    /// is there besides came late, and is not written over.
    known: BTreeMap<String, String>,
}

impl<D: Disk> Presets<D> {
    /// Reads what is there.
    pub fn open(disk: D, folder: PathBuf) -> (Presets<D>, Read) {
        let parse = |name: &str, text: &str| {
            Preset::from_json(name.to_string(), text).map_err(|error| error.to_string())
        };
        let mut shelf = VersionedFiles::new(disk, folder, parse);
        let mut known = BTreeMap::new();
        let mut read = Read::default();
        let names = shelf.names().unwrap_or_else(|problem| {
            read.problems.push(format!("presets left out: {problem}"));
            Vec::new()
        });
        for name in names.into_iter().filter(|name| is_name(name)) {
            let found = shelf.load(&name);
            let words = found.trouble.as_ref().map(Trouble::words);
            match (found.value, words) {
                (Some(preset), words) => {
                    read.problems.extend(words.map(str::to_string));
                    read.presets.push(preset);
                    known.insert(name.clone(), name);
                }
                (None, Some(words)) => {
                    read.problems.push(format!("preset left out: {words}"));
                    read.reserved.push(name);
                }
                // It has just gone.
                (None, None) => {}
            }
        }
        (Presets { shelf, known }, read)
    }

    /// Saves or deletes a preset. Gives the name of its file, if that is
    /// another one.
    ///
    /// # Errors
    /// Says what failed; it may be tried again.
    pub fn keep(&mut self, keep: &SaveRequest) -> Result<Option<String>, String> {
        match keep {
            // Kept elsewhere.
            SaveRequest::Calibration(_) => Ok(None),
            SaveRequest::Save(preset) => {
                let text = preset.to_json().map_err(|error| error.to_string())?;
                let file = match self.known.get(&preset.name) {
                    Some(file) => file.clone(),
                    None => self.free_name(&preset.name)?,
                };
                self.shelf.save(&file, &text)?;
                self.known.insert(preset.name.clone(), file.clone());
                Ok((file != preset.name).then_some(file))
            }
            SaveRequest::Delete(name) => {
                let file = self.known.get(name).unwrap_or(name);
                self.shelf.remove(file)?;
                self.known.remove(name);
                Ok(None)
            }
        }
    }

    /// A name for a file that is not there.
    fn free_name(&self, name: &str) -> Result<String, String> {
        let mut problem = None;
        let free = free_name(name, |name| {
            let known = self.known.values().any(|file| file == name);
            known
                || self.shelf.has(name).unwrap_or_else(|words| {
                    problem.get_or_insert(words);
                    false
                })
        });
        problem.map_or(Ok(free), Err)
    }
}
