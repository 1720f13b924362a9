//! Proof that two networks are equal.

use core::fmt;

use crate::{Evaluator, Masks, Network, OutputEncoding, Program, Stopped, W512, Word};

/// The first difference between two networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first time.
    pub t: u32,
    /// The lowest output that differs at that time. For group sums and different numbers
    /// of outputs, the lowest bit of the sample that differs.
    pub bit: u32,
    /// The bit's value in the first network.
    pub first: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (a, b) = (u8::from(self.first), u8::from(!self.first));
        write!(
            f,
            "at t = {} bit {} is {a} in the first and {b} in the second",
            self.t, self.bit
        )
    }
}

/// Compares two networks under their masks at every t of the longer period: all outputs
/// if both are binary with the same number of outputs, otherwise the samples. Calls
/// `progress` with the completed fraction, 0.0 to 1.0, about every 131,072 samples.
///
/// # Errors
/// Returns the first difference.
pub fn prove(
    (a, masks_a): (&Network, &Masks),
    (b, masks_b): (&Network, &Masks),
    mut progress: impl FnMut(f64),
) -> Result<(), Difference> {
    const REPORT: u32 = 131_072;
    let (a, b) = (Program::new(a, masks_a), Program::new(b, masks_b));
    let period = 1u32 << a.counter_bits().max(b.counter_bits());
    let report = |t: u32| {
        if t % REPORT == 0 {
            progress(f64::from(t) / f64::from(period));
        }
        Ok(())
    };
    if let Ok(Some(difference)) = first_difference(a, b, report) {
        return Err(difference);
    }
    progress(1.0);
    Ok(())
}

/// Returns the first difference between two programs. Calls `next` with the first time of
/// each 512 before they are compared, and stops if it fails.
pub(crate) fn first_difference(
    a: Program,
    b: Program,
    mut next: impl FnMut(u32) -> Result<(), Stopped>,
) -> Result<Option<Difference>, Stopped> {
    const GROUP: u32 = W512::LANES as u32;
    let period = 1u32 << a.counter_bits().max(b.counter_bits());
    let by_bit = a.outputs() == b.outputs()
        && a.output_encoding == OutputEncoding::Binary
        && b.output_encoding == OutputEncoding::Binary;
    let (mut a, mut b) = (Evaluator::<W512>::new(a), Evaluator::<W512>::new(b));
    for t0 in (0..period).step_by(GROUP as usize) {
        next(t0)?;
        for evaluator in [&mut a, &mut b] {
            evaluator.start(t0);
            evaluator.finish();
        }
        let difference = if by_bit {
            differing_bit(&a, &b)
        } else {
            differing_sample(&a, &b)
        };
        if let Some((lane, bit, first)) = difference {
            return Ok(Some(Difference {
                t: t0 + lane,
                bit,
                first,
            }));
        }
    }
    Ok(None)
}

/// Returns the first lane that differs, its lowest output that differs, and the value in a.
fn differing_bit(a: &Evaluator<W512>, b: &Evaluator<W512>) -> Option<(u32, u32, bool)> {
    (0..a.program().outputs())
        .filter_map(|output| {
            let (a, b) = (a.plane(output), b.plane(output));
            let column = (0..W512::COLUMNS).find(|&j| a.column(j) != b.column(j))?;
            let lane = (a.column(column) ^ b.column(column)).trailing_zeros();
            let first = a.column(column) >> lane & 1 == 1;
            Some((64 * column as u32 + lane, output as u32, first))
        })
        .min()
}

/// Returns the first lane that differs, its lowest bit that differs, and the value in a.
fn differing_sample(a: &Evaluator<W512>, b: &Evaluator<W512>) -> Option<(u32, u32, bool)> {
    let (mut samples_a, mut samples_b) = ([0; W512::LANES], [0; W512::LANES]);
    a.samples(&mut samples_a);
    b.samples(&mut samples_b);
    let lane = (0..W512::LANES).find(|&lane| samples_a[lane] != samples_b[lane])?;
    let bit = (samples_a[lane] ^ samples_b[lane]).trailing_zeros();
    Some((lane as u32, bit, samples_a[lane] >> bit & 1 == 1))
}
