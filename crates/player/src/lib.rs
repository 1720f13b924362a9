//! The instrument with its engine, for programs that bring their own audio: plug-ins of
//! musicians' hosts, and games.
//!
//! A [`Player`] has the state and takes commands; a [`Renderer`] renders in the audio thread.
//! Neither starts threads or reads clocks. A change that the player makes is heard in the
//! next block that the renderer renders, however many changes there are.
//!
//! [`Renderer::render`] and [`Renderer::send`] neither allocate, lock, make system calls,
//! wake threads nor panic.
//!
//! ```
//! use logicnet::Network;
//! use logicnet::random::Ops;
//! use player::{Block, Options, Player};
//!
//! let network = Network::random(14, &[64, 8], Ops::XorRich, 1)?;
//! let options = Options { rate: 48_000, block: 64, nodes: 0 };
//! let (mut player, mut renderer) = Player::new(network.into(), options)?;
//! player.command("set speed=-1")?;
//! let (mut left, mut right) = ([0.0; 64], [0.0; 64]);
//! renderer.render(Block { input: [&[]; 2], times: &[], output: [&mut left, &mut right] });
//! assert!(left.iter().any(|sample| *sample != 0.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(rtsan, feature(sanitize))]

pub mod bits;
mod commands;
mod mailbox;
mod nodes;
mod player;
mod renderer;
mod request;
pub mod sound;

pub use nodes::MAX_NODES;
pub use player::{Options, Player};
pub use renderer::{Block, Renderer};
pub use request::{MAX_REQUESTS, Request};

/// Lanes of the engine.
pub type Lanes = logicnet::W128;
