//! The instrument in a page: a desk whose time is the frames it has rendered.
//!
//! Owns the simulated desk and what is said to and by it. Never waits, asks no
//! clock and knows nothing of browsers.

use std::sync::{Arc, Mutex, PoisonError};

use gatebend::board::description;
use gatebend::board::desk::{Desk, Script, Simulation};
use gatebend::board::parts::Parts;
use gatebend::library;
use trill::sim::Finger;

/// Frames a second that it can play at.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// The instrument, alone.
pub struct Alone {
    simulation: Simulation,
    hand: Hand,
    /// Frames that were asked for so far.
    frames: u64,
    /// Rendered, and not asked for yet.
    left: Vec<f32>,
    /// What was asked for last.
    quantum: Vec<f32>,
}

/// The fingers on the pad.
type Hand = Arc<Mutex<Vec<Finger>>>;

impl Alone {
    /// A desk that was just switched on, at so many frames a second, which a script
    /// may play on, too.
    ///
    /// # Errors
    /// When it cannot be played at this rate, or the script is wrong; says where.
    pub fn new(rate: u32, script: &str) -> Result<Alone, String> {
        if !RATES.contains(&rate) {
            return Err(format!(
                "no sound at {rate} frames a second: {} to {} will do",
                RATES.start(),
                RATES.end()
            ));
        }
        let mut board = description::built_in("desk")?.board()?;
        board.platform.rate = rate;
        let script = Script::parse(script, &board.panel.surface)?;
        let desk = Desk::like(board, Parts::new(library::shipped()));
        let hand = Hand::default();
        let (fingers, scripted) = (Arc::clone(&hand), Arc::new(script));
        let knobs = Arc::clone(&scripted);
        let events = scripted.events().to_vec();
        let mut simulation = Simulation::new(desk, move |now| {
            let mut all = scripted.fingers(now);
            all.extend(
                fingers
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .iter(),
            );
            all
        })?;
        simulation.turn(move |now, inputs| knobs.turn(now, inputs));
        simulation.schedule(events);
        Ok(Alone {
            simulation,
            hand,
            frames: 0,
            left: Vec::new(),
            quantum: Vec::new(),
        })
    }

    /// The next frames, one channel.
    pub fn render(&mut self, frames: usize) -> &[f32] {
        self.frames += frames as u64;
        let until = self.simulation.time_of(self.frames);
        let left = &mut self.left;
        self.simulation
            .run(until, |block| left.extend_from_slice(block.sound), |_| {});
        // A block that has begun is rendered whole.
        self.quantum.clear();
        self.quantum
            .extend(self.left.drain(..frames.min(self.left.len())));
        &self.quantum
    }
}
