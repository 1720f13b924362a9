//! Places to run: what gives audio, an I2C bus and time.

/// A Bela: BeagleBone Black with the cape, its mini, the Gem.
#[cfg(target_os = "linux")]
pub mod bela;
/// What a board is, as its file says.
pub mod description;
/// The board without hardware.
pub mod desk;
/// Analog inputs, from the audio callback to the instrument.
pub mod inputs;
/// What boards need of Linux.
#[cfg(target_os = "linux")]
pub mod linux;
/// The threads around the audio callback.
pub mod threads;
/// Those threads as turns, where time is simulated or the board is offline.
pub mod turns;
