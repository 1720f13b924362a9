//! Pictures of the display as files: a PNG for each one, and an animation.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::oled::DisplayFrame;

/// File pixels per pixel of the display, and the width of the dark border.
const SCALE: usize = 4;
const BORDER: usize = 8;
/// Colours: black, and the light blue of most displays.
const PALETTE: [u8; 6] = [0, 0, 0, 0x9f, 0xd8, 0xff];
/// Duration of the last picture, in hundredths of a second.
const REST: u16 = 100;

/// A folder of pictures.
pub struct Album {
    folder: PathBuf,
    animation: gif::Encoder<BufWriter<File>>,
    last: Option<(u64, DisplayFrame)>,
    count: usize,
}

impl Album {
    /// Creates the folder if needed, and begins the animation `display.gif`.
    ///
    /// # Errors
    /// Fails if the folder cannot be created or written to.
    pub fn new(folder: &Path, height: usize) -> io::Result<Album> {
        std::fs::create_dir_all(folder)?;
        let file = BufWriter::new(File::create(folder.join("display.gif"))?);
        let (width, height) = size(height);
        let mut animation = gif::Encoder::new(file, width as u16, height as u16, &PALETTE)
            .map_err(io::Error::other)?;
        animation
            .set_repeat(gif::Repeat::Infinite)
            .map_err(io::Error::other)?;
        Ok(Album {
            folder: folder.to_path_buf(),
            animation,
            last: None,
            count: 0,
        })
    }

    /// Returns the number of pictures so far.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Adds the content of the display at a time in nanoseconds, if it has changed.
    ///
    /// # Errors
    /// Fails if a file cannot be written.
    pub fn add(&mut self, now: u64, frame: DisplayFrame) -> io::Result<()> {
        if self.last.as_ref().is_some_and(|(_, last)| *last == frame) {
            return Ok(());
        }
        let name = format!("{:09}ms.png", now / 1_000_000);
        write_png(&self.folder.join(name), &frame)?;
        self.count += 1;
        if let Some((since, last)) = self.last.replace((now, frame)) {
            let delay = now / 10_000_000 - since / 10_000_000;
            self.animate(&last, u16::try_from(delay).unwrap_or(u16::MAX))?;
        }
        Ok(())
    }

    /// Ends the animation.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        match self.last.take() {
            Some((_, last)) => self.animate(&last, REST),
            None => Ok(()),
        }
    }

    fn animate(&mut self, frame: &DisplayFrame, delay: u16) -> io::Result<()> {
        let (width, height) = size(frame.height);
        let picture = gif::Frame {
            width: width as u16,
            height: height as u16,
            delay,
            buffer: pixels(frame).into(),
            ..gif::Frame::default()
        };
        self.animation
            .write_frame(&picture)
            .map_err(io::Error::other)
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
pub fn write_png(path: &Path, frame: &DisplayFrame) -> io::Result<()> {
    let (width, height) = size(frame.height);
    let file = BufWriter::new(File::create(path)?);
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
