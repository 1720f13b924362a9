//! Proof that two networks are equal, or the first difference.

use core::fmt;

use crate::{Evaluator, Masks, Network, OutputEncoding, Program, W512, Word};

/// The first time at which two networks differ, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first time.
    pub t: u32,
    /// The lowest output bit that differs then; of group sums or unequal
    /// numbers of outputs, the lowest bit of the sample byte.
    pub bit: u32,
    /// The first network's value of that bit; the second has the other.
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

/// Compares two networks under their masks at every t of the longer period:
/// bit by bit where both are binary with as many outputs, else by the sample
/// byte. `progress` is called now and then with the part done, 0 to 1.
///
/// # Errors
/// The first difference.
pub fn prove(
    (a, masks_a): (&Network, &Masks),
    (b, masks_b): (&Network, &Masks),
    progress: impl FnMut(f64),
) -> Result<(), Difference> {
    prove_programs(Program::new(a, masks_a), Program::new(b, masks_b), progress)
}

pub(crate) fn prove_programs(
    a: Program,
    b: Program,
    mut progress: impl FnMut(f64),
) -> Result<(), Difference> {
    const GROUP: u32 = W512::LANES as u32;
    const GROUPS_A_REPORT: u32 = 256;
    let period = 1u32 << a.counter_bits().max(b.counter_bits());
    let by_bit = a.outputs() == b.outputs()
        && a.output_encoding == OutputEncoding::Binary
        && b.output_encoding == OutputEncoding::Binary;
    let (mut a, mut b) = (Evaluator::<W512>::new(a), Evaluator::<W512>::new(b));
    for t0 in (0..period).step_by(GROUP as usize) {
        if t0 / GROUP % GROUPS_A_REPORT == 0 {
            progress(f64::from(t0) / f64::from(period));
        }
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
            return Err(Difference {
                t: t0 + lane,
                bit,
                first,
            });
        }
    }
    progress(1.0);
    Ok(())
}

/// The first lane that differs, its lowest differing output, and a's value.
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

fn differing_sample(a: &Evaluator<W512>, b: &Evaluator<W512>) -> Option<(u32, u32, bool)> {
    let (mut samples_a, mut samples_b) = ([0; W512::LANES], [0; W512::LANES]);
    a.samples(&mut samples_a);
    b.samples(&mut samples_b);
    let lane = (0..W512::LANES).find(|&lane| samples_a[lane] != samples_b[lane])?;
    let bit = (samples_a[lane] ^ samples_b[lane]).trailing_zeros();
    Some((lane as u32, bit, samples_a[lane] >> bit & 1 == 1))
}
