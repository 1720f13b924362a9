//! Size against quality.

use std::fmt::Write;

use synth::Quality;

/// A trained network.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Largest number of gates that it could have.
    pub most: u32,
    pub seed: u64,
    pub gates: usize,
    pub quality: Quality,
}

impl Entry {
    /// Returns whether it has at most as many gates and at least the quality of another one,
    /// and is better in one of them.
    fn beats(&self, other: &Entry) -> bool {
        let (snr, others) = (self.quality.snr, other.quality.snr);
        self.gates <= other.gates && snr >= others && (self.gates < other.gates || snr > others)
    }
}

/// Trained networks of one sound.
#[derive(Clone, Debug, Default)]
pub struct Frontier {
    entries: Vec<Entry>,
}

/// The heads of the table.
const HEADS: [&str; 7] = [
    "most gates",
    "seed",
    "gates",
    "bits right %",
    "samples right %",
    "signal-to-noise dB",
    "best",
];

impl Frontier {
    /// Adds a network.
    pub fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// The networks.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns whether no other network is better and not larger.
    pub fn is_best(&self, entry: &Entry) -> bool {
        !self.entries.iter().any(|other| other.beats(entry))
    }

    /// Returns the table in columns with tabs.
    pub fn tabs(&self) -> String {
        let mut text = String::new();
        for row in self.rows() {
            // Writing to a string never fails.
            let _ = writeln!(text, "{}", row.join("\t"));
        }
        text
    }

    /// Returns the table in Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for (number, row) in self.rows().into_iter().enumerate() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
            if number == 0 {
                let _ = writeln!(text, "|{}", "---|".repeat(row.len()));
            }
        }
        text
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let heads = HEADS.map(str::to_string).to_vec();
        let rows = self.entries.iter().map(|entry| {
            let quality = &entry.quality;
            vec![
                entry.most.to_string(),
                entry.seed.to_string(),
                entry.gates.to_string(),
                format!("{:.2}", 100.0 * quality.all_bits()),
                format!("{:.2}", 100.0 * quality.samples),
                format!("{:.2}", quality.snr),
                String::from(if self.is_best(entry) { "*" } else { "" }),
            ]
        });
        [heads].into_iter().chain(rows).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_networks_are_those_that_none_beats() {
        let mut frontier = Frontier::default();
        for (gates, snr) in [(10, 3.0), (20, 2.0), (30, 9.0), (30, 8.0), (10, 3.0)] {
            frontier.add(Entry {
                most: 99,
                seed: 1,
                gates,
                quality: Quality {
                    bits: vec![0.5],
                    samples: 0.25,
                    snr,
                },
            });
        }
        let best = frontier
            .entries()
            .iter()
            .map(|entry| frontier.is_best(entry));
        assert_eq!(best.collect::<Vec<_>>(), [true, false, true, false, true]);
        let line = "99\t1\t10\t50.00\t25.00\t3.00\t*\n";
        assert!(frontier.tabs().contains(line), "{}", frontier.tabs());
        assert!(
            frontier
                .markdown()
                .contains("| 99 | 1 | 20 | 50.00 | 25.00 | 2.00 |  |\n")
        );
    }
}
