//! The few system calls that saving needs, as a trait so that tests can interrupt them.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

/// Largest file that is read or written, in bytes. The largest preset takes less than 8 MB, and
/// took up to 20 MB in earlier versions.
pub(super) const MAX_FILE_BYTES: usize = 20 << 20;

/// A disk. Nothing survives a power cut before it is synced: the content of a file by
/// [`Disk::sync`], names by [`Disk::sync_folder`].
pub trait Disk {
    /// A file being written.
    type File;

    /// Reads a file.
    ///
    /// # Errors
    /// Returns `NotFound` if it does not exist. Refuses anything but plain files, and
    /// files larger than any that Gatebend writes.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Returns the names in a folder, in any order.
    ///
    /// # Errors
    /// Returns `NotFound` if the folder does not exist.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Creates an empty file.
    ///
    /// # Errors
    /// Returns `NotFound` if its folder does not exist, and `AlreadyExists` if anything but a
    /// plain file has the name.
    fn create(&self, path: &Path) -> io::Result<Self::File>;

    /// Appends to a file.
    ///
    /// # Errors
    /// Fails if the disk is full, for example; part of the bytes may be written.
    fn write(&self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;

    /// Waits until the content of a file would survive a power cut.
    ///
    /// # Errors
    /// Fails if the content may be lost.
    fn sync(&self, file: &Self::File) -> io::Result<()>;

    /// Renames a file within its folder, replacing any file of the new name.
    ///
    /// # Errors
    /// Returns `NotFound` if it does not exist.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Deletes a file.
    ///
    /// # Errors
    /// Returns `NotFound` if it does not exist.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Creates a folder.
    ///
    /// # Errors
    /// Returns `NotFound` if its parent does not exist.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// Waits until the names in a folder would survive a power cut.
    ///
    /// # Errors
    /// Fails if the names may be lost.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files;

impl Disk for Files {
    type File = fs::File;

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // A pipe, for example, might never end.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a plain file"));
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(path)?;
        if file
            .take(MAX_FILE_BYTES as u64 + 1)
            .read_to_end(&mut bytes)?
            > MAX_FILE_BYTES
        {
            return Err(io::Error::other("larger than any file of Gatebend"));
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
        // Opening a pipe might wait forever.
        if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
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
        // Other systems cannot open folders, and do not need to.
        if cfg!(unix) {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}
