//! The tempo of a MIDI clock, and the place in its sequence.

/// Pulses of a quarter note.
const PULSES: u32 = 24;
/// Shortest and longest quarter note that is believed, in nanoseconds: 1200 to 6 a minute.
const QUARTERS_NS: (u64, u64) = (50_000_000, 10_000_000_000);

/// Counts the pulses of a clock, and measures its quarter notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tempo {
    /// Pulses of the sequence so far.
    place: u32,
    /// True unless the sequence was stopped. A clock that never starts one runs.
    runs: bool,
    /// The time of the pulse from which the next quarter note is measured, and the pulses
    /// since.
    since: Option<(u64, u32)>,
    quarter_ns: Option<u64>,
}

impl Default for Tempo {
    /// Creates a tempo that is not known yet.
    fn default() -> Tempo {
        Tempo {
            place: 0,
            runs: true,
            since: None,
            quarter_ns: None,
        }
    }
}

impl Tempo {
    /// Returns the duration of the last quarter note that was measured, in nanoseconds.
    pub fn quarter_ns(&self) -> Option<u64> {
        self.quarter_ns
    }

    /// Starts the sequence: the next pulse begins its first bar.
    pub(super) fn start(&mut self) {
        self.place = 0;
        self.runs = true;
    }

    /// Continues the sequence at its next pulse.
    pub(super) fn resume(&mut self) {
        self.runs = true;
    }

    /// Stops the sequence. The clock may go on.
    pub(super) fn stop(&mut self) {
        self.runs = false;
    }

    /// Takes a pulse at a time in nanoseconds. If a bar of this many quarter notes begins
    /// with it, returns the number of quarter notes before it.
    pub(super) fn pulse(&mut self, at: u64, bar: u32) -> Option<u32> {
        self.measure(at);
        let begins = self.runs && self.place % (PULSES * bar.max(1)) == 0;
        let quarters = self.place / PULSES;
        if self.runs {
            self.place = self.place.wrapping_add(1);
        }
        begins.then_some(quarters)
    }

    fn measure(&mut self, at: u64) {
        let (since, pulses) = self
            .since
            .map_or((at, 0), |(since, pulses)| (since, pulses + 1));
        self.since = Some((since, pulses));
        if pulses == PULSES {
            let quarter = at.saturating_sub(since);
            if (QUARTERS_NS.0..=QUARTERS_NS.1).contains(&quarter) {
                self.quarter_ns = Some(quarter);
            }
            self.since = Some((at, 0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_begin_with_the_first_pulse_and_every_so_many_quarters() {
        let mut tempo = Tempo::default();
        let bars = |tempo: &mut Tempo, pulses: u32| -> Vec<(u32, u32)> {
            let pulse = |i| tempo.pulse(u64::from(i), 3).map(|quarters| (i, quarters));
            (0..pulses).filter_map(pulse).collect()
        };
        assert_eq!(bars(&mut tempo, 150), [(0, 0), (72, 3), (144, 6)]);
        tempo.stop();
        assert_eq!(bars(&mut tempo, 150), []);
        tempo.resume();
        assert_eq!(bars(&mut tempo, 150), [(66, 9), (138, 12)]);
        tempo.start();
        assert_eq!(bars(&mut tempo, 10), [(0, 0)]);
    }

    #[test]
    fn a_quarter_is_measured_over_its_pulses() {
        let mut tempo = Tempo::default();
        // 120 a minute, each pulse late by something.
        for i in 0..24 {
            tempo.pulse(i * 20_833_333 + i % 3, 4);
            assert_eq!(tempo.quarter_ns(), None);
        }
        tempo.pulse(500_000_000, 4);
        assert_eq!(tempo.quarter_ns(), Some(500_000_000));
        // A pause is not a tempo.
        for i in 0..24 {
            tempo.pulse(60_000_000_000 + i, 4);
        }
        assert_eq!(tempo.quarter_ns(), Some(500_000_000));
    }
}
