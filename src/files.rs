//! Reading and writing files, with errors that name them.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use logicnet::Network;

use crate::output::{Output, is_standard, reads};
use crate::{CommandResult, Failure};

/// Largest network file in bytes; a network of the most gates takes about 1.3 MB.
const MAX_NETWORK_BYTES: u64 = 8 << 20;

/// Loads a network; `-` is standard input.
pub fn load(path: &Path) -> Result<Network, Failure> {
    let hint = "a network file is JSON; assets/networks has examples";
    let text = read_text(path, hint)?;
    Network::from_json(&text)
        .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

/// Reads a text of at most the size of a network file; `-` is standard input. The hint
/// describes the expected content.
pub fn read_text(path: &Path, hint: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let file = open(path, hint)?;
    match file.take(MAX_NETWORK_BYTES + 1).read_to_string(&mut text) {
        Ok(bytes) if bytes as u64 > MAX_NETWORK_BYTES => Err(Failure::Failed(format!(
            "{}: too large for a file of Gatebend; is it the right one?",
            path.display()
        ))),
        Ok(_) => Ok(text),
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
        io::ErrorKind::InvalidData => format!("not text ({hint})"),
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
