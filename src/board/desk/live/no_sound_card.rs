//! In place of the sound card, in builds without the feature `sound-card`.

use std::any::Any;

use crate::runtime::session::Renderer;

const MISSING: &str = "built without a sound card: cargo run --release --features sound-card";

/// Fails: this build has no sound card.
pub fn rate() -> Result<u32, String> {
    Err(MISSING.into())
}

/// Fails: this build has no sound card.
pub fn start(_: Renderer) -> Result<Box<dyn Any>, String> {
    Err(MISSING.into())
}
