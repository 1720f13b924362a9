//! Networks in other languages.
//!
//! ```
//! use logicnet::export::{to_c, to_dot, to_faust};
//! use logicnet::random::Ops;
//! use logicnet::{Masks, Network};
//!
//! let network = Network::random(8, &[32, 16], Ops::Uniform, 1)?;
//! assert!(to_c(&network, &Masks::new(), "tune").contains("tune_sample(uint32_t t)"));
//! assert!(to_faust(&network, &Masks::new()).contains("process = levels(time);"));
//! assert!(to_dot(&network, &Masks::new()).starts_with("digraph"));
//! # Ok::<(), logicnet::NetworkError>(())
//! ```

mod c;
mod dot;
mod faust;
mod library;

use alloc::string::String;
use alloc::vec::Vec;

use crate::Network;

pub use c::to_c;
pub use dot::to_dot;
pub use faust::to_faust;
pub use library::to_library;

/// Returns name, description and source as text that is safe inside a comment.
fn comment(network: &Network) -> String {
    let texts = [
        Some(network.name()),
        network.description(),
        network.source(),
    ];
    let text = texts.into_iter().flatten().collect::<Vec<_>>().join(": ");
    text.chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .collect::<String>()
        .replace("*/", "* /")
        .replace("/*", "/ *")
        .replace('?', "? ")
}
