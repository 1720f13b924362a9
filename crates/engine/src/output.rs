//! The output stage: DC blocker, level and limiter.

/// Corner frequency of the DC blocker. A network bent to a constant must not deflect
/// loudspeakers.
const DC_HZ: f32 = 10.0;
/// Most that the output reaches, relative to full scale.
pub(super) const CEILING: f32 = 0.95;
/// Release time of the limiter.
const RELEASE_SECONDS: f32 = 0.1;
/// Duration of the crossfade between networks.
pub(super) const FADE_SECONDS: f32 = 0.005;
/// Duration of a fade between silence and full level.
pub(super) const RAMP_SECONDS: f32 = 0.02;
/// Smaller values become 0; denormal numbers are slow on some processors.
const SMALLEST: f32 = 1e-15;

/// Difference of two output stages that is not heard: -100 dB.
const INAUDIBLE: f32 = 1e-5;

/// A value that moves to its target within the time of a fade.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ramp {
    value: f32,
    target: f32,
    step: f32,
}

impl Ramp {
    /// Creates a ramp at 0 that takes this many seconds to 1.
    pub fn new(rate: u32, seconds: f32) -> Ramp {
        Ramp {
            value: 0.0,
            target: 0.0,
            step: 1.0 / (seconds * rate as f32),
        }
    }

    /// Sets the target, 0.0..=1.0.
    pub fn set(&mut self, target: f32) {
        self.target = target.clamp(0.0, 1.0);
    }

    /// Returns whether it is 0 and stays 0.
    pub fn is_zero(&self) -> bool {
        self.value == 0.0 && self.target == 0.0
    }

    /// Returns the value for the next frame.
    #[inline]
    pub fn next(&mut self) -> f32 {
        self.value += (self.target - self.value).clamp(-self.step, self.step);
        self.value
    }
}

/// The output stage of one channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// The last input, output and coefficient of a one-pole high-pass.
    input: f32,
    passed: f32,
    pole: f32,
    level: Ramp,
    /// The limiter's gain, and the share that it recovers per frame.
    gain: f32,
    release: f32,
    /// True if only the level applies.
    exact: bool,
}

impl Output {
    pub fn new(rate: u32) -> Output {
        let ramp = Ramp::new(rate, RAMP_SECONDS);
        let rate = rate as f32;
        Output {
            input: 0.0,
            passed: 0.0,
            pole: 1.0 - std::f32::consts::TAU * DC_HZ / rate,
            level: ramp,
            gain: 1.0,
            release: 1.0 / (RELEASE_SECONDS * rate),
            exact: false,
        }
    }

    /// Creates a stage that applies only the level.
    pub fn exact(rate: u32) -> Output {
        Output {
            exact: true,
            ..Output::new(rate)
        }
    }

    /// Begins with the level that was set, if the stage is exact.
    pub fn start(&mut self) {
        if self.exact {
            self.level.value = self.level.target;
        }
    }

    /// Ramps to a level, 0.0..=1.0.
    pub fn set_level(&mut self, level: f32) {
        self.level.set(level);
    }

    /// Returns whether it is silent and stays silent.
    pub fn silent(&self) -> bool {
        self.level.is_zero()
    }

    /// Returns whether the stage only multiplies by the level, which stays.
    pub fn is_steady(&self) -> bool {
        self.exact && self.level.value == self.level.target
    }

    /// Returns the level.
    pub fn level(&self) -> f32 {
        self.level.value
    }

    /// Returns whether two stages give the same output for the same input, as far as one can
    /// hear.
    pub fn meets(&self, other: &Output) -> bool {
        (self.passed - other.passed).abs() < INAUDIBLE
            && (self.input - other.input).abs() < INAUDIBLE
            && (self.gain - other.gain).abs() < INAUDIBLE
    }

    /// Returns the next frame, within the ceiling unless the stage is exact.
    #[inline]
    pub fn next(&mut self, input: f32) -> f32 {
        if self.exact {
            return input * self.level.next();
        }
        let mut passed = input - self.input + self.pole * self.passed;
        if passed.abs() < SMALLEST {
            passed = 0.0;
        }
        self.input = input;
        self.passed = passed;

        let loud = passed * self.level.next();
        self.gain += (1.0 - self.gain) * self.release;
        if loud.abs() * self.gain > CEILING {
            self.gain = CEILING / loud.abs();
        }
        (loud * self.gain).clamp(-CEILING, CEILING)
    }
}

/// Returns a level in 32,768ths as a share of full scale.
#[inline]
pub(super) fn level(level: i16) -> f32 {
    f32::from(level) / 32_768.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 44_100;

    fn run(output: &mut Output, seconds: f32, input: impl Fn(u32) -> f32) -> Vec<f32> {
        let frames = (seconds * RATE as f32) as u32;
        (0..frames).map(|i| output.next(input(i))).collect()
    }

    #[test]
    fn a_constant_decays_to_zero() {
        let mut output = Output::new(RATE);
        output.set_level(1.0);
        let frames = run(&mut output, 1.0, |_| -1.0);
        assert!(frames.iter().all(|x| x.abs() <= CEILING));
        assert!(frames[RATE as usize / 2..].iter().all(|x| x.abs() < 1e-6));
        assert_eq!(run(&mut output, 2.0, |_| -1.0).last(), Some(&0.0));
    }

    #[test]
    fn tones_pass_and_peaks_are_limited() {
        let mut output = Output::new(RATE);
        output.set_level(1.0);
        let tone = |i: u32| 0.5 * (0.05 * i as f32).sin();
        let frames = run(&mut output, 1.0, tone);
        let most = |frames: &[f32]| frames.iter().fold(0f32, |most, x| most.max(x.abs()));
        assert!((most(&frames[22_050..]) - 0.5).abs() < 0.01);
        let loud = run(&mut output, 1.0, |i| 4.0 * tone(i));
        assert!((most(&loud) - CEILING).abs() < 1e-6);
    }

    #[test]
    fn levels_change_without_a_step() {
        let mut output = Output::new(RATE);
        let square = |i: u32| if i / 50 % 2 == 0 { 0.5 } else { -0.5 };
        assert!(output.silent());
        assert!(run(&mut output, 0.1, square).iter().all(|x| *x == 0.0));
        output.set_level(1.0);
        let start = run(&mut output, 0.001, square);
        assert!(start.iter().all(|x| x.abs() < 0.1));
        run(&mut output, 0.1, square);
        output.set_level(0.0);
        run(&mut output, RAMP_SECONDS + 0.001, square);
        assert!(output.silent());
    }
}
