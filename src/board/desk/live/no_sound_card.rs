//! In place of the sound card, in builds without the feature `sound-card`.

use crate::runtime::session::Renderer;

const MISSING: &str = "built without a sound card: cargo run --release --features sound-card";

/// Never starts.
pub enum Card {}

impl Card {
    /// Fails: this build has no sound card.
    pub fn start(_: Renderer) -> Result<Card, String> {
        Err(MISSING.into())
    }
}

/// Fails: this build has no sound card.
pub fn rate() -> Result<u32, String> {
    Err(MISSING.into())
}
