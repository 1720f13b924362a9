//! The loops over lanes: gates of real values forwards, slopes of the loss backwards.
//!
//! Sums have a fixed order and no operation is fused, so that the results are the same on all
//! machines, whatever their vectors.

use logicnet::simd::vectorized;

/// Number of samples side by side.
pub const LANES: usize = 128;
/// Number of partial sums of a sum over lanes. Compilers make vectors of loops this long;
/// shorter ones they unroll before.
const PARTS: usize = 32;

/// A number for every lane, aligned as cache lines are.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Row(pub [f32; LANES]);

impl Row {
    /// Zero in every lane.
    pub const ZERO: Row = Row([0.0; LANES]);
}

/// The nodes of a gate's operands.
pub type Wires = [u32; 2];

/// A gate as a polynomial of its operands: the factors of 1, a, b and ab.
pub type Form = [f32; 4];

/// Returns the polynomial that interpolates a gate's outputs for ab = 00, 01, 10 and 11.
pub fn form(outputs: [f32; 4]) -> Form {
    let [p00, p01, p10, p11] = outputs;
    [p00, p10 - p00, p01 - p00, (p11 - p01) - (p10 - p00)]
}

/// Gates in the order of their rows, which follow those of the inputs.
pub struct Gates<'a> {
    /// The operands, two different nodes.
    pub wires: &'a [Wires],
    /// The gates as polynomials.
    pub forms: &'a [Form],
    /// The gates that slopes reach; the others have none.
    pub reached: &'a [bool],
}

vectorized! {
    /// Computes the values of gates: of all, or only of those that slopes reach.
    pub fn forward(values: &mut [Row], gates: &Gates, all: bool) {
        let first = values.len() - gates.wires.len();
        for (i, &[a, b]) in gates.wires.iter().enumerate() {
            if !all && !gates.reached[i] {
                continue;
            }
            let [one, by_a, by_b, by_ab] = gates.forms[i];
            let (earlier, later) = values.split_at_mut(first + i);
            let (a, b, output) = (&earlier[a as usize], &earlier[b as usize], &mut later[0]);
            for lane in 0..LANES {
                let (a, b) = (a.0[lane], b.0[lane]);
                output.0[lane] = (one + by_a * a) + b * (by_b + by_ab * a);
            }
        }
    }
}

vectorized! {
    /// Carries the slopes of the loss from the gates to their operands, last gate first, and
    /// adds to each gate's sums of slope * (1, a, b, ab).
    pub fn backward(values: &[Row], slopes: &mut [Row], gates: &Gates, sums: &mut [[f32; 4]]) {
        let first = values.len() - gates.wires.len();
        for i in (0..gates.wires.len()).rev() {
            if !gates.reached[i] {
                continue;
            }
            let (earlier, later) = slopes.split_at_mut(first + i);
            let [a, b] = gates.wires[i].map(|node| node as usize);
            let (before, rest) = earlier.split_at_mut(a.max(b));
            let (slope_a, slope_b) = if a < b {
                (&mut before[a], &mut rest[0])
            } else {
                (&mut rest[0], &mut before[b])
            };
            let (a, b) = (&values[a], &values[b]);
            let added = gate_backward(a, b, gates.forms[i], &later[0], slope_a, slope_b);
            for (sum, added) in sums[i].iter_mut().zip(added) {
                *sum += added;
            }
        }
    }
}

vectorized! {
    /// Returns the sums over lanes of slope * (b, ab).
    pub fn operand_sums(slope: &Row, a: &Row, b: &Row) -> [f32; 2] {
        let mut sums = [Parts([0.0; PARTS]); 2];
        for start in (0..LANES).step_by(PARTS) {
            for part in 0..PARTS {
                let lane = start + part;
                let slope_b = slope.0[lane] * b.0[lane];
                sums[0].0[part] += slope_b;
                sums[1].0[part] += slope_b * a.0[lane];
            }
        }
        sums.map(total)
    }
}

/// Partial sums.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Parts([f32; PARTS]);

/// Does what [`backward`] does, for one gate.
#[inline(always)]
fn gate_backward(
    a: &Row,
    b: &Row,
    form: Form,
    slope: &Row,
    slope_a: &mut Row,
    slope_b: &mut Row,
) -> [f32; 4] {
    let [_, by_a, by_b, by_ab] = form;
    let mut sums = [Parts([0.0; PARTS]); 4];
    for start in (0..LANES).step_by(PARTS) {
        for part in 0..PARTS {
            let lane = start + part;
            let (a, b, s) = (a.0[lane], b.0[lane], slope.0[lane]);
            let (sa, sb) = (s * a, s * b);
            slope_a.0[lane] += by_a * s + by_ab * sb;
            slope_b.0[lane] += by_b * s + by_ab * sa;
            sums[0].0[part] += s;
            sums[1].0[part] += sa;
            sums[2].0[part] += sb;
            sums[3].0[part] += sa * b;
        }
    }
    sums.map(total)
}

/// Returns the sum of partial sums: of halves, of their halves, and so on.
#[inline(always)]
fn total(Parts(mut parts): Parts) -> f32 {
    let mut half = PARTS / 2;
    while half > 0 {
        let (low, high) = parts.split_at_mut(half);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
        half /= 2;
    }
    parts[0]
}

#[cfg(test)]
mod tests {
    use logicnet::random::Rng;

    use super::*;

    const INPUTS: usize = 3;

    /// Returns the sum over lanes of the last gate.
    fn output(inputs: &[Row], wires: &[Wires], outputs: &[[f32; 4]]) -> f64 {
        let mut values = inputs.to_vec();
        values.resize(INPUTS + wires.len(), Row::ZERO);
        let forms: Vec<Form> = outputs.iter().map(|&outputs| form(outputs)).collect();
        let reached = vec![true; wires.len()];
        let gates = Gates {
            wires,
            forms: &forms,
            reached: &reached,
        };
        forward(&mut values, &gates, false);
        let last = values.last().unwrap();
        last.0.iter().map(|&value| f64::from(value)).sum()
    }

    #[test]
    fn slopes_equal_differences() {
        let mut rng = Rng::new(5);
        let mut random = || rng.below(1 << 16) as f32 / 65536.0;
        let inputs = [(); INPUTS].map(|()| Row([(); LANES].map(|()| random())));
        let wires = [[0, 1], [2, 0], [3, 4], [4, 1], [6, 5], [5, 7]];
        let outputs = [(); 6].map(|()| [(); 4].map(|()| random()));

        let mut values = inputs.to_vec();
        values.resize(INPUTS + wires.len(), Row::ZERO);
        let mut slopes = vec![Row::ZERO; values.len()];
        *slopes.last_mut().unwrap() = Row([1.0; LANES]);
        let forms = outputs.map(form);
        let gates = Gates {
            wires: &wires,
            forms: &forms,
            reached: &[true; 6],
        };
        let mut sums = [[0.0; 4]; 6];
        forward(&mut values, &gates, false);
        backward(&values, &mut slopes, &gates, &mut sums);

        for gate in 0..wires.len() {
            let [s, sa, sb, sab] = sums[gate];
            let found = [s - sa - sb + sab, sb - sab, sa - sab, sab];
            for (p, found) in found.into_iter().enumerate() {
                let [low, high] = [-1.0, 1.0].map(|sign| {
                    let mut moved = outputs;
                    moved[gate][p] += sign / 64.0;
                    output(&inputs, &wires, &moved)
                });
                let expected = (high - low) * 32.0;
                let error = (f64::from(found) - expected).abs();
                assert!(error < 0.01, "gate {gate}, {p}: {found}, not {expected}");
            }
        }
    }
}
