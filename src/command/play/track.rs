//! Recorded sound: WAV, or plain floats if the file's name ends in `.f32`.

use std::io::Cursor;
use std::path::Path;

use crate::sound::wav_writer;
use crate::{CommandResult, files};

/// Frames to be written to a file, if one is wanted.
pub struct Track<'a> {
    path: Option<&'a Path>,
    frames: Vec<f32>,
    total: usize,
}

impl Track<'_> {
    pub fn new(path: Option<&Path>, total: usize) -> Track<'_> {
        Track {
            path,
            frames: Vec::new(),
            total,
        }
    }

    pub fn add(&mut self, frames: &[f32]) {
        if self.path.is_some() {
            let room = self.total - self.frames.len();
            self.frames
                .extend_from_slice(&frames[..frames.len().min(room)]);
        }
    }

    /// Writes the file: 16-bit samples, or the frames unchanged as little-endian floats.
    pub fn save(&self, rate: u32) -> CommandResult {
        let Some(path) = self.path else {
            return Ok(());
        };
        let bytes = if files::has_ending(path, "f32") {
            self.frames
                .iter()
                .flat_map(|frame| frame.to_le_bytes())
                .collect()
        } else {
            self.wav(rate)
                .map_err(|error| format!("{}: {error}", path.display()))?
        };
        files::write(Some(path), bytes)
    }

    fn wav(&self, rate: u32) -> hound::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut writer = wav_writer(Cursor::new(&mut bytes), rate, 16)?;
        for frame in &self.frames {
            // Exact samples have 8 bits, or 24 if interpolated; those are rounded here.
            let sample = (frame * 32_768.0).round().clamp(-32_768.0, 32_767.0);
            writer.write_sample(sample as i16)?;
        }
        writer.finalize()?;
        Ok(bytes)
    }
}
