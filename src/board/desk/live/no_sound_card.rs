//! In place of the sound card, in builds without the feature `sound-card`.

use std::any::Any;

use crate::board::desk::Recording;
use crate::runtime::session::Renderer;

const MISSING: &str = "built without a sound card: cargo run --release --features sound-card";

/// Stands for the rate of the sound card.
///
/// # Errors
/// Always fails.
pub fn rate() -> Result<u32, String> {
    Err(MISSING.into())
}

/// Stands for playing through the sound card.
///
/// # Errors
/// Always fails.
pub fn start(_: Renderer, _: Option<Recording>) -> Result<Box<dyn Any>, String> {
    Err(MISSING.into())
}

/// Stands for playing what a function renders.
///
/// # Errors
/// Always fails.
pub fn play(_: impl FnMut([&mut [f32]; 2]) + Send + 'static) -> Result<Box<dyn Any>, String> {
    Err(MISSING.into())
}
