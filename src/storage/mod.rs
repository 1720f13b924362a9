//! Everything that outlives a power cut: the running state, presets, calibration, and
//! the count of failed starts.
//!
//! Every file is text. A new version is written next to the old one, synced and
//! renamed, and the last good version is kept. [`Autosave`] is the loop of the storage
//! thread; other threads send it requests through a [`StorageHandle`] and never wait.
//! Nothing here reads a clock, and the audio thread touches nothing of it.

mod autosave;
mod checksummed;
mod disk;
mod error;
mod handle;
#[cfg(not(target_arch = "wasm32"))]
mod lock;
mod presets;
mod restored;
mod state_folder;
mod versioned_files;

use std::path::{Path, PathBuf};

pub use autosave::Autosave;
pub use checksummed::{WrongChecksum, add_checksum, verify_checksum};
pub use disk::{Disk, Files};
pub use error::StorageError;
pub use handle::{Reply, Saving, StorageHandle};
#[cfg(not(target_arch = "wasm32"))]
pub use lock::{Lock, LockError};
pub use presets::Presets;
pub use restored::Restored;
pub use versioned_files::{Loaded, Parse, VersionedFiles};

/// Nanoseconds of sound after which a start has not failed.
pub const STEADY_NS: u64 = 10_000_000_000;

/// Folders to save to.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    /// Folder of the running state, the calibration and the count of starts.
    pub state: Option<PathBuf>,
    /// Folder of presets.
    pub presets: Option<PathBuf>,
}

impl Folders {
    /// Saves everything in one folder, with the presets in a subfolder.
    pub fn within(folder: &Path) -> Folders {
        Folders {
            state: Some(folder.to_path_buf()),
            presets: Some(folder.join("presets")),
        }
    }
}
