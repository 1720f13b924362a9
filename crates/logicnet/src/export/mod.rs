//! Networks in other languages.

mod c;
mod dot;

pub use c::to_c;
pub use dot::to_dot;

use alloc::string::String;
use core::fmt::{Arguments, Write};

/// Adds formatted text.
fn push(text: &mut String, what: Arguments) {
    // Writing to a string never fails.
    let _ = text.write_fmt(what);
}
