//! `gatebend boards`: the boards that the instrument plays on.

use std::fmt::Write;
use std::path::Path;

use gatebend::board::description::{self, Layer, Source};

use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// Show the file of this board, as a template for your own
    name: Option<String>,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let text = match &self.name {
            Some(name) => description::built_in(name)
                .map(|_| description::file(name).unwrap_or_default().to_string())
                .map_err(Failure::Failed)?,
            None => list()?,
        };
        files::print_bytes(text.as_bytes())
    }
}

fn list() -> Result<String, Failure> {
    let mut text = String::new();
    for name in description::names() {
        let board = description::built_in(name).and_then(Layer::board);
        let about = board.map_err(Failure::Failed)?.about;
        // Writing to a string never fails.
        let _ = writeln!(text, "{name:<12} {about}");
    }
    text.push_str(
        "\ngatebend play --board NAME plays on a board; gatebend boards NAME shows its file.\n\
         For your own board, write a file with  like = \"NAME\"  and the differences; then play --board FILE.toml\n",
    );
    Ok(text)
}

/// Loads a board by its name, or from a file that ends in `.toml`.
pub fn layer(name: &str) -> Result<Layer, Failure> {
    let path = Path::new(name);
    if path.extension().is_none_or(|ending| ending != "toml") {
        return description::built_in(name).map_err(Failure::Usage);
    }
    let text = files::read_text(path, "gatebend boards lists the built-in ones")?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let source = Source { name, text: &text };
    description::from_file(&stem, &source).map_err(Failure::Failed)
}

/// Lock file that keeps a second instance from starting on a board.
#[cfg(target_os = "linux")]
const LOCK: &str = "/run/gatebend.lock";
/// Environment variable with another lock file, for tests.
#[cfg(target_os = "linux")]
const LOCK_VARIABLE: &str = "GATEBEND_LOCK";

/// Claims the board for this process, or names the process that has it.
#[cfg(target_os = "linux")]
pub fn claim(state: Option<&Path>) -> Result<gatebend::board::linux::Instance, Failure> {
    let named = std::env::var_os(LOCK_VARIABLE);
    let first = named.map_or_else(|| LOCK.into(), std::path::PathBuf::from);
    let in_state = state.map(|folder| folder.join("lock"));
    let locks: Vec<_> = std::iter::once(first).chain(in_state).collect();
    gatebend::board::linux::Instance::claim(&locks)
        .map_err(|occupied| Failure::Failed(occupied.to_string()))
}
