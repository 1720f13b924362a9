//! What `gatebend play` keeps.

use std::path::{Path, PathBuf};

use gatebend::board::desk::Simulation;
use gatebend::storage::{Autosave, Files, Memory, Places, STEADY_NS, StorageHandle};

use crate::{Failure, Outcome};

/// Who keeps what shall last, and the way to them.
pub type Storage = (Autosave<Files>, StorageHandle);

/// Reads what was kept, if anything is to be.
pub fn open(state: Option<&Path>, presets: Option<PathBuf>) -> Option<(Storage, Memory)> {
    let mut places = state.map(Places::within).unwrap_or_default();
    places.presets = presets.or(places.presets);
    places.presets.as_ref()?;
    let (watch, handle, memory) = Autosave::open(&Files, places);
    Some(((watch, handle), memory))
}

/// Keeps what is due.
pub fn turn(storage: &mut Option<Storage>, simulation: &Simulation) {
    if let Some((watch, handle)) = storage {
        if simulation.now() >= STEADY_NS {
            handle.steady();
        }
        // Told by the log.
        watch.turn(milliseconds(simulation), simulation.state(), &mut |_| {});
    }
}

/// Keeps what is left.
pub fn finish(storage: Option<Storage>, simulation: &Simulation) -> Outcome {
    let kept = storage.is_none_or(|(watch, _)| {
        watch.finish(milliseconds(simulation), simulation.state(), &mut |_| {})
    });
    if kept {
        Ok(())
    } else {
        Err(Failure::Failed("not everything was kept on disk".into()))
    }
}

/// Ends without having played.
pub fn cancel(storage: Option<Storage>) {
    if let Some((watch, _)) = storage {
        watch.cancel();
    }
}

fn milliseconds(simulation: &Simulation) -> u64 {
    simulation.now() / 1_000_000
}
