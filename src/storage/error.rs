//! Errors of files, in words for people.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::disk::MAX_FILE_BYTES;

/// A failure to save or load.
#[derive(Debug, Error)]
pub enum StorageError {
    /// A system call failed.
    #[error("{}: {}", path.display(), reason(source))]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file would be too large to be read again; with its size in bytes.
    #[error("{}: {}, and at most {} can be read again", .0.display(), megabytes(*.1), megabytes(MAX_FILE_BYTES))]
    TooLarge(PathBuf, usize),
    /// Bends that do not fit their network.
    #[error(transparent)]
    Network(#[from] logicnet::NetworkError),
}

impl StorageError {
    /// Wraps the system's error for this path.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> StorageError {
        let path = path.to_path_buf();
        |source| StorageError::Io { path, source }
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_string(),
        io::ErrorKind::StorageFull => "no room is left".to_string(),
        io::ErrorKind::PermissionDenied => "you may not read or write there".to_string(),
        io::ErrorKind::NotFound => "its folder is missing".to_string(),
        _ => error.to_string(),
    }
}

fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
