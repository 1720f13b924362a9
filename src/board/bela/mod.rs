//! Bela: audio through its library `libbela.so`, opened at run time.
//!
//! Owns the library's calls and callbacks, and makes them safe: nothing outside
//! this folder sees a pointer. The library is not needed to build, and one
//! program runs with every release of it from 1.11, on 32 bit (BeagleBone Black)
//! and 64 bit (Gem) alike.
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
pub use settings::{Settings, Wishes};
