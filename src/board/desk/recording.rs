//! A recorded sound in place of the audio input.

use std::io::Read;

use crate::wav::{MAX_FRAMES, Wav, too_long};

/// A recorded sound that repeats without end. Without frames, it is silence.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// The frames' left and right samples; one channel is in both.
    frames: Vec<[f32; 2]>,
    channels: usize,
    next: usize,
}

impl Recording {
    /// Reads a WAV file of integers or floats for an output of this rate in Hz. Frame i is
    /// frame `i * rate of the file / rate` of the file, rounded down: nothing is interpolated.
    /// Of more than two channels, the first two are read. Integers of b bits are divided by
    /// 2^(b-1).
    ///
    /// # Errors
    /// Returns a message if it is no WAV file, if it is cut off, or if it is longer than an
    /// hour at 48 kHz.
    pub fn read(file: impl Read, rate: u32) -> Result<Recording, String> {
        let Wav {
            rate: from,
            channels,
            samples,
        } = Wav::read(file)?;
        let (from, to) = (u64::from(from), u64::from(rate.max(1)));
        let channels = usize::from(channels);
        let length = ((samples.len() / channels) as u64 * to).div_ceil(from);
        if length > MAX_FRAMES {
            return Err(too_long(length));
        }
        let frame = |i: u64| {
            let first = (i * from / to) as usize * channels;
            [samples[first], samples[first + channels.min(2) - 1]]
        };
        Ok(Recording {
            frames: (0..length).map(frame).collect(),
            channels,
            next: 0,
        })
    }

    /// Returns whether left and right may differ.
    pub fn is_stereo(&self) -> bool {
        self.channels > 1
    }

    /// Copies the next frames, left and right. Real-time safe.
    pub fn next(&mut self, [left, right]: [&mut [f32]; 2]) {
        for (left, right) in left.iter_mut().zip(right) {
            [*left, *right] = self.frames.get(self.next).copied().unwrap_or_default();
            self.next += 1;
            if self.next >= self.frames.len() {
                self.next = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use hound::{SampleFormat, WavSpec, WavWriter};

    use super::*;

    fn file(spec: WavSpec, write: impl Fn(&mut WavWriter<&mut Cursor<Vec<u8>>>)) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
        write(&mut writer);
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn heard(bytes: &[u8], rate: u32, count: usize) -> (Vec<f32>, Vec<f32>) {
        let mut recording = Recording::read(bytes, rate).unwrap();
        let (mut left, mut right) = (vec![9.0; count], vec![9.0; count]);
        for (left, right) in left.chunks_mut(3).zip(right.chunks_mut(3)) {
            recording.next([left, right]);
        }
        (left, right)
    }

    const SPEC: WavSpec = WavSpec {
        channels: 2,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };

    #[test]
    fn a_recording_repeats_at_the_rate_of_the_output() {
        let bytes = file(SPEC, |file| {
            for sample in [-32_768, 16_384, 8192, 0] {
                file.write_sample(sample).unwrap();
            }
        });
        let (left, right) = heard(&bytes, 8000, 5);
        assert_eq!(left, [-1.0, 0.25, -1.0, 0.25, -1.0]);
        assert_eq!(right, [0.5, 0.0, 0.5, 0.0, 0.5]);
        // Two frames at 8000 Hz are three at 12,000 Hz: the first is held.
        assert_eq!(heard(&bytes, 12_000, 4).0, [-1.0, -1.0, 0.25, -1.0]);
        assert_eq!(heard(&bytes, 4000, 3).0, [-1.0; 3]);
    }

    #[test]
    fn one_channel_is_heard_on_both_sides_and_of_many_the_first_two() {
        for (channels, expected) in [(1, ([1.0, 2.0], [1.0, 2.0])), (3, ([1.0, 4.0], [2.0, 5.0]))] {
            let spec = WavSpec {
                channels,
                bits_per_sample: 32,
                sample_format: SampleFormat::Float,
                ..SPEC
            };
            let bytes = file(spec, |file| {
                for sample in 1..=2 * channels {
                    file.write_sample(f32::from(sample)).unwrap();
                }
            });
            let (left, right) = heard(&bytes, 8000, 2);
            assert_eq!((left, right), (expected.0.to_vec(), expected.1.to_vec()));
        }
    }

    #[test]
    fn without_frames_it_is_silence_and_other_files_are_refused() {
        let (left, right) = heard(&file(SPEC, |_| {}), 44_100, 4);
        assert_eq!((left, right), (vec![0.0; 4], vec![0.0; 4]));
        let cut = file(SPEC, |file| {
            for sample in [1, 2] {
                file.write_sample(sample).unwrap();
            }
        });
        for bytes in [&b""[..], b"RIFF", &cut[..cut.len() - 1]] {
            let problem = Recording::read(bytes, 44_100).unwrap_err();
            assert!(problem.starts_with("not a WAV file to hear"), "{problem}");
        }
    }
}
