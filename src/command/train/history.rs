//! The course of training, for plots.

use serde::{Deserialize, Serialize};
use synth::Quality;

use super::budget::Spent;

/// Points over time, at most [`History::MOST`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    points: Vec<Point>,
    /// Points that are left out between two that are kept.
    skip: usize,
    skipped: usize,
}

/// The progress of a training at one time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub spent: Spent,
    /// Share of bits that were wrong.
    pub wrong: f64,
}

impl History {
    /// Most points; then every second one is dropped.
    const MOST: usize = 512;

    /// Adds a point.
    pub fn add(&mut self, spent: Spent, quality: &Quality) {
        self.skipped += 1;
        if self.skipped <= self.skip {
            return;
        }
        self.skipped = 0;
        self.points.push(Point {
            spent,
            wrong: 1.0 - quality.all_bits(),
        });
        if self.points.len() >= History::MOST {
            let mut number = 0;
            self.points.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.skip = 2 * self.skip + 1;
        }
    }

    /// The points, first to last.
    pub fn points(&self) -> &[Point] {
        &self.points
    }
}
