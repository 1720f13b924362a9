//! Revisions: counts of edits that go on after a restart.

/// The number of edits that led to a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// Edits of network, bends and parameters so far, including those before restarts.
    pub edits: u32,
    /// The number of edits that this start resumed from; 0 if it began anew.
    pub resumed: u32,
}

impl Revision {
    /// The revision of a state that was resumed from one with this number of edits.
    pub fn resumed(edits: u32) -> Revision {
        Revision {
            edits,
            resumed: edits,
        }
    }

    /// Returns whether a state from before a restart may replace this one: it has more edits,
    /// and nothing was edited since this start.
    pub fn precedes(self, edits: u32) -> bool {
        self.edits == self.resumed && self.edits < edits
    }

    /// Returns the revision after one more edit.
    pub(super) fn next(self) -> Revision {
        Revision {
            edits: self.edits.saturating_add(1),
            ..self
        }
    }
}
