#![doc = include_str!("../README.md")]
#![no_std]
#![deny(missing_docs)]
#![forbid(unsafe_code)]

extern crate alloc;

mod compile;
mod dialect;
mod expression;
mod javascript;
mod parse;
mod playable;

pub use compile::CompileError;
pub use dialect::Dialect;
pub use expression::{Expression, Moment};
pub use javascript::{Difference, Reason};
pub use parse::ParseError;
pub use playable::{Note, Playable};

/// Bytes of stack that are enough to parse, evaluate, compile and drop the deepest
/// expression, on any processor. Measured with `tests/depth.rs`: 1.6 MB on x86-64, 2.6 KB
/// per level of nesting on ARM.
pub const STACK_BYTES: usize = 2 << 20;
