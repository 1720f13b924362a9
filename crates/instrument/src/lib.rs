//! The state of the instrument, and the commands that change it.
//!
//! [`Instrument::apply`] turns a [`Command`] into a new [`State`] and, if the change is
//! audible, a [`Sound`] for the engine. A refused command leaves state and sound
//! unchanged. The crate is pure: it uses no files, clocks or threads, and time is an
//! argument where it is needed. It allocates, so it does not belong on an audio thread.
//!
//! ```
//! use instrument::parameters::Parameters;
//! use instrument::{Command, Instrument};
//! use logicnet::random::Ops;
//! use logicnet::{Mask, Network};
//!
//! let network = Network::random(16, &[32, 32, 8], Ops::XorRich, 7)?;
//! let (mut instrument, first) =
//!     Instrument::new(vec![network], Parameters::default(), Vec::new(), None, 1)?;
//! assert!(first.program.is_some());
//!
//! // Forcing gate 20 to 1 changes the state, and gives a new program to play.
//! let effect = instrument.apply(Command::bend(20, Some(Mask::Force(true))))?;
//! assert!(effect.sound.is_some_and(|sound| sound.program.is_some()));
//! assert_eq!(instrument.state().bends()[20], Mask::Force(true));
//!
//! instrument.apply(Command::Undo)?;
//! assert!(instrument.state().bends().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

/// Declares an enum whose variants have names in scripts, files and the protocol.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$note:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type {
            $($(#[$note])* $variant,)*
        }

        impl $type {
            /// All of them, in order.
            pub const ALL: [$type; $type::NAMES.len()] = [$($type::$variant,)*];
            /// Their names, in the same order.
            pub const NAMES: &[&str] = &[$($name,)*];

            /// Returns its name in scripts, files and the protocol.
            pub const fn name(self) -> &'static str {
                $type::NAMES[self as usize]
            }

            /// Finds the one with this name.
            pub fn with_name(name: &str) -> Option<$type> {
                $type::ALL.into_iter().find(|one| one.name() == name)
            }
        }
    };
}

pub mod analog;
pub mod bend_layers;
mod bend_text;
mod command;
pub mod commands;
pub mod gestures;
mod history;
mod instrument;
pub mod layout;
mod memory;
mod mutation;
pub mod names;
pub mod notice;
pub mod pages;
pub mod parameters;
mod playback;
pub mod preset;
mod revision;
mod save_request;
mod saved;
mod state;
pub mod surface;
mod target;

pub use command::{Command, Direction};
pub use instrument::{Effect, Instrument, Sound};
pub use playback::{Limits, Playback};
pub use revision::Revision;
pub use save_request::SaveRequest;
pub use saved::Saved;
pub use state::{Page, State};
pub use target::{NetworkTarget, Target};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
