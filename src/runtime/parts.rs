//! Parts of an instrument, on every board.

use logicnet::{Network, Word};

use super::controller::Controller;
use crate::pru::{self, Choice, Supervisor, connect};
use crate::storage::{Restored, StorageHandle};
use engine::{Engine, Platform};
use instrument::parameters::Parameters;
use player::sound::EngineLimits;

/// Lanes of the engine: four words of a BeagleBone's NEON. The same on every board, so
/// that all play alike, block for block.
pub type Lanes = logicnet::W128;

/// Everything that an instrument starts with.
pub struct InstrumentParts {
    /// The networks; the first one plays first.
    pub networks: Vec<Network>,
    /// Parameters to start with.
    pub parameters: Parameters,
    /// Saved state to continue from.
    pub restored: Restored,
    /// Storage for presets, which otherwise last as long as the instrument runs.
    pub storage: Option<StorageHandle>,
    /// Seed of random networks and mutations.
    pub seed: u64,
}

impl InstrumentParts {
    /// Returns the parts of an instrument with these networks, which saves nothing.
    pub fn new(networks: Vec<Network>) -> InstrumentParts {
        InstrumentParts {
            networks,
            parameters: Parameters::default(),
            restored: Restored::default(),
            storage: None,
            seed: 1,
        }
    }

    /// Assembles the instrument's side and the audio thread's side for a platform.
    ///
    /// # Errors
    /// Fails if there is no network, or if the first one is too slow for the platform.
    pub fn assemble(
        self,
        platform: Platform,
    ) -> Result<(Controller<Lanes>, Engine<Lanes>), String> {
        let instrument = self.restored.into_instrument(
            self.networks,
            self.parameters,
            Some(Box::new(EngineLimits {
                platform,
                lanes: Lanes::LANES,
            })),
            self.seed,
            self.storage.as_ref(),
        )?;
        let (engine, handover) = Engine::new(platform);
        let controller = Controller::new(instrument, handover, self.storage);
        Ok((controller, engine))
    }
}

/// Lets a PRU evaluate for an assembled instrument, and returns its supervisor. Both
/// memories are the PRU's, one for the supervisor and one for the audio thread.
pub fn offload(
    choice: Choice,
    controller: &mut Controller<Lanes>,
    engine: &mut Engine<Lanes>,
    supervisors: impl pru::Memory + 'static,
    audio: impl pru::Memory + 'static,
) -> Supervisor {
    let (requests, supervisor, offload) = connect(
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
