//! Everything that was saved, as it is read at a start.

use instrument::parameters::Parameters;
use instrument::preset::Preset;
use instrument::{Instrument, Limits, Outcome, Saved, Sound};
use logicnet::Network;

use super::Storage;

/// Saved data, read at a start.
#[derive(Debug)]
pub struct Restored {
    /// Presets, ordered by name.
    pub presets: Vec<Preset>,
    /// Names that new presets must not take, since their files could not be read.
    pub reserved: Vec<String>,
    /// The running state, for [`Instrument::resume`].
    pub saved: Option<Saved>,
    /// False if earlier starts failed: the running state is then set aside.
    pub trusted: bool,
    /// The earlier state, if another network was asked for.
    pub replaced: Option<Saved>,
    /// The calibration, a JSON object.
    pub calibration: Option<String>,
    /// Messages for the player.
    pub notices: Vec<String>,
}

impl Default for Restored {
    fn default() -> Restored {
        Restored {
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

impl Restored {
    /// Makes an instrument that continues from the saved data, and its first sound; see
    /// [`Instrument::new`]. A state that it cannot continue from becomes a preset, and
    /// the player is told about that and all other notices.
    ///
    /// # Errors
    /// Fails if there is no network, or the first one is too slow here.
    pub fn into_instrument(
        self,
        networks: Vec<Network>,
        parameters: Parameters,
        limits: Option<Box<dyn Limits>>,
        seed: u64,
        storage: &mut dyn Storage,
    ) -> Result<(Instrument, Sound), String> {
        let (mut instrument, mut first) =
            Instrument::new(networks, parameters, self.presets, limits, seed)?;
        instrument.reserve(self.reserved);
        let mut notices = self.notices;
        if let Some(text) = self.calibration {
            let problem = instrument.calibrate(&text).err();
            notices.extend(problem.map(|problem| format!("calibration: {problem}")));
        }
        let mut adopt = |outcome: Outcome, notice: Option<String>| {
            notices.extend(notice);
            let failed = outcome.keep.and_then(|request| storage.save(request).err());
            notices.extend(failed.map(|error| error.to_string()));
            outcome.sound
        };
        if let Some(saved) = self.saved {
            let outcome = instrument.resume(saved, self.trusted);
            let sound = adopt(outcome, instrument.state().notice.clone());
            first = sound.unwrap_or(first);
        }
        if let Some(replaced) = self.replaced {
            let outcome = instrument.set_aside(replaced, "another network");
            adopt(outcome, instrument.state().notice.clone());
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
