//! Boards: audio, I2C bus and clock for the runtime.

#[cfg(target_os = "linux")]
pub mod bela;
/// A board's self-test.
pub mod check;
/// Boards as their files describe them.
pub mod description;
/// The board without hardware: everything is simulated.
pub mod desk;
/// Linux system calls for boards.
#[cfg(target_os = "linux")]
pub mod linux;
/// MIDI inputs.
#[cfg(not(target_arch = "wasm32"))]
pub mod midi;
