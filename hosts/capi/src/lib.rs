//! `libgatebend`: networks and players for C and C++.
//!
//! This is only the boundary: it turns pointers into references and results into errors. The
//! crate `player` does the work. `include/gatebend.h` is made from this crate, and a test
//! keeps both the same, so that the interface does not change by accident.
#![allow(
    non_camel_case_types,
    clippy::doc_markdown,
    clippy::missing_safety_doc,
    reason = "names and documentation are those of the header, whose head has the rules of use"
)]

// In the order of the header.
mod error;

mod network;

mod loading;

mod player_handle;

mod requests;

mod evaluator;

mod background;
mod compiled;

use std::ffi::{CStr, c_char};

/// Version of this interface. Programs built for one version work with libraries of the same
/// version: functions may be added, and nothing else changes.
pub const GB_ABI_VERSION: u32 = 1;

/// Most node outputs of a player.
pub const GB_MAX_NODES: u32 = 32;
const _: () = assert!(GB_MAX_NODES as usize == player::MAX_NODES);

/// Version of Gatebend.
const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("a version has no 0"),
    };

/// Returns GB_ABI_VERSION of the library that is loaded. Real-time.
#[unsafe(no_mangle)]
pub extern "C" fn gb_abi_version() -> u32 {
    GB_ABI_VERSION
}

/// Returns the version of Gatebend, such as "0.1.0". Real-time.
#[unsafe(no_mangle)]
pub extern "C" fn gb_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Returns the network time that a signal gives: rounded down, modulo 2^32; 0 if it is not a
/// number. Real-time.
#[unsafe(no_mangle)]
pub extern "C" fn gb_time(signal: f64) -> u32 {
    const RANGE: f64 = 4_294_967_296.0;
    let t = signal.floor() % RANGE;
    // Negative times count back from the end; a cast makes 0 of what is no number.
    (if t < 0.0 { t + RANGE } else { t }) as u32
}
