//! Analog inputs on their way from the audio callback, which reads them, to the
//! instrument's thread; no locks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use instrument::Command;
use instrument::analog::{INPUTS, Reading};

/// Stands for an input that has not been read yet.
const UNREAD: u32 = u32::MAX;

/// The latest reading of each input. One thread writes, any thread may read.
#[derive(Debug)]
pub struct AnalogInputs([AtomicU32; INPUTS]);

impl Default for AnalogInputs {
    /// Creates inputs that have not been read yet.
    fn default() -> AnalogInputs {
        AnalogInputs([const { AtomicU32::new(UNREAD) }; INPUTS])
    }
}

impl AnalogInputs {
    /// Stores the level of an input, 0.0 to 1.0 of its range; ignores inputs that do
    /// not exist. Real-time safe.
    pub fn store(&self, input: usize, level: f32) {
        if let Some(stored) = self.0.get(input) {
            let reading = (level.clamp(0.0, 1.0) * f32::from(u16::MAX)) as u32;
            stored.store(reading, Ordering::Relaxed);
        }
    }

    fn load(&self, input: usize) -> Option<Reading> {
        let reading = self.0[input].load(Ordering::Relaxed);
        (reading != UNREAD).then_some(reading as Reading)
    }
}

/// Smoothing: each poll covers 1/2^3 of the distance to the new reading. Polled every
/// millisecond, an input settles within about 20 ms.
const SMOOTHING: u32 = 3;
/// Smallest change that sends a command, of 65,536: converters and knobs are noisy.
const THRESHOLD: u32 = 48;
/// Fractional bits of a smoothed reading.
const FRACTION: u32 = 8;

/// Smooths the inputs and turns their changes into commands.
#[derive(Debug)]
pub struct AnalogWatcher {
    inputs: Arc<AnalogInputs>,
    /// Each input's smoothed reading, with [`FRACTION`] fractional bits, and the
    /// reading that was sent last.
    known: [Option<(u32, Reading)>; INPUTS],
    next: usize,
}

impl AnalogWatcher {
    /// Creates a watcher that has not sent anything yet.
    pub fn new(inputs: Arc<AnalogInputs>) -> AnalogWatcher {
        AnalogWatcher {
            inputs,
            known: [None; INPUTS],
            next: 0,
        }
    }

    /// Reads the inputs that are `used` and returns a command for one that has
    /// changed. Inputs take turns, so that none starves the others. Call it about
    /// every millisecond.
    pub fn poll(&mut self, used: impl Fn(usize) -> bool) -> Option<Command> {
        let mut changed = None;
        for i in 0..INPUTS {
            let input = (self.next + i) % INPUTS;
            let Some(reading) = self.inputs.load(input).filter(|_| used(input)) else {
                continue;
            };
            let (smooth, last) = match self.known[input] {
                // The first reading is the knob's position, not a movement.
                None => (u32::from(reading) << FRACTION, None),
                Some((smooth, last)) => (smoothed(smooth, reading), Some(last)),
            };
            let settled = (smooth >> FRACTION) as Reading;
            let moved = last.is_none_or(|last| {
                let ends = settled == Reading::MIN || settled == Reading::MAX;
                u32::from(last.abs_diff(settled)) >= if ends { 1 } else { THRESHOLD }
            });
            let send = moved && changed.is_none();
            if send {
                changed = Some((input, settled));
            }
            // Further changes are sent by later polls.
            let last = if send { Some(settled) } else { last };
            self.known[input] = last.map(|last| (smooth, last));
        }
        let (input, reading) = changed?;
        self.next = (input + 1) % INPUTS;
        Some(Command::Turn(input, reading))
    }
}

/// Moves a smoothed reading towards a new one, which it reaches exactly.
fn smoothed(smooth: u32, reading: Reading) -> u32 {
    let (from, to) = (i64::from(smooth), i64::from(reading) << FRACTION);
    let distance = to - from;
    if distance.abs() < 1 << (SMOOTHING + FRACTION) {
        to as u32
    } else {
        (from + (distance >> SMOOTHING)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(watcher: &mut AnalogWatcher, polls: u32) -> Vec<(usize, Reading)> {
        (0..polls)
            .filter_map(|_| match watcher.poll(|_| true) {
                Some(Command::Turn(input, reading)) => Some((input, reading)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn inputs_send_commands_when_turned_and_settle_exactly() {
        let inputs = Arc::new(AnalogInputs::default());
        let mut watcher = AnalogWatcher::new(Arc::clone(&inputs));
        assert_eq!(sent(&mut watcher, 10), []);
        inputs.store(2, 0.5);
        inputs.store(5, 0.0);
        inputs.store(INPUTS, 1.0);
        assert_eq!(sent(&mut watcher, 10), [(2, 32_767), (5, 0)]);
        inputs.store(2, 1.0);
        let way = sent(&mut watcher, 100);
        assert!(way.is_sorted() && way.len() > 10, "{way:?}");
        assert_eq!(way.last(), Some(&(2, u16::MAX)));
        inputs.store(2, 0.0);
        assert_eq!(sent(&mut watcher, 100).last(), Some(&(2, 0)));
        inputs.store(2, f32::NAN);
        assert_eq!(sent(&mut watcher, 100), []);
    }

    #[test]
    fn unused_inputs_send_no_commands() {
        let inputs = Arc::new(AnalogInputs::default());
        let mut watcher = AnalogWatcher::new(Arc::clone(&inputs));
        for i in 0..100u8 {
            // Nothing uses this input.
            inputs.store(7, f32::from(i % 9) / 9.0);
            assert_eq!(watcher.poll(|input| input != 7), None);
        }
        assert!(watcher.poll(|input| input == 7).is_some());
    }

    #[test]
    fn noise_is_ignored_and_no_input_starves_the_others() {
        let inputs = Arc::new(AnalogInputs::default());
        let mut watcher = AnalogWatcher::new(Arc::clone(&inputs));
        inputs.store(0, 0.5);
        sent(&mut watcher, 5);
        for i in 0..1000 {
            inputs.store(0, 0.5 + if i % 2 == 0 { 0.0003 } else { -0.0003 });
            assert_eq!(sent(&mut watcher, 1), []);
        }
        let mut counts = [0; INPUTS];
        for i in 0..800u32 {
            for input in 0..INPUTS {
                inputs.store(input, (i / 100 % 2) as f32);
            }
            for (input, _) in sent(&mut watcher, 1) {
                counts[input] += 1;
            }
        }
        assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
    }
}
