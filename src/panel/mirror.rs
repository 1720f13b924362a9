//! The panel as other threads see it.

use std::sync::{Arc, Mutex, PoisonError};

/// What a panel shows, and what of it does not work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The display's contrast; none when nothing is lit.
    pub contrast: Option<u8>,
    /// Its picture: pages of eight rows, a byte a column, the lowest bit at the top.
    pub picture: Vec<u8>,
    /// What does not work, in plain words.
    pub faults: Vec<String>,
}

/// Kept by the panel's thread, looked at by others; copies are the same mirror.
#[derive(Clone, Debug, Default)]
pub struct Mirror(Arc<Mutex<Shown>>);

impl Mirror {
    /// What there is to see.
    pub fn look(&self) -> Shown {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Shows this from now on; while somebody looks, at the next turn.
    pub(super) fn show(
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
