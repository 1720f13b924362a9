//! Bela: audio through its library `libbela.so`, opened at run time.
//!
//! Owns the library's calls and callbacks, and makes them safe: nothing outside
//! this folder sees a pointer. The library is not needed to build, and one
//! program runs with every release of it from 1.11, on 32 bit (BeagleBone Black)
//! and 64 bit (Gem) alike.
//!
//! The Gem could be played through the crate `bela`, which links its library and
//! needs a copy of the board's files to build, and is for the Gem alone. Opened at
//! run time, one code serves all; the crate's generated bindings (`bela-sys`) do
//! what they do better: our declarations are held to them in the tests.
//!
//! The order of things: [`Library::open`], [`Settings::new`], [`Session::new`],
//! [`Session::start`]; dropping the session stops it. What is played is a
//! [`Player`]; whatever happens in it, it never unwinds into C.

mod block;
pub mod check;
mod error;
mod ffi;
mod library;
mod performance;
mod player;
mod session;
mod settings;

pub use block::Block;
pub use error::Error;
pub use library::{Library, NEWEST_KNOWN, OLDEST, Version};
pub use performance::{Performance, play};
pub use player::{Format, Player};
pub use session::Session;
pub use settings::{Settings, SettingsRequest};
