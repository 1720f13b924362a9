//! A thread in place of the sound card, so that only clients hear the instrument.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use trill::sim::Time;

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
/// Time by which rendering may be behind, in nanoseconds; then the blocks are lost. The page
/// buffers about as much sound (`web/audio/jitter.js`).
const BEHIND_NS: u64 = 100_000_000;

impl Silent {
    /// Starts the thread.
    ///
    /// # Errors
    /// Fails if the system cannot start a thread.
    pub fn start(renderer: Renderer, time: impl Time) -> io::Result<Silent> {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let task = move || {
            let mut pace = Pace::start(renderer, time);
            while !stopped.load(Ordering::Relaxed) {
                pace.step();
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

/// A renderer at the pace of time, which is passed in.
struct Pace<T> {
    renderer: Renderer,
    time: T,
    start: u64,
    block: [Vec<f32>; 2],
    /// Blocks since the start, rendered or lost.
    blocks: u64,
}

impl<T: Time> Pace<T> {
    fn start(renderer: Renderer, time: T) -> Pace<T> {
        Pace {
            block: [0, 1].map(|_| vec![0.0; renderer.platform().block as usize]),
            start: time.now(),
            renderer,
            time,
            blocks: 0,
        }
    }

    /// Renders a block, and waits if it is early. If the program was stopped, the blocks of
    /// that time are lost.
    fn step(&mut self) {
        let begun = self.time.now();
        let mut lost = 0;
        if begun - self.start > self.due() + BEHIND_NS {
            let platform = self.renderer.platform();
            let elapsed = u128::from(begun - self.start);
            let over = elapsed * u128::from(platform.rate) / 1_000_000_000;
            lost = (over as u64 / u64::from(platform.block)).saturating_sub(self.blocks);
            self.blocks += lost;
        }
        let block = self.block.each_mut().map(Vec::as_mut_slice);
        self.renderer.render([&[]; 2], block);
        self.blocks += 1;
        let (now, platform) = (self.time.now(), self.renderer.platform());
        let load = 1000.0 * (now - begun) as f32 / platform.duration_ns(platform.block);
        self.renderer.report_pace(load as u32, lost as u32);
        let ahead = self.due().saturating_sub(now - self.start);
        if ahead > AHEAD_NS {
            self.time.wait(ahead);
        }
    }

    /// Returns the time of the next block in nanoseconds since the start.
    fn due(&self) -> u64 {
        let platform = self.renderer.platform();
        nanoseconds(self.blocks * u64::from(platform.block), platform.rate)
    }
}

#[cfg(test)]
mod tests {
    use trill::sim::VirtualTime;

    use super::*;
    use crate::board::desk::Desk;
    use crate::factory_networks;

    #[test]
    fn the_blocks_of_a_stopped_program_are_late_and_others_are_not() {
        let desk = Desk::new(factory_networks::all());
        let (_, engine) = desk.parts.assemble(desk.platform).unwrap();
        let counters = engine.counters();
        let time = VirtualTime::new();
        time.advance(7_000_000_000);
        let mut pace = Pace::start(Renderer::offline(engine), time.clone());
        let mut run = |stopped_ns: u64| {
            let (blocks, late) = (counters.blocks(), counters.late());
            time.advance(stopped_ns);
            let end = time.now() + 1_000_000_000;
            while time.now() < end {
                pace.step();
            }
            (counters.blocks() - blocks, counters.late() - late)
        };
        let all = (44_100.0 / f64::from(desk.platform.block)) as u32;
        let near = |(rendered, late): (u32, u32), seconds: f64, lost: f64| {
            let of = |seconds: f64| (seconds * f64::from(all)) as u32;
            assert!(rendered.abs_diff(of(seconds)) <= 8, "{rendered} rendered");
            assert!(late.abs_diff(of(lost)) <= 8, "{late} late");
        };
        near(run(0), 1.0, 0.0);
        // A short pause is caught up with.
        near(run(50_000_000), 1.05, 0.0);
        near(run(3_000_000_000), 1.0, 3.0);
        near(run(0), 1.0, 0.0);
        assert!(!counters.is_load_estimated());
    }
}
