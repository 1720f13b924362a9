//! Files that commands write: complete or not at all, and never over a file that the command
//! reads or over another of its outputs.

mod claims;
mod temporary;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

pub use claims::{keep_out, reads};
pub use temporary::{Temporary, first_signal};

use crate::{CommandResult, Failure};
use claims::Claim;

/// An output of a command: a file or standard output.
///
/// A plain file is written under another name in its folder. An earlier file stays until
/// [`Output::finish`] replaces it; an output that is dropped or interrupted by a signal
/// leaves nothing. The target of a symbolic link is replaced, not the link. Anything but a
/// plain file, such as a device or a pipe, is written directly.
pub struct Output {
    path: PathBuf,
    writer: BufWriter<Box<dyn Write>>,
    /// The file that takes the place of the target, unless the output is written directly.
    temporary: Option<(Temporary, PathBuf)>,
    _claim: Claim,
}

impl Output {
    /// Opens an output; `-` is standard output.
    ///
    /// # Errors
    /// Fails if the file cannot be written, if the command reads it, or if it is another
    /// output of the command.
    pub fn create(path: &Path) -> Result<Output, Failure> {
        if is_standard(path) {
            let claim = Claim::standard_output()?;
            return Ok(Output::new(path, Box::new(io::stdout()), None, claim));
        }
        let failed = |error| failure(path, &error);
        let target = followed(path);
        let found = match fs::metadata(&target) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let claim = Claim::file(path, &target)?;
        if found.as_ref().is_some_and(|found| !found.is_file()) {
            let file = File::options().write(true).open(&target).map_err(failed)?;
            return Ok(Output::new(path, Box::new(file), None, claim));
        }
        let permissions = found.map(|found| found.permissions());
        if permissions.as_ref().is_some_and(fs::Permissions::readonly) {
            return Err(failed(io::ErrorKind::PermissionDenied.into()));
        }
        let temporary = Temporary::next_to(&target).map_err(failed)?;
        let file = temporary.file();
        if let Some(permissions) = permissions {
            file.set_permissions(permissions).map_err(failed)?;
        }
        let file = Box::new(file.try_clone().map_err(failed)?);
        Ok(Output::new(path, file, Some((temporary, target)), claim))
    }

    fn new(
        path: &Path,
        writer: Box<dyn Write>,
        temporary: Option<(Temporary, PathBuf)>,
        claim: Claim,
    ) -> Output {
        Output {
            path: path.to_path_buf(),
            writer: BufWriter::new(writer),
            temporary,
            _claim: claim,
        }
    }

    /// Describes an error of writing to the output.
    pub fn failure(&self, error: &io::Error) -> Failure {
        failure(&self.path, error)
    }

    /// Writes the whole content of the output.
    ///
    /// # Errors
    /// Fails if the content cannot be written.
    pub fn fill(mut self, content: &[u8]) -> CommandResult {
        match self.write_all(content) {
            Ok(()) => self.finish(),
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// Completes the output. A file takes its name once it is on the disk.
    ///
    /// # Errors
    /// Fails if the rest cannot be written; an earlier file stays.
    pub fn finish(mut self) -> CommandResult {
        let flushed = self.writer.flush();
        let finished = match self.temporary.take() {
            Some((temporary, target)) => flushed.and_then(|()| temporary.replace(&target)),
            None => flushed,
        };
        finished.map_err(|error| self.failure(&error))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Returns whether a path stands for standard input or output.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    if is_standard(path) {
        return match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::Failed(format!("standard output: {error}")),
        };
    }
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => " (does its folder exist?)",
        io::ErrorKind::PermissionDenied => " (may you write there?)",
        _ => "",
    };
    Failure::Failed(format!("{}: {error}{remedy}", path.display()))
}

/// Follows symbolic links to a file, which need not exist. Links in a circle are found by
/// whoever opens the result.
fn followed(path: &Path) -> PathBuf {
    /// Most links that Linux follows.
    const MAX_LINKS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        let Ok(link) = fs::read_link(&path) else {
            break;
        };
        path = path.parent().unwrap_or(Path::new("")).join(link);
    }
    path
}
