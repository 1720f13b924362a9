//! A lock that allows one instrument at a time.

#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The lock, held until it is dropped. The kernel releases it when the process ends,
/// however that happens.
#[derive(Debug)]
pub struct Instance {
    _file: File,
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
            // Not truncated: it may hold the id of another process.
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false);
            match options.open(path) {
                Ok(file) => return Instance::lock(file, path.as_ref()),
                Err(source) => {
                    let path = path.as_ref().to_path_buf();
                    failure = ClaimError::NoLockFile { path, source };
                }
            }
        }
        Err(failure)
    }

    fn lock(mut file: File, path: &Path) -> Result<Instance, ClaimError> {
        // SAFETY: takes integers; the file is open.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == -1 {
            let source = io::Error::last_os_error();
            if source.kind() != io::ErrorKind::WouldBlock {
                let path = path.to_path_buf();
                return Err(ClaimError::NoLockFile { path, source });
            }
            let mut text = String::new();
            // Best effort: the other process may be writing.
            let _ = file.take(32).read_to_string(&mut text);
            let process = text.trim().parse();
            return Err(process.map_or(ClaimError::Running, ClaimError::RunningAs));
        }
        // The process id is for the message only: the lock holds without it.
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = written {
            log::warn!("{}: {error}", path.display());
        }
        Ok(Instance { _file: file })
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
