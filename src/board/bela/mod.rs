//! Bela: audio through its library `libbela.so`, opened at run time.
//!
//! Owns the library's calls and callbacks, and wraps them safely: no pointer leaves this
//! folder. The build does not need the library, and one program runs with all its
//! releases from 1.11 on, on 32-bit boards (BeagleBone Black) and 64-bit ones (Gem).
//!
//! The crate `bela` links the library instead, needs a copy of the board's files to
//! build, and supports the Gem only. Its generated bindings (`bela-sys`) serve as a
//! reference: tests compare the declarations here with them.
//!
//! Call order: [`Library::open`], [`Settings::new`], [`BelaAudio::new`],
//! [`BelaAudio::start`]; dropping it stops the audio. It plays a
//! [`Player`], whose panics never unwind into C.

mod audio;
mod block;
pub mod check;
mod error;
mod ffi;
mod library;
mod load;
mod performance;
mod player;
mod settings;
mod version;

pub use audio::BelaAudio;
pub use block::Block;
pub use error::Error;
pub use library::Library;
pub use performance::play;
pub use player::{Format, Player};
pub use settings::{Settings, SettingsRequest};
pub use version::{NEWEST_KNOWN, OLDEST, Version};
