//! Reading and writing files, with errors that name them.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use logicnet::Network;

use crate::output::{Output, is_standard, reads};
use crate::{CommandResult, Failure};

/// Largest file in bytes; a network of the most gates takes about 1.3 MB.
const MAX_BYTES: u64 = 8 << 20;

/// Loads a network; `-` is standard input.
pub fn load(path: &Path) -> Result<Network, Failure> {
    parse(path, open(path, NETWORK)?)
}

/// Loads a network from an open file.
pub fn parse(path: &Path, file: impl Read) -> Result<Network, Failure> {
    let text = text(path, take(path, file, NETWORK, MAX_BYTES)?, NETWORK)?;
    Network::from_json(&text)
        .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

/// Hint for files that should be networks.
const NETWORK: &str = "a network file is JSON; assets/networks has examples";

/// Reads the messages of a Standard MIDI File; `-` is standard input.
pub fn read_midi(path: &Path) -> Result<Vec<midi::Event>, Failure> {
    let bytes = read_bytes(path, "a Standard MIDI File ends in .mid", MAX_BYTES)?;
    midi::file::parse(&bytes)
        .map_err(|problem| Failure::Failed(format!("{}: {problem}", path.display())))
}

/// Reads a text of at most the size of a network file; `-` is standard input. The hint
/// describes the expected content.
pub fn read_text(path: &Path, hint: &str) -> Result<String, Failure> {
    text(path, read_bytes(path, hint, MAX_BYTES)?, hint)
}

fn text(path: &Path, bytes: Vec<u8>, hint: &str) -> Result<String, Failure> {
    let text = String::from_utf8(bytes);
    text.map_err(|_| Failure::Failed(format!("{}: not text ({hint})", path.display())))
}

/// Reads a file of at most this many bytes; `-` is standard input. The hint describes the
/// expected content.
pub fn read_bytes(path: &Path, hint: &str, most: u64) -> Result<Vec<u8>, Failure> {
    take(path, open(path, hint)?, hint, most)
}

fn take(path: &Path, file: impl Read, hint: &str, most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match file.take(most + 1).read_to_end(&mut bytes) {
        Ok(count) if count as u64 > most => Err(Failure::Failed(format!(
            "{}: too large for a file of Gatebend; is it the right one?",
            path.display()
        ))),
        Ok(_) => Ok(bytes),
        Err(error) => Err(failure(path, &error, hint)),
    }
}

/// Opens a file for reading; `-` is standard input. The hint describes the expected content.
pub fn open(path: &Path, hint: &str) -> Result<Box<dyn Read>, Failure> {
    if is_standard(path) {
        reads(None);
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = fs::File::open(path).map_err(|error| failure(path, &error, hint))?;
    reads(Some((&file, path)));
    Ok(Box::new(file))
}

/// Describes an error of reading a file.
fn failure(path: &Path, error: &io::Error, hint: &str) -> Failure {
    let problem = match error.kind() {
        io::ErrorKind::NotFound => format!("no such file; check the path ({hint})"),
        _ if path.is_dir() => "this is a folder; give a file in it".into(),
        _ => error.to_string(),
    };
    Failure::Failed(format!("{}: {problem}", path.display()))
}

/// Writes to a file, or without a path or with `-` to standard output.
pub fn write(path: Option<&Path>, content: impl AsRef<[u8]>) -> CommandResult {
    Output::create(path.unwrap_or(Path::new("-")))?.fill(content.as_ref())
}

/// Writes to standard output.
pub fn print(content: impl AsRef<[u8]>) -> CommandResult {
    write(None, content)
}

/// Returns whether a file's name ends in a point and these small letters, also in capitals.
pub fn has_ending(path: &Path, ending: &str) -> bool {
    let found = path.extension();
    found.is_some_and(|found| found.eq_ignore_ascii_case(ending))
}
