//! Networks in other languages.
//!
//! ```
//! use logicnet::export::{to_c, to_dot};
//! use logicnet::random::Ops;
//! use logicnet::{Masks, Network};
//!
//! let network = Network::random(8, &[32, 16], Ops::Uniform, 1)?;
//! assert!(to_c(&network, &Masks::new(), "tune").contains("tune_sample(uint32_t t)"));
//! assert!(to_dot(&network, &Masks::new()).starts_with("digraph"));
//! # Ok::<(), logicnet::NetworkError>(())
//! ```

mod c;
mod dot;

pub use c::to_c;
pub use dot::to_dot;
