//! One instrument at a time.

#![allow(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// The right to be the only one, as long as it is held and the process lives;
/// the kernel ends it with the process, however that ends.
#[derive(Debug)]
pub struct Instance {
    _file: File,
}

/// Why it is not to be had.
#[derive(Debug)]
pub enum Occupied {
    /// Another process has it.
    By {
        /// Its number, if it has told.
        process: Option<u32>,
    },
    /// No lock file can be opened; with the last one tried.
    Nowhere(PathBuf, io::Error),
}

impl Instance {
    /// Takes the lock of the first file that can be opened: such as
    /// `/run/gatebend.lock`, or else one in the folder of the state. They are
    /// made where missing, and stay.
    ///
    /// # Errors
    /// When another process has it, or no file can be opened.
    pub fn claim<P: AsRef<Path>>(files: &[P]) -> Result<Instance, Occupied> {
        let mut failure = (PathBuf::new(), io::ErrorKind::NotFound.into());
        for path in files {
            // Not emptied: it may tell of another.
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false);
            match options.open(path) {
                Ok(file) => return Instance::lock(file, path.as_ref()),
                Err(error) => failure = (path.as_ref().to_path_buf(), error),
            }
        }
        Err(Occupied::Nowhere(failure.0, failure.1))
    }

    fn lock(mut file: File, path: &Path) -> Result<Instance, Occupied> {
        // SAFETY: takes integers; the file is open.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == -1 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::WouldBlock {
                return Err(Occupied::Nowhere(path.to_path_buf(), error));
            }
            let mut text = String::new();
            // Best effort: it may just be writing.
            let _ = file.take(32).read_to_string(&mut text);
            let process = text.trim().parse().ok();
            return Err(Occupied::By { process });
        }
        // For who comes second; that it is locked is what counts.
        let told = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = told {
            log::warn!("{}: {error}", path.display());
        }
        Ok(Instance { _file: file })
    }
}

impl fmt::Display for Occupied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Occupied::By {
                process: Some(number),
            } => write!(
                f,
                "Gatebend is running already (process {number}): stop it in the Bela IDE, with \
                 ./deploy.sh --stop, or with kill {number}"
            ),
            Occupied::By { process: None } => f.write_str(
                "Gatebend is running already: stop it in the Bela IDE or with ./deploy.sh --stop",
            ),
            Occupied::Nowhere(path, error) => write!(
                f,
                "{}: {error}; without a lock file two instruments could run at once",
                path.display()
            ),
        }
    }
}

impl std::error::Error for Occupied {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_told_of_the_first_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no-folder/lock");
        let files = [missing.clone(), folder.path().join("lock")];
        let first = Instance::claim(&files).unwrap();
        let told = Instance::claim(&files).unwrap_err().to_string();
        let number = std::process::id();
        assert!(told.contains(&format!("(process {number})")), "{told}");
        drop(first);
        Instance::claim(&files).unwrap();
        let nowhere = Instance::claim(&[missing]).unwrap_err().to_string();
        assert!(nowhere.contains("no-folder/lock"), "{nowhere}");
    }
}
