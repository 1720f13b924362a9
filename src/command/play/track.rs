//! Sound on its way to a file: WAV, or plain floats where the name ends in `.f32`.

use std::io;
use std::path::Path;

use crate::{CommandResult, Failure, files};

/// Frames on their way to a file, if one was asked for.
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

    pub fn save(&self, rate: u32) -> CommandResult {
        let Some(path) = self.path else {
            return Ok(());
        };
        if files::is_standard(path) {
            let mut bytes = io::Cursor::new(Vec::new());
            self.write(&mut bytes, rate)
                .map_err(|error| Failure::Failed(format!("standard output: {error}")))?;
            return files::print_bytes(bytes.get_ref());
        }
        if path.extension().is_some_and(|extension| extension == "f32") {
            return files::save(path, |file| self.write_floats(io::BufWriter::new(file)));
        }
        files::save(path, |file| self.write(io::BufWriter::new(file), rate))
    }

    /// As the engine gave them, each in four bytes, the lowest first.
    fn write_floats(&self, mut out: impl io::Write) -> io::Result<()> {
        for frame in &self.frames {
            out.write_all(&frame.to_le_bytes())?;
        }
        out.flush()
    }

    fn write(&self, out: impl io::Write + io::Seek, rate: u32) -> io::Result<()> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::new(out, spec).map_err(io::Error::other)?;
        for frame in &self.frames {
            // Exact samples have 8 bits (or 24, interpolated) and are rounded here.
            let sample = (frame * 32_768.0).round().clamp(-32_768.0, 32_767.0);
            writer
                .write_sample(sample as i16)
                .map_err(io::Error::other)?;
        }
        writer.finalize().map_err(io::Error::other)
    }
}
