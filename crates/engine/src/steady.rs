//! Frames that only hold samples at a constant level: most of the frames of an exact engine.

use super::position::Position;
use super::{Clock, both};

/// The state that such frames need.
#[derive(Debug)]
pub(super) struct Steady {
    pub position: Position,
    pub clock: Clock,
    /// The last frame, before the levels.
    pub last: [f32; 2],
    /// The level of each channel.
    pub levels: [f32; 2],
}

impl Steady {
    /// Renders frame i of both channels from `sample(i, t)` at network time t, until there is
    /// none. Of one channel, only the first is written. Returns the number of frames.
    #[inline]
    pub fn render<const C: usize>(
        &mut self,
        [left, right]: [&mut [f32]; 2],
        sample: impl Fn(usize, u32) -> Option<[f32; C]>,
        tap: &mut impl FnMut([f32; 2]),
    ) -> usize {
        let frames = left.len();
        let mut right = right.iter_mut();
        for (i, left) in left.iter_mut().enumerate() {
            let Some(frame) = sample(i, self.position.t()) else {
                return i;
            };
            self.last = both(frame);
            tap(self.last);
            *left = self.last[0] * self.levels[0];
            if C == 2 {
                if let Some(right) = right.next() {
                    *right = self.last[1] * self.levels[1];
                }
            }
            self.position.step_by(self.clock);
        }
        frames
    }
}
