//! Named files of one kind in a folder, each with the last good one before it.
//!
//! To save `NAME.json`, the new text is written to `NAME.new.json` and synced,
//! what was there becomes `NAME.old.json`, the new file takes its name, and the
//! folder is synced. Wherever that is cut, either the new or the previous text
//! is found again. What is there and no good is put aside as
//! `NAME.damaged.json`, and what cannot be read is never written over.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::checksummed::{add_checksum, verify_checksum};
use super::disk::Disk;

/// Reads a file's text; gets its name, too. Says what is wrong with it.
pub type Parse<T> = fn(name: &str, text: &str) -> Result<T, String>;

/// Why a file is not, or not quite, what was kept last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is there and no good.
    Damaged(String),
    /// It may be good, but cannot be read now.
    Unreadable(String),
}

impl Trouble {
    /// What to tell.
    pub fn words(&self) -> &str {
        match self {
            Trouble::Damaged(words) | Trouble::Unreadable(words) => words,
        }
    }
}

/// What was found under a name.
#[derive(Debug)]
pub struct Found<T> {
    /// The newest that is good, if there is any.
    pub value: Option<T>,
    /// What to tell.
    pub trouble: Option<Trouble>,
}

/// A file looked at.
enum Look<T> {
    Good(T),
    Nothing,
    Bad(Trouble),
}

/// A folder of files of one kind.
pub struct VersionedFiles<D, T> {
    disk: D,
    folder: PathBuf,
    parse: Parse<T>,
    /// Names whose file is known to be good.
    good: BTreeSet<String>,
}

impl<D: Disk, T> VersionedFiles<D, T> {
    /// A shelf; looks at nothing yet.
    pub fn new(disk: D, folder: PathBuf, parse: Parse<T>) -> VersionedFiles<D, T> {
        VersionedFiles {
            disk,
            folder,
            parse,
            good: BTreeSet::new(),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, name: &str, kind: &str) -> PathBuf {
        self.folder.join(format!("{name}{kind}.json"))
    }

    /// What is kept under a name, or was before, if that is no good.
    pub fn load(&mut self, name: &str) -> Found<T> {
        let path = self.path(name, "");
        let trouble = match self.look(name, &path) {
            Look::Good(value) => {
                self.good.insert(name.to_string());
                return Found {
                    value: Some(value),
                    trouble: None,
                };
            }
            Look::Nothing => None,
            Look::Bad(trouble) => Some(trouble),
        };
        self.good.remove(name);
        let (value, old) = match self.look(name, &self.path(name, ".old")) {
            Look::Good(value) => {
                let missing = || Trouble::Damaged(format!("{}: missing", path.display()));
                let and = |words| format!("{words}; the one before it was taken");
                let trouble = match trouble.unwrap_or_else(missing) {
                    Trouble::Damaged(words) => Trouble::Damaged(and(words)),
                    Trouble::Unreadable(words) => Trouble::Unreadable(and(words)),
                };
                (Some(value), Some(trouble))
            }
            Look::Nothing => (None, trouble),
            Look::Bad(old) => (None, trouble.or(Some(old))),
        };
        Found {
            value,
            trouble: old,
        }
    }

    /// Keeps a text under a name; when this returns, it survives a power cut.
    ///
    /// # Errors
    /// Says what failed. Then the new or the previous text is kept, and saving
    /// may be tried again.
    pub fn save(&mut self, name: &str, text: &str) -> Result<(), String> {
        self.put(name, text, true)
    }

    /// Keeps a text under a name without waiting for the disk; when this returns,
    /// it survives the end of the process, though not a power cut.
    ///
    /// # Errors
    /// As [`VersionedFiles::save`].
    pub fn save_at_once(&mut self, name: &str, text: &str) -> Result<(), String> {
        self.put(name, text, false)
    }

    fn put(&mut self, name: &str, text: &str, synced: bool) -> Result<(), String> {
        let path = self.path(name, "");
        let aside = if self.good.remove(name) {
            Some(".old")
        } else {
            match self.look(name, &path) {
                Look::Good(_) => Some(".old"),
                Look::Nothing => None,
                Look::Bad(Trouble::Damaged(_)) => Some(".damaged"),
                Look::Bad(Trouble::Unreadable(words)) => {
                    return Err(format!("{words}; it is left alone"));
                }
            }
        };
        let new = self.path(name, ".new");
        self.write(&new, &add_checksum(text), synced)
            .map_err(|error| plain(&new, &error))?;
        if let Some(kind) = aside {
            gone_is_fine(self.disk.rename(&path, &self.path(name, kind)))
                .map_err(|error| plain(&path, &error))?;
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
            .map_err(|error| plain(&path, &error))?;
        self.good.insert(name.to_string());
        Ok(())
    }

    fn write(&self, path: &Path, text: &str, synced: bool) -> io::Result<()> {
        let mut file = match self.disk.create(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_folder(&self.disk, &self.folder)?;
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

    /// Forgets what is kept under a name. The one before goes first, and for
    /// good, so that it cannot come back in place of the other.
    ///
    /// # Errors
    /// Says what failed; it may be tried again.
    pub fn remove(&mut self, name: &str) -> Result<(), String> {
        self.good.remove(name);
        for kinds in [[".new", ".old"].as_slice(), &[""]] {
            for kind in kinds {
                let path = self.path(name, kind);
                gone_is_fine(self.disk.remove(&path)).map_err(|error| plain(&path, &error))?;
            }
            gone_is_fine(self.disk.sync_folder(&self.folder))
                .map_err(|error| plain(&self.folder, &error))?;
        }
        Ok(())
    }

    /// Whether there is a file of this name, good or not.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn has(&self, name: &str) -> Result<bool, String> {
        match self.look(name, &self.path(name, "")) {
            Look::Nothing => Ok(false),
            Look::Bad(Trouble::Unreadable(words)) => Err(words),
            Look::Good(_) | Look::Bad(Trouble::Damaged(_)) => Ok(true),
        }
    }

    /// Names that something is kept under, in order; one dot in a name and more
    /// are not ours.
    ///
    /// # Errors
    /// When the folder is there and cannot be listed.
    pub fn names(&self) -> Result<Vec<String>, String> {
        let files = match self.disk.list(&self.folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(plain(&self.folder, &error)),
        };
        let name = |file: &String| {
            let name = file.strip_suffix(".json")?;
            let name = name.strip_suffix(".old").unwrap_or(name);
            (!name.contains('.')).then(|| name.to_string())
        };
        let names: BTreeSet<String> = files.iter().filter_map(name).collect();
        Ok(names.into_iter().collect())
    }

    fn look(&self, name: &str, path: &Path) -> Look<T> {
        let bytes = match self.disk.read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Look::Nothing,
            Err(error) => return Look::Bad(Trouble::Unreadable(plain(path, &error))),
        };
        let parsed = String::from_utf8(bytes)
            .map_err(|_| "not text".to_string())
            .and_then(|text| verify_checksum(&text).map_err(|error| error.to_string()))
            .and_then(|unsealed| (self.parse)(name, &unsealed.text));
        match parsed {
            Ok(value) => Look::Good(value),
            Err(problem) => Look::Bad(Trouble::Damaged(format!("{}: {problem}", path.display()))),
        }
    }
}

fn gone_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Makes a folder and those it is in, each there to stay before the next.
fn make_folder(disk: &impl Disk, folder: &Path) -> io::Result<()> {
    let above = match folder.parent() {
        Some(above) if above.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
        None => return Err(io::ErrorKind::NotFound.into()),
    };
    match disk.create_folder(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_folder(disk, above)?;
            disk.create_folder(folder)?;
        }
        result => result?,
    }
    disk.sync_folder(above)
}

/// A failure in plain words.
fn plain(path: &Path, error: &io::Error) -> String {
    let words = match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_string(),
        io::ErrorKind::StorageFull => "no room is left".to_string(),
        io::ErrorKind::PermissionDenied => "you may not read or write there".to_string(),
        io::ErrorKind::NotFound => "its folder is not there".to_string(),
        _ => error.to_string(),
    };
    format!("{}: {words}", path.display())
}
