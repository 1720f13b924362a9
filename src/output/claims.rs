//! The files that this process reads and writes, each by its identity rather than its name:
//! no file is both, and none is written twice.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Failure;

/// A file's identity, which all its names share.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity {
    /// Numbers of the device and of the file on it.
    #[cfg(unix)]
    Inode(u64, u64),
    /// The canonical path, if the file does not exist or there are no such numbers.
    Path(PathBuf),
    /// Standard output, if it is a device such as a terminal.
    Standard,
}

impl Identity {
    /// Returns the identity of a path; none if it leads to a device, which may be used
    /// several times, or nowhere.
    fn of(path: &Path) -> Option<Identity> {
        let Ok(found) = fs::metadata(path) else {
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
            return Some(Identity::Path(folder.join(path.file_name()?)));
        };
        Identity::found(&found, path)
    }

    #[cfg(unix)]
    fn found(found: &fs::Metadata, _: &Path) -> Option<Identity> {
        use std::os::unix::fs::{FileTypeExt, MetadataExt};
        let is_device = found.file_type().is_char_device();
        (!is_device).then(|| Identity::Inode(found.dev(), found.ino()))
    }

    #[cfg(not(unix))]
    fn found(_: &fs::Metadata, path: &Path) -> Option<Identity> {
        fs::canonicalize(path).ok().map(Identity::Path)
    }

    /// Returns the identity of standard input or output.
    #[cfg(unix)]
    fn of_stream(stream: &impl std::os::fd::AsFd) -> Option<Identity> {
        let file = File::from(stream.as_fd().try_clone_to_owned().ok()?);
        Identity::found(&file.metadata().ok()?, Path::new("-"))
    }

    #[cfg(not(unix))]
    fn of_stream<T>(_: &T) -> Option<Identity> {
        None
    }
}

/// Everything that this process has claimed.
static CLAIMS: Mutex<Claims> = Mutex::new(Claims {
    read: Vec::new(),
    written: Vec::new(),
    kept: Vec::new(),
});

struct Claims {
    read: Vec<Identity>,
    written: Vec<Identity>,
    /// Folders whose files the storage replaces.
    kept: Vec<Identity>,
}

fn claims() -> MutexGuard<'static, Claims> {
    CLAIMS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes that the command reads an open file; none is standard input.
pub fn reads(file: Option<(&File, &Path)>) {
    let identity = match file {
        Some((file, path)) => file
            .metadata()
            .ok()
            .and_then(|found| Identity::found(&found, path)),
        None => Identity::of_stream(&std::io::stdin()),
    };
    claims().read.extend(identity);
}

/// Keeps outputs from the names that the storage uses in a folder.
pub fn keep_out(folder: &Path) {
    claims().kept.extend(Identity::of(folder));
}

/// The claim of an output, which ends when it is dropped.
pub struct Claim(Option<Identity>);

impl Claim {
    /// Claims standard output.
    ///
    /// # Errors
    /// Fails if another output is written there, or if the command reads it.
    pub fn standard_output() -> Result<Claim, Failure> {
        let identity = Identity::of_stream(&std::io::stdout());
        Claim::take("standard output", identity.or(Some(Identity::Standard)))
    }

    /// Claims the file at a path whose links were followed; messages name it `name`.
    ///
    /// # Errors
    /// Fails if another output is written there, if the command reads it, or if the storage
    /// keeps a file of this name there.
    pub fn file(name: &Path, path: &Path) -> Result<Claim, Failure> {
        let name = name.display().to_string();
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let folder = Identity::of(folder.unwrap_or(Path::new(".")));
        let is_kept = folder.is_some_and(|folder| claims().kept.contains(&folder));
        let ending = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
        let is_ours = match ending {
            Some(ending) => ending == "json" || ending == "txt",
            None => path.file_name().is_some_and(|name| name == "lock"),
        };
        if is_kept && is_ours {
            return Err(Failure::Usage(format!(
                "{name}: what you play is saved in this folder; choose another one"
            )));
        }
        Claim::take(&name, Identity::of(path))
    }

    fn take(name: &str, identity: Option<Identity>) -> Result<Claim, Failure> {
        if let Some(identity) = &identity {
            let mut claims = claims();
            if claims.read.contains(identity) {
                return Err(Failure::Usage(format!(
                    "{name}: this file is read; write to another one"
                )));
            }
            if claims.written.contains(identity) {
                return Err(Failure::Usage(format!(
                    "{name}: two outputs are the same file; give each its own"
                )));
            }
            claims.written.push(identity.clone());
        }
        Ok(Claim(identity))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(identity) = &self.0 {
            claims().written.retain(|other| other != identity);
        }
    }
}
