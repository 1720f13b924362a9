//! A driver for [Trill](https://bela.io/products/trill/) touch sensors on any
//! [`embedded_hal::i2c::I2c`] bus. `no_std`, no allocation, no unsafe code.
//!
//! All Trill types are identified; the Square, whose two axes give up to four
//! touches each, is read complete. Delays are passed in, and [`Error`] says what
//! a caller can do about it.
//!
//! Behind the feature `sim` stands a simulated bus and sensor ([`sim`]), true to
//! registers, acknowledges, and the time that scans and transfers take:
//!
//! ```
//! # #[cfg(feature = "sim")] {
//! use trill::sim::{Bus, Finger, Sensor, VirtualTime};
//! use trill::{Kind, Settings, Trill};
//!
//! let time = VirtualTime::new();
//! let bus = Bus::new(time.clone(), 400_000);
//! // A finger from the second second on: what lies on the surface during set-up
//! // is taken for nothing.
//! let finger = Finger { id: 0, x: 0.25, y: 0.75, size: 0.5 };
//! let hand = move |now| if now > 2_000_000_000 { vec![finger] } else { vec![] };
//! bus.plug(0x28, Sensor::square(3, hand));
//! time.advance(1_000_000_000); // it starts up
//!
//! let mut sensor = Trill::new(bus, 0x28);
//! let mut delay = time.clone();
//! let identity = sensor.set_up(Settings::default(), &mut delay).unwrap();
//! assert_eq!(identity.kind, Kind::Square);
//! time.advance(2_000_000_000);
//! sensor.read(trill::ALL).unwrap(); // starts a scan and returns the one before
//! time.advance(10_000_000);
//! let touch = sensor.read(trill::ALL).unwrap().single().unwrap();
//! assert!((touch.x - 0.25).abs() < 0.01 && (touch.y - 0.75).abs() < 0.01);
//! # }
//! ```
//!
//! Sources of the facts: the Trill REV C datasheet, and the behaviour of firmware
//! 2 and 3 as Bela's open Trill library relies on it.

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

pub use driver::{Identity, Settings, Trill};
pub use error::{Advice, Error};
pub use frame::{ALL, Axis, Bounds, Frame, POINT, Status, Touch};
pub use kind::Kind;
pub use protocol::{FULL_POSITION, FULL_SIZE, MOST_TOUCHES, scan_ns};
