//! A WAV file as a network hears it.

use std::io::Read;
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavReader, WavSpec};
use logicnet::audio_value;

use crate::{Failure, files};

/// The values of the frames of a WAV file, at the times of a network's samples.
///
/// Network sample i hears the last frame that begins at or before its time: frame
/// `i * from / to`, rounded down. A file of one channel is heard on both; of more than two
/// channels, the first two are heard. Silence follows the last frame.
pub struct Heard {
    path: PathBuf,
    samples: Box<dyn Iterator<Item = hound::Result<u16>>>,
    channels: u16,
    /// The file's rate and the network's.
    from: u32,
    to: u32,
    /// Number of frames in the file, of frames read, and of network samples so far.
    frames: u64,
    read: u64,
    given: u64,
    /// The frame that was read last.
    current: [u16; 2],
}

impl Heard {
    /// The value of silence.
    pub const SILENCE: u16 = 1 << 15;

    /// Opens a file for a network of this sample rate; `-` is standard input.
    pub fn open(path: &Path, rate: u32) -> Result<Heard, Failure> {
        let file = files::open(path, "a WAV file")?;
        let reader = WavReader::new(file).map_err(|error| failure(path, &error))?;
        let spec = reader.spec();
        Ok(Heard {
            path: path.to_path_buf(),
            channels: spec.channels,
            from: spec.sample_rate.max(1),
            to: rate,
            frames: reader.duration().into(),
            samples: values(reader, spec),
            read: 0,
            given: 0,
            current: [Heard::SILENCE; 2],
        })
    }

    /// Number of network samples until the end of the file.
    pub fn length(&self) -> u64 {
        let length = u128::from(self.frames) * u128::from(self.to);
        length.div_ceil(self.from.into()) as u64
    }

    /// Returns the values that the next network sample hears.
    pub fn next(&mut self) -> Result<[u16; 2], Failure> {
        let frame = u128::from(self.given) * u128::from(self.from) / u128::from(self.to);
        self.given += 1;
        if frame >= self.frames.into() {
            return Ok([Heard::SILENCE; 2]);
        }
        while u128::from(self.read) <= frame {
            self.read += 1;
            for channel in 0..usize::from(self.channels) {
                let sample = self.samples.next().unwrap_or(Ok(Heard::SILENCE));
                let sample = sample.map_err(|error| failure(&self.path, &error))?;
                match channel {
                    0 => self.current = [sample; 2],
                    1 => self.current[1] = sample,
                    _ => {}
                }
            }
        }
        Ok(self.current)
    }
}

/// Returns the values of all samples in a file.
fn values(
    reader: WavReader<Box<dyn Read>>,
    spec: WavSpec,
) -> Box<dyn Iterator<Item = hound::Result<u16>>> {
    if spec.sample_format == SampleFormat::Float {
        let samples = reader.into_samples::<f32>();
        return Box::new(samples.map(|sample| sample.map(audio_value)));
    }
    let bits = spec.bits_per_sample;
    let samples = reader.into_samples::<i32>();
    Box::new(samples.map(move |sample| {
        // The top 16 bits; a shift rounds down, as `audio_value` does.
        sample.map(|sample| match bits {
            16.. => ((sample >> (bits - 16)) + 0x8000) as u16,
            _ => ((sample << (16 - bits)) + 0x8000) as u16,
        })
    }))
}

fn failure(path: &Path, error: &hound::Error) -> Failure {
    Failure::Failed(format!(
        "{}: not a WAV file to hear: {error}",
        path.display()
    ))
}
