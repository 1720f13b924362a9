//! A driver for [Trill](https://bela.io/products/trill/) touch sensors on any
//! [`embedded_hal::i2c::I2c`] bus. `no_std`, no allocation, no unsafe code.
//!
//! The driver identifies all Trill sensors. It reads everything that the Square reports:
//! up to four touches on each of its two axes. Delays are passed in, and each [`Error`]
//! comes with a recommended reaction.
//!
//! The feature `sim` adds a simulated bus and sensor ([`sim`]), accurate to registers,
//! acknowledges and the time that scans and transfers take:
//!
//! ```
//! # #[cfg(feature = "sim")] {
//! use trill::sim::{Bus, Finger, Sensor, VirtualTime};
//! use trill::{FRAME_BYTES, Kind, Settings, Touch, Trill};
//!
//! let time = VirtualTime::new();
//! let bus = Bus::new(time.clone(), 400_000);
//! // The finger arrives after two seconds: set-up takes whatever is on the surface for
//! // its baseline.
//! let finger = Finger { id: 0, touch: Touch { x: 0.25, y: 0.75, size: 0.5 } };
//! let fingers = move |now| if now > 2_000_000_000 { vec![finger] } else { vec![] };
//! bus.plug(0x28, Sensor::square(3, fingers));
//! time.advance(1_000_000_000); // the sensor boots
//!
//! let mut sensor = Trill::new(bus, 0x28);
//! let mut delay = time.clone();
//! let identity = sensor.set_up(Settings::default(), &mut delay).unwrap();
//! assert_eq!(identity.kind, Kind::Square);
//! time.advance(2_000_000_000);
//! sensor.read(FRAME_BYTES).unwrap(); // returns the latest scan and starts the next
//! time.advance(10_000_000);
//! let touch = sensor.read(FRAME_BYTES).unwrap().single().unwrap();
//! assert!((touch.x - 0.25).abs() < 0.01 && (touch.y - 0.75).abs() < 0.01);
//! # }
//! ```
//!
//! Sources: the Trill REV C datasheet, and the behaviour of firmware 2 and 3 on which
//! Bela's open Trill library relies.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "sim")]
extern crate std;

mod driver;
mod error;
mod frame;
mod kind;
mod protocol;
#[cfg(feature = "sim")]
pub mod sim;
mod touch;

pub use driver::{Identity, Settings, Trill};
pub use error::{Advice, Error};
pub use frame::{Axis, Bounds, FRAME_BYTES, POINT_BYTES, Status, TouchFrame};
pub use kind::Kind;
pub use protocol::{MAX_POSITION, MAX_SIZE, MAX_TOUCHES, scan_ns};
pub use touch::Touch;
