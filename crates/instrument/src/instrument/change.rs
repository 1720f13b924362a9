//! Consequences of a change to the state, and the sound for the engine among them.

use std::sync::Arc;

use logicnet::{Controls, Masks, Network, Program};

use super::Instrument;
use crate::history::Stroke;
use crate::parameters::{Key, ParameterScope};
use crate::playback::Playback;
use crate::save_request::SaveRequest;
use crate::state::State;

/// The part of the sound that a change affects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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

    /// Returns the consequences of this change and a later one together. Neither continues a
    /// stroke.
    pub fn and(self, later: Change) -> Change {
        Change {
            affects: self.affects.max(later.affects),
            seek: later.seek.or(self.seek),
            history: later.history.or(self.history),
            scope: self.scope.max(later.scope),
            stroke: None,
            save: later.save.or(self.save),
            saved: later.saved.or(self.saved),
        }
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
        state.set_voices();
        state.lowered = 0;
        let (network, controls) = (Arc::clone(&state.network), state.control_values());
        let mut build =
            |masks: &Masks, controls: &Controls| self.builder.build_with(&network, masks, controls);
        // A bend by a finger or an analog input can make the program smaller for a while.
        // The program without that bend must be playable too, or the finger could not be
        // lifted nor the knob turned down. A touch that does not latch changes neither.
        let mut without = Vec::new();
        let mut at_rest = None;
        if !is_touch || state.latched() {
            if state.steered.is_some() {
                without.push(build(&state.lasting_masks(), &controls));
            }
            if state.has_momentary_touch() {
                without.push(build(&state.lifted_masks(), &controls));
            }
            // Likewise without keys, or they could not be released.
            if state.lead().is_some() {
                at_rest = Some(build(&state.masks(), &state.control_values_of(None)));
            }
        }
        let program = build(&state.masks(), &controls);
        if let Some(limits) = &self.limits {
            if let Some(program) = &at_rest {
                limits.check(program, &state.base())?;
            }
            // Even if paused, the programs must be playable at the speed they continue with.
            // New settings alone can make the same program too slow.
            let check = |running: &Playback| {
                let mut programs = without.iter().chain([&program]);
                programs.try_for_each(|program| limits.check(program, running))
            };
            while let Err(problem) = check(&state.running()) {
                // A key that is too high sounds octaves lower.
                if !state.lower() {
                    return Err(problem);
                }
            }
        }
        state.sound = state.sound.wrapping_add(1);
        Ok(Some(Sound {
            id: state.sound,
            program: (change.affects != Affects::Settings).then_some(program),
            playback: state.playback(),
            seek: change.seek,
            fade: change.affects == Affects::Network && state.parameters.get(Key::Swap) == 0,
        }))
    }

    /// Builds the program of a network under masks, with its controls at their defaults.
    ///
    /// # Errors
    /// Returns a message if the program cannot be played here.
    pub(super) fn program(
        &mut self,
        network: &Network,
        masks: &Masks,
        playback: &Playback,
    ) -> Result<Program, String> {
        let controls = Controls::new(network.sources(), |_, default| default);
        let program = self.builder.build_with(network, masks, &controls);
        if let Some(limits) = &self.limits {
            limits.check(&program, playback)?;
        }
        Ok(program)
    }
}
