//! Consequences of a change to the state, and the sound for the engine among them.

use logicnet::{Masks, Network, Program};

use super::Instrument;
use crate::history::Stroke;
use crate::parameters::{Key, ParameterScope};
use crate::playback::Playback;
use crate::save_request::SaveRequest;
use crate::state::State;

/// The part of the sound that a change affects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Affects {
    /// Nothing: the change is not audible.
    #[default]
    Nothing,
    /// Rate, speed, interpolation or level.
    Settings,
    /// The program, of the same network.
    Program,
    /// The program, of another network.
    Network,
}

/// The consequences of a command, or the reason for the player why it is refused.
pub type Outcome = Result<Change, String>;

/// Consequences of a change to the state; the default has none.
#[derive(Debug, Default)]
pub struct Change {
    pub affects: Affects,
    /// The network time to continue from.
    pub seek: Option<u32>,
    /// The index in the history that becomes the present one.
    pub history: Option<usize>,
    /// Parameters that undo restores.
    pub scope: ParameterScope,
    /// The stroke that this change may continue.
    pub stroke: Option<Stroke>,
    pub save: Option<SaveRequest>,
    /// The notice for the player once that is saved.
    pub saved: Option<String>,
}

impl Change {
    pub fn new(affects: Affects) -> Change {
        Change {
            affects,
            ..Change::default()
        }
    }

    pub fn if_changed(changed: bool, affects: Affects) -> Change {
        Change::new(if changed { affects } else { Affects::Nothing })
    }

    /// Makes a request to the storage, with the notice once it is saved.
    pub fn save(request: SaveRequest, saved: String) -> Change {
        Change {
            save: Some(request),
            saved: Some(saved),
            ..Change::default()
        }
    }
}

/// A change of sound for the engine.
#[derive(Debug)]
pub struct Sound {
    /// The id of this sound: [`State::sound`] of the state it belongs to.
    pub id: u32,
    /// The new program, if it changes.
    pub program: Option<Program>,
    /// Rate, speed, interpolation and level.
    pub playback: Playback,
    /// The network time to continue from; without one, time goes on.
    pub seek: Option<u32>,
    /// True if the old program fades out while this one fades in.
    pub fade: bool,
}

impl Instrument {
    /// Builds the sound of a state with another network.
    pub(super) fn first_sound(&mut self, state: &mut State) -> Result<Sound, String> {
        let sound = self.sound(state, &Change::new(Affects::Network), false)?;
        sound.ok_or_else(|| "a new network is a new sound".into())
    }

    /// Builds the sound of a changed state, if the change is audible.
    ///
    /// # Errors
    /// Returns a message if the program cannot be played here.
    pub(super) fn sound(
        &mut self,
        state: &mut State,
        change: &Change,
        is_touch: bool,
    ) -> Result<Option<Sound>, String> {
        if change.affects == Affects::Nothing {
            return Ok(None);
        }
        // Even if paused, the program must be playable at the speed it continues with.
        let playback = state.parameters.playback(state.network.sample_rate());
        // A bend by a finger or an analog input can make the program smaller for a while.
        // The program without that bend must be playable too, or the finger could not be
        // lifted nor the knob turned down. A touch that does not latch changes neither.
        if !is_touch || state.latched() {
            if state.steered.is_some() {
                self.program(&state.network, &state.lasting_masks(), &playback)?;
            }
            if state.has_momentary_touch() {
                self.program(&state.network, &state.lifted_masks(), &playback)?;
            }
        }
        // New settings alone can make the same program too slow.
        let program = self.program(&state.network, &state.masks(), &playback)?;
        state.sound = state.sound.wrapping_add(1);
        Ok(Some(Sound {
            id: state.sound,
            program: (change.affects != Affects::Settings).then_some(program),
            playback: state.playback(),
            seek: change.seek,
            fade: change.affects == Affects::Network && state.parameters.get(Key::Swap) == 0,
        }))
    }

    /// Builds the program of a network under masks.
    ///
    /// # Errors
    /// Returns a message if the program cannot be played here.
    pub(super) fn program(
        &mut self,
        network: &Network,
        masks: &Masks,
        playback: &Playback,
    ) -> Result<Program, String> {
        let program = self.builder.build(network, masks);
        if let Some(limits) = &self.limits {
            limits.check(&program, playback)?;
        }
        Ok(program)
    }
}
