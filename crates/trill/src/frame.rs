//! What one scan saw.

use crate::protocol::{
    ACTIVITY, FRAME_NUMBER, FULL_POSITION, FULL_SIZE, INITIALISED, MOST_TOUCHES, NO_TOUCH,
};

/// The status byte of firmware 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// False after a reset: the settings are lost.
    pub initialised: bool,
    /// Something is touched.
    pub active: bool,
    /// The frame's number, 0..=63, wrapping: the same twice is the same frame.
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

/// Touches on one axis, in the sensor's units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    positions: [u16; MOST_TOUCHES],
    sizes: [u16; MOST_TOUCHES],
    len: usize,
    /// How many of the sizes were read.
    sized: usize,
}

impl Axis {
    /// Positions, 0..=[`FULL_POSITION`].
    pub fn positions(&self) -> &[u16] {
        &self.positions[..self.len]
    }

    /// Sizes, 0..=[`FULL_SIZE`] at 12 bits, of as many touches as were read.
    pub fn sizes(&self) -> &[u16] {
        &self.sizes[..self.len.min(self.sized)]
    }

    /// Number of touches that were read.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing touches.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first and last position, as parts of the axis.
    fn span(&self) -> Option<(f32, f32)> {
        let part = |position: u16| f32::from(position) / f32::from(FULL_POSITION);
        let least = *self.positions().iter().min()?;
        let most = *self.positions().iter().max()?;
        Some((part(least), part(most)))
    }

    fn parse(positions: &[u8], sizes: &[u8]) -> Option<Axis> {
        let mut axis = Axis::default();
        let words = |bytes: &[u8]| {
            let mut words = [NO_TOUCH; MOST_TOUCHES];
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
        axis.sized = (sizes.len() / 2).min(MOST_TOUCHES);
        let plausible = axis.positions().iter().all(|&p| p <= FULL_POSITION)
            && axis.sizes().iter().all(|&size| size != NO_TOUCH);
        plausible.then_some(axis)
    }
}

/// Bytes of channel data that tell one touch from several: all of the vertical
/// axis, and two horizontal positions.
pub const POINT: usize = 20;
/// All bytes of channel data of a Square.
pub const ALL: usize = 32;

/// One touch, as parts of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    /// Horizontal position, 0.0..=1.0.
    pub x: f32,
    /// Vertical position, 0.0..=1.0.
    pub y: f32,
    /// Size, 0.0 to about 1.0.
    pub size: f32,
}

/// The box that holds all touches, as parts of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Least and most horizontal position.
    pub x: (f32, f32),
    /// Least and most vertical position.
    pub y: (f32, f32),
}

/// What one scan of a Square saw.
///
/// The two axes are lists of their own, and CANNOT be paired: two fingers have
/// four possible places. What is certain is [`single`](Frame::single) for one
/// touch and [`bounds`](Frame::bounds) for any number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The status byte; none before firmware 3.
    pub status: Option<Status>,
    /// Touches along the vertical axis.
    pub vertical: Axis,
    /// Touches along the horizontal axis.
    pub horizontal: Axis,
    bits: u8,
}

impl Frame {
    /// Parses channel data, up to [`ALL`] bytes, scanned at this many bits.
    /// None when no sensor sends such data.
    pub fn parse(status: Option<u8>, data: &[u8], bits: u8) -> Option<Frame> {
        let part = |from: usize| {
            let end = (from + 2 * MOST_TOUCHES).min(data.len());
            &data[from.min(end)..end]
        };
        // A bus that nobody drives reads ones.
        if status == Some(0xff) && data.iter().all(|&byte| byte == 0xff) {
            return None;
        }
        let frame = Frame {
            status: status.map(Status::from),
            vertical: Axis::parse(part(0), part(8))?,
            horizontal: Axis::parse(part(16), part(24))?,
            bits,
        };
        // Whatever touches one axis touches the other.
        let whole = frame.vertical.is_empty() == frame.horizontal.is_empty();
        whole.then_some(frame)
    }

    /// Number of touches that are certain: the longer axis' list.
    pub fn touches(&self) -> usize {
        self.vertical.len().max(self.horizontal.len())
    }

    /// The touch, if there is exactly one.
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

    /// The box around all touches, if there are any.
    pub fn bounds(&self) -> Option<Bounds> {
        Some(Bounds {
            x: self.horizontal.span()?,
            y: self.vertical.span()?,
        })
    }

    /// The largest touch's vertical size, as a part of the largest there is.
    pub fn size(&self) -> f32 {
        let most = self.vertical.sizes().iter().max().copied().unwrap_or(0);
        let scale = f32::from(1u16 << (16 - self.bits.clamp(9, 16)));
        f32::from(most) * scale / (16.0 * f32::from(FULL_SIZE))
    }
}
