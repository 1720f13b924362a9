//! The computer's own sound card.

use std::any::Any;
use std::time::Instant;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use rtrb::{Consumer, RingBuffer};

use crate::board::desk::Recording;
use crate::runtime::session::Renderer;

/// Frames that [`play`] renders at a time.
const BLOCK: usize = 512;

/// Returns the rate of the default output in Hz, which the engine must be made for.
///
/// # Errors
/// Fails if there is no output or its rate is unknown.
pub fn rate() -> Result<u32, String> {
    Ok(default_output()?.1.sample_rate().0)
}

fn default_output() -> Result<(cpal::Device, cpal::SupportedStreamConfig), String> {
    let device = cpal::default_host()
        .default_output_device()
        .ok_or("no sound card found; --wav OUT.wav --fast writes a file instead")?;
    let config = device.default_output_config().map_err(failure)?;
    Ok((device, config))
}

fn failure(error: impl std::fmt::Display) -> String {
    format!("sound card: {error}")
}

/// Plays on the default output, left and right on alternate channels, until the result is
/// dropped. Hears a recording or else the default input, if there is one at this rate.
///
/// # Errors
/// Fails if there is no output, if it does not take f32 samples, or if it cannot start.
pub fn start(mut renderer: Renderer, recording: Option<Recording>) -> Result<Box<dyn Any>, String> {
    let (device, config) = default_output()?;
    let platform = renderer.platform();
    let (mut source, input) = match recording {
        Some(recording) => (Source::Recording(recording), None),
        None => listen(config.sample_rate()).map_or_else(
            |problem| {
                log::info!("networks hear silence: {problem}");
                (Source::Recording(Recording::default()), None)
            },
            |(frames, input)| (Source::Card(frames), Some(input)),
        ),
    };
    let block = || [0, 1].map(|_| vec![0.0; platform.block as usize]);
    let (mut heard, [mut left, mut right]) = (block(), block());
    let stream = open(&device, &config, move |out, channels| {
        let start = Instant::now();
        let frames = out.len() / channels;
        source.trim(frames);
        for out in out.chunks_mut(left.len() * channels) {
            let frames = out.len() / channels;
            let (left, right) = (&mut left[..frames], &mut right[..frames]);
            let heard = heard.each_mut().map(|heard| &mut heard[..frames]);
            let heard = source.next(heard);
            renderer.render(heard, [left, right]);
            interleave(out, channels, [left, right]);
        }
        let used = start.elapsed().as_nanos() as f32;
        let available = platform.duration_ns(frames as u32).max(1.0);
        renderer.report_load(Some((1000.0 * used / available) as u32));
    })?;
    Ok(Box::new((stream, input)))
}

/// Plays what a function renders, left and right, in at most [`BLOCK`] frames at a time, until
/// the result is dropped.
///
/// # Errors
/// Fails as [`start`] does.
pub fn play(
    mut render: impl FnMut([&mut [f32]; 2]) + Send + 'static,
) -> Result<Box<dyn Any>, String> {
    let (device, config) = default_output()?;
    let [mut left, mut right] = [0, 1].map(|_| vec![0.0; BLOCK]);
    let stream = open(&device, &config, move |out, channels| {
        for out in out.chunks_mut(BLOCK * channels) {
            let frames = out.len() / channels;
            let (left, right) = (&mut left[..frames], &mut right[..frames]);
            render([left, right]);
            interleave(out, channels, [left, right]);
        }
    })?;
    Ok(Box::new(stream))
}

/// Opens an output and starts it. The function gets the frames to fill and their channels.
fn open(
    device: &cpal::Device,
    config: &cpal::SupportedStreamConfig,
    mut fill: impl FnMut(&mut [f32], usize) + Send + 'static,
) -> Result<cpal::Stream, String> {
    if config.sample_format() != cpal::SampleFormat::F32 {
        return Err(failure(format!(
            "wants {} samples, and only f32 is supported; use --wav",
            config.sample_format()
        )));
    }
    let channels = usize::from(config.channels());
    let fill = move |out: &mut [f32], _: &cpal::OutputCallbackInfo| fill(out, channels);
    let stream = device
        .build_output_stream(&config.config(), fill, report, None)
        .map_err(failure)?;
    stream.play().map_err(failure)?;
    Ok(stream)
}

/// Writes left and right to alternate channels.
fn interleave(out: &mut [f32], channels: usize, [left, right]: [&mut [f32]; 2]) {
    for (out, (left, right)) in out.chunks_mut(channels).zip(left.iter().zip(right)) {
        match out {
            [only] => *only = 0.5 * (*left + *right),
            _ => {
                for (channel, out) in out.iter_mut().enumerate() {
                    *out = if channel % 2 == 0 { *left } else { *right };
                }
            }
        }
    }
}

fn report(error: cpal::StreamError) {
    log::warn!("{}", failure(error));
}

/// Frames of the input that wait at most, in addition to those of a callback. Input and
/// output may run on different clocks; what waits longer is dropped.
const WAITING: usize = 1024;

/// Most frames in the ring between the input and the output.
const RING: usize = 1 << 15;

/// Where the frames of the input come from.
enum Source {
    Recording(Recording),
    Card(Consumer<[f32; 2]>),
}

impl Source {
    /// Drops frames that would be heard too late, before an output of this many frames.
    fn trim(&mut self, frames: usize) {
        if let Source::Card(ring) = self {
            for _ in frames + WAITING..ring.slots() {
                let _ = ring.pop();
            }
        }
    }

    /// Writes the next frames, left and right; missing ones are silence.
    fn next<'a>(&mut self, [left, right]: [&'a mut [f32]; 2]) -> [&'a [f32]; 2] {
        match self {
            Source::Recording(recording) => recording.next([left, right]),
            Source::Card(ring) => {
                for (left, right) in left.iter_mut().zip(right.iter_mut()) {
                    [*left, *right] = ring.pop().unwrap_or_default();
                }
            }
        }
        [left, right]
    }
}

/// Opens the default input at a rate: its first two channels, or one as both.
fn listen(rate: cpal::SampleRate) -> Result<(Consumer<[f32; 2]>, cpal::Stream), String> {
    let device = cpal::default_host()
        .default_input_device()
        .ok_or("the computer has no audio input")?;
    let config = device.default_input_config().map_err(failure)?;
    if config.sample_format() != cpal::SampleFormat::F32 {
        let format = config.sample_format();
        return Err(failure(format!("gives {format} samples, not f32")));
    }
    let channels = usize::from(config.channels()).max(1);
    let config = cpal::StreamConfig {
        sample_rate: rate,
        ..config.into()
    };
    let (mut ring, frames) = RingBuffer::new(RING);
    let hear = move |input: &[f32], _: &cpal::InputCallbackInfo| {
        for frame in input.chunks_exact(channels) {
            // If the output has stopped, nobody hears it.
            let _ = ring.push([frame[0], frame[channels.min(2) - 1]]);
        }
    };
    let stream = device
        .build_input_stream(&config, hear, report, None)
        .map_err(failure)?;
    stream.play().map_err(failure)?;
    Ok((frames, stream))
}
