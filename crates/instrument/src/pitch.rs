//! Pitch in equal temperament, the same on every machine: whole numbers only.

/// A semitone in the unit of pitch, which is the finest that a pitch wheel over one
/// semitone has.
pub const SEMITONE: i32 = 8192;
/// An octave in the unit of pitch.
pub const OCTAVE: i32 = 12 * SEMITONE;

/// Lowest and highest rate of network samples in Hz.
const RATES: (u128, u128) = (1, 768_000);

/// 2^(k/12) times 2^32 for k semitones, rounded to the nearest.
const RATIOS: [u64; 13] = [
    4_294_967_296,
    4_550_359_342,
    4_820_937_788,
    5_107_605_667,
    5_411_319_705,
    5_733_093_519,
    6_074_001_000,
    6_435_179_895,
    6_817_835_604,
    7_223_245_206,
    7_652_761_717,
    8_107_818_609,
    8_589_934_592,
];

/// Height above which a chord of the curve 2^(x/12) lies over one semitone, relative to its
/// start and divided by x (1 - x), times 2^24: with L = ln 2 / 12, it is L^2/2 + L^3/6
/// (1 + x), taken at x = 1/2.
const BOW: u64 = 28_797;

/// Returns a rate in Hz shifted by a pitch in 8192ths of a semitone: the nearest to
/// `rate * 2^(pitch / 12 / 8192)`, within 1 Hz to 768 kHz.
///
/// Between semitones, a parabola through exact ratios is at most 0.003 cents from the curve.
///
/// ```
/// use instrument::pitch::{OCTAVE, SEMITONE, shifted};
///
/// assert_eq!(shifted(8000, 0), 8000);
/// assert_eq!(shifted(8000, -OCTAVE), 4000);
/// assert_eq!(shifted(8000, 7 * SEMITONE), 11_986);
/// ```
pub fn shifted(rate: u32, pitch: i32) -> u32 {
    let above = pitch.rem_euclid(OCTAVE);
    let (semitone, x) = ((above / SEMITONE) as usize, (above % SEMITONE) as u64);
    let (low, high) = (RATIOS[semitone], RATIOS[semitone + 1]);
    // Products have at most 33 + 24 and 31 + 15 bits.
    let bow = (((low * (x * (SEMITONE as u64 - x))) >> 26) * BOW) >> 24;
    let ratio = low + (((high - low) * x) >> 13) - bow;
    let octaves = pitch.div_euclid(OCTAVE).clamp(-64, 31);
    let shift = (32 - octaves) as u32;
    let shifted = (u128::from(rate) * u128::from(ratio) + (1 << (shift - 1))) >> shift;
    shifted.clamp(RATES.0, RATES.1) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_follow_equal_temperament() {
        for pitch in (-150 * SEMITONE..=150 * SEMITONE).step_by(337) {
            for rate in [8000, 44_100, 96_000] {
                let exact = f64::from(rate) * (f64::from(pitch) / f64::from(OCTAVE)).exp2();
                let exact = exact.clamp(1.0, 768_000.0);
                let error = (f64::from(shifted(rate, pitch)) - exact).abs();
                assert!(error <= 0.5 + exact * 2e-6, "{rate} {pitch}: {error}");
            }
        }
    }

    #[test]
    fn higher_pitches_never_have_lower_rates() {
        let rates = (-OCTAVE..=OCTAVE).map(|pitch| shifted(768_000 / 4, pitch));
        assert!(rates.is_sorted());
    }

    #[test]
    fn extremes_keep_their_bounds() {
        assert_eq!(shifted(u32::MAX, i32::MAX), 768_000);
        assert_eq!(shifted(1, i32::MIN), 1);
    }
}
