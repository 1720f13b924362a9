//! What an instrument is made of, whatever it is played on.

use logicnet::{Network, Word};

use crate::conductor::{Conductor, Forgetful, Keeper};
use crate::engine::{Engine, Platform};
use crate::instrument::parameters::Parameters;
use crate::keeper::Memory;
use crate::pru::{self, Choice, Operator, sides};

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
    pub memory: Memory,
    /// Where presets are kept.
    pub keeper: Box<dyn Keeper>,
    /// For random networks and mutations.
    pub seed: u64,
}

impl Parts {
    /// An instrument of these networks that keeps nothing.
    pub fn new(library: Vec<Network>) -> Parts {
        Parts {
            library,
            parameters: Parameters::default(),
            memory: Memory::default(),
            keeper: Box::new(Forgetful),
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
    ) -> Result<(Conductor<Lanes>, Engine<Lanes>), String> {
        let instrument = self.memory.wake(
            self.library,
            self.parameters,
            Some((platform, Lanes::LANES)),
            self.seed,
            &mut *self.keeper,
        )?;
        let (engine, handover) = Engine::new(platform);
        let conductor = Conductor::new(instrument, handover, self.keeper);
        Ok((conductor, engine))
    }
}

/// Has a PRU play for an instrument that was assembled, through its memory as the operator
/// and the audio thread have it. What makes its programs, and takes turns.
pub fn offload(
    choice: Choice,
    conductor: &mut Conductor<Lanes>,
    engine: &mut Engine<Lanes>,
    operators: impl pru::Memory + 'static,
    audio: impl pru::Memory + 'static,
) -> Operator {
    let (wishes, operator, passes) = sides(
        choice,
        engine.platform(),
        Lanes::LANES,
        Box::new(operators),
        Box::new(audio),
    );
    conductor.offload(wishes);
    engine.offload(passes);
    operator
}
