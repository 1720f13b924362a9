//! Places to run: what gives audio, an I2C bus and time.

#[cfg(target_os = "linux")]
pub mod bela;
/// The board without hardware.
pub mod desk;
#[cfg(target_os = "linux")]
pub mod linux;
