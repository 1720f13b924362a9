//! The buffers of a callback.

#![allow(unsafe_code)]

use std::slice;

use super::ffi;

/// Most values in a buffer, above any board's: larger counts are taken for an error.
const MAX_VALUES: usize = 1 << 20;

/// Sound, analog inputs and measurements of one callback. The methods never allocate,
/// make system calls or panic, whatever counts the library reports.
#[derive(Debug)]
pub struct Block<'a> {
    frames: usize,
    channels: usize,
    out: &'a mut [f32],
    heard_channels: usize,
    heard: &'a [f32],
    analog_channels: usize,
    analog: &'a [f32],
    interleaved: bool,
    elapsed: u64,
    underruns: u32,
    load: Option<u32>,
}

impl<'a> Block<'a> {
    /// Wraps the buffers of a callback. A missing or unusable buffer gives a block without
    /// channels.
    ///
    /// # Safety
    /// The context must be the library's, within its callback, and `'a` must not outlive
    /// the callback; the buffers must not be used otherwise meanwhile.
    pub(super) unsafe fn new(context: &ffi::Context, load: Option<u32>) -> Block<'a> {
        let frames = context.audio_frames as usize;
        let mut channels = context.audio_out_channels as usize;
        let values = values(frames, channels);
        let out: &mut [f32] = if values == 0 || !usable(context.audio_out) {
            channels = 0;
            &mut []
        } else {
            // SAFETY: the buffer has as many values as the context counts.
            unsafe { slice::from_raw_parts_mut(context.audio_out, values) }
        };
        let mut heard_channels = context.audio_in_channels as usize;
        let values = self::values(frames, heard_channels);
        let heard: &[f32] = if values == 0 || !usable(context.audio_in) {
            heard_channels = 0;
            &[]
        } else {
            // SAFETY: as above.
            unsafe { slice::from_raw_parts(context.audio_in, values) }
        };
        let mut analog_channels = context.analog_in_channels as usize;
        let values = self::values(context.analog_frames as usize, analog_channels);
        let analog: &[f32] = if values == 0 || !usable(context.analog_in) {
            analog_channels = 0;
            &[]
        } else {
            // SAFETY: as above.
            unsafe { slice::from_raw_parts(context.analog_in, values) }
        };
        Block {
            frames,
            channels,
            out,
            heard_channels,
            heard,
            analog_channels,
            analog,
            interleaved: context.flags & ffi::INTERLEAVED != 0,
            elapsed: context.audio_frames_elapsed,
            underruns: context.underrun_count,
            load,
        }
    }

    /// Returns the number of frames to play.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Returns the number of frames played before this block, since the start.
    pub fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// Returns the library's count of underruns since the start.
    pub fn underruns(&self) -> u32 {
        self.underruns
    }

    /// Returns the recent load of the audio in thousandths of its time, if the library can
    /// measure it.
    pub fn load(&self) -> Option<u32> {
        self.load
    }

    /// Returns the number of analog inputs, 0 or more.
    pub fn analog_inputs(&self) -> usize {
        self.analog_channels
    }

    /// Returns the newest value of an analog input, 0.0..=1.0 from ground to reference, if
    /// the input exists.
    pub fn analog(&self, channel: usize) -> Option<f32> {
        if channel >= self.analog_channels {
            return None;
        }
        let frames = self.analog.len() / self.analog_channels;
        let last = frames.checked_sub(1)?;
        let value = *self.analog.get(if self.interleaved {
            last * self.analog_channels + channel
        } else {
            channel * frames + last
        })?;
        Some(if value.is_nan() {
            0.0
        } else {
            value.clamp(0.0, 1.0)
        })
    }

    /// Copies the frames of an input channel, as many as fit. Returns false, and leaves `into`
    /// as it was, if the channel does not exist.
    pub fn read(&self, channel: usize, into: &mut [f32]) -> bool {
        if channel >= self.heard_channels {
            return false;
        }
        if self.interleaved {
            let frames = self.heard.chunks_exact(self.heard_channels);
            for (into, frame) in into.iter_mut().zip(frames) {
                *into = frame.get(channel).copied().unwrap_or(0.0);
            }
        } else if let Some(frames) = self.heard.chunks_exact(self.frames).nth(channel) {
            for (into, frame) in into.iter_mut().zip(frames) {
                *into = *frame;
            }
        }
        true
    }

    /// Plays left and right samples on alternate channels, and silence after the last of
    /// them.
    pub fn write(&mut self, sides: [&[f32]; 2]) {
        let sides = sides.map(|samples| &samples[..samples.len().min(self.frames)]);
        if sides.iter().any(|samples| samples.len() < self.frames) {
            self.silence();
        }
        if self.channels == 0 || self.frames == 0 {
            return;
        }
        if self.interleaved {
            for (i, frame) in self.out.chunks_exact_mut(self.channels).enumerate() {
                for (channel, out) in frame.iter_mut().enumerate() {
                    if let Some(sample) = sides[channel % 2].get(i) {
                        *out = *sample;
                    }
                }
            }
        } else {
            for (channel, out) in self.out.chunks_exact_mut(self.frames).enumerate() {
                let samples = sides[channel % 2];
                out[..samples.len()].copy_from_slice(samples);
            }
        }
    }

    /// Plays silence on all channels.
    pub fn silence(&mut self) {
        self.out.fill(0.0);
    }
}

fn values(frames: usize, channels: usize) -> usize {
    match frames.checked_mul(channels) {
        Some(values) if values <= MAX_VALUES => values,
        _ => 0,
    }
}

fn usable(buffer: *const f32) -> bool {
    !buffer.is_null() && buffer.is_aligned()
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    fn context(frames: u32, channels: u32, flags: u32, out: *mut f32) -> ffi::Context {
        ffi::Context {
            audio_in: ptr::null(),
            audio_out: out,
            analog_in: ptr::null(),
            analog_out: ptr::null_mut(),
            digital: ptr::null_mut(),
            audio_frames: frames,
            audio_in_channels: 2,
            audio_out_channels: channels,
            audio_sample_rate: 44_100.0,
            analog_frames: 0,
            analog_in_channels: 0,
            analog_out_channels: 0,
            analog_sample_rate: 0.0,
            digital_frames: 0,
            digital_channels: 0,
            digital_sample_rate: 0.0,
            audio_frames_elapsed: 0,
            multiplexer_channels: 0,
            multiplexer_starting_channel: 0,
            multiplexer_analog_in: ptr::null(),
            audio_expander_enabled: 0,
            flags,
            project_name: [0; 256],
            underrun_count: 0,
        }
    }

    /// Writes `samples` into a buffer of `frames` by `channels` values, initially all 9.
    fn written(frames: u32, channels: u32, flags: u32, samples: &[f32]) -> Vec<f32> {
        let mut out = vec![9.0; (frames * channels) as usize];
        let context = context(frames, channels, flags, out.as_mut_ptr());
        // SAFETY: the buffer is as long as the counts say, and outlives the block.
        let mut block = unsafe { Block::new(&context, None) };
        block.write([samples, samples]);
        out
    }

    #[test]
    fn all_channels_play_the_samples_in_either_layout() {
        let frames = written(3, 2, ffi::INTERLEAVED, &[0.1, 0.2, 0.3]);
        assert_eq!(frames, [0.1, 0.1, 0.2, 0.2, 0.3, 0.3]);
        let channels = written(3, 2, 0, &[0.1, 0.2, 0.3]);
        assert_eq!(channels, [0.1, 0.2, 0.3, 0.1, 0.2, 0.3]);
        assert!(written(3, 0, 0, &[0.1, 0.2, 0.3]).is_empty());
    }

    #[test]
    fn both_sides_play_and_are_heard_in_either_layout() {
        for (flags, heard) in [
            (ffi::INTERLEAVED, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]),
            (0, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ] {
            let mut out = [0.0; 6];
            let mut context = context(3, 2, flags, out.as_mut_ptr());
            context.audio_in = heard.as_ptr();
            // SAFETY: the buffers are as long as the counts say, and outlive the block.
            let mut block = unsafe { Block::new(&context, None) };
            let (mut left, mut right) = ([0.0; 3], [0.0; 3]);
            assert!(block.read(0, &mut left) && block.read(1, &mut right));
            assert!(!block.read(2, &mut right));
            assert_eq!((left, right), ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]));
            block.write([&left, &right]);
            assert_eq!(out, heard);
        }
    }

    #[test]
    fn too_few_samples_leave_silence_and_too_many_are_cut() {
        for flags in [0, ffi::INTERLEAVED] {
            assert_eq!(written(2, 1, flags, &[0.5]), [0.5, 0.0]);
            assert_eq!(written(2, 1, flags, &[0.5, 0.6, 0.7]), [0.5, 0.6]);
        }
    }

    #[test]
    fn impossible_buffers_are_not_touched() {
        let mut one = 9.0;
        for (frames, channels, out) in [
            (4, 2, ptr::null_mut()),
            (u32::MAX, u32::MAX, &raw mut one),
            (u32::MAX, 1, &raw mut one),
            (4, 2, (&raw mut one).cast::<u8>().wrapping_add(1).cast()),
        ] {
            let context = context(frames, channels, 0, out);
            // SAFETY: no buffer is usable, so none is touched, as the test checks.
            let mut block = unsafe { Block::new(&context, None) };
            block.write([&[0.5], &[0.5]]);
            block.silence();
        }
        assert_eq!(one, 9.0);
    }

    #[test]
    fn the_newest_analog_value_is_found_in_either_layout() {
        // Two frames of three channels; NaN becomes 0, and other values are clamped.
        let frames = [0.1, 0.2, 0.3, f32::NAN, 0.5, 1.5];
        let channels = [0.1, f32::NAN, 0.2, 0.5, 0.3, 1.5];
        for (flags, analog) in [(ffi::INTERLEAVED, frames), (0, channels)] {
            let mut context = context(4, 0, flags, ptr::null_mut());
            context.analog_in = analog.as_ptr();
            context.analog_frames = 2;
            context.analog_in_channels = 3;
            // SAFETY: the buffer is as long as the counts say, and outlives the block.
            let block = unsafe { Block::new(&context, None) };
            assert_eq!(block.analog_inputs(), 3);
            let values: Vec<_> = (0..4).map(|channel| block.analog(channel)).collect();
            assert_eq!(values, [Some(0.0), Some(0.5), Some(1.0), None]);
        }
    }
}
