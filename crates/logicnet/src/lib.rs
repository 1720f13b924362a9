#![doc = include_str!("../README.md")]
#![no_std]
#![deny(missing_docs, unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod activity;
mod check;
mod count;
mod counter;
mod encoding;
mod error;
mod evaluator;
pub mod export;
mod json;
mod layered;
mod machine;
mod mask;
mod network;
mod op;
mod pace;
mod parts;
mod program;
mod prove;
mod quote;
pub mod random;
#[doc(hidden)]
pub mod simd;
mod simplify;
mod source;
pub mod transpose;
mod word;
pub mod xag;

pub use activity::{Activity, Block};
pub use count::{Count, count};
pub use encoding::{InputEncoding, OutputEncoding};
pub use error::NetworkError;
pub use evaluator::Evaluator;
pub use json::{Extra, FORMAT, MAX_EXTRA_BYTES, VERSION};
pub use mask::{Mask, Masks};
pub use network::Network;
pub use op::Op;
pub use pace::{Pace, Stopped};
pub use parts::{
    DEFAULT_SAMPLE_RATE, Gate, MAX_BINARY_OUTPUTS, MAX_COUNTER_BITS, MAX_GATES,
    MAX_GROUP_SUM_OUTPUTS, MAX_INPUTS, MAX_SAMPLE_RATE, MAX_TEXT_BYTES, NetworkLayer, Parts,
};
pub use program::{Builder, Program};
pub use prove::{Difference, Unproved, prove};
pub use quote::{quote, quote_at, shorten};
pub use simplify::{
    Simplification, simplification, simplify, simplify_graph, simplify_graph_paced,
};
pub use source::{
    Controls, MAX_CONTROL_BITS, MAX_CONTROL_NAME, MAX_VALUE_BITS, Signal, Source, SourceSpan,
    audio_value, control_value,
};
pub use word::{W128, W256, W512, Word};
pub use xag::{Kind, Lit, Xag};
