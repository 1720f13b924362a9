//! Named files of one kind in a folder, each with its previous good version.
//!
//! To save `NAME.json`, the new text is written to `NAME.new.json` and synced, the
//! current file becomes `NAME.old.json`, the new file takes its name, and the folder is
//! synced. Wherever a power cut interrupts this, either the new or the previous text is
//! found again. A damaged file is set aside as `NAME.damaged.json`, and a file that
//! cannot be read is never overwritten.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::StorageError;
use super::checksummed::{add_checksum, verify_checksum};
use super::disk::Disk;

/// Parses the text of a file, given its name. Returns a description of the first error.
pub type Parse<T> = fn(name: &str, text: &str) -> Result<T, String>;

/// A problem with a file that was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadProblem {
    /// A description for people.
    pub text: String,
    /// True if the file is not valid; false if it cannot be read at the moment.
    pub is_damaged: bool,
}

/// The result of loading a name.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The newest good version, if there is any.
    pub value: Option<T>,
    /// A problem to report, even if there is a value.
    pub problem: Option<LoadProblem>,
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
                let mut problem = problem.unwrap_or_else(|| LoadProblem {
                    text: format!("{}: missing", path.display()),
                    is_damaged: true,
                });
                problem.text += "; the previous version is used";
                (Some(value), Some(problem))
            }
            Ok(None) => (None, problem),
            Err(old) => (None, problem.or(Some(old))),
        };
        Loaded { value, problem }
    }

    /// Saves a text under a name. When this returns, the text survives a power cut.
    ///
    /// # Errors
    /// Fails if the disk does. The new or the previous text is then on the disk, and
    /// saving may be tried again.
    pub fn save(&mut self, name: &str, text: &str) -> Result<(), StorageError> {
        self.replace(name, text, true)
    }

    /// Saves a text under a name without waiting for the disk. When this returns, the
    /// text survives the end of the process, but not a power cut.
    ///
    /// # Errors
    /// Fails as [`VersionedFiles::save`] does.
    pub fn save_unsynced(&mut self, name: &str, text: &str) -> Result<(), StorageError> {
        self.replace(name, text, false)
    }

    fn replace(&mut self, name: &str, text: &str, synced: bool) -> Result<(), StorageError> {
        let path = self.path(name, "");
        let aside = if self.good.remove(name) {
            Some(".old")
        } else {
            match self.read(name, &path) {
                Ok(value) => value.map(|_| ".old"),
                Err(problem) if problem.is_damaged => Some(".damaged"),
                Err(problem) => return Err(StorageError::LeftAlone(problem.text)),
            }
        };
        let new = self.path(name, ".new");
        self.write(&new, &add_checksum(text), synced)
            .map_err(StorageError::io(&new))?;
        if let Some(version) = aside {
            ignore_missing(self.disk.rename(&path, &self.path(name, version)))
                .map_err(StorageError::io(&path))?;
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
        Ok(())
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

    /// Returns whether a file of this name exists, valid or not.
    ///
    /// # Errors
    /// Fails if the file cannot be read at the moment.
    pub fn exists(&self, name: &str) -> Result<bool, StorageError> {
        match self.read(name, &self.path(name, "")) {
            Err(problem) if !problem.is_damaged => Err(StorageError::LeftAlone(problem.text)),
            found => Ok(!matches!(found, Ok(None))),
        }
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
    fn read(&self, name: &str, path: &Path) -> Result<Option<T>, LoadProblem> {
        let bytes = match self.disk.read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(LoadProblem {
                    text: StorageError::io(path)(error).to_string(),
                    is_damaged: false,
                });
            }
        };
        let parsed = String::from_utf8(bytes)
            .map_err(|_| "not text".to_string())
            .and_then(|text| verify_checksum(&text).map_err(|error| error.to_string()))
            .and_then(|text| (self.parse)(name, &text));
        parsed.map(Some).map_err(|problem| LoadProblem {
            text: format!("{}: {problem}", path.display()),
            is_damaged: true,
        })
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
