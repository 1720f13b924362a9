//! Bytebeat: music as an expression of the sample counter t.
//!
//! ```
//! use bytebeat::Expression;
//!
//! let expression = Expression::parse("t*(42&t>>10)")?;
//! assert_eq!(expression.sample(2500), (2500 * (42 & 2500 >> 10)) as u8);
//!
//! let network = expression.compile(14).expect("it is small");
//! assert_eq!(network.counter_bits(), 14);
//! # Ok::<(), bytebeat::ParseError>(())
//! ```
//!
//! # The language
//!
//! `t`, whole numbers (decimal, `0x` hexadecimal, `'c'` characters), and the
//! operators of C with C's precedence and grouping, from tight to loose:
//!
//! | operators | |
//! |---|---|
//! | `- + ~ !` | before an operand |
//! | `* / %` | |
//! | `+ -` | |
//! | `<< >>` | |
//! | `< > <= >=` | |
//! | `== !=` | |
//! | `&` then `^` then `\|` | |
//! | `&&` then `\|\|` | |
//! | `? :` | groups to the right |
//!
//! # What it means
//!
//! Every value is a signed 32-bit integer, as in C on the machines that
//! bytebeat grew up on, with everything defined that C leaves open:
//!
//! - `+ - *` wrap; numbers above 2147483647 (to 4294967295) wrap too.
//! - `<<` and `>>` use the low five bits of the count; `>>` keeps the sign.
//! - `/` rounds towards zero and `%` has the sign of its left side;
//!   `x / 0` and `x % 0` are 0; `-2147483648 / -1` wraps to itself.
//! - comparisons, `!`, `&&` and `||` give 0 or 1.
//! - The sample is the value's low eight bits, an unsigned byte.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod compile;
mod expression;
mod parse;

pub use compile::CompileError;
pub use expression::Expression;
pub use parse::ParseError;

/// Bytes of a thread's stack that hold the deepest expression while it is parsed,
/// evaluated, compiled and dropped, on any processor. Measured with `tests/depth.rs`:
/// 1.6 MB on x86-64, 2.6 KB a level of nesting on ARM.
pub const STACK_BYTES: usize = 2 << 20;
