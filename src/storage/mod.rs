//! What outlives a power cut: the running state, presets, calibration, and the
//! count of starts that failed.
//!
//! Everything is a text file that was written beside its place, synced, and
//! renamed, with the last good one kept. [`Autosave`] is the loop of the storage's
//! thread; the others hand things to it through a [`StorageHandle`] and never wait.
//! Nothing here asks a clock, and nothing is touched by the audio thread.

mod autosave;
mod checksummed;
mod disk;
mod presets;
mod running;
mod versioned_files;

use std::path::{Path, PathBuf};

pub use autosave::{Autosave, Ending, StorageHandle};
pub use checksummed::{Verified, WrongChecksum, add_checksum, verify_checksum};
pub use disk::{Disk, Files};
pub use presets::{Presets, Read};
pub use versioned_files::{Found, Parse, Trouble, VersionedFiles};

use logicnet::Network;

use crate::runtime::controller::Storage;
use instrument::parameters::Parameters;
use instrument::preset::Preset;
use instrument::{Instrument, Limits, Saved, Sound};

/// So many nanoseconds of sound, and the start has not failed.
pub const STEADY_NS: u64 = 10_000_000_000;

/// Where things are kept.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Folder of the running state, of calibration and the count of starts.
    pub state: Option<PathBuf>,
    /// Folder of presets.
    pub presets: Option<PathBuf>,
}

impl Places {
    /// All in one folder, the presets in a folder of it.
    pub fn within(folder: &Path) -> Places {
        Places {
            state: Some(folder.to_path_buf()),
            presets: Some(folder.join("presets")),
        }
    }
}

/// What was kept, read at a start.
#[derive(Debug)]
pub struct Memory {
    /// Presets, in the order of their names.
    pub presets: Vec<Preset>,
    /// Names that no preset may take: what is kept under them is not known.
    pub reserved: Vec<String>,
    /// The running state, for [`instrument::Instrument::resume`].
    pub saved: Option<Saved>,
    /// False after starts that failed: then the state shall not be played.
    pub trusted: bool,
    /// What was played, if something else shall be instead.
    pub replaced: Option<Saved>,
    /// The calibration, a JSON object.
    pub calibration: Option<String>,
    /// What to tell the player.
    pub notices: Vec<String>,
}

impl Default for Memory {
    fn default() -> Memory {
        Memory {
            presets: Vec::new(),
            reserved: Vec::new(),
            saved: None,
            trusted: true,
            replaced: None,
            calibration: None,
            notices: Vec::new(),
        }
    }
}

impl Memory {
    /// An instrument that plays on from what was kept, and its first sound; see
    /// [`Instrument::new`]. What cannot be played on from is handed to the
    /// storage as a preset, and told, as all notices are.
    ///
    /// # Errors
    /// When the library is empty, or its first network is too slow here.
    pub fn wake(
        self,
        library: Vec<Network>,
        parameters: Parameters,
        limits: Option<Box<dyn Limits>>,
        seed: u64,
        storage: &mut dyn Storage,
    ) -> Result<(Instrument, Sound), String> {
        let (mut instrument, mut first) =
            Instrument::new(library, parameters, self.presets, limits, seed)?;
        instrument.reserve(self.reserved);
        let mut notices = self.notices;
        if let Some(text) = self.calibration {
            let problem = instrument.calibrate(&text).err();
            notices.extend(problem.map(|problem| format!("calibration: {problem}")));
        }
        if let Some(saved) = self.saved {
            let outcome = instrument.resume(saved, self.trusted);
            notices.extend(instrument.state().notice.clone());
            first = outcome.sound.unwrap_or(first);
            let kept = outcome.keep.map_or(Ok(()), |keep| storage.keep(keep));
            notices.extend(kept.err());
        }
        if let Some(replaced) = self.replaced {
            let outcome = instrument.set_aside(replaced, "another network");
            notices.extend(instrument.state().notice.clone());
            let kept = outcome.keep.map_or(Ok(()), |keep| storage.keep(keep));
            notices.extend(kept.err());
        }
        for notice in &notices {
            log::warn!("{notice}");
        }
        if !notices.is_empty() {
            instrument.notify(&notices.join("; "));
        }
        Ok((instrument, first))
    }
}
