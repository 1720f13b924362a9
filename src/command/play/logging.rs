//! The log of `gatebend play`.

use std::path::Path;

use gatebend::logging::{self, Clock, Logging};
use log::LevelFilter;

use crate::Failure;

/// Starts the log: to a file in the state folder, and to the terminal from this level
/// on. `Off` keeps the terminal free for the painted display, even if `GATEBEND_LOG` is set.
pub fn start(
    state: Option<&Path>,
    terminal: LevelFilter,
    clock: Clock,
) -> Result<Logging, Failure> {
    let named = std::env::var("GATEBEND_LOG").ok();
    let wanted = named.map(|name| logging::level(&name)).transpose();
    let wanted = wanted.map_err(|problem| Failure::Usage(format!("GATEBEND_LOG: {problem}")))?;
    let options = logging::Options {
        clock,
        terminal: match terminal {
            LevelFilter::Off => LevelFilter::Off,
            level => wanted.unwrap_or(level),
        },
        file: wanted.unwrap_or(LevelFilter::Info),
        folder: state.map(Path::to_path_buf),
    };
    Ok(Logging::start(options)?)
}
