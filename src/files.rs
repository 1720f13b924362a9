//! Reading and writing files, with errors that name them.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use logicnet::Network;

use crate::Failure;

/// Largest file in bytes; a network of the most gates takes about 1.3 MB.
const MAX_BYTES: u64 = 8 << 20;

/// Loads a network; `-` is standard input.
pub fn load(path: &Path) -> Result<Network, Failure> {
    let hint = "a network file is JSON; assets/networks has examples";
    let text = read_text(path, hint)?;
    Network::from_json(&text)
        .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

/// Reads the messages of a Standard MIDI File; `-` is standard input.
pub fn read_midi(path: &Path) -> Result<Vec<midi::Event>, Failure> {
    let bytes = read(path, "a Standard MIDI File ends in .mid")?;
    midi::file::parse(&bytes)
        .map_err(|problem| Failure::Failed(format!("{}: {problem}", path.display())))
}

/// Reads a text of at most the size of a network file; `-` is standard input. The hint
/// describes the expected content.
pub fn read_text(path: &Path, hint: &str) -> Result<String, Failure> {
    let text = String::from_utf8(read(path, hint)?);
    text.map_err(|_| Failure::Failed(format!("{}: not text ({hint})", path.display())))
}

fn read(path: &Path, hint: &str) -> Result<Vec<u8>, Failure> {
    let failed = |problem: String| Failure::Failed(format!("{}: {problem}", path.display()));
    let mut bytes = Vec::new();
    let mut read = |file: &mut dyn Read| file.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    let read = if is_standard(path) {
        read(&mut io::stdin().lock())
    } else {
        fs::File::open(path).and_then(|mut file| read(&mut file))
    };
    match read {
        Ok(count) if count as u64 > MAX_BYTES => Err(failed(
            "too large for a file of Gatebend; is it the right one?".into(),
        )),
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(failed(format!("no such file; check the path ({hint})")))
        }
        Err(_) if path.is_dir() => Err(failed("this is a folder; give a file in it".into())),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Writes to a file, or without a path or with `-` to standard output.
pub fn write(path: Option<&Path>, content: impl AsRef<[u8]>) -> Result<(), Failure> {
    match path {
        Some(path) if !is_standard(path) => save(path, |mut file| file.write_all(content.as_ref())),
        _ => print(content),
    }
}

/// Writes to standard output. A reader that closed the pipe is not a failure.
pub fn print(content: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(content.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::Failed(format!("standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Saves a file atomically: writes a temporary file in the same folder, then renames it.
/// Writes directly to anything but a plain file, such as a device.
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
    // Replaces the target of a link, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let temporary = target.with_file_name(name);
    let written = replace(&target, &temporary, write);
    if written.is_err() {
        // The error of the write is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(failed)
}

fn replace(
    target: &Path,
    temporary: &Path,
    write: impl FnOnce(fs::File) -> io::Result<()>,
) -> io::Result<()> {
    let permissions = fs::metadata(target).ok().map(|found| found.permissions());
    if permissions.as_ref().is_some_and(fs::Permissions::readonly) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let file = fs::File::options()
        .write(true)
        .create_new(true)
        .open(temporary)?;
    write(file.try_clone()?)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    // Synced before it replaces the old file, or a power cut could lose both.
    file.sync_all()?;
    fs::rename(temporary, target)
}

/// Returns whether a file's name ends in a point and these small letters, also in capitals.
pub fn has_ending(path: &Path, ending: &str) -> bool {
    let found = path.extension();
    found.is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

/// Returns whether a path stands for standard input or output.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}
