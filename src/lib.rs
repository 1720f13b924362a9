//! Gatebend: a musical instrument whose sound is a network of logic gates.
//!
//! The binary `gatebend` is the product; this library is what it is made of, so
//! that tests and benches can get at the rooms. `docs/architecture.md` shows the
//! house.

#![deny(unsafe_code)]
#![cfg_attr(rtsan, feature(sanitize))]

pub mod board;
pub mod conductor;
pub mod engine;
pub mod instrument;
pub mod keeper;
pub mod library;
pub mod link;
pub mod logbook;
pub mod panel;
pub mod pru;
