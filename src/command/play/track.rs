//! Recorded sound: WAV, or plain floats if the file's name ends in `.f32`.

use std::io::Write;
use std::path::Path;

use crate::output::Output;
use crate::sound::wav_header;
use crate::{CommandResult, Failure, files};

/// A file that frames are written to as they are played.
pub struct Track {
    output: Output,
    is_float: bool,
    /// Start of the file, until it is written.
    header: Vec<u8>,
    /// Frames to come.
    left: usize,
    outcome: CommandResult,
}

impl Track {
    /// Begins a file of this many frames at a rate in Hz.
    ///
    /// # Errors
    /// Fails if the file cannot be written or would be too long.
    pub fn create(path: &Path, rate: u32, frames: usize) -> Result<Track, Failure> {
        let is_float = files::has_ending(path, "f32");
        let header = if is_float {
            Vec::new()
        } else {
            let header = wav_header(rate, 1, 2, frames as u64).map_err(|problem| {
                Failure::Usage(format!(
                    "{}: {problem}; give fewer --seconds or write floats to OUT.f32",
                    path.display()
                ))
            })?;
            header.to_vec()
        };
        Ok(Track {
            output: Output::create(path)?,
            is_float,
            header,
            left: frames,
            outcome: Ok(()),
        })
    }

    /// Adds frames, unless the file is complete. Returns false if it cannot be written.
    pub fn add(&mut self, frames: &[f32]) -> bool {
        let frames = &frames[..frames.len().min(self.left)];
        self.left -= frames.len();
        self.begin();
        for frame in frames {
            if self.is_float {
                self.write(&frame.to_le_bytes());
            } else {
                // Exact samples have 8 bits, or 24 if interpolated; those are rounded here.
                let sample = (frame * 32_768.0).round().clamp(-32_768.0, 32_767.0);
                self.write(&(sample as i16).to_le_bytes());
            }
        }
        self.outcome.is_ok()
    }

    /// Completes the file. If frames are missing, because another output has failed, an
    /// earlier file stays.
    ///
    /// # Errors
    /// Fails if anything could not be written.
    pub fn finish(mut self) -> CommandResult {
        self.begin();
        self.outcome?;
        if self.left > 0 {
            return Ok(());
        }
        self.output.finish()
    }

    fn begin(&mut self) {
        let header = std::mem::take(&mut self.header);
        self.write(&header);
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.outcome.is_ok() {
            let written = self.output.write_all(bytes);
            self.outcome = written.map_err(|error| self.output.failure(&error));
        }
    }
}
