//! The computer's own sound card.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};

use super::Lanes;
use engine::{Engine, TapWriter};

/// A stream that plays as long as it is held.
pub struct Card(#[allow(dead_code)] cpal::Stream);

/// The default output's rate, which the engine must be made for.
///
/// # Errors
/// When there is no output, or it does not tell.
pub fn rate() -> Result<u32, String> {
    Ok(default()?.1.sample_rate().0)
}

fn default() -> Result<(cpal::Device, cpal::SupportedStreamConfig), String> {
    let device = cpal::default_host()
        .default_output_device()
        .ok_or("no sound card found; --wav OUT.wav --fast writes a file instead")?;
    let config = device
        .default_output_config()
        .map_err(|error| format!("sound card: {error}"))?;
    Ok((device, config))
}

impl Card {
    /// Plays an engine on the default output, all channels alike.
    ///
    /// # Errors
    /// When there is no output, or it wants other samples than f32.
    pub fn open(
        mut engine: Engine<Lanes>,
        mut tap: TapWriter,
        muted: Arc<AtomicBool>,
    ) -> Result<Card, String> {
        let (device, config) = default()?;
        if config.sample_format() != cpal::SampleFormat::F32 {
            return Err(format!(
                "sound card: wants {} samples, and only f32 is served; use --wav",
                config.sample_format()
            ));
        }
        let channels = usize::from(config.channels());
        let platform = engine.platform();
        let mut mono = vec![0.0; platform.block as usize];
        let stream = device
            .build_output_stream(
                &config.into(),
                move |out: &mut [f32], _| {
                    let start = Instant::now();
                    engine.mute(muted.load(Ordering::Relaxed));
                    let frames = out.len() / channels;
                    for out in out.chunks_mut(mono.len() * channels) {
                        let mono = &mut mono[..out.len() / channels];
                        engine.render(mono);
                        tap.write(mono);
                        for (out, sample) in out.chunks_mut(channels).zip(mono.iter()) {
                            out.fill(*sample);
                        }
                    }
                    let used = start.elapsed().as_nanos() as f32;
                    let there = platform.duration_ns(frames as u32).max(1.0);
                    engine.report_load((1000.0 * used / there) as u32);
                },
                |error| log::warn!("sound card: {error}"),
                None,
            )
            .map_err(|error| format!("sound card: {error}"))?;
        stream
            .play()
            .map_err(|error| format!("sound card: {error}"))?;
        Ok(Card(stream))
    }
}
