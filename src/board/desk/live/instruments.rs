//! The parts of the instrument that a screen shows and moves.

use std::sync::Arc;

use engine::Counters;
use instrument::surface::Surface;

use crate::board::desk::oled::Oled;
use crate::link::touch_merge::TouchMerge;

/// The parts of the instrument that the screen shows and moves.
#[cfg_attr(not(feature = "terminal"), allow(dead_code))]
pub struct Instruments {
    /// The simulated display, if there is one.
    pub oled: Option<Oled>,
    /// The pad's regions.
    pub surface: Surface,
    /// Readings of the engine.
    pub counters: Arc<Counters>,
    /// The fingers of clients.
    pub touches: TouchMerge,
    /// The address of the page.
    pub page: Option<String>,
}
