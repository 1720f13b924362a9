//! The folders that `gatebend play` saves in.

use std::fs;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use gatebend::storage::{Folders, Lock, LockError};

use crate::{Failure, print_message};

/// Names of the lock files. Each kind of folder has another one, so that no folder is used as
/// both: a preset may be called `state`.
const STATE_LOCK: &str = "lock";
const PRESETS_LOCK: &str = "presets.lock";

/// The folders to save in, which no other program uses meanwhile.
#[derive(Default)]
pub struct Saving {
    /// The folders; none if nothing is saved.
    pub folders: Folders,
    /// A message for the player if nothing is saved, or not safely.
    pub problem: Option<String>,
    /// Held until the end.
    locks: Vec<Lock>,
}

impl Saving {
    /// Claims the folders. If another program has one of them, this one saves nothing, and
    /// says so. A folder that cannot be locked is used nevertheless.
    ///
    /// # Errors
    /// Fails if a folder of states is given for presets, or the other way round.
    pub fn claim(folders: Folders) -> Result<Saving, Failure> {
        let wanted = [
            (folders.state.clone(), STATE_LOCK, PRESETS_LOCK),
            (folders.presets.clone(), PRESETS_LOCK, STATE_LOCK),
        ];
        let mut saving = Saving {
            folders,
            ..Saving::default()
        };
        for (folder, lock, other) in wanted {
            let Some(folder) = folder else { continue };
            if folder.join(other).exists() {
                return Err(Failure::Usage(format!(
                    "{}: one folder cannot hold both a state (--state) and presets (--presets); \
                     leave out --presets, or name another folder",
                    folder.display()
                )));
            }
            if let Err(problem) = saving.lock(&folder, lock) {
                print_message(&problem);
                saving.problem = Some(problem);
            }
        }
        Ok(saving)
    }

    fn lock(&mut self, folder: &Path, lock: &str) -> Result<(), String> {
        // A folder that cannot be made is reported by what saves in it.
        let _ = fs::create_dir_all(folder);
        match Lock::take(&folder.join(lock)) {
            Ok(lock) => self.locks.push(lock),
            Err(LockError::Held(process)) => {
                self.folders = Folders::default();
                let process = process.map(|id| format!(" (process {id})"));
                return Err(format!(
                    "nothing is saved here: another Gatebend{} saves in {}; end it and start \
                     again, or start with --state and another folder",
                    process.unwrap_or_default(),
                    folder.display()
                ));
            }
            Err(LockError::Unavailable(error)) if folder.is_dir() => {
                return Err(format!(
                    "{}: {error}; without a lock, another Gatebend could save there too",
                    folder.join(lock).display()
                ));
            }
            Err(LockError::Unavailable(_)) => {}
        }
        Ok(())
    }
}

/// Returns this computer's folder for the player's data, if it has one.
pub fn data_folder() -> Option<PathBuf> {
    let folders = ProjectDirs::from("", "", "gatebend")?;
    Some(folders.data_dir().to_path_buf())
}
