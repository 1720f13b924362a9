//! The folder that `gatebend play` saves in on a desk.

use std::fs;
use std::path::PathBuf;

use directories::ProjectDirs;
use gatebend::storage::{Lock, LockError};

use crate::print_message;

/// Name of the lock file in the folder.
const LOCK: &str = "lock";

/// The folder to save in, which no other program uses meanwhile.
pub struct Saving {
    /// The folder; none if nothing is saved.
    pub folder: Option<PathBuf>,
    /// A message for the player if another program uses the folder.
    pub problem: Option<String>,
    _lock: Option<Lock>,
}

impl Saving {
    /// Claims the folder. If another program has it, this one saves nothing, and says so.
    pub fn claim(folder: Option<PathBuf>) -> Saving {
        let taken = folder.as_ref().map(|folder| {
            // A folder that cannot be made or locked is reported by what saves in it.
            let _ = fs::create_dir_all(folder);
            Lock::take(&folder.join(LOCK))
        });
        let (lock, problem) = match (taken, &folder) {
            (Some(Ok(lock)), _) => (Some(lock), None),
            (Some(Err(LockError::Held(process))), Some(folder)) => {
                let process = process.map(|id| format!(" (process {id})"));
                let problem = format!(
                    "nothing is saved here: another Gatebend{} saves in {}",
                    process.unwrap_or_default(),
                    folder.display()
                );
                print_message(&problem);
                (None, Some(problem))
            }
            _ => (None, None),
        };
        Saving {
            folder: folder.filter(|_| problem.is_none()),
            problem,
            _lock: lock,
        }
    }
}

/// Returns this computer's folder for the player's data, if it has one.
pub fn data_folder() -> Option<PathBuf> {
    let folders = ProjectDirs::from("", "", "gatebend")?;
    Some(folders.data_dir().to_path_buf())
}
