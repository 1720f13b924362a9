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
    let failed = |problem: String| Failure::Failed(format!("{}: {problem}", path.display()));
    let mut text = String::new();
    let mut read = |file: &mut dyn Read| file.take(MAX_NETWORK_BYTES + 1).read_to_string(&mut text);
    let read = if is_standard(path) {
        reads(None);
        read(&mut io::stdin().lock())
    } else {
        fs::File::open(path).and_then(|mut file| {
            reads(Some((&file, path)));
            read(&mut file)
        })
    };
    match read {
        Ok(bytes) if bytes as u64 > MAX_NETWORK_BYTES => Err(failed(
            "too large for a file of Gatebend; is it the right one?".into(),
        )),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(failed(format!("no such file; check the path ({hint})")))
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(failed(format!("not text ({hint})")))
        }
        Err(_) if path.is_dir() => Err(failed("this is a folder; give a file in it".into())),
        Err(error) => Err(failed(error.to_string())),
    }
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
