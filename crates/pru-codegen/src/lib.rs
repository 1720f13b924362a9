//! A compiler from networks of logic gates to programs for TI's PRU, which evaluates 32
//! samples in a pass.
//!
//! ```
//! use logicnet::{Masks, Network, random::Ops, simplify};
//!
//! let network = Network::random(12, &[60; 5], Ops::Uniform, 1)?;
//! let code = pru_codegen::compile(&simplify(&network, &Masks::new()), &Masks::new())?;
//! let proof = pru_codegen::prove(&code, &network, &Masks::new())?;
//! assert_eq!(proof.passes, (1 << 12) / 32);
//! assert!(proof.cycles <= code.statistics().cycles());
//! println!("{}", code.listing()); // assembles to code.words(0)
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The compiler does not simplify the network; simplify it first if time allows. A program
//! communicates through its mailbox, [`STOP`], [`REQUEST`] and the other words in data RAM
//! 0, and uses nothing besides that RAM and scratchpad bank [`BANK`].
//!
//! `no_std` with `alloc`, no unsafe code. Compilation is deterministic: search is limited by
//! work, not by time.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod allocate;
mod check_word;
mod code;
mod emit;
mod lower;
mod mailbox;
mod prove;
mod schedule;

pub use code::{Code, Error, Statistics, compile, compile_graph};
pub use mailbox::{ANSWER, BANK, BEAT, CHECK, EPOCH, LANES, PLANES, REQUEST, STOP, TIME, check};
pub use prove::{Proof, ProofError, prove};
