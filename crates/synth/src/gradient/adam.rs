//! The optimiser.

use logicnet::simd::vectorized;

/// Part of the mean slope that a step keeps (Kingma and Ba 2015, whose value this is).
const KEPT_MEAN: f32 = 0.9;
/// Part of the mean square that a step keeps: with this one, 1 - 0.9 is the root of 1 - 0.99,
/// so that the first steps are not too long, and the paper's corrections are not needed.
const KEPT_SQUARE: f32 = 0.99;
/// Slopes much smaller than this move nothing.
const SMALL: f32 = 1e-3;

vectorized! {
    /// Moves outputs down their slopes by Adam, within 0..=1.
    pub fn adam(
        outputs: &mut [[f32; 4]],
        slopes: &[[f32; 4]],
        means: &mut [[f32; 4]],
        squares: &mut [[f32; 4]],
        rate: f32,
    ) {
        for i in 0..outputs.len() {
            for p in 0..4 {
                let slope = slopes[i][p];
                let mean = KEPT_MEAN * means[i][p] + (1.0 - KEPT_MEAN) * slope;
                let square = KEPT_SQUARE * squares[i][p] + (1.0 - KEPT_SQUARE) * (slope * slope);
                let moved = outputs[i][p] - rate * (mean / (square.sqrt() + SMALL));
                outputs[i][p] = moved.clamp(0.0, 1.0);
                (means[i][p], squares[i][p]) = (mean, square);
            }
        }
    }
}
