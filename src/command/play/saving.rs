//! Storage of `gatebend play` in simulated time.

use std::path::{Path, PathBuf};

use gatebend::board::desk::Simulation;
use gatebend::runtime::session::SessionStorage;
use gatebend::storage::{Autosave, Files, Folders, Restored, STEADY_NS};

use crate::{CommandResult, Failure};

/// Opens the storage and reads what was saved. Returns nothing if no folder is given.
pub fn open(state: Option<&Path>, presets: Option<PathBuf>) -> Option<(SessionStorage, Restored)> {
    let mut folders = state.map(Folders::within).unwrap_or_default();
    folders.presets = presets.or(folders.presets);
    folders.presets.as_ref()?;
    let (autosave, handle, restored) = Autosave::open(&Files, folders);
    Some((SessionStorage::new(autosave, handle), restored))
}

/// Saves what is due.
pub fn poll(storage: &mut Option<SessionStorage>, simulation: &Simulation) {
    let Some(storage) = storage else { return };
    if simulation.now() >= STEADY_NS {
        storage.handle().steady();
    }
    if let Some(autosave) = storage.autosave() {
        // Problems are in the log.
        autosave.poll(milliseconds(simulation), simulation.state(), &mut |_| {});
    }
}

/// Saves everything that is left.
pub fn finish(storage: Option<SessionStorage>, simulation: &Simulation) -> CommandResult {
    let autosave = storage.and_then(|mut storage| storage.take());
    let saved = autosave.is_none_or(|autosave| {
        autosave.finish(milliseconds(simulation), simulation.state(), &mut |_| {})
    });
    if saved {
        Ok(())
    } else {
        Err(Failure::Failed("not everything was saved".into()))
    }
}

fn milliseconds(simulation: &Simulation) -> u64 {
    simulation.now() / 1_000_000
}
