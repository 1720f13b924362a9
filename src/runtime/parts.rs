//! What an instrument is made of, whatever it is played on.

use logicnet::{Network, Word};

use super::sound::EngineLimits;
use crate::pru::{self, Choice, Supervisor, sides};
use crate::runtime::controller::Controller;
use crate::storage::{NoStorage, Restored, Storage};
use engine::{Engine, Platform};
use instrument::parameters::Parameters;

/// Lanes of the engine on every board: four words of a BeagleBone's NEON, and
/// the same on a desk, so that all play the same, block for block.
pub type Lanes = logicnet::W128;

/// All that an instrument begins with.
pub struct Parts {
    /// Networks, the first one to be played first.
    pub library: Vec<Network>,
    /// Parameters to start with.
    pub parameters: Parameters,
    /// What was kept, to go on from.
    pub restored: Restored,
    /// Where presets are kept.
    pub storage: Box<dyn Storage>,
    /// For random networks and mutations.
    pub seed: u64,
}

impl Parts {
    /// An instrument of these networks that keeps nothing.
    pub fn new(library: Vec<Network>) -> Parts {
        Parts {
            library,
            parameters: Parameters::default(),
            restored: Restored::default(),
            storage: Box::new(NoStorage),
            seed: 1,
        }
    }

    /// The instrument's and the audio thread's side, for a platform.
    ///
    /// # Errors
    /// When there is no network, or the first is too slow for the platform.
    pub fn assemble(
        mut self,
        platform: Platform,
    ) -> Result<(Controller<Lanes>, Engine<Lanes>), String> {
        let instrument = self.restored.into_instrument(
            self.library,
            self.parameters,
            Some(Box::new(EngineLimits {
                platform,
                lanes: Lanes::LANES,
            })),
            self.seed,
            &mut *self.storage,
        )?;
        let (engine, handover) = Engine::new(platform);
        let controller = Controller::new(instrument, handover, self.storage);
        Ok((controller, engine))
    }
}

/// Has a PRU play for an instrument that was assembled, through its memory as the supervisor
/// and the audio thread have it. What makes its programs, and takes turns.
pub fn offload(
    choice: Choice,
    controller: &mut Controller<Lanes>,
    engine: &mut Engine<Lanes>,
    supervisors: impl pru::Memory + 'static,
    audio: impl pru::Memory + 'static,
) -> Supervisor {
    let (requests, supervisor, offload) = sides(
        choice,
        engine.platform(),
        Lanes::LANES,
        Box::new(supervisors),
        Box::new(audio),
    );
    controller.offload(requests);
    engine.offload(Box::new(offload));
    supervisor
}
