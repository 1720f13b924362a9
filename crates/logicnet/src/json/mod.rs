//! The network file, in JSON. `docs/network-format.md` is its reference.
//!
//! A file is read from its text into its final form: a tree of values would take up to a
//! hundred times the memory of the text.

mod extra;
mod masks;
mod read;
mod sources;
mod text;
mod values;
mod write;

pub use extra::{Extra, MAX_EXTRA_BYTES};

/// The `format` field of every network file.
pub const FORMAT: &str = "gatebend-network";
/// The highest `version` of the files that this crate reads. It writes version 1 of networks
/// that read t only and whose sample is a byte.
pub const VERSION: u64 = 2;

/// Fields of presets with the player's bends. The masks of the file include them.
const BENDS: [&str; 3] = ["bends", "covered", "bend_layers"];
/// The field of a checksum over the file's bytes, which is not part of the network.
const CHECKSUM: &str = "checksum";
