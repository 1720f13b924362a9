//! A simulated I2C bus, time and Trill sensor, true to registers and timing.
//!
//! For tests and for a desk without hardware. Needs std; not for real-time
//! threads.

mod bus;
mod sensor;
mod time;

pub use bus::{Bus, Device, Fault, Happening};
pub use sensor::{Finger, Sensor};
pub use time::{RealTime, Time, VirtualTime};
