//! Places to run: what gives audio, an I2C bus and time.

/// The board without hardware.
pub mod desk;
