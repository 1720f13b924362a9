//! The few system calls that keeping needs, so that tests can cut them short.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

/// Largest file that is read; a network with the most gates is about 1.3 MB.
const MOST_BYTES: u64 = 8 << 20;

/// A disk. Nothing is there to stay before it was synced: a file's content by
/// [`Disk::sync`], names by [`Disk::sync_folder`].
pub trait Disk {
    /// A file being written.
    type File;

    /// A file's content.
    ///
    /// # Errors
    /// `NotFound` when there is none. What is no plain file, or larger than any
    /// of ours, is not read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Names in a folder, in any order.
    ///
    /// # Errors
    /// `NotFound` when there is no such folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Begins a file, empty.
    ///
    /// # Errors
    /// `NotFound` when its folder is not there.
    fn create(&self, path: &Path) -> io::Result<Self::File>;

    /// Writes on.
    ///
    /// # Errors
    /// When there is no room, among others; some of it may be written.
    fn write(&self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;

    /// Waits until a file's content would survive a power cut.
    ///
    /// # Errors
    /// When it would not.
    fn sync(&self, file: &Self::File) -> io::Result<()>;

    /// Gives a file another name in its folder, in place of what had that name.
    ///
    /// # Errors
    /// `NotFound` when it is not there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes a file away.
    ///
    /// # Errors
    /// `NotFound` when it is not there.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes a folder.
    ///
    /// # Errors
    /// `NotFound` when the folder that it should be in is not there.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// Waits until the names in a folder would survive a power cut.
    ///
    /// # Errors
    /// When they would not.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The computer's own files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files;

impl Disk for Files {
    type File = fs::File;

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // What is no file, such as a pipe, might never end.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("no plain file"));
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(path)?;
        if file.take(MOST_BYTES + 1).read_to_end(&mut bytes)? as u64 > MOST_BYTES {
            return Err(io::Error::other("larger than any file of ours"));
        }
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(folder)?.flatten();
        Ok(entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect())
    }

    fn create(&self, path: &Path) -> io::Result<fs::File> {
        fs::File::create(path)
    }

    fn write(&self, file: &mut fs::File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &fs::File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Elsewhere folders cannot be opened, nor need they be.
        if cfg!(unix) {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}
