//! Parsed scans.

use crate::Touch;
use crate::protocol::{
    ACTIVITY, FRAME_NUMBER, INITIALISED, MAX_POSITION, MAX_SIZE, MAX_TOUCHES, NO_TOUCH,
};

/// The status byte of firmware 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// False after a reset, which loses the settings.
    pub initialised: bool,
    /// True if something touches the sensor.
    pub active: bool,
    /// The frame's number, 0..=63, wrapping. Equal numbers mean the same frame.
    pub number: u8,
}

impl From<u8> for Status {
    fn from(byte: u8) -> Status {
        Status {
            initialised: byte & INITIALISED != 0,
            active: byte & ACTIVITY != 0,
            number: byte & FRAME_NUMBER,
        }
    }
}

/// Touches on one axis, in the sensor's units and in its direction: vertical positions
/// grow from the bottom edge upwards, horizontal ones from the left edge to the right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    positions: [u16; MAX_TOUCHES],
    sizes: [u16; MAX_TOUCHES],
    len: usize,
    /// Number of sizes that were read.
    sized: usize,
}

impl Axis {
    /// Positions, 0..=[`MAX_POSITION`].
    pub fn positions(&self) -> &[u16] {
        &self.positions[..self.len]
    }

    /// Sizes, 0..=[`MAX_SIZE`] at 12 bits, of the touches whose sizes were read.
    pub fn sizes(&self) -> &[u16] {
        &self.sizes[..self.len.min(self.sized)]
    }

    /// Number of touches in the data that was read.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there is no touch on this axis.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the least and the greatest position as fractions of the axis.
    fn span(&self) -> Option<(f32, f32)> {
        let part = |position: u16| f32::from(position) / f32::from(MAX_POSITION);
        let least = *self.positions().iter().min()?;
        let most = *self.positions().iter().max()?;
        Some((part(least), part(most)))
    }

    fn parse(positions: &[u8], sizes: &[u8]) -> Option<Axis> {
        let mut axis = Axis::default();
        let words = |bytes: &[u8]| {
            let mut words = [NO_TOUCH; MAX_TOUCHES];
            for (word, pair) in words.iter_mut().zip(bytes.chunks_exact(2)) {
                *word = u16::from_be_bytes([pair[0], pair[1]]);
            }
            words
        };
        axis.positions = words(positions);
        axis.sizes = words(sizes);
        axis.len = axis
            .positions
            .iter()
            .take_while(|&&p| p != NO_TOUCH)
            .count();
        axis.sized = (sizes.len() / 2).min(MAX_TOUCHES);
        let plausible = axis.positions().iter().all(|&p| p <= MAX_POSITION)
            && axis.sizes().iter().all(|&size| size != NO_TOUCH);
        plausible.then_some(axis)
    }
}

/// Bytes of channel data that distinguish one touch from several: the whole vertical
/// axis and two horizontal positions.
pub const POINT_BYTES: usize = 20;
/// All bytes of channel data of a Square.
pub const FRAME_BYTES: usize = 32;

/// The smallest box that contains all touches, as fractions of the surface, in the
/// directions of [`Touch`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Least and greatest distance from the left edge, 0.0..=1.0.
    pub x: (f32, f32),
    /// Least and greatest distance from the top edge, 0.0..=1.0.
    pub y: (f32, f32),
}

/// One scan of a Square.
///
/// The sensor reports each axis separately, and positions on the two axes *cannot* be
/// paired: two fingers have four possible locations. Unambiguous are
/// [`single`](TouchFrame::single) for one touch and [`bounds`](TouchFrame::bounds) for
/// any number of touches.
///
/// A finger that approaches, leaves, or presses unevenly may show on one axis only. Such a
/// frame is [partial](TouchFrame::is_partial): something is there, but not at a known place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TouchFrame {
    /// The status byte; `None` before firmware 3.
    pub status: Option<Status>,
    /// Touches along the vertical axis.
    pub vertical: Axis,
    /// Touches along the horizontal axis.
    pub horizontal: Axis,
    bits: u8,
}

impl TouchFrame {
    /// Parses up to [`FRAME_BYTES`] of channel data from a scan at this resolution in bits.
    /// Returns `None` for data that no sensor sends.
    pub fn parse(status: Option<u8>, data: &[u8], bits: u8) -> Option<TouchFrame> {
        let part = |from: usize| {
            let end = (from + 2 * MAX_TOUCHES).min(data.len());
            &data[from.min(end)..end]
        };
        // A bus that no device drives reads as ones.
        if status == Some(0xff) && data.iter().all(|&byte| byte == 0xff) {
            return None;
        }
        Some(TouchFrame {
            status: status.map(Status::from),
            vertical: Axis::parse(part(0), part(8))?,
            horizontal: Axis::parse(part(16), part(24))?,
            bits,
        })
    }

    /// Returns whether one axis has touches and the other has none, which the firmware
    /// reports because it evaluates each axis separately.
    pub fn is_partial(&self) -> bool {
        self.vertical.is_empty() != self.horizontal.is_empty()
    }

    /// Returns the least possible number of touches with a position: the length of the
    /// longer axis' list, or 0 in a [partial](TouchFrame::is_partial) frame.
    pub fn touches(&self) -> usize {
        if self.is_partial() {
            return 0;
        }
        self.vertical.len().max(self.horizontal.len())
    }

    /// Returns the touch if there is exactly one.
    pub fn single(&self) -> Option<Touch> {
        if self.touches() != 1 {
            return None;
        }
        let bounds = self.bounds()?;
        Some(Touch {
            x: bounds.x.0,
            y: bounds.y.0,
            size: self.size(),
        })
    }

    /// Returns the box around all touches, or `None` if there are none.
    pub fn bounds(&self) -> Option<Bounds> {
        // The firmware counts the vertical pads from the bottom edge upwards.
        let (lowest, highest) = self.vertical.span()?;
        Some(Bounds {
            x: self.horizontal.span()?,
            y: (1.0 - highest, 1.0 - lowest),
        })
    }

    /// Returns the vertical size of the largest touch, where 1.0 is the largest possible.
    pub fn size(&self) -> f32 {
        let most = self.vertical.sizes().iter().max().copied().unwrap_or(0);
        let scale = f32::from(1u16 << (16 - self.bits.clamp(9, 16)));
        f32::from(most) * scale / (16.0 * f32::from(MAX_SIZE))
    }
}
