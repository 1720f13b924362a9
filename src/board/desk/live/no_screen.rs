//! In place of the screen, in builds without the feature `terminal`.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::instruments::Instruments;
use crate::handle::Handle;

/// Stands for the screen; does not exist.
pub enum Screen {}

impl Screen {
    /// Stands for taking over the terminal.
    ///
    /// # Errors
    /// Always fails.
    pub fn open(_: Instruments, _: Vec<String>, _: Arc<AtomicBool>) -> io::Result<Screen> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Stands for handling input.
    pub fn poll(&mut self, _: u64, _: &Handle) -> bool {
        match *self {}
    }
}
