//! The reading position in network time, without rounding errors.

use super::Clock;

/// A position in network time: a sample, and a fraction of the way to the next.
///
/// The output rate fixes the denominator of the fraction, so that every rate in Hz and
/// every speed in hundredths is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    t: u32,
    numerator: u32,
    denominator: u32,
    /// The step per frame: whole samples, negative for backwards, plus a numerator that
    /// always points forwards.
    whole: i32,
    part: u32,
    /// 2^48 / denominator, for fractions without division.
    inverse: u64,
}

impl Position {
    /// Creates a position at time 0 that stands still.
    pub fn new(output_rate: u32) -> Position {
        let denominator = 100 * output_rate.clamp(1, 192_000);
        Position {
            t: 0,
            numerator: 0,
            denominator,
            whole: 0,
            part: 0,
            inverse: (1 << 48) / u64::from(denominator),
        }
    }

    /// Sets the step from a network's rate in Hz and a speed in hundredths.
    pub fn set_step(&mut self, rate: u32, speed: i32) {
        let step = i64::from(rate) * i64::from(speed);
        self.whole = step.div_euclid(self.denominator.into()) as i32;
        self.part = step.rem_euclid(self.denominator.into()) as u32;
    }

    pub fn seek(&mut self, t: u32) {
        self.t = t;
        self.numerator = 0;
    }

    /// Returns the sample at or before the position.
    pub fn t(&self) -> u32 {
        self.t
    }

    /// Returns the fraction of the way to the next sample, in 65,536ths.
    pub fn fraction(&self) -> u32 {
        ((u64::from(self.numerator) * self.inverse) >> 32) as u32
    }

    /// Advances by one frame.
    pub fn step(&mut self) {
        self.t = self.t.wrapping_add_signed(self.whole);
        self.numerator += self.part;
        if self.numerator >= self.denominator {
            self.numerator -= self.denominator;
            self.t = self.t.wrapping_add(1);
        }
    }

    /// Advances by one frame, within the loop if the clock has one.
    #[inline]
    pub fn step_by(&mut self, clock: Clock) {
        self.step();
        self.wrap(clock);
    }

    /// Moves into the loop, if the clock has one, by a multiple of its length.
    #[inline]
    pub fn wrap(&mut self, clock: Clock) {
        if let Clock::Loop { first, end } = clock {
            let (after, length) = (self.t.wrapping_sub(first), end.wrapping_sub(first));
            if after >= length && length > 0 {
                let into = i64::from(after as i32).rem_euclid(length.into());
                self.t = first.wrapping_add(into as u32);
            }
        }
    }

    /// Returns the position this many frames later.
    pub fn after(&self, frames: u32) -> Position {
        let parts = u64::from(self.numerator) + u64::from(self.part) * u64::from(frames);
        let denominator = u64::from(self.denominator);
        Position {
            t: self
                .t
                .wrapping_add_signed(self.whole.wrapping_mul(frames as i32))
                .wrapping_add((parts / denominator) as u32),
            numerator: (parts % denominator) as u32,
            ..*self
        }
    }

    /// Returns whether time runs backwards.
    pub fn backwards(&self) -> bool {
        self.whole < 0
    }

    /// Returns the network samples in this many frames, rounded up.
    pub fn pace(&self, frames: u32) -> u32 {
        let step = i64::from(self.whole) * i64::from(self.denominator) + i64::from(self.part);
        let samples = step.unsigned_abs() * u64::from(frames);
        samples.div_ceil(u64::from(self.denominator)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the sample at or before a position, computed with integers only.
    fn exact(frame: i128, rate: u32, speed: i32, output: u32) -> u32 {
        (frame * i128::from(rate) * i128::from(speed)).div_euclid(100 * i128::from(output)) as u32
    }

    #[test]
    fn positions_are_exact_forwards_backwards_and_for_days() {
        for (rate, speed, output) in [
            (8000, 100, 44_100),
            (8000, -100, 44_100),
            (44_100, 100, 44_100),
            (11_025, 137, 48_000),
            (96_000, -400, 44_100),
            (8000, 0, 44_100),
            (1, 5, 192_000),
        ] {
            let mut position = Position::new(output);
            position.set_step(rate, speed);
            for frame in 0..20_000u32 {
                assert_eq!(position.t(), exact(frame.into(), rate, speed, output));
                position.step();
            }
            let days = position.after(4_000_000_000);
            assert_eq!(days.t(), exact(4_000_020_000, rate, speed, output));
        }
    }

    #[test]
    fn fractions_are_exact_to_the_last_place() {
        let mut position = Position::new(48_000);
        position.set_step(8000, 100);
        for sixth in [0, 1, 2, 3, 4, 5, 0] {
            let error = (65_536.0 * f64::from(sixth) / 6.0) - f64::from(position.fraction());
            assert!((0.0..=1.0).contains(&error), "{sixth}: {error}");
            position.step();
        }
    }
}
