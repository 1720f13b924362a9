//! Saved data, as it is read at a start.

use instrument::parameters::Parameters;
use instrument::preset::Preset;
use instrument::{Effect, Instrument, Limits, Saved, Sound};
use logicnet::Network;

use super::{Saving, StorageHandle};

/// Saved data, read at a start.
#[derive(Debug, Default)]
pub struct Restored {
    /// Presets, ordered by name.
    pub presets: Vec<Preset>,
    /// Names that new presets must not take, since their files could not be read.
    pub reserved: Vec<String>,
    /// The running state, for [`Instrument::resume`].
    pub saved: Option<Saved>,
    /// True if earlier starts failed: the running state is then set aside.
    pub is_suspect: bool,
    /// True if earlier starts failed while they read the saved files: neither the running
    /// state nor presets are read then.
    pub is_unread: bool,
    /// The earlier state, if another network was requested.
    pub replaced: Option<Saved>,
    /// The calibration, a JSON object.
    pub calibration: Option<String>,
    /// Messages for the player.
    pub notices: Vec<String>,
}

impl Restored {
    /// Makes an instrument that continues from the saved data, and its first sound; see
    /// [`Instrument::new`]. A state that it cannot continue from becomes a preset; the
    /// player sees this and all other notices.
    ///
    /// # Errors
    /// Fails if there is no network, or the first one is too slow here.
    pub fn into_instrument(
        self,
        networks: Vec<Network>,
        parameters: Parameters,
        limits: Option<Box<dyn Limits>>,
        seed: u64,
        storage: Option<&StorageHandle>,
    ) -> Result<(Instrument, Sound), String> {
        let (mut instrument, mut first) =
            Instrument::new(networks, parameters, self.presets, limits, seed)?;
        instrument.reserve(self.reserved);
        let mut notices = self.notices;
        if let Some(text) = self.calibration {
            let problem = instrument.calibrate(&text).err();
            notices.extend(problem.map(|problem| format!("calibration: {problem}")));
        }
        let mut adopt = |effect: Effect, notice: Option<String>| {
            notices.extend(notice);
            if let (Some(request), Some(storage)) = (effect.save, storage) {
                storage.save(Saving::from(request));
            }
            effect.sound
        };
        if let Some(saved) = self.saved {
            let effect = instrument.resume(saved, !self.is_suspect);
            let sound = adopt(effect, instrument.state().notice.clone());
            first = sound.unwrap_or(first);
        }
        if self.is_unread {
            instrument.supersede();
        }
        if let Some(replaced) = self.replaced {
            let effect = instrument.set_aside(replaced, "another network");
            adopt(effect, instrument.state().notice.clone());
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
