//! What `gatebend play` keeps, and its log.

use std::path::{Path, PathBuf};

use gatebend::board::desk::Simulation;
use gatebend::keeper::{Files, Handle, Memory, Places, Watch};
use gatebend::logbook::{self, Logbook};
use log::LevelFilter;

use crate::{Failure, Outcome};

/// Who keeps what shall last, and the way to them.
pub type Keeper = (Watch<Files>, Handle);

/// Where one instance on a board tells the next that it is there, if not in its
/// state folder.
#[cfg(target_os = "linux")]
pub const LOCK: &str = "/run/gatebend.lock";

/// So many seconds of sound, and the start has not failed.
const STEADY_SECONDS: u64 = 10;

/// Starts the log: to the file in the state folder, and to the terminal from this
/// level on, unless a display is painted in it: then it is off.
pub fn start_log(state: Option<&Path>, terminal: LevelFilter) -> Result<Logbook, Failure> {
    let asked = match std::env::var("GATEBEND_LOG") {
        Ok(name) => Some(
            logbook::level(&name)
                .map_err(|problem| Failure::Usage(format!("GATEBEND_LOG: {problem}")))?,
        ),
        Err(_) => None,
    };
    let options = logbook::Options {
        terminal: match terminal {
            LevelFilter::Off => LevelFilter::Off,
            level => asked.unwrap_or(level),
        },
        file: asked.unwrap_or(LevelFilter::Info),
        folder: state.map(Path::to_path_buf),
    };
    Logbook::start(options).map_err(Failure::Failed)
}

/// Reads what was kept, if anything is to be.
pub fn open(state: Option<&Path>, presets: Option<PathBuf>) -> Option<(Keeper, Memory)> {
    let mut places = state.map(Places::within).unwrap_or_default();
    places.presets = presets.or(places.presets);
    places.presets.as_ref()?;
    let (watch, handle, memory) = Watch::open(&Files, places);
    for notice in &memory.notices {
        log::warn!("{notice}");
    }
    Some(((watch, handle), memory))
}

/// Keeps what is due after so many whole seconds of simulated time.
pub fn turn(keeper: &mut Option<Keeper>, simulation: &Simulation, seconds: u64) {
    if let Some((watch, handle)) = keeper {
        if seconds == STEADY_SECONDS {
            handle.steady();
        }
        // Told by the log.
        watch.turn(milliseconds(simulation), simulation.state(), &mut |_| {});
    }
}

/// Keeps what is left.
pub fn finish(keeper: Option<Keeper>, simulation: &Simulation) -> Outcome {
    let kept = keeper.is_none_or(|(watch, _)| {
        watch.finish(milliseconds(simulation), simulation.state(), &mut |_| {})
    });
    if kept {
        Ok(())
    } else {
        Err(Failure::Failed("not everything was kept on disk".into()))
    }
}

fn milliseconds(simulation: &Simulation) -> u64 {
    simulation.now() / 1_000_000
}
