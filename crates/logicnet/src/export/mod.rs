//! Networks in other languages.

mod c;
mod dot;

pub use c::to_c;
pub use dot::to_dot;
