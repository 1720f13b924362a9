//! What `gatebend play` keeps.

use std::path::{Path, PathBuf};

use gatebend::board::desk::Simulation;
use gatebend::keeper::{Files, Handle, Memory, Places, STEADY_NS, Watch};

use crate::{Failure, Outcome};

/// Who keeps what shall last, and the way to them.
pub type Keeper = (Watch<Files>, Handle);

/// Reads what was kept, if anything is to be.
pub fn open(state: Option<&Path>, presets: Option<PathBuf>) -> Option<(Keeper, Memory)> {
    let mut places = state.map(Places::within).unwrap_or_default();
    places.presets = presets.or(places.presets);
    places.presets.as_ref()?;
    let (watch, handle, memory) = Watch::open(&Files, places);
    Some(((watch, handle), memory))
}

/// Keeps what is due.
pub fn turn(keeper: &mut Option<Keeper>, simulation: &Simulation) {
    if let Some((watch, handle)) = keeper {
        if simulation.now() >= STEADY_NS {
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

/// Ends without having played.
pub fn cancel(keeper: Option<Keeper>) {
    if let Some((watch, _)) = keeper {
        watch.cancel();
    }
}

fn milliseconds(simulation: &Simulation) -> u64 {
    simulation.now() / 1_000_000
}
