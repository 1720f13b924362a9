//! The way to browsers: what is said to them and what they may say.

pub mod protocol;
pub mod workshop;
