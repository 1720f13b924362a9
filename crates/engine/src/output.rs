//! From exact samples to what loudspeakers may be given.

/// Corner frequency of the DC blocker: a network bent to a constant must not
/// push the cones out.
const DC_HZ: f32 = 10.0;
/// What the output never exceeds, of full scale.
pub(super) const CEILING: f32 = 0.95;
/// Time in which the limiter lets go.
const RELEASE_SECONDS: f32 = 0.1;
/// Longest crossfade from one network to the next.
pub(super) const FADE_SECONDS: f32 = 0.005;
/// Time from silence to full level and back.
const RAMP_SECONDS: f32 = 0.02;
/// Below this a value is nothing; denormal numbers are slow on some processors.
const NOTHING: f32 = 1e-15;

/// DC blocker, level, limiter: state of one channel.
#[derive(Debug)]
pub(super) struct Output {
    /// The last input, output and coefficient of a one-pole high-pass.
    input: f32,
    passed: f32,
    pole: f32,
    /// The level, and what it goes to.
    level: f32,
    target: f32,
    ramp: f32,
    /// The limiter's gain, and how fast it comes back.
    gain: f32,
    release: f32,
}

impl Output {
    pub fn new(rate: u32) -> Output {
        let rate = rate as f32;
        Output {
            input: 0.0,
            passed: 0.0,
            pole: 1.0 - std::f32::consts::TAU * DC_HZ / rate,
            level: 0.0,
            target: 0.0,
            ramp: 1.0 / (RAMP_SECONDS * rate),
            gain: 1.0,
            release: 1.0 / (RELEASE_SECONDS * rate),
        }
    }

    /// Goes to a level, 0 to 1, without a click.
    pub fn set_level(&mut self, level: f32) {
        self.target = level.clamp(0.0, 1.0);
    }

    /// Whether it is silent and stays so.
    pub fn silent(&self) -> bool {
        self.level == 0.0 && self.target == 0.0
    }

    /// The next frame; never above the ceiling.
    #[inline]
    pub fn next(&mut self, input: f32) -> f32 {
        let mut passed = input - self.input + self.pole * self.passed;
        if passed.abs() < NOTHING {
            passed = 0.0;
        }
        self.input = input;
        self.passed = passed;

        self.level += (self.target - self.level).clamp(-self.ramp, self.ramp);
        let loud = passed * self.level;
        self.gain += (1.0 - self.gain) * self.release;
        if loud.abs() * self.gain > CEILING {
            self.gain = CEILING / loud.abs();
        }
        (loud * self.gain).clamp(-CEILING, CEILING)
    }
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
    fn a_constant_fades_to_nothing() {
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
