//! The computer's own sound card.

use std::any::Any;
use std::time::Instant;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};

use crate::runtime::session::Renderer;

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

/// Plays on the default output, left and right on alternate channels, until the result is dropped.
///
/// # Errors
/// Fails if there is no output, if it does not take f32 samples, or if it cannot start.
pub fn start(mut renderer: Renderer) -> Result<Box<dyn Any>, String> {
    let (device, config) = default_output()?;
    if config.sample_format() != cpal::SampleFormat::F32 {
        return Err(failure(format!(
            "wants {} samples, and only f32 is supported; use --wav",
            config.sample_format()
        )));
    }
    let channels = usize::from(config.channels());
    let platform = renderer.platform();
    let [mut left, mut right] = [0, 1].map(|_| vec![0.0; platform.block as usize]);
    let render = move |out: &mut [f32], _: &cpal::OutputCallbackInfo| {
        let start = Instant::now();
        let frames = out.len() / channels;
        for out in out.chunks_mut(left.len() * channels) {
            let frames = out.len() / channels;
            let (left, right) = (&mut left[..frames], &mut right[..frames]);
            renderer.render([&[]; 2], [left, right]);
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
        let used = start.elapsed().as_nanos() as f32;
        let available = platform.duration_ns(frames as u32).max(1.0);
        renderer.report_load(Some((1000.0 * used / available) as u32));
    };
    let report = |error| log::warn!("{}", failure(error));
    let stream = device
        .build_output_stream(&config.into(), render, report, None)
        .map_err(failure)?;
    stream.play().map_err(failure)?;
    Ok(Box::new(stream))
}
