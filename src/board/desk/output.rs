//! The desk's audio output: the computer's sound card, or a thread in its place.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use trill::sim::{RealTime, Time};

#[cfg(feature = "sound-card")]
use super::sound_card::Card;
use crate::runtime::nanoseconds;
use crate::runtime::session::Renderer;

/// An audio output, which plays from [`Output::start`] to [`Output::end`].
pub enum Output {
    #[cfg(feature = "sound-card")]
    Card(Card),
    Silent(Silent),
}

impl Output {
    /// Opens the default sound card.
    ///
    /// # Errors
    /// Fails if there is none, or none that takes f32 samples.
    #[cfg(feature = "sound-card")]
    pub fn card(renderer: Renderer) -> Result<Output, String> {
        Card::open(renderer).map(Output::Card)
    }

    /// Fails: there is no sound card in this build.
    #[cfg(not(feature = "sound-card"))]
    pub fn card(_: Renderer) -> Result<Output, String> {
        Err("built without a sound card: cargo run --release --features sound-card".into())
    }

    /// Creates an output that only clients hear.
    pub fn silent(renderer: Renderer, time: RealTime) -> Output {
        Output::Silent(Silent {
            ready: Some((renderer, time)),
            stop: Arc::default(),
            thread: None,
        })
    }

    /// Starts to play.
    ///
    /// # Errors
    /// Fails if the sound card does, or if the system cannot start a thread.
    pub fn start(&mut self) -> Result<(), String> {
        match self {
            #[cfg(feature = "sound-card")]
            Output::Card(card) => card.start(),
            Output::Silent(silent) => silent
                .start()
                .map_err(|error| format!("no thread gb-audio: {error}")),
        }
    }

    /// Stops playing.
    pub fn end(self) {
        match self {
            #[cfg(feature = "sound-card")]
            Output::Card(card) => drop(card),
            Output::Silent(silent) => silent.end(),
        }
    }
}

/// A thread that renders at the pace of time.
pub struct Silent {
    /// Taken by the thread.
    ready: Option<(Renderer, RealTime)>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Rendering ahead of time before the thread sleeps, in nanoseconds. Sleeping is coarse,
/// so that a few blocks are rendered at once.
const AHEAD_NS: u64 = 2_000_000;

impl Silent {
    fn start(&mut self) -> io::Result<()> {
        let Some((mut renderer, time)) = self.ready.take() else {
            return Ok(());
        };
        let stop = Arc::clone(&self.stop);
        let task = move || {
            let platform = renderer.platform();
            let mut block = vec![0.0; platform.block as usize];
            let mut frames = 0u64;
            while !stop.load(Ordering::Relaxed) {
                renderer.render(&mut block);
                renderer.report_load(None);
                frames += u64::from(platform.block);
                let ahead = nanoseconds(frames, platform.rate).saturating_sub(time.now());
                if ahead > AHEAD_NS {
                    time.wait(ahead);
                }
            }
        };
        let thread = thread::Builder::new().name("gb-audio".into());
        self.thread = Some(thread.spawn(task)?);
        Ok(())
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread {
            let _ = thread.join();
        }
    }
}
