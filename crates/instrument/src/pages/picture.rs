//! Pictures with one bit per pixel, in the display's format.

use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::*;

/// Columns of every supported display.
pub const WIDTH: usize = 128;

/// A picture in the display controller's format: pages of eight rows with a byte per
/// column, whose lowest bit is the topmost pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    bytes: Vec<u8>,
    /// Offset of everything that is drawn.
    shift: Point,
}

impl Picture {
    /// Creates a dark picture of 32 or 64 rows.
    ///
    /// # Panics
    /// Panics if the height is not a multiple of eight rows.
    pub fn new(height: usize) -> Picture {
        assert!(height % 8 == 0, "pages have eight rows");
        Picture {
            bytes: vec![0; WIDTH * height / 8],
            shift: Point::zero(),
        }
    }

    /// Returns the number of rows.
    pub fn height(&self) -> usize {
        self.bytes.len() / WIDTH * 8
    }

    /// Returns the bytes, page by page.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Clears the picture, and sets the offset of everything that is drawn afterwards.
    pub fn clear_shifted(&mut self, shift: Point) {
        self.bytes.fill(0);
        self.shift = shift;
    }

    /// Returns whether a pixel is lit; false outside of the picture.
    pub fn is_lit(&self, x: usize, y: usize) -> bool {
        x < WIDTH && y < self.height() && self.bytes[y / 8 * WIDTH + x] >> (y % 8) & 1 == 1
    }
}

impl OriginDimensions for Picture {
    fn size(&self) -> Size {
        Size::new(WIDTH as u32, self.height() as u32)
    }
}

impl DrawTarget for Picture {
    type Color = BinaryColor;
    type Error = core::convert::Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Self::Error>
    where
        I: IntoIterator<Item = Pixel<BinaryColor>>,
    {
        let height = self.height();
        for Pixel(at, color) in pixels {
            let at = at + self.shift;
            let (Ok(x), Ok(y)) = (usize::try_from(at.x), usize::try_from(at.y)) else {
                continue;
            };
            if x < WIDTH && y < height {
                let byte = &mut self.bytes[y / 8 * WIDTH + x];
                let bit = 1 << (y % 8);
                *byte = if color.is_on() {
                    *byte | bit
                } else {
                    *byte & !bit
                };
            }
        }
        Ok(())
    }
}
