//! Pictures of the display as files: PNG for one, and GIF for an animation.

use std::io::{self, Write};

use super::oled::DisplayFrame;

/// File pixels per pixel of the display, and the width of the dark border.
const SCALE: usize = 4;
const BORDER: usize = 8;
/// Colours: black, and the light blue of most displays.
const PALETTE: [u8; 6] = [0, 0, 0, 0x9f, 0xd8, 0xff];

/// An animation of displays, as a GIF.
pub struct Animation<W: Write>(gif::Encoder<W>);

impl<W: Write> Animation<W> {
    /// Begins an animation of a display with this many rows.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn start(file: W, rows: usize) -> io::Result<Animation<W>> {
        let (width, height) = size(rows);
        let mut encoder = gif::Encoder::new(file, width as u16, height as u16, &PALETTE)
            .map_err(io::Error::other)?;
        encoder
            .set_repeat(gif::Repeat::Infinite)
            .map_err(io::Error::other)?;
        Ok(Animation(encoder))
    }

    /// Adds the content of the display, and how long it is shown in hundredths of a second.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn add(&mut self, frame: &DisplayFrame, delay: u16) -> io::Result<()> {
        let (width, height) = size(frame.height);
        let picture = gif::Frame {
            width: width as u16,
            height: height as u16,
            delay,
            buffer: pixels(frame).into(),
            ..gif::Frame::default()
        };
        self.0.write_frame(&picture).map_err(io::Error::other)
    }

    /// Ends the animation and returns its file.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.0.into_inner()
    }
}

/// Returns the width and height of a file for a display with this many rows.
fn size(rows: usize) -> (usize, usize) {
    (128 * SCALE + 2 * BORDER, rows * SCALE + 2 * BORDER)
}

/// Returns the file's pixels, a byte each: 0 dark, 1 lit.
fn pixels(frame: &DisplayFrame) -> Vec<u8> {
    let (width, height) = size(frame.height);
    let mut pixels = vec![0; width * height];
    for (y, row) in pixels.chunks_mut(width).enumerate().skip(BORDER) {
        for (x, pixel) in row.iter_mut().enumerate().skip(BORDER) {
            let (x, y) = ((x - BORDER) / SCALE, (y - BORDER) / SCALE);
            *pixel = u8::from(x < 128 && y < frame.height && frame.is_lit(x, y));
        }
    }
    pixels
}

/// Writes the content of the display as a PNG of two colours.
///
/// # Errors
/// Fails if the file cannot be written.
pub fn write_png(file: impl Write, frame: &DisplayFrame) -> io::Result<()> {
    let (width, height) = size(frame.height);
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_palette(&PALETTE[..]);
    encoder.set_compression(png::Compression::Best);
    // Each row comes four times, which this filter encodes as no change.
    encoder.set_filter(png::FilterType::Up);
    let bytes: Vec<u8> = pixels(frame)
        .chunks(width)
        .flat_map(|row| row.chunks(8))
        .map(|eight| {
            let bits = eight.iter().zip((0..8).rev());
            bits.fold(0, |byte, (pixel, shift)| byte | pixel << shift)
        })
        .collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&bytes)?;
    Ok(writer.finish()?)
}
