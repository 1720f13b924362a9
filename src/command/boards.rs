//! `gatebend boards`: the boards that the instrument plays on.

use std::fmt::Write;
use std::path::Path;

use gatebend::board::description::{self, Board};

use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// Show the file of this board, as a template for your own
    name: Option<String>,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let text = match &self.name {
            Some(name) => description::file(name)?.to_string(),
            None => list()?,
        };
        files::print(text)
    }
}

fn list() -> Result<String, Failure> {
    let mut text = String::new();
    for name in description::names() {
        let about = description::built_in(name)?.board()?.about;
        // Writing to a string never fails.
        let _ = writeln!(text, "{name:<12} {about}");
    }
    text.push_str(
        "\ngatebend play --board NAME plays on a board; gatebend boards NAME shows its file.\n\
         For your own board, write a file with  like = \"NAME\"  and the differences; then play --board FILE.toml\n",
    );
    Ok(text)
}

/// Loads a board by its name, or from a file that ends in `.toml`, with these settings.
pub fn load<'a>(name: &str, settings: impl Iterator<Item = &'a String>) -> Result<Board, Failure> {
    let path = Path::new(name);
    let mut description = if files::has_ending(path, "toml") {
        let text = files::read_text(path, "gatebend boards lists the built-in ones")?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        description::from_file(&stem, name, &text)?
    } else {
        description::built_in(name).map_err(Failure::Usage)?
    };
    for assignment in settings {
        description
            .set(assignment)
            .map_err(|problem| Failure::Usage(format!("--set {problem}")))?;
    }
    Ok(description.board()?)
}

/// Claims the board for this process, or names the process that has it. Tests name another
/// lock file in the environment.
#[cfg(target_os = "linux")]
pub fn claim(state: Option<&Path>) -> Result<gatebend::board::linux::Instance, Failure> {
    let named = std::env::var_os("GATEBEND_LOCK");
    let lock = named.unwrap_or_else(|| "/run/gatebend.lock".into()).into();
    let in_state = state.map(|folder| folder.join("board.lock"));
    let locks: Vec<_> = std::iter::once(lock).chain(in_state).collect();
    Ok(gatebend::board::linux::Instance::claim(&locks).map_err(|occupied| occupied.to_string())?)
}
