//! Networks of two-input logic gates: the model and its file, exact and fast
//! evaluation, simplification, proof of equality, and exports.
//!
//! A [`Network`] reads the bits of a sample counter t and yields the bits of an
//! audio sample. [`Masks`] bend it without changing it. A [`Program`] is both
//! laid out for an [`Evaluator`], which works on up to 512 values of t at once.
//!
//! ```
//! use logicnet::{Evaluator, Network, Program, W512};
//!
//! let network = Network::from_json(
//!     r#"{"format": "gatebend-network", "version": 1, "name": "t & t >> 1",
//!         "sample_rate": 8000, "inputs": 3,
//!         "layers": [{"gates": [[1, 0, 1], [1, 1, 2]]}], "outputs": [3, 4, 0, 0, 0, 0, 0, 0]}"#,
//! )?;
//! let mut evaluator = Evaluator::<W512>::new(Program::new(&network, network.masks()));
//! let mut samples = [0; 8];
//! evaluator.render(0, &mut samples);
//! assert_eq!(samples, [0, 252, 0, 253, 0, 252, 2, 255]);
//! # Ok::<(), logicnet::NetworkError>(())
//! ```
//!
//! `no_std` with `alloc`; unsafe code in two places: the choice of
//! vector instructions, and the loop over gates, whose slots are counted beforehand. [`Evaluator`] says which calls are fit for a real-time thread.

#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod activity;
mod encoding;
mod evaluator;
pub mod export;
mod json;
mod layered;
mod mask;
mod network;
mod op;
mod program;
mod prove;
pub mod random;
mod simd;
mod simplify;
mod transpose;
mod word;
pub mod xag;

pub use activity::Activity;
pub use encoding::{InputEncoding, OutputEncoding};
pub use evaluator::Evaluator;
pub use json::{FORMAT, VERSION};
pub use mask::{Mask, Masks};
pub use network::{
    DEFAULT_SAMPLE_RATE, Gate, Layer, MAX_BINARY_OUTPUTS, MAX_COUNTER_BITS, MAX_GATES,
    MAX_GROUP_SUM_OUTPUTS, MAX_INPUTS, MAX_SAMPLE_RATE, Network, NetworkError, Parts,
};
pub use op::Op;
pub use program::{Builder, Program};
pub use prove::{Difference, prove};
pub use simplify::{simplify, simplify_graph};
pub use word::{W128, W256, W512, Word};
pub use xag::{Kind, Lit, Xag};
