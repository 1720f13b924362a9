//! The lock that allows one instrument at a time on a board.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::storage::{Lock, LockError};

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct Instance {
    _lock: Lock,
}

/// A failure to take the lock.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// Another process holds the lock; with its process id.
    #[error(
        "Gatebend is running already (process {0}): stop it in the Bela IDE, with \
         ./deploy.sh --stop, or with kill {0}"
    )]
    RunningAs(u32),
    /// Another process holds the lock and has not written its process id.
    #[error("Gatebend is running already: stop it in the Bela IDE or with ./deploy.sh --stop")]
    Running,
    /// No lock file can be opened or locked; with the last one tried.
    #[error("{}: {source}; without a lock file two instruments could run at once", path.display())]
    NoLockFile {
        /// The lock file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl Instance {
    /// Locks the first file that can be opened, such as `/run/gatebend.lock`, or else one
    /// in the state folder. Creates the file if it is missing, and never deletes it.
    ///
    /// # Errors
    /// Fails if another process holds the lock, or no file can be opened.
    pub fn claim<P: AsRef<Path>>(files: &[P]) -> Result<Instance, ClaimError> {
        let mut failure = ClaimError::NoLockFile {
            path: PathBuf::new(),
            source: io::ErrorKind::NotFound.into(),
        };
        for path in files {
            let path = path.as_ref();
            match Lock::take(path) {
                Ok(lock) => return Ok(Instance { _lock: lock }),
                Err(LockError::Held(process)) => {
                    return Err(process.map_or(ClaimError::Running, ClaimError::RunningAs));
                }
                Err(LockError::Unavailable(source)) => {
                    let path = path.to_path_buf();
                    failure = ClaimError::NoLockFile { path, source };
                }
            }
        }
        Err(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_claim_fails_and_names_the_first_until_that_ends() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no-folder/lock");
        let files = [missing.clone(), folder.path().join("lock")];
        let first = Instance::claim(&files).unwrap();
        let problem = Instance::claim(&files).unwrap_err().to_string();
        let holder = format!("(process {})", std::process::id());
        assert!(problem.contains(&holder), "{problem}");
        drop(first);
        Instance::claim(&files).unwrap();
        let problem = Instance::claim(&[missing]).unwrap_err().to_string();
        assert!(problem.contains("no-folder/lock"), "{problem}");
    }
}
