//! Named files of one kind in a folder, each with its previous good version.
//!
//! To save `NAME.json`, the new text is written to `NAME.new.json` and synced, the
//! current file becomes `NAME.old.json`, the new file takes its name, and the folder is
//! synced. Wherever a power cut interrupts this, either the new or the previous text is
//! found again. A file that is damaged or cannot be read is not overwritten: saving first
//! sets it aside as `NAME.damaged.json`.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::StorageError;
use super::checksummed::{add_checksum, verify_checksum};
use super::disk::{Disk, MAX_FILE_BYTES};

/// Parses the text of a file, given its name. Returns a description of the first error.
pub type Parse<T> = fn(name: &str, text: &str) -> Result<T, String>;

/// The version of files that could not be read.
const DAMAGED: &str = ".damaged";
/// Most files of a name that are set aside; a further one replaces the last of them.
const MAX_ASIDE: u32 = 9;

/// The result of loading a name.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The newest good version, if there is any.
    pub value: Option<T>,
    /// A problem to report, even if there is a value.
    pub problem: Option<String>,
}

/// A folder of files of one kind.
pub struct VersionedFiles<D, T> {
    disk: D,
    folder: PathBuf,
    parse: Parse<T>,
    /// Names whose current file is known to be good.
    good: BTreeSet<String>,
}

impl<D: Disk, T> VersionedFiles<D, T> {
    /// Creates the value; does not touch the disk.
    pub fn new(disk: D, folder: PathBuf, parse: Parse<T>) -> VersionedFiles<D, T> {
        VersionedFiles {
            disk,
            folder,
            parse,
            good: BTreeSet::new(),
        }
    }

    fn path(&self, name: &str, version: &str) -> PathBuf {
        self.folder.join(format!("{name}{version}.json"))
    }

    /// Loads the newest good version of a name.
    pub fn load(&mut self, name: &str) -> Loaded<T> {
        let path = self.path(name, "");
        let problem = match self.read(name, &path) {
            Ok(Some(value)) => {
                self.good.insert(name.to_string());
                return Loaded {
                    value: Some(value),
                    problem: None,
                };
            }
            Ok(None) => None,
            Err(problem) => Some(problem),
        };
        self.good.remove(name);
        let (value, problem) = match self.read(name, &self.path(name, ".old")) {
            Ok(Some(value)) => {
                let problem = problem.unwrap_or_else(|| format!("{}: missing", path.display()));
                (
                    Some(value),
                    Some(problem + "; the previous version is used"),
                )
            }
            Ok(None) => (None, problem),
            Err(old) => (None, problem.or(Some(old))),
        };
        Loaded { value, problem }
    }

    /// Saves a text under a name. When this returns, the text survives a power cut. Returns
    /// a notice if a file that could not be read was set aside.
    ///
    /// # Errors
    /// Fails if the text is too long to be read again, or if the disk fails. The new or the
    /// previous text is then on the disk, and saving may be tried again.
    pub fn save(&mut self, name: &str, text: &str) -> Result<Option<String>, StorageError> {
        self.replace(name, text, true)
    }

    /// Saves a text under a name without waiting for the disk. When this returns, the
    /// text survives the end of the process, but not a power cut. Returns the same notice as
    /// [`VersionedFiles::save`].
    ///
    /// # Errors
    /// Fails as [`VersionedFiles::save`] does.
    pub fn save_unsynced(
        &mut self,
        name: &str,
        text: &str,
    ) -> Result<Option<String>, StorageError> {
        self.replace(name, text, false)
    }

    fn replace(
        &mut self,
        name: &str,
        text: &str,
        synced: bool,
    ) -> Result<Option<String>, StorageError> {
        let (path, new) = (self.path(name, ""), self.path(name, ".new"));
        let text = add_checksum(text);
        if text.len() > MAX_FILE_BYTES {
            return Err(StorageError::TooLarge(path, text.len()));
        }
        let found = if self.good.remove(name) {
            Ok(true)
        } else {
            self.read(name, &path).map(|value| value.is_some())
        };
        self.write(&new, &text, synced)
            .or_else(|error| {
                if error.kind() != io::ErrorKind::AlreadyExists {
                    return Err(error);
                }
                self.put_aside(name, ".new", DAMAGED)?;
                self.write(&new, &text, synced)
            })
            .map_err(StorageError::io(&new))?;
        let mut notice = None;
        match found {
            Ok(false) => {}
            Ok(true) => {
                let old = self.path(name, ".old");
                ignore_missing(self.disk.rename(&path, &old))
                    .or_else(|_| {
                        // A folder may have the name, for example.
                        self.put_aside(name, ".old", DAMAGED)?;
                        self.disk.rename(&path, &old)
                    })
                    .map_err(StorageError::io(&path))?;
            }
            Err(problem) => {
                let aside = self.put_aside(name, "", DAMAGED);
                let aside = aside.map_err(StorageError::io(&path))?;
                notice = Some(format!("{problem}; it was renamed to {aside}"));
            }
        }
        self.disk
            .rename(&new, &path)
            .and_then(|()| {
                if synced {
                    self.disk.sync_folder(&self.folder)
                } else {
                    Ok(())
                }
            })
            .map_err(StorageError::io(&path))?;
        self.good.insert(name.to_string());
        Ok(notice)
    }

    fn write(&self, path: &Path, text: &str, synced: bool) -> io::Result<()> {
        let mut file = match self.disk.create(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create_folders(&self.disk, &self.folder)?;
                self.disk.create(path)?
            }
            file => file?,
        };
        self.disk.write(&mut file, text.as_bytes())?;
        if synced {
            self.disk.sync(&file)?;
        }
        Ok(())
    }

    /// Renames the file of a name without reading it, so that saving does not replace it.
    /// Returns the file's new name, if there was a file.
    ///
    /// # Errors
    /// Fails if the disk does.
    pub fn set_aside(&mut self, name: &str) -> Result<Option<String>, StorageError> {
        self.good.remove(name);
        match self.put_aside(name, "", ".aside") {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            aside => Ok(Some(aside.map_err(StorageError::io(&self.path(name, "")))?)),
        }
    }

    /// Renames a version of a name to one that no file has, and returns the file's new name.
    fn put_aside(&self, name: &str, from: &str, to: &str) -> io::Result<String> {
        // A folder that cannot be listed can be written to nevertheless.
        let taken = self.disk.list(&self.folder).unwrap_or_default();
        let aside = |n| match n {
            1 => format!("{name}{to}.json"),
            n => format!("{name}{to}-{n}.json"),
        };
        let free = (1..MAX_ASIDE).map(aside).find(|file| !taken.contains(file));
        let file = free.unwrap_or_else(|| aside(MAX_ASIDE));
        self.disk
            .rename(&self.path(name, from), &self.folder.join(&file))?;
        Ok(file)
    }

    /// Removes a name. The previous version is removed and synced first, so that it
    /// cannot come back in place of the current one.
    ///
    /// # Errors
    /// Fails if the disk does; removing may be tried again.
    pub fn remove(&mut self, name: &str) -> Result<(), StorageError> {
        self.good.remove(name);
        for versions in [[".new", ".old"].as_slice(), &[""]] {
            for version in versions {
                let path = self.path(name, version);
                ignore_missing(self.disk.remove(&path)).map_err(StorageError::io(&path))?;
            }
            ignore_missing(self.disk.sync_folder(&self.folder))
                .map_err(StorageError::io(&self.folder))?;
        }
        Ok(())
    }

    /// Returns all saved names in order. Files with further dots in their names are
    /// ignored.
    ///
    /// # Errors
    /// Fails if the folder exists but cannot be listed.
    pub fn names(&self) -> Result<Vec<String>, StorageError> {
        let files = match self.disk.list(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            files => files.map_err(StorageError::io(&self.folder))?,
        };
        let name = |file: &String| {
            let name = file.strip_suffix(".json")?;
            let name = name.strip_suffix(".old").unwrap_or(name);
            (!name.contains('.')).then(|| name.to_string())
        };
        let names: BTreeSet<String> = files.iter().filter_map(name).collect();
        Ok(names.into_iter().collect())
    }

    /// Reads one file; returns `None` if it does not exist.
    ///
    /// # Errors
    /// Returns a message if the file cannot be read or is not valid.
    fn read(&self, name: &str, path: &Path) -> Result<Option<T>, String> {
        let bytes = match self.disk.read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|error| StorageError::io(path)(error).to_string())?,
        };
        let parsed = String::from_utf8(bytes)
            .map_err(|_| "not text".to_string())
            .and_then(|text| verify_checksum(&text).map_err(|error| error.to_string()))
            .and_then(|text| (self.parse)(name, &text));
        let parsed = parsed.map_err(|problem| format!("{}: {problem}", path.display()));
        parsed.map(Some)
    }
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Creates a folder and its parents, syncing each before the next.
fn create_folders(disk: &impl Disk, folder: &Path) -> io::Result<()> {
    let parent = match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Err(io::ErrorKind::NotFound.into()),
    };
    match disk.create_folder(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_folders(disk, parent)?;
            disk.create_folder(folder)?;
        }
        result => result?,
    }
    disk.sync_folder(parent)
}
