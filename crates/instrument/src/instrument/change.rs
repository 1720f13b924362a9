//! Consequences of a change to the state.

use crate::history::Stroke;
use crate::parameters::ParameterScope;
use crate::save_request::SaveRequest;

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

    pub fn save(request: SaveRequest) -> Change {
        Change {
            save: Some(request),
            ..Change::default()
        }
    }
}
