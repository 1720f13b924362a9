//! The link between browsers and the instrument.
//!
//! Its core is pure: [`protocol`] defines the messages, [`client_session`] handles those of a
//! client, [`touch_merge`] joins the fingers of all clients, [`view`] is the state as
//! clients see it, [`frames`] are sent many times a second ([`activity`], [`display`] and
//! sound), [`jobs`] take long, and
//! [`training`] longest. The instrument in a page consists of these. [`server`]
//! adds sockets and threads.

pub mod activity;
pub mod client_session;
pub mod display;
#[cfg(not(target_arch = "wasm32"))]
pub mod files;
pub mod frames;
pub mod jobs;
mod message;
#[cfg(not(target_arch = "wasm32"))]
mod page;
pub mod protocol;
mod rate_limit;
#[cfg(not(target_arch = "wasm32"))]
pub mod server;
pub mod touch_merge;
pub mod training;
pub mod view;
