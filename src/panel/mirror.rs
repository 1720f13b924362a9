//! The panel as other threads see it.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// The picture on the display, and the panel's faults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The display's contrast; `None` if it is off.
    pub contrast: Option<u8>,
    /// The picture: pages of eight rows, a byte a column, the lowest bit at the top.
    pub picture: Vec<u8>,
    /// Faults of the panel, as messages to people.
    pub faults: Vec<String>,
}

/// Written by the panel's thread, read by others. Neither ever waits for the other, so that
/// a reader of low priority cannot delay the panel. Clones are the same mirror.
#[derive(Clone, Debug, Default)]
pub struct Mirror(Arc<ArcSwap<Shown>>);

impl Mirror {
    /// Returns what is shown at the moment.
    pub fn shown(&self) -> Arc<Shown> {
        self.0.load_full()
    }

    /// Replaces what is shown; allocates only if it has changed.
    pub(super) fn update(
        &self,
        contrast: Option<u8>,
        picture: &[u8],
        faults: impl Iterator<Item = String>,
    ) {
        let faults: Vec<String> = faults.collect();
        let shown = self.0.load();
        if shown.contrast != contrast || shown.picture != picture || shown.faults != faults {
            self.0.store(Arc::new(Shown {
                contrast,
                picture: picture.to_vec(),
                faults,
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_see_the_newest_picture_and_keep_older_ones() {
        let mirror = Mirror::default();
        let reader = mirror.clone();
        let before = reader.shown();
        mirror.update(Some(7), &[1, 2], ["no sensor".to_string()].into_iter());
        let expected = Shown {
            contrast: Some(7),
            picture: vec![1, 2],
            faults: vec!["no sensor".into()],
        };
        assert_eq!((&*before, &*reader.shown()), (&Shown::default(), &expected));
        // Nothing is replaced while nothing changes.
        let shown = reader.shown();
        mirror.update(Some(7), &[1, 2], ["no sensor".to_string()].into_iter());
        assert!(Arc::ptr_eq(&shown, &reader.shown()));
    }
}
