//! The way to browsers: what is said to them and what they may say.
//!
//! At its heart it is pure: [`protocol`] is what is said, [`session`] a client,
//! [`hand`] its fingers, [`view`], [`activity`] and [`display`] what it sees,
//! [`workshop`] what takes long.
//! The instrument in a page is made of these. Sockets and threads are in `server`.

pub mod activity;
pub mod display;
#[cfg(not(target_arch = "wasm32"))]
pub mod files;
pub mod jobs;
mod message;
#[cfg(not(target_arch = "wasm32"))]
mod page;
pub mod protocol;
#[cfg(not(target_arch = "wasm32"))]
pub mod server;
pub mod session;
pub mod touch_merge;
pub mod view;
