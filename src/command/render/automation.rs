//! Controls of a network that is rendered, and their changes.

use std::path::Path;

use logicnet::{Controls, Network, Signal, quote};

use crate::{Failure, files};

/// Most seconds in an automation file.
const MAX_SECONDS: f64 = 1e9;
/// Nanoseconds in a second.
const SECOND: f64 = 1e9;

/// The positions of a network's controls, and their changes in the order of their times.
#[derive(Debug)]
pub struct Automation<'a> {
    network: &'a Network,
    names: Vec<&'a str>,
    positions: Vec<f64>,
    changes: Vec<Change>,
    /// Number of changes that were made.
    made: usize,
}

#[derive(Debug)]
struct Change {
    /// The first sample that hears it.
    sample: u64,
    control: usize,
    position: f64,
}

impl<'a> Automation<'a> {
    /// Creates the automation in which every control stays at its default.
    pub fn new(network: &'a Network) -> Automation<'a> {
        let name = |source: &'a logicnet::Source| match &source.signal {
            Signal::Control { name, .. } => Some(&name[..]),
            _ => None,
        };
        Automation {
            network,
            names: network.sources().iter().filter_map(name).collect(),
            positions: network.control_defaults(),
            changes: Vec::new(),
            made: 0,
        }
    }

    /// Sets a control, given as NAME and a position from 0 to 1, before the first sample.
    pub fn set(&mut self, name: &str, position: f64) -> Result<(), String> {
        let control = self.control(name)?;
        self.positions[control] = position;
        Ok(())
    }

    /// Reads changes from a file with lines of SECONDS NAME VALUE. Lines that are empty or
    /// begin with # are comments. A sample hears the changes at or before its time, which is
    /// counted from the first sample.
    pub fn read(&mut self, path: &Path) -> Result<(), Failure> {
        let text = files::read_text(path, "lines such as  1.5 cutoff 0.25")?;
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let change = self.change(line).map_err(|problem| {
                Failure::Failed(format!("{}: line {}: {problem}", path.display(), i + 1))
            })?;
            self.changes.push(change);
        }
        // Of changes at the same time, the last line counts.
        self.changes.sort_by_key(|change| change.sample);
        Ok(())
    }

    fn change(&self, line: &str) -> Result<Change, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [seconds, name, position] = words[..] else {
            return Err(format!("{} is not SECONDS NAME VALUE", quote(line)));
        };
        let number = seconds.parse().ok();
        let number = number.filter(|number| (0.0..=MAX_SECONDS).contains(number));
        let time = number.ok_or_else(|| format!("{} is not a time in seconds", quote(seconds)))?;
        let scaled = (time * SECOND).round() as u128 * u128::from(self.network.sample_rate());
        Ok(Change {
            sample: scaled.div_ceil(SECOND as u128) as u64,
            control: self.control(name)?,
            position: parse_position(position)?,
        })
    }

    fn control(&self, name: &str) -> Result<usize, String> {
        let found = self.names.iter().position(|own| *own == name);
        found.ok_or_else(|| {
            let name = quote(name);
            match &self.names[..] {
                [] => format!("no control {name}; the network has no controls"),
                names => format!("no control {name}; the network has {}", names.join(", ")),
            }
        })
    }

    /// Makes the changes up to a sample. Returns the values of the controls there, and the
    /// sample of the next change.
    pub fn at(&mut self, sample: u64) -> (Controls, Option<u64>) {
        let left = self.changes[self.made..].iter();
        for change in left.take_while(|change| change.sample <= sample) {
            self.positions[change.control] = change.position;
            self.made += 1;
        }
        let mut positions = self.positions.iter();
        let controls = Controls::new(self.network.sources(), |_, default| {
            positions.next().copied().unwrap_or(default)
        });
        let next = self.changes.get(self.made);
        (controls, next.map(|change| change.sample))
    }
}

/// Parses a position of a control.
pub fn parse_position(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    let number = number.filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| format!("{} is not a number from 0 to 1", quote(text)))
}
