//! Places to run: what gives audio, an I2C bus and time.

#[cfg(target_os = "linux")]
pub mod bela;
/// A board's self-test.
pub mod check;
/// What a board is, as its file says.
pub mod description;
/// The board without hardware.
pub mod desk;
/// What boards need of Linux.
#[cfg(target_os = "linux")]
pub mod linux;
