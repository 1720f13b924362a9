//! A thread in place of the sound card, so that only clients hear the instrument.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use trill::sim::{RealTime, Time};

use crate::runtime::nanoseconds;
use crate::runtime::session::Renderer;

/// A thread that renders at the pace of time until it is dropped.
pub struct Silent {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Time by which rendering may be ahead before the thread sleeps, in nanoseconds. Sleeping
/// is coarse, so the thread renders a few blocks at once.
const AHEAD_NS: u64 = 2_000_000;

impl Silent {
    /// Starts the thread.
    ///
    /// # Errors
    /// Fails if the system cannot start a thread.
    pub fn start(mut renderer: Renderer, time: RealTime) -> io::Result<Silent> {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let task = move || {
            let platform = renderer.platform();
            let [mut left, mut right] = [0, 1].map(|_| vec![0.0; platform.block as usize]);
            let mut frames = 0u64;
            while !stopped.load(Ordering::Relaxed) {
                renderer.render([&[]; 2], [&mut left, &mut right]);
                renderer.report_load(None);
                frames += u64::from(platform.block);
                let ahead = nanoseconds(frames, platform.rate).saturating_sub(time.now());
                if ahead > AHEAD_NS {
                    time.wait(ahead);
                }
            }
        };
        let thread = thread::Builder::new().name("gb-audio".into()).spawn(task)?;
        Ok(Silent {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
