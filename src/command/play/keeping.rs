//! What `gatebend play` keeps.

use std::path::{Path, PathBuf};

use gatebend::board::desk::Simulation;
use gatebend::storage::{Autosave, Files, Folders, Restored, STEADY_NS, StorageHandle};

use crate::{CommandResult, Failure};

/// Who keeps what shall last, and the way to them.
pub type Storage = (Autosave<Files>, StorageHandle);

/// Reads what was kept, if anything is to be.
pub fn open(state: Option<&Path>, presets: Option<PathBuf>) -> Option<(Storage, Restored)> {
    let mut places = state.map(Folders::within).unwrap_or_default();
    places.presets = presets.or(places.presets);
    places.presets.as_ref()?;
    let (autosave, handle, restored) = Autosave::open(&Files, places);
    Some(((autosave, handle), restored))
}

/// Keeps what is due.
pub fn turn(storage: &mut Option<Storage>, simulation: &Simulation) {
    if let Some((autosave, handle)) = storage {
        if simulation.now() >= STEADY_NS {
            handle.steady();
        }
        // Told by the log.
        autosave.poll(milliseconds(simulation), simulation.state(), &mut |_| {});
    }
}

/// Keeps what is left.
pub fn finish(storage: Option<Storage>, simulation: &Simulation) -> CommandResult {
    let kept = storage.is_none_or(|(autosave, _)| {
        autosave.finish(milliseconds(simulation), simulation.state(), &mut |_| {})
    });
    if kept {
        Ok(())
    } else {
        Err(Failure::Failed("not everything was kept on disk".into()))
    }
}

/// Ends without having played.
pub fn cancel(storage: Option<Storage>) {
    if let Some((autosave, _)) = storage {
        autosave.cancel();
    }
}

fn milliseconds(simulation: &Simulation) -> u64 {
    simulation.now() / 1_000_000
}
