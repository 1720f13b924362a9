//! Analog inputs: knobs and control voltages, and what they move. Pure.

use serde_json::{Value, json};

use super::layout::Point;
use super::parameters::{Key, Parameters};

/// Inputs of the largest board.
pub const INPUTS: usize = 8;

/// What an input reads: 0 to 65,535 of its range.
pub type Reading = u16;

/// What an input moves, by the number of the parameter's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nothing.
    Nothing,
    /// Speed, over its whole range.
    Speed,
    /// Volume, over its whole range.
    Volume,
    /// Where a bend is, from left to right; all the way down, there is none.
    BendX,
    /// Where a bend is, from top to bottom.
    BendY,
}

impl Target {
    /// The words of the parameters that say it.
    pub const WORDS: &[&str] = &["nothing", "speed", "volume", "bend-x", "bend-y"];

    /// What this input moves.
    pub fn of(parameters: &Parameters, input: usize) -> Target {
        match parameters.get(Key::ANALOG[input]) {
            1 => Target::Speed,
            2 => Target::Volume,
            3 => Target::BendX,
            4 => Target::BendY,
            _ => Target::Nothing,
        }
    }

    /// The parameter that it moves, if it is one.
    pub fn key(self) -> Option<Key> {
        match self {
            Target::Speed => Some(Key::Speed),
            Target::Volume => Some(Key::Volume),
            Target::Nothing | Target::BendX | Target::BendY => None,
        }
    }
}

/// What an input reads at the ends of its knob's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// All the way down.
    pub least: Reading,
    /// All the way up.
    pub most: Reading,
}

impl Default for Calibration {
    /// The whole range.
    fn default() -> Calibration {
        Calibration {
            least: Reading::MIN,
            most: Reading::MAX,
        }
    }
}

/// Shortest way that is taken for a knob's, of 65,536: it was hardly turned.
const SHORTEST: Reading = 4096;
/// Part of the way at each end that counts as the end.
const END: f32 = 1.0 / 128.0;

impl Calibration {
    /// How far a knob is turned, 0.0 to 1.0, both ends reached for sure.
    pub fn part(self, reading: Reading) -> f32 {
        let way = f32::from(self.most.saturating_sub(self.least).max(1));
        let part = f32::from(reading.saturating_sub(self.least)) / way;
        ((part - END) / (1.0 - 2.0 * END)).clamp(0.0, 1.0)
    }

    /// Whether it can be a knob's.
    fn is_long_enough(self) -> bool {
        self.most.saturating_sub(self.least) >= SHORTEST
    }
}

/// What is known of all inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analog {
    readings: [Option<Reading>; INPUTS],
    calibrations: [Calibration; INPUTS],
    /// The input whose ends are being learned, and what it has read so far.
    learning: Option<(usize, Option<Calibration>)>,
}

impl Analog {
    /// An input reads something.
    pub(super) fn read(&mut self, input: usize, reading: Reading) {
        self.readings[input] = Some(reading);
        if let Some((learned, ends)) = &mut self.learning {
            if *learned == input {
                let ends = ends.get_or_insert(Calibration {
                    least: reading,
                    most: reading,
                });
                ends.least = ends.least.min(reading);
                ends.most = ends.most.max(reading);
            }
        }
    }

    /// How far an input is turned, if it is there.
    pub fn part(&self, input: usize) -> Option<f32> {
        let reading = (*self.readings.get(input)?)?;
        Some(self.calibrations[input].part(reading))
    }

    /// The input whose ends are being learned.
    pub fn learning(&self) -> Option<usize> {
        self.learning.map(|(input, _)| input)
    }

    /// Begins to learn the ends of an input, whose old ones count until the end.
    ///
    /// # Errors
    /// When no board has such an input.
    pub(super) fn learn(&mut self, input: usize) -> Result<(), String> {
        if input >= INPUTS {
            return Err(format!("no analog input {}", input + 1));
        }
        self.learning = Some((input, None));
        Ok(())
    }

    /// Learns no longer, and nothing.
    pub(super) fn stop_learning(&mut self) {
        self.learning = None;
    }

    /// Takes what was learned.
    ///
    /// # Errors
    /// When the knob was hardly turned; the old ends stay.
    pub(super) fn learned(&mut self) -> Result<(), String> {
        let Some((input, ends)) = self.learning.take() else {
            return Ok(());
        };
        match ends {
            Some(ends) if ends.is_long_enough() => {
                self.calibrations[input] = ends;
                Ok(())
            }
            _ => Err(format!(
                "input {} was hardly turned: its old ends stay",
                input + 1
            )),
        }
    }

    /// Where the inputs bend, in parts of the field.
    pub(super) fn place(&self, parameters: &Parameters) -> Option<Point> {
        let along = |target| {
            (0..INPUTS)
                .find(|input| Target::of(parameters, *input) == target)
                .map(|input| self.part(input))
        };
        let (x, y) = (along(Target::BendX), along(Target::BendY));
        // All the way down, or not there, is no bend; y counts when there is no x.
        if x.or(y)?? == 0.0 {
            return None;
        }
        let middle = 0.5;
        Some(Point {
            x: x.flatten().unwrap_or(middle),
            y: y.flatten().unwrap_or(middle),
        })
    }

    /// The calibration as a file.
    pub fn to_json(&self) -> String {
        let ends = self.calibrations.iter();
        let ends: Vec<Value> = ends.map(|ends| json!([ends.least, ends.most])).collect();
        format!(
            "{:#}\n",
            json!({ "format": "gatebend-calibration", "inputs": ends })
        )
    }

    /// Takes the calibration of a file; what is not there stays as it is.
    ///
    /// # Errors
    /// Says what is wrong; nothing is taken then.
    pub fn calibrate(&mut self, text: &str) -> Result<(), String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let inputs = value.get("inputs").and_then(Value::as_array);
        let inputs = inputs.ok_or("\"inputs\" is missing, a list of pairs")?;
        let mut calibrations = self.calibrations;
        for (i, (ends, value)) in calibrations.iter_mut().zip(inputs).enumerate() {
            let end = |at: usize| Reading::try_from(value.get(at)?.as_u64()?).ok();
            *ends = end(0)
                .zip(end(1))
                .map(|(least, most)| Calibration { least, most })
                .filter(|ends| ends.is_long_enough())
                .ok_or_else(|| format!("inputs[{i}]: {value} is no pair of ends"))?;
        }
        self.calibrations = calibrations;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(readings: &[Reading]) -> (Analog, Result<(), String>) {
        let mut analog = Analog::default();
        analog.read(3, readings[0]);
        analog.learn(3).unwrap();
        for reading in readings {
            analog.read(3, *reading);
        }
        let outcome = analog.learned();
        (analog, outcome)
    }

    #[test]
    fn both_ends_of_a_learned_way_are_reached() {
        let (mut analog, outcome) = learned(&[5000, 60_000, 30_000]);
        outcome.unwrap();
        for (reading, part) in [
            (5000, 0.0),
            (0, 0.0),
            (60_000, 1.0),
            (65_535, 1.0),
            (32_500, 0.5),
        ] {
            analog.read(3, reading);
            assert!((analog.part(3).unwrap() - part).abs() < 1e-6, "{reading}");
        }
        let mut other = Analog::default();
        other.calibrate(&analog.to_json()).unwrap();
        assert_eq!(other.calibrations, analog.calibrations);
        assert_eq!(other.part(3), None);
    }

    #[test]
    fn what_was_hardly_turned_is_not_learned() {
        let (analog, outcome) = learned(&[5000, 9000]);
        assert!(outcome.unwrap_err().contains("input 4"));
        assert_eq!(analog.calibrations, Analog::default().calibrations);
        assert!(Analog::default().learn(99).is_err());
    }

    #[test]
    fn wrong_files_are_refused_whole() {
        let mut analog = Analog::default();
        for text in [
            "",
            "[]",
            "{}",
            "{\"inputs\": [[0, 65535], [9, 5]]}",
            "{\"inputs\": [[0]]}",
            "{\"inputs\": [[0, 70000]]}",
        ] {
            assert!(analog.calibrate(text).is_err(), "{text}");
            assert_eq!(analog, Analog::default());
        }
        analog.calibrate("{\"inputs\": [[0, 8000]]}").unwrap();
        assert_eq!(analog.calibrations[0].most, 8000);
    }

    #[test]
    fn places_are_made_of_what_is_assigned() {
        let mut parameters = Parameters::default();
        let mut analog = Analog::default();
        for input in 0..INPUTS {
            analog.read(input, 40_000);
        }
        assert_eq!(analog.place(&parameters), None);
        parameters.assign("analog2=bend-y").unwrap();
        let place = analog.place(&parameters).unwrap();
        assert!(place.x == 0.5 && (place.y - 0.61).abs() < 0.01);
        parameters.assign("analog1=bend-x").unwrap();
        analog.read(0, 0);
        assert_eq!(analog.place(&parameters), None);
        analog.read(0, 65_535);
        assert_eq!(analog.place(&parameters).unwrap().x, 1.0);
    }
}
