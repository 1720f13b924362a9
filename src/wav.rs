//! WAV files as numbers.

use std::io::Read;

use hound::{SampleFormat, WavReader};

/// The content of a WAV file.
#[derive(Clone, Debug, PartialEq)]
pub struct Wav {
    /// Sample rate in Hz, at least 1.
    pub rate: u32,
    /// Number of channels, at least 1.
    pub channels: u16,
    /// The samples, frame by frame. Integers of b bits are divided by 2^(b-1).
    pub samples: Vec<f32>,
}

/// Most frames of a file: an hour at 48 kHz.
pub const MAX_FRAMES: u64 = 3600 * 48_000;

impl Wav {
    /// Reads a WAV file of integers or floats.
    ///
    /// # Errors
    /// Returns a message if it is no WAV file, if it is cut off, or if it has more than
    /// [`MAX_FRAMES`] frames.
    pub fn read(file: impl Read) -> Result<Wav, String> {
        let failed = |error| format!("not a WAV file to hear: {error}");
        let reader = WavReader::new(file).map_err(failed)?;
        let spec = reader.spec();
        let count = u64::from(reader.duration());
        if count > MAX_FRAMES {
            return Err(too_long(count));
        }
        let samples: Vec<f32> = if spec.sample_format == SampleFormat::Float {
            reader.into_samples().collect::<Result<_, _>>()
        } else {
            let scale = 0.5f32.powi(i32::from(spec.bits_per_sample) - 1);
            let samples = reader.into_samples::<i32>();
            samples
                .map(|sample| sample.map(|sample| sample as f32 * scale))
                .collect()
        }
        .map_err(failed)?;
        Ok(Wav {
            rate: spec.sample_rate.max(1),
            channels: spec.channels.max(1),
            samples,
        })
    }
}

/// Says that a file has too many frames.
pub fn too_long(frames: u64) -> String {
    format!("{frames} frames are too long to hear; an hour at 48 kHz is the most")
}
