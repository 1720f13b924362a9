//! Networks of logic gates as programs for a PRU, which evaluates 32 samples a pass.
//!
//! ```
//! use logicnet::{Masks, Network, random::Ops, simplify};
//!
//! let network = Network::random(12, &[60; 5], Ops::Uniform, 1)?;
//! let code = pru_codegen::compile(&simplify(&network, &Masks::new()), &Masks::new())?;
//! let proof = pru_codegen::prove(&code, &network, &Masks::new())?;
//! assert_eq!(proof.passes, (1 << 12) / 32);
//! assert!(proof.cycles <= code.figures().cycles());
//! println!("{}", code.listing()); // assembles to code.words(0)
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Made of the network as it is: simplify first where there is time. A program works
//! between [`STOP`], [`REQUEST`] and the other words of its mailbox, in data RAM 0 and
//! scratchpad bank [`BANK`] only.
//!
//! `no_std` with `alloc`, no unsafe code; the same program for the same network
//! everywhere, as work is counted and not timed.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod allocate;
mod check;
mod code;
mod emit;
mod frame;
mod lower;
mod prove;
mod schedule;

pub use code::{Code, Error, Figures, compile, compile_graph};
pub use frame::{ANSWER, BANK, BEAT, CHECK, EPOCH, LANES, PLANES, REQUEST, STOP, TIME, check};
pub use prove::{Failure, Proof, prove};
