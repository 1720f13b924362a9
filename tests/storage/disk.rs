//! A disk in memory whose power can be cut at any call, and every state that a file
//! system may have after that.
//!
//! Unsynced changes may survive or not: each change of a name independently (ext4 would
//! keep their order), and each content as before, empty, torn, torn and padded with
//! zeros, or complete.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use gatebend::storage::Disk;

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    /// The content at the last sync.
    synced_bytes: Vec<u8>,
    synced: bool,
}

/// A change of names that is not synced yet.
#[derive(Clone)]
enum Change {
    Name(PathBuf, usize),
    Rename(PathBuf, PathBuf, usize),
    Remove(PathBuf),
    Folder(PathBuf),
}

impl Change {
    /// The folder whose sync makes the change permanent.
    fn folder(&self) -> Option<&Path> {
        match self {
            Change::Name(path, _)
            | Change::Rename(path, ..)
            | Change::Remove(path)
            | Change::Folder(path) => path.parent(),
        }
    }
}

#[derive(Clone, Default)]
struct Names {
    files: BTreeMap<PathBuf, usize>,
    folders: BTreeSet<PathBuf>,
}

impl Names {
    fn change(&mut self, change: &Change) {
        match change {
            Change::Name(path, file) => {
                self.files.insert(path.clone(), *file);
            }
            Change::Rename(from, to, file) => {
                self.files.remove(from);
                self.files.insert(to.clone(), *file);
            }
            Change::Remove(path) => {
                self.files.remove(path);
            }
            Change::Folder(path) => {
                self.folders.insert(path.clone());
            }
        }
    }
}

/// A fault that makes calls fail while it lasts.
#[derive(Clone, Copy, PartialEq)]
pub enum Fault {
    Reads(io::ErrorKind),
    Writes(io::ErrorKind),
    /// No file can be created in this folder.
    Creates(&'static str),
}

#[derive(Clone, Default)]
struct Inner {
    contents: Vec<Content>,
    now: Names,
    synced_bytes: Names,
    pending: Vec<Change>,
    /// Number of calls so far that change something.
    calls: usize,
    /// The call before which the power is cut.
    cut: Option<usize>,
    fault: Option<Fault>,
}

/// The disk. Clones share its content.
#[derive(Clone)]
pub struct Simulated(Arc<Mutex<Inner>>);

impl Simulated {
    /// Creates an empty disk with a root folder.
    pub fn new() -> Simulated {
        let mut inner = Inner::default();
        inner.now.folders.insert("/".into());
        inner.synced_bytes = inner.now.clone();
        Simulated(Arc::new(Mutex::new(inner)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Returns a copy of the current disk.
    pub fn copy(&self) -> Simulated {
        Simulated(Arc::new(Mutex::new(self.inner().clone())))
    }

    /// Returns the number of calls so far that change something.
    pub fn calls(&self) -> usize {
        self.inner().calls
    }

    /// Cuts the power before the call with this number.
    pub fn cut(&self, call: usize) {
        self.inner().cut = Some(call);
    }

    pub fn fault(&self, fault: Option<Fault>) {
        self.inner().fault = fault;
    }

    /// Writes a file and syncs it.
    pub fn put(&self, path: &str, bytes: &[u8]) {
        let mut inner = self.inner();
        let path = PathBuf::from(path);
        for folder in path.ancestors().skip(1) {
            inner.now.folders.insert(folder.into());
            inner.synced_bytes.folders.insert(folder.into());
        }
        let file = inner.contents.len();
        inner.contents.push(Content {
            now: bytes.to_vec(),
            synced_bytes: bytes.to_vec(),
            synced: true,
        });
        inner.now.files.insert(path.clone(), file);
        inner.synced_bytes.files.insert(path, file);
    }

    /// Removes a file for good, if there is one.
    pub fn forget(&self, path: &str) {
        let mut inner = self.inner();
        inner.now.files.remove(Path::new(path));
        inner.synced_bytes.files.remove(Path::new(path));
    }

    pub fn get(&self, path: &str) -> Option<String> {
        let inner = self.inner();
        let file = inner.now.files.get(Path::new(path))?;
        Some(String::from_utf8_lossy(&inner.contents[*file].now).into())
    }

    /// Returns all files, for comparison.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let inner = self.inner();
        let content = |file: &usize| inner.contents[*file].now.clone();
        let files = inner.now.files.iter();
        files
            .map(|(path, file)| (path.clone(), content(file)))
            .collect()
    }

    /// Returns every disk that is possible after the power returns.
    pub fn after_the_cut(&self) -> Vec<Simulated> {
        let inner = self.inner();
        assert!(inner.pending.len() < 10, "too many to try all");
        let mut disks = BTreeSet::new();
        for subset in 0..1u32 << inner.pending.len() {
            let mut names = inner.synced_bytes.clone();
            for (i, change) in inner.pending.iter().enumerate() {
                if subset >> i & 1 == 1 {
                    names.change(change);
                }
            }
            let Names { files, folders } = &mut names;
            files.retain(|path, _| path.parent().is_some_and(|folder| folders.contains(folder)));
            let mut found = vec![Vec::new()];
            for (path, file) in &names.files {
                found = found
                    .iter()
                    .flat_map(|files: &Vec<(PathBuf, Vec<u8>)>| {
                        let with = |bytes| {
                            let mut files = files.clone();
                            files.push((path.clone(), bytes));
                            files
                        };
                        versions(&inner.contents[*file]).into_iter().map(with)
                    })
                    .collect();
            }
            for files in found {
                disks.insert((files, names.folders.clone()));
            }
        }
        let disk = |(files, folders): (Vec<(PathBuf, Vec<u8>)>, BTreeSet<PathBuf>)| {
            let disk = Simulated::new();
            for (path, bytes) in files {
                disk.put(path.to_str().unwrap(), &bytes);
            }
            disk.inner().now.folders.clone_from(&folders);
            disk.inner().synced_bytes.folders = folders;
            disk
        };
        disks.into_iter().map(disk).collect()
    }

    /// Counts a call that changes something; fails if the power is out.
    fn change(&self) -> io::Result<MutexGuard<'_, Inner>> {
        let mut inner = self.inner();
        if inner.cut == Some(inner.calls) {
            return Err(io::Error::other("the power is out"));
        }
        inner.calls += 1;
        match inner.fault {
            Some(Fault::Writes(kind)) => Err(kind.into()),
            _ => Ok(inner),
        }
    }

    fn look(&self) -> io::Result<MutexGuard<'_, Inner>> {
        let inner = self.inner();
        if inner.cut == Some(inner.calls) {
            return Err(io::Error::other("the power is out"));
        }
        match inner.fault {
            Some(Fault::Reads(kind)) => Err(kind.into()),
            _ => Ok(inner),
        }
    }
}

/// Returns every content that is possible after a cut.
fn versions(content: &Content) -> Vec<Vec<u8>> {
    if content.synced {
        return vec![content.now.clone()];
    }
    let torn = content.now[..content.now.len() / 2].to_vec();
    let mut filled = torn.clone();
    filled.resize(content.now.len(), 0);
    vec![
        content.synced_bytes.clone(),
        Vec::new(),
        torn,
        filled,
        content.now.clone(),
    ]
}

fn not_found<T>() -> io::Result<T> {
    Err(io::ErrorKind::NotFound.into())
}

impl Disk for Simulated {
    type File = usize;

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let inner = self.look()?;
        match inner.now.files.get(path) {
            Some(file) => Ok(inner.contents[*file].now.clone()),
            None => not_found(),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let inner = self.look()?;
        if !inner.now.folders.contains(folder) {
            return not_found();
        }
        let files = inner.now.files.keys();
        let inside = files.filter(|path| path.parent() == Some(folder));
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_string();
        Ok(inside.map(name).collect())
    }

    fn create(&self, path: &Path) -> io::Result<usize> {
        let mut inner = self.change()?;
        if let Some(Fault::Creates(folder)) = inner.fault {
            if path.starts_with(folder) {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
        }
        if !inner.now.folders.contains(path.parent().unwrap()) {
            return not_found();
        }
        if let Some(file) = inner.now.files.get(path).copied() {
            let content = &mut inner.contents[file];
            content.now.clear();
            content.synced = false;
            return Ok(file);
        }
        let file = inner.contents.len();
        inner.contents.push(Content::default());
        let change = Change::Name(path.into(), file);
        inner.now.change(&change);
        inner.pending.push(change);
        Ok(file)
    }

    fn write(&self, file: &mut usize, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.change()?;
        let content = &mut inner.contents[*file];
        content.now.extend_from_slice(bytes);
        content.synced = false;
        Ok(())
    }

    fn sync(&self, file: &usize) -> io::Result<()> {
        let mut inner = self.change()?;
        let content = &mut inner.contents[*file];
        content.synced_bytes = content.now.clone();
        content.synced = true;
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.change()?;
        let Some(file) = inner.now.files.get(from).copied() else {
            return not_found();
        };
        let change = Change::Rename(from.into(), to.into(), file);
        inner.now.change(&change);
        inner.pending.push(change);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.change()?;
        if !inner.now.files.contains_key(path) {
            return not_found();
        }
        let change = Change::Remove(path.into());
        inner.now.change(&change);
        inner.pending.push(change);
        Ok(())
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        let mut inner = self.change()?;
        if inner.now.folders.contains(folder) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if !inner.now.folders.contains(folder.parent().unwrap()) {
            return not_found();
        }
        let change = Change::Folder(folder.into());
        inner.now.change(&change);
        inner.pending.push(change);
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut inner = self.change()?;
        if !inner.now.folders.contains(folder) {
            return not_found();
        }
        let (done, pending) = std::mem::take(&mut inner.pending)
            .into_iter()
            .partition::<Vec<_>, _>(|change| change.folder() == Some(folder));
        for change in &done {
            inner.synced_bytes.change(change);
        }
        inner.pending = pending;
        Ok(())
    }
}
