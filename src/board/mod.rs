//! Places to run: what gives audio, an I2C bus and time.

/// A Bela: BeagleBone Black with the cape, its mini, the Gem.
#[cfg(target_os = "linux")]
pub mod bela;
/// The board without hardware.
pub mod desk;
/// What boards need of Linux.
#[cfg(target_os = "linux")]
pub mod linux;
