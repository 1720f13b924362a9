//! The pads along one axis of a Square: the counts that fingers cause, and the touches that
//! the firmware finds in them.

use std::vec::Vec;

/// Number of pads along each axis.
const PADS: usize = 15;
/// Units of position from one pad to the next.
const STEP: u32 = 128;

/// Settings of the firmware that decide between touch and noise, in counts.
#[derive(Clone, Copy)]
pub(super) struct Thresholds {
    /// A pad with at most this many counts has none.
    pub noise: u8,
    /// Two touches part where the counts fall by more than this and then rise by more than
    /// this from one pad to the next.
    pub adjacent: u16,
    /// A touch with at most this many counts is ignored.
    pub minimum_size: u16,
}

/// A touch as the firmware reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Centroid {
    pub position: u16,
    pub size: u16,
}

/// The pads along one axis, from position 0 on.
#[derive(Default)]
pub(super) struct Pads([f32; PADS]);

impl Pads {
    /// Adds a finger at a part of the way from the first pad to the last.
    pub fn press(&mut self, at: f32, counts: f32) {
        let last = PADS as i32 - 1;
        let at = at.clamp(0.0, 1.0) * last as f32;
        let reach = 0..=last;
        let all = -last..=2 * last;
        let sum: f32 = all.clone().map(|pad| signal(pad as f32 - at)).sum();
        for pad in all {
            let part = counts * signal(pad as f32 - at) / sum;
            if reach.contains(&pad) {
                self.0[pad as usize] += part;
                continue;
            }
            // No pad sees this part. It moves to the outermost pad, and as much moves there
            // from the pad as far inside, so that simulated fingers keep size and position
            // up to the edge. Real ones are reported a little inside of it.
            let outermost = pad.clamp(0, last);
            self.0[outermost as usize] += 2.0 * part;
            self.0[(2 * outermost - pad) as usize] -= part;
        }
    }

    /// Returns the touches in order of position.
    pub fn touches(&self, thresholds: Thresholds) -> Vec<Centroid> {
        let counts = self.0.map(|counts| (counts + 0.5) as u32);
        let counts = counts.map(|n| if n > thresholds.noise.into() { n } else { 0 });
        centroids(counts, thresholds)
    }
}

/// Returns the signal at a distance in pads: a bell with a standard deviation of about one
/// pad, or 4.6 mm. It uses only operations that have the same result on every processor.
fn signal(distance: f32) -> f32 {
    let bell = (1.0 - distance * distance / 19.0).max(0.0);
    let fourth = bell * bell * bell * bell;
    fourth * fourth
}

/// Returns the touches in the counts of the pads: groups of neighbouring pads, parted at
/// distinct dips. A touch's position is its counts' centre.
fn centroids(counts: [u32; PADS], thresholds: Thresholds) -> Vec<Centroid> {
    let adjacent = u32::from(thresholds.adjacent);
    let mut groups: Vec<(u32, u32)> = Vec::new();
    let (mut before, mut peak, mut dip) = (0, 0, 0);
    for (pad, n) in (0..).zip(counts) {
        if n > 0 {
            let parts = before > 0 && dip > adjacent && n > before + adjacent;
            if parts && pad as usize + 1 == PADS {
                // The firmware drops a touch that a dip would begin on the last pad.
                break;
            }
            if before == 0 || parts {
                groups.push((0, 0));
                (peak, dip) = (0, 0);
            }
            if let Some((sum, moment)) = groups.last_mut() {
                *sum += n;
                *moment += n * pad;
            }
            peak = peak.max(n);
            dip = dip.max(peak - n);
        }
        before = n;
    }
    groups.retain(|(sum, _)| *sum > thresholds.minimum_size.into());
    groups
        .into_iter()
        .map(|(sum, moment)| Centroid {
            position: (moment * STEP / sum) as u16,
            size: sum.min(0xfffe) as u16,
        })
        .collect()
}
