//! `gatebend boards`: where the instrument can be played.

use std::fmt::Write;
use std::path::Path;

use gatebend::board::description::{self, Description, Source};

use crate::{Failure, Outcome, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// Show a board's file, to copy what you want to change
    name: Option<String>,
}

impl Arguments {
    pub fn run(&self) -> Outcome {
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
        let board = description::built_in(name).and_then(Description::board);
        let about = board.map_err(Failure::Failed)?.about;
        // Strings take all that is written.
        let _ = writeln!(text, "{name:<12} {about}");
    }
    text.push_str(
        "\ngatebend play --board NAME plays on one of them; gatebend boards NAME shows its file.\n\
         Your own: a file that says  like = \"NAME\"  and what differs; play --board FILE.toml\n",
    );
    Ok(text)
}

/// The board of a name, or of a file that ends in `.toml`.
pub fn layer(name: &str) -> Result<Description, Failure> {
    let path = Path::new(name);
    if path.extension().is_none_or(|ending| ending != "toml") {
        return description::built_in(name).map_err(Failure::Usage);
    }
    let text = files::read_text(path, "gatebend boards names those built in")?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let source = Source { name, text: &text };
    description::from_file(&stem, &source).map_err(Failure::Failed)
}

/// Where one instance on a board tells the next that it is there.
#[cfg(target_os = "linux")]
const LOCK: &str = "/run/gatebend.lock";
/// Names another lock, for tests.
#[cfg(target_os = "linux")]
const LOCK_VARIABLE: &str = "GATEBEND_LOCK";

/// The right to be the only one on this board, or who has it.
#[cfg(target_os = "linux")]
pub fn claim(state: Option<&Path>) -> Result<gatebend::board::linux::Instance, Failure> {
    let named = std::env::var_os(LOCK_VARIABLE);
    let first = named.map_or_else(|| LOCK.into(), std::path::PathBuf::from);
    let in_state = state.map(|folder| folder.join("lock"));
    let locks: Vec<_> = std::iter::once(first).chain(in_state).collect();
    gatebend::board::linux::Instance::claim(&locks)
        .map_err(|occupied| Failure::Failed(occupied.to_string()))
}
