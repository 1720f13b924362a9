//! A copy of what the panel shows, for other threads.

use std::sync::{Arc, Mutex, PoisonError};

/// The display's content and the panel's faults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The display's contrast; none if the display is off.
    pub contrast: Option<u8>,
    /// The picture in pages of eight rows, a byte per column, the lowest bit at the top.
    pub picture: Vec<u8>,
    /// Descriptions of everything that does not work.
    pub faults: Vec<String>,
}

/// A copy that the panel's thread updates and other threads read. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Mirror(Arc<Mutex<Shown>>);

impl Mirror {
    /// Returns the newest content.
    pub fn look(&self) -> Shown {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Updates the copy. Never waits: if another thread is reading it, the update is
    /// left to the panel's next cycle.
    pub(super) fn update(
        &self,
        contrast: Option<u8>,
        picture: &[u8],
        faults: impl Iterator<Item = String>,
    ) {
        let Ok(mut shown) = self.0.try_lock() else {
            return;
        };
        shown.contrast = contrast;
        shown.picture.clear();
        shown.picture.extend_from_slice(picture);
        shown.faults.clear();
        shown.faults.extend(faults);
    }
}
