//! Places to run: what gives audio, an I2C bus and time.

/// What a board is, as its file says.
pub mod description;
/// The board without hardware.
pub mod desk;
