//! A simulated I2C bus, clock and Trill Square, accurate to registers and timing.
//!
//! For tests and demonstrations without hardware. Needs `std`; not for real-time threads.
//!
//! ```
//! use trill::sim::{Bus, BusEvent, Fault, Sensor, VirtualTime};
//! use trill::{Error, FRAME_BYTES, Settings, Trill};
//!
//! let time = VirtualTime::new();
//! let bus = Bus::new(time.clone(), 400_000);
//! bus.plug(0x28, Sensor::square(3, |_now| vec![]));
//! time.advance(1_000_000_000); // the sensor boots
//!
//! let mut sensor = Trill::new(bus.clone(), 0x28);
//! sensor.set_up(Settings::FAST, &mut time.clone())?;
//! let before = bus.busy_ns();
//! assert_eq!(sensor.read(FRAME_BYTES)?.touches(), 0);
//! // An address, a status byte and 32 bytes of data, at 9 clocks each.
//! assert_eq!((bus.busy_ns() - before) / 1000, 770);
//!
//! bus.apply(BusEvent::Fault(0x28, Some(Fault::Unplugged)));
//! assert!(matches!(sensor.read(FRAME_BYTES), Err(Error::Absent(_))));
//! # Ok::<(), Error<embedded_hal::i2c::ErrorKind>>(())
//! ```

mod bus;
mod pads;
mod sensor;
mod time;

pub use bus::{Bus, BusEvent, Device, Fault};
pub use sensor::{Finger, Sensor};
pub use time::{RealTime, Time, VirtualTime};
