//! Analog inputs on their way from the audio callback, which reads them, to the
//! instrument: without a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use instrument::Command;
use instrument::analog::{INPUTS, Reading};

/// What stands for a reading that never came.
const NONE: u32 = u32::MAX;

/// The latest reading of each input: one thread writes, any may read.
#[derive(Debug)]
pub struct Inputs([AtomicU32; INPUTS]);

impl Default for Inputs {
    /// Nothing was read yet.
    fn default() -> Inputs {
        Inputs([const { AtomicU32::new(NONE) }; INPUTS])
    }
}

impl Inputs {
    /// Stores what an input reads, 0.0 to 1.0 of its range; inputs that do not
    /// exist are ignored. Fit for the audio thread.
    pub fn store(&self, input: usize, part: f32) {
        if let Some(place) = self.0.get(input) {
            let reading = (part.clamp(0.0, 1.0) * f32::from(u16::MAX)) as u32;
            place.store(reading, Ordering::Relaxed);
        }
    }

    fn load(&self, input: usize) -> Option<Reading> {
        let reading = self.0[input].load(Ordering::Relaxed);
        (reading != NONE).then_some(reading as Reading)
    }
}

/// A part of the way to a new reading that is gone each look, as a power of two:
/// looked at every millisecond, an input settles within some 20 ms.
const SMOOTHING: u32 = 3;
/// Least change worth a command, of 65,536: converters and knobs are noisy.
const LEAST: u32 = 48;
/// Readings are kept in 256ths.
const FINE: u32 = 8;

/// Watches the inputs, and tells which was turned.
#[derive(Debug)]
pub struct Knobs {
    inputs: Arc<Inputs>,
    /// Smoothed readings, in 256ths, and the last one told.
    known: [Option<(u32, Reading)>; INPUTS],
    next: usize,
}

impl Knobs {
    /// Nothing is known yet.
    pub fn new(inputs: Arc<Inputs>) -> Knobs {
        Knobs {
            inputs,
            known: [None; INPUTS],
            next: 0,
        }
    }

    /// Looks at the inputs that somebody listens to; the command of one that was
    /// turned. To be called every millisecond or so.
    pub fn turned(&mut self, heard: impl Fn(usize) -> bool) -> Option<Command> {
        let mut told = None;
        for i in 0..INPUTS {
            let input = (self.next + i) % INPUTS;
            let Some(reading) = self.inputs.load(input).filter(|_| heard(input)) else {
                continue;
            };
            let (smooth, last) = match self.known[input] {
                // Where a knob stands at first is where it was set.
                None => (u32::from(reading) << FINE, None),
                Some((smooth, last)) => (smoothed(smooth, reading), Some(last)),
            };
            let settled = (smooth >> FINE) as Reading;
            let moved = last.is_none_or(|last| {
                let ends = settled == Reading::MIN || settled == Reading::MAX;
                u32::from(last.abs_diff(settled)) >= if ends { 1 } else { LEAST }
            });
            let tell = moved && told.is_none();
            if tell {
                told = Some((input, settled));
            }
            // What could not be told now is told at the next look.
            let last = if tell { Some(settled) } else { last };
            self.known[input] = last.map(|last| (smooth, last));
        }
        let (input, reading) = told?;
        self.next = (input + 1) % INPUTS;
        Some(Command::Turn(input, reading))
    }
}

/// A reading some way on to another, and there in the end.
fn smoothed(smooth: u32, reading: Reading) -> u32 {
    let (from, to) = (i64::from(smooth), i64::from(reading) << FINE);
    let way = to - from;
    if way.abs() < 1 << (SMOOTHING + FINE) {
        to as u32
    } else {
        (from + (way >> SMOOTHING)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(knobs: &mut Knobs, looks: u32) -> Vec<(usize, Reading)> {
        (0..looks)
            .filter_map(|_| match knobs.turned(|_| true) {
                Some(Command::Turn(input, reading)) => Some((input, reading)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn inputs_are_told_when_they_are_turned_and_settle_exactly() {
        let inputs = Arc::new(Inputs::default());
        let mut knobs = Knobs::new(Arc::clone(&inputs));
        assert_eq!(told(&mut knobs, 10), []);
        inputs.store(2, 0.5);
        inputs.store(5, 0.0);
        inputs.store(INPUTS, 1.0);
        assert_eq!(told(&mut knobs, 10), [(2, 32_767), (5, 0)]);
        inputs.store(2, 1.0);
        let way = told(&mut knobs, 100);
        assert!(way.is_sorted() && way.len() > 10, "{way:?}");
        assert_eq!(way.last(), Some(&(2, u16::MAX)));
        inputs.store(2, 0.0);
        assert_eq!(told(&mut knobs, 100).last(), Some(&(2, 0)));
        inputs.store(2, f32::NAN);
        assert_eq!(told(&mut knobs, 100), []);
    }

    #[test]
    fn nobody_is_told_of_what_nobody_listens_to() {
        let inputs = Arc::new(Inputs::default());
        let mut knobs = Knobs::new(Arc::clone(&inputs));
        for i in 0..100u8 {
            // Nothing is connected to this one.
            inputs.store(7, f32::from(i % 9) / 9.0);
            assert_eq!(knobs.turned(|input| input != 7), None);
        }
        assert!(knobs.turned(|input| input == 7).is_some());
    }

    #[test]
    fn noise_is_not_told_and_no_input_drowns_the_others() {
        let inputs = Arc::new(Inputs::default());
        let mut knobs = Knobs::new(Arc::clone(&inputs));
        inputs.store(0, 0.5);
        told(&mut knobs, 5);
        for i in 0..1000 {
            inputs.store(0, 0.5 + if i % 2 == 0 { 0.0003 } else { -0.0003 });
            assert_eq!(told(&mut knobs, 1), []);
        }
        let mut counts = [0; INPUTS];
        for i in 0..800u32 {
            for input in 0..INPUTS {
                inputs.store(input, (i / 100 % 2) as f32);
            }
            for (input, _) in told(&mut knobs, 1) {
                counts[input] += 1;
            }
        }
        assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
    }
}
