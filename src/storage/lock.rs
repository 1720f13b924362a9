//! A lock file, which one program at a time holds.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use fs4::{FileExt, TryLockError};
use thiserror::Error;

/// A lock, held until it is dropped. The system releases it when the process ends, however
/// that happens.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// A failure to take a lock.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process holds it; with its process id, if known.
    #[error("another process holds the lock")]
    Held(Option<u32>),
    /// The file cannot be opened or locked.
    #[error(transparent)]
    Unavailable(#[from] io::Error),
}

impl Lock {
    /// Locks a file. Creates it if it is missing, and never deletes it.
    ///
    /// # Errors
    /// Fails if another process holds the lock, or if the file cannot be opened or locked.
    pub fn take(path: &Path) -> Result<Lock, LockError> {
        // Not truncated: it may hold the id of another process.
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path)?;
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Best effort: the other process may be writing.
                let _ = file.take(32).read_to_string(&mut text);
                return Err(LockError::Held(text.trim().parse().ok()));
            }
        }
        // The process id is for messages only: the lock holds without it.
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = written {
            log::warn!("{}: {error}", path.display());
        }
        Ok(Lock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::take(&path).unwrap();
        let problem = Lock::take(&path).unwrap_err();
        let own = std::process::id();
        // On Windows, nobody can read a locked file.
        assert!(matches!(problem, LockError::Held(id) if id.is_none_or(|id| id == own)));
        drop(first);
        Lock::take(&path).unwrap();
        let problem = Lock::take(&folder.path().join("no-folder/lock")).unwrap_err();
        assert!(matches!(problem, LockError::Unavailable(_)), "{problem}");
    }
}
