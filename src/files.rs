//! Files in and out, with errors that name them.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use logicnet::Network;

use crate::Failure;

/// Largest network file; one with the most gates is about 1.3 MB.
const MOST_NETWORK_BYTES: u64 = 8 << 20;

/// Loads a network; `-` is standard input.
pub fn load(path: &Path) -> Result<Network, Failure> {
    let hint = "a network file is JSON; shipped ones are in assets/networks";
    let text = read_text(path, hint)?;
    Network::from_json(&text)
        .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

/// Reads a text of a network file's size at most; `-` is standard input. The hint
/// says what is expected.
pub fn read_text(path: &Path, hint: &str) -> Result<String, Failure> {
    let failed = |problem: String| Failure::Failed(format!("{}: {problem}", path.display()));
    let mut text = String::new();
    let read = if is_standard(path) {
        io::stdin()
            .lock()
            .take(MOST_NETWORK_BYTES + 1)
            .read_to_string(&mut text)
    } else {
        fs::File::open(path)
            .and_then(|file| file.take(MOST_NETWORK_BYTES + 1).read_to_string(&mut text))
    };
    match read {
        Ok(bytes) if bytes as u64 > MOST_NETWORK_BYTES => Err(failed(
            "larger than any file of ours; is it the right one?".into(),
        )),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(failed(format!("no such file; check the path ({hint})")))
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(failed(format!("not text ({hint})")))
        }
        Err(_) if path.is_dir() => Err(failed("a folder; give a file in it".into())),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Saves a text; no path or `-` is standard output.
pub fn save_text(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    match path {
        Some(path) if !is_standard(path) => save(path, |mut file| file.write_all(text.as_bytes())),
        _ => print_bytes(text.as_bytes()),
    }
}

/// Writes to standard output. A reader that has gone away is no failure.
pub fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::Failed(format!("standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Saves a file whole or not at all: written beside its place, then renamed.
/// What is no plain file, such as a device, is written to directly.
pub fn save(path: &Path, write: impl FnOnce(fs::File) -> io::Result<()>) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        let remedy = match error.kind() {
            io::ErrorKind::NotFound => " (does its folder exist?)",
            io::ErrorKind::PermissionDenied => " (may you write there?)",
            _ => "",
        };
        Failure::Failed(format!("{}: {error}{remedy}", path.display()))
    };
    if path.exists() && !path.is_file() {
        return fs::OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(write)
            .map_err(failed);
    }
    // Through a link, replace the file it points to, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let beside = beside(&target);
    let written = replace(&target, &beside, write);
    if written.is_err() {
        // Best effort: the failure that matters is reported below.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(failed)
}

fn replace(
    target: &Path,
    beside: &Path,
    write: impl FnOnce(fs::File) -> io::Result<()>,
) -> io::Result<()> {
    let permissions = fs::metadata(target)
        .ok()
        .map(|metadata| metadata.permissions());
    if permissions.as_ref().is_some_and(fs::Permissions::readonly) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let file = fs::File::options()
        .write(true)
        .create_new(true)
        .open(beside)?;
    write(file.try_clone()?)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    // On the disk before it takes the old file's name, or a power cut loses both.
    file.sync_all()?;
    fs::rename(beside, target)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

/// Whether a path stands for standard input or output.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}
