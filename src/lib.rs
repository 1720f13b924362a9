//! Gatebend: a musical instrument whose sound is a network of logic gates.
//!
//! The binary `gatebend` is the product. This library holds its rooms so that tests
//! and benches can reach them; `docs/architecture.md` describes them.

#![deny(unsafe_code)]

pub mod board;
pub mod factory_networks;
pub mod handle;
pub mod link;
pub mod logging;
pub mod panel;
pub mod pru;
pub mod runtime;
pub mod spawn;
pub mod storage;
#[cfg(not(target_arch = "wasm32"))]
pub mod wav;
