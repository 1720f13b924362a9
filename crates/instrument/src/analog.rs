//! Analog inputs: knobs and control voltages, their calibration and their targets.

use std::sync::Arc;

use serde_json::{Value, json};

use super::layout::Point;

/// Analog inputs of the largest board.
pub const INPUTS: usize = 8;

/// A reading of an input: 0 to 65,535 of its range.
pub type Reading = u16;

named! {
    /// A target that an input controls. Its index is the parameter's value.
    Target {
        /// Nothing.
        Nothing = "nothing",
        /// The parameter `speed`, over its whole range.
        Speed = "speed",
        /// The parameter `volume`, over its whole range.
        Volume = "volume",
        /// The horizontal position of a bend; all the way down, nothing is bent.
        BendX = "bend-x",
        /// The vertical position of a bend, from top to bottom.
        BendY = "bend-y",
        /// A control of the network: the one that the input is connected to or, of an input
        /// without one, the control of its own number.
        Control = "control",
    }
}

/// Readings of an input at the ends of its knob's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// The reading with the knob all the way down.
    pub least: Reading,
    /// The reading with the knob all the way up.
    pub most: Reading,
}

impl Default for Calibration {
    /// Returns the input's whole range.
    fn default() -> Calibration {
        Calibration {
            least: Reading::MIN,
            most: Reading::MAX,
        }
    }
}

/// Least range that is accepted, of 65,536: below it, the knob was hardly turned.
const MIN_RANGE: Reading = 4096;
/// Part of the range at each end that counts as the end.
const END: f32 = 1.0 / 128.0;

impl Calibration {
    /// Returns how far a knob is turned, 0.0 to 1.0. A small margin makes both ends reachable.
    pub fn part(self, reading: Reading) -> f32 {
        let range = f32::from(self.most.saturating_sub(self.least).max(1));
        let part = f32::from(reading.saturating_sub(self.least)) / range;
        ((part - END) / (1.0 - 2.0 * END)).clamp(0.0, 1.0)
    }

    /// Returns whether a knob can have this range.
    fn is_long_enough(self) -> bool {
        self.most.saturating_sub(self.least) >= MIN_RANGE
    }
}

/// Readings and calibration of all inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analog {
    readings: [Option<Reading>; INPUTS],
    calibrations: [Calibration; INPUTS],
    /// The names of the controls that inputs are connected to.
    controls: [Option<Arc<str>>; INPUTS],
    /// The input that is being calibrated, and the extremes of its readings so far.
    learning: Option<(usize, Option<Calibration>)>,
}

impl Analog {
    /// Takes a reading of an input.
    pub(super) fn read(&mut self, input: usize, reading: Reading) {
        self.readings[input] = Some(reading);
        if let Some((learned, ends)) = &mut self.learning {
            if *learned == input {
                let (least, most) = (reading, reading);
                let ends = ends.get_or_insert(Calibration { least, most });
                ends.least = ends.least.min(reading);
                ends.most = ends.most.max(reading);
            }
        }
    }

    /// Returns how far an input is turned, 0.0 to 1.0, if it has been read.
    pub fn part(&self, input: usize) -> Option<f32> {
        let reading = (*self.readings.get(input)?)?;
        Some(self.calibrations[input].part(reading))
    }

    /// Returns the input that is being calibrated.
    pub fn learning(&self) -> Option<usize> {
        self.learning.map(|(input, _)| input)
    }

    /// Returns the name of the control that an input is connected to.
    pub fn control(&self, input: usize) -> Option<&str> {
        self.controls.get(input)?.as_deref()
    }

    /// Connects an input to the control of this name.
    ///
    /// # Errors
    /// Fails if no board has such an input.
    pub(super) fn connect(&mut self, input: usize, name: &str) -> Result<(), String> {
        let control = self.controls.get_mut(input);
        *control.ok_or_else(|| format!("no analog input {}", input + 1))? = Some(name.into());
        Ok(())
    }

    /// Begins to calibrate an input. The old calibration counts until this one is finished.
    ///
    /// # Errors
    /// Fails if no board has such an input.
    pub(super) fn learn(&mut self, input: usize) -> Result<(), String> {
        if input >= INPUTS {
            return Err(format!("no analog input {}", input + 1));
        }
        self.learning = Some((input, None));
        Ok(())
    }

    /// Cancels the calibration that was begun.
    pub(super) fn stop_learning(&mut self) {
        self.learning = None;
    }

    /// Finishes the calibration that was begun.
    ///
    /// # Errors
    /// Fails if the knob was hardly turned; the old calibration stays.
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
                "input {} was hardly turned: its old calibration stays",
                input + 1
            )),
        }
    }

    /// Returns the point of the field that the inputs bend, if any, given their targets.
    pub(super) fn bend_at(&self, targets: [Target; INPUTS]) -> Option<Point> {
        let along = |target| {
            let input = targets.iter().position(|other| *other == target);
            input.map(|input| self.part(input))
        };
        let (x, y) = (along(Target::BendX), along(Target::BendY));
        // An input that is all the way down or missing bends nothing. If no input controls
        // x, this goes for y.
        if x.or(y)?? == 0.0 {
            return None;
        }
        let part = |part: Option<Option<f32>>| part.flatten().unwrap_or(0.5);
        Some(Point::new(part(x), part(y)))
    }

    /// Returns the ends of all inputs in JSON, as the calibration file has them.
    pub(super) fn to_json(&self) -> Vec<Value> {
        let ends = self.calibrations.iter();
        ends.map(|ends| json!([ends.least, ends.most])).collect()
    }

    /// Returns the names of the controls that inputs are connected to, as the calibration file
    /// has them; none if no input is.
    pub(super) fn controls_to_json(&self) -> Option<Value> {
        let any = self.controls.iter().any(Option::is_some);
        any.then(|| json!(self.controls.each_ref().map(Option::as_deref)))
    }

    /// Reads the names of controls; what is no name of a control is left out.
    pub(super) fn read_controls(&mut self, names: &[Value]) {
        for (control, name) in self.controls.iter_mut().zip(names) {
            let name = name.as_str().filter(|name| {
                let most = logicnet::MAX_CONTROL_NAME;
                (1..=most).contains(&name.len())
            });
            *control = name.map(Into::into);
        }
    }

    /// Reads the ends of inputs; inputs that the list leaves out keep theirs.
    ///
    /// # Errors
    /// Returns a message if one is invalid; nothing changes then.
    pub(super) fn calibrate(&mut self, inputs: &[Value]) -> Result<(), String> {
        let mut calibrations = self.calibrations;
        for (i, (ends, value)) in calibrations.iter_mut().zip(inputs).enumerate() {
            let end = |at: usize| Reading::try_from(value.get(at)?.as_u64()?).ok();
            *ends = end(0)
                .zip(end(1))
                .map(|(least, most)| Calibration { least, most })
                .filter(|ends| ends.is_long_enough())
                .ok_or_else(|| format!("inputs[{i}]: {value} is not a pair of ends"))?;
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
        let result = analog.learned();
        (analog, result)
    }

    #[test]
    fn both_ends_of_a_learned_range_are_reached() {
        let (mut analog, result) = learned(&[5000, 60_000, 30_000]);
        result.unwrap();
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
    fn a_knob_that_was_hardly_turned_is_not_calibrated() {
        let (analog, result) = learned(&[5000, 9000]);
        assert!(result.unwrap_err().contains("input 4"));
        assert_eq!(analog.calibrations, Analog::default().calibrations);
        assert!(Analog::default().learn(99).is_err());
    }

    #[test]
    fn invalid_ends_change_nothing() {
        let mut analog = Analog::default();
        for list in [
            json!([[0, 65535], [9, 5]]),
            json!([[0]]),
            json!([[0, 70000]]),
        ] {
            let list = list.as_array().unwrap();
            assert!(analog.calibrate(list).is_err(), "{list:?}");
            assert_eq!(analog, Analog::default());
        }
        analog.calibrate(&[json!([0, 8000])]).unwrap();
        assert_eq!(analog.calibrations[0].most, 8000);
    }

    #[test]
    fn the_bend_is_where_the_inputs_for_x_and_y_say() {
        let mut targets = [Target::Nothing; INPUTS];
        let mut analog = Analog::default();
        for input in 0..INPUTS {
            analog.read(input, 40_000);
        }
        assert_eq!(analog.bend_at(targets), None);
        targets[1] = Target::BendY;
        let point = analog.bend_at(targets).unwrap();
        assert!(point.x == 0.5 && (point.y - 0.61).abs() < 0.01);
        targets[0] = Target::BendX;
        analog.read(0, 0);
        assert_eq!(analog.bend_at(targets), None);
        analog.read(0, 65_535);
        assert_eq!(analog.bend_at(targets).unwrap().x, 1.0);
    }
}
