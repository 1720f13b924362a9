//! One callback's buffers.

#![allow(unsafe_code)]

use std::slice;

use super::ffi;

/// More values than any board has in a block: counts beyond are not believed.
const MOST_VALUES: usize = 1 << 20;

/// What is played and measured in one callback. Nothing here allocates, calls
/// the system or panics, whatever the library says of its buffers.
#[derive(Debug)]
pub struct Block<'a> {
    frames: usize,
    channels: usize,
    out: &'a mut [f32],
    analog_channels: usize,
    analog: &'a [f32],
    interleaved: bool,
    elapsed: u64,
    underruns: u32,
    load: Option<u32>,
}

impl<'a> Block<'a> {
    /// The buffers of a callback. Where the library has none, or none that fit
    /// its own counts, there are no channels.
    ///
    /// # Safety
    /// The context is the library's, within its callback, which `'a` does not
    /// outlive; nobody else uses its buffers.
    pub(super) unsafe fn new(context: &ffi::Context, load: Option<u32>) -> Block<'a> {
        let frames = context.audio_frames as usize;
        let mut channels = context.audio_out_channels as usize;
        let values = values(frames, channels);
        let out: &mut [f32] = if values == 0 || !usable(context.audio_out) {
            channels = 0;
            &mut []
        } else {
            // SAFETY: so many values are there by the context's own counts.
            unsafe { slice::from_raw_parts_mut(context.audio_out, values) }
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
            analog_channels,
            analog,
            interleaved: context.flags & ffi::INTERLEAVED != 0,
            elapsed: context.audio_frames_elapsed,
            underruns: context.underrun_count,
            load,
        }
    }

    /// Frames to play.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Frames that were played before, since the start.
    pub fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// How often audio came too late so far, as the library counts.
    pub fn underruns(&self) -> u32 {
        self.underruns
    }

    /// How much of its time the audio thread used of late, in thousandths, as the
    /// library measures; none where it does not.
    pub fn load(&self) -> Option<u32> {
        self.load
    }

    /// Analog inputs that there are; may be none.
    pub fn analog_inputs(&self) -> usize {
        self.analog_channels
    }

    /// The newest value of an analog input, 0.0..=1.0 from ground to reference.
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

    /// Plays one channel's samples on all channels; silence where there are none.
    pub fn write(&mut self, samples: &[f32]) {
        let samples = &samples[..samples.len().min(self.frames)];
        if samples.len() < self.frames {
            self.silence();
        }
        if self.channels == 0 || self.frames == 0 {
            return;
        }
        if self.interleaved {
            for (frame, sample) in self.out.chunks_exact_mut(self.channels).zip(samples) {
                frame.fill(*sample);
            }
        } else {
            for channel in self.out.chunks_exact_mut(self.frames) {
                channel[..samples.len()].copy_from_slice(samples);
            }
        }
    }

    /// Plays nothing on all channels.
    pub fn silence(&mut self) {
        self.out.fill(0.0);
    }
}

fn values(frames: usize, channels: usize) -> usize {
    match frames.checked_mul(channels) {
        Some(values) if values <= MOST_VALUES => values,
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

    /// What is written of `samples` into `frames` by `channels`, all 9 before.
    fn written(frames: u32, channels: u32, flags: u32, samples: &[f32]) -> Vec<f32> {
        let mut out = vec![9.0; (frames * channels) as usize];
        let context = context(frames, channels, flags, out.as_mut_ptr());
        // SAFETY: the buffer is as long as the counts say, and outlives the block.
        let mut block = unsafe { Block::new(&context, None) };
        block.write(samples);
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
    fn too_few_samples_leave_silence_and_too_many_are_cut() {
        for flags in [0, ffi::INTERLEAVED] {
            assert_eq!(written(2, 1, flags, &[0.5]), [0.5, 0.0]);
            assert_eq!(written(2, 1, flags, &[0.5, 0.6, 0.7]), [0.5, 0.6]);
        }
    }

    #[test]
    fn buffers_that_cannot_be_are_not_touched() {
        let mut one = 9.0;
        for (frames, channels, out) in [
            (4, 2, ptr::null_mut()),
            (u32::MAX, u32::MAX, &raw mut one),
            (u32::MAX, 1, &raw mut one),
            (4, 2, (&raw mut one).cast::<u8>().wrapping_add(1).cast()),
        ] {
            let context = context(frames, channels, 0, out);
            // SAFETY: nothing is usable, which is what is tested.
            let mut block = unsafe { Block::new(&context, None) };
            block.write(&[0.5]);
            block.silence();
        }
        assert_eq!(one, 9.0);
    }

    #[test]
    fn the_newest_analog_value_is_found_in_either_layout() {
        // Two frames of three channels; what is no number or out of range is bounded.
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
