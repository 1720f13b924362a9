//! The table of parameters: menu, command line, documentation and page are made from it.

use super::analog::{INPUTS, Target};
use super::playback::Playback;
use logicnet::quote;

/// The meaning of a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A fixed-point number: with 2 decimals, the value 125 is 1.25.
    Number {
        /// The least value.
        min: i32,
        /// The greatest value.
        max: i32,
        /// The change per press of a button, unless there are stops.
        step: i32,
        /// The values that buttons go to, ascending; if empty, multiples of `step`.
        stops: &'static [i32],
        /// Digits after the point.
        decimals: u8,
        /// A value with a name instead of a number.
        named: Option<(i32, &'static str)>,
    },
    /// One of these words; the value is its index.
    Choice(&'static [&'static str]),
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name on the command line and in files.
    pub id: &'static str,
    /// The name on displays.
    pub name: &'static str,
    /// The unit, or an empty text.
    pub unit: &'static str,
    /// The meaning of its values.
    pub kind: Kind,
    /// The default value.
    pub default: i32,
    /// A line of help.
    pub about: &'static str,
}

/// Declares the keys and the table, from rows of this form:
///
/// ```text
/// Key: "id" "name on displays" "A line of help" => kind, "unit", default;
/// ```
macro_rules! parameters {
    ($($key:ident: $id:literal $name:literal $about:literal => $kind:expr, $unit:literal, $default:expr;)*) => {
        /// The key of a parameter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Key {
            $(#[doc = concat!($about, ".")] $key,)*
        }

        /// All keys, in the order of the menu.
        pub const KEYS: &[Key] = &[$(Key::$key,)*];

        const TABLE: &[Parameter] = &[$(Parameter {
            id: $id,
            name: $name,
            unit: $unit,
            kind: $kind,
            default: $default,
            about: $about,
        },)*];
    };
}

/// Describes a whole number, one value of which may have a name.
const fn number(min: i32, max: i32, step: i32, named: Option<(i32, &'static str)>) -> Kind {
    Kind::Number {
        min,
        max,
        step,
        stops: &[],
        decimals: 0,
        named,
    }
}

/// Sample rates that songs use most, in Hz, after 0, the network's own.
const RATES: &[i32] = &[0, 8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000];
/// Largest number of which all of [`RATES`] are multiples, in Hz.
const RATE_STEP: i32 = 25;

/// The volume in dB that means silence.
const OFF_DB: i32 = -60;

const TARGET: Kind = Kind::Choice(Target::NAMES);

parameters! {
    Volume: "volume" "volume" "Level of the output"
        => number(OFF_DB, 0, 2, Some((OFF_DB, "off"))), "dB", -12;
    Speed: "speed" "speed" "Speed of time; negative runs backwards, 0 stands still"
        => Kind::Number { min: -400, max: 400, step: 5, stops: &[], decimals: 2, named: None }, "x", 100;
    Rate: "rate" "rate" "Network samples per second; 0 is the network's own rate"
        => Kind::Number { min: 0, max: 96_000, step: RATE_STEP, stops: RATES, decimals: 0, named: Some((0, "own")) }, "Hz", 0;
    Interpolation: "interpolation" "between" "Between samples: hold each one, or interpolate linearly"
        => Kind::Choice(&["hold", "linear"]), "", 0;
    Bend: "bend" "bend" "What a bend does: force 0, force 1, or invert the gate"
        => Kind::Choice(&["0", "1", "invert"]), "", 0;
    Hold: "hold" "bends" "How long bends last: while touched, or until touched again"
        => Kind::Choice(&["momentary", "latched"]), "", 0;
    Radius: "radius" "radius" "Reach of the largest finger, as part of the surface's width"
        => number(0, 50, 1, None), "%", 8;
    Swap: "swap" "swap" "How the next network starts: crossfade, or at once"
        => Kind::Choice(&["crossfade", "instant"]), "", 0;
    Dead: "dead" "dead gates" "Gates that no output depends on: hide or show them"
        => Kind::Choice(&["hidden", "shown"]), "", 0;
    Brightness: "brightness" "light" "Brightness of the display"
        => number(0, 100, 5, None), "%", 60;
    Dim: "dim" "dim after" "Seconds without touch until the display dims; 0 is never"
        => number(0, 3600, 10, Some((0, "never"))), "s", 120;
    Blank: "blank" "dark after" "Seconds without touch until the display goes dark; 0 is never"
        => number(0, 36_000, 60, Some((0, "never"))), "s", 1200;
    Analog1: "analog1" "input 1" "Parameter that analog input 1 controls" => TARGET, "", 0;
    Analog2: "analog2" "input 2" "Parameter that analog input 2 controls" => TARGET, "", 0;
    Analog3: "analog3" "input 3" "Parameter that analog input 3 controls" => TARGET, "", 0;
    Analog4: "analog4" "input 4" "Parameter that analog input 4 controls" => TARGET, "", 0;
    Analog5: "analog5" "input 5" "Parameter that analog input 5 controls" => TARGET, "", 0;
    Analog6: "analog6" "input 6" "Parameter that analog input 6 controls" => TARGET, "", 0;
    Analog7: "analog7" "input 7" "Parameter that analog input 7 controls" => TARGET, "", 0;
    Analog8: "analog8" "input 8" "Parameter that analog input 8 controls" => TARGET, "", 0;
}

impl Key {
    /// Keys of the analog inputs' targets, in the order of the inputs: the last of the table.
    pub const ANALOG: &[Key] = KEYS.split_at(KEYS.len() - INPUTS).1;

    /// Returns the parameter with this key.
    pub fn parameter(self) -> &'static Parameter {
        &TABLE[self as usize]
    }

    /// Returns whether presets hold the parameter: those that shape the sound, but not level
    /// or display.
    pub fn in_presets(self) -> bool {
        use Key::{Bend, Hold, Interpolation, Radius, Rate, Speed};
        matches!(self, Speed | Rate | Interpolation | Bend | Hold | Radius)
    }

    /// Finds the key with this id.
    pub fn with_id(id: &str) -> Option<Key> {
        KEYS.iter().copied().find(|key| key.parameter().id == id)
    }

    /// Parses `id=value`.
    ///
    /// # Errors
    /// Returns a message with the ids, or with the values that the parameter takes.
    pub fn assignment(text: &str) -> Result<(Key, i32), String> {
        let assignment = text.split_once('=');
        let (id, value) = assignment
            .ok_or_else(|| format!("{}: write id=value, such as speed=-1", quote(text)))?;
        let key = Key::with_id(id.trim()).ok_or_else(|| {
            let ids: Vec<&str> = TABLE.iter().map(|parameter| parameter.id).collect();
            format!(
                "no parameter {}; there are {}",
                quote(id.trim()),
                ids.join(", ")
            )
        })?;
        Ok((key, key.parameter().parse(value)?))
    }
}

impl Parameter {
    /// Returns the least and the greatest value.
    pub fn range(&self) -> (i32, i32) {
        match self.kind {
            Kind::Number { min, max, .. } => (min, max),
            Kind::Choice(words) => (0, words.len() as i32 - 1),
        }
    }

    /// Formats a value, with its unit.
    pub fn format(&self, value: i32) -> String {
        match self.kind {
            Kind::Choice(words) => words
                .get(value as usize)
                .map_or_else(|| value.to_string(), ToString::to_string),
            Kind::Number {
                named: Some((special, name)),
                ..
            } if value == special => name.to_string(),
            Kind::Number { decimals, .. } => {
                let space = if self.unit.len() > 1 { " " } else { "" };
                format!("{}{space}{}", decimal(value, decimals), self.unit)
            }
        }
    }

    /// Parses a word or a number.
    ///
    /// # Errors
    /// Returns a message with the values that the parameter takes.
    pub fn parse(&self, text: &str) -> Result<i32, String> {
        let text = text.trim();
        let value = match self.kind {
            Kind::Choice(words) => words
                .iter()
                .position(|word| *word == text)
                .map(|i| i as i32),
            Kind::Number {
                named: Some((special, name)),
                ..
            } if text == name => Some(special),
            Kind::Number { decimals, .. } => parse_decimal(text, decimals),
        };
        let (min, max) = self.range();
        value
            .filter(|value| (min..=max).contains(value))
            .ok_or_else(|| {
                let (text, values) = (quote(text), self.values());
                format!("{}: {text} is not one of: {values}", self.id)
            })
    }

    /// Describes the values that the parameter takes.
    pub fn values(&self) -> String {
        match self.kind {
            Kind::Choice(words) => words.join(", "),
            Kind::Number {
                min,
                max,
                decimals,
                named,
                ..
            } => {
                let mut text = format!("{} to {}", decimal(min, decimals), decimal(max, decimals));
                if !self.unit.is_empty() {
                    text = format!("{text} {}", self.unit);
                }
                match named {
                    Some((_, name)) => format!("{text}, {name}"),
                    None => text,
                }
            }
        }
    }
}

fn decimal(value: i32, decimals: u8) -> String {
    if decimals == 0 {
        return value.to_string();
    }
    let one = 10u32.pow(decimals.into());
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (value.unsigned_abs() / one, value.unsigned_abs() % one);
    format!("{sign}{whole}.{part:0width$}", width = decimals.into())
}

fn parse_decimal(text: &str, decimals: u8) -> Option<i32> {
    let value: f64 = text.parse().ok()?;
    let scaled = (value * 10f64.powi(decimals.into())).round();
    (scaled.abs() <= f64::from(i32::MAX)).then_some(scaled as i32)
}

/// Returns the stop that many steps above or below a value, at most the last or the first
/// one. Returns `None` if there is no stop on that side.
fn stop(stops: &[i32], value: i32, steps: i32) -> Option<i32> {
    let distance = steps.unsigned_abs() as usize;
    if steps >= 0 {
        let above = &stops[stops.partition_point(|&stop| stop <= value)..];
        above[..distance.min(above.len())].last().copied()
    } else {
        let below = &stops[..stops.partition_point(|&stop| stop < value)];
        below[below.len() - distance.min(below.len())..]
            .first()
            .copied()
    }
}

/// The parameters that a change includes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParameterScope {
    /// None of them.
    #[default]
    Nothing,
    /// Those that presets hold: [`Key::in_presets`].
    Presets,
    /// All of them.
    All,
}

impl ParameterScope {
    /// Returns whether the parameter with this key is included.
    pub fn contains(self, key: Key) -> bool {
        match self {
            ParameterScope::Nothing => false,
            ParameterScope::Presets => key.in_presets(),
            ParameterScope::All => true,
        }
    }
}

/// A value for every parameter, each within its range.
///
/// ```
/// use instrument::parameters::{Key, Parameters};
///
/// let mut parameters = Parameters::default();
/// parameters.assign("speed=-0.5")?;
/// assert_eq!(parameters.get(Key::Speed), -50);
/// assert_eq!(parameters.format(Key::Speed), "-0.50x");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters([i32; KEYS.len()]);

impl Default for Parameters {
    fn default() -> Parameters {
        Parameters(std::array::from_fn(|index| TABLE[index].default))
    }
}

impl Parameters {
    /// Returns the value of a parameter.
    pub fn get(&self, key: Key) -> i32 {
        self.0[key as usize]
    }

    /// Sets a value, clamped to its range.
    pub fn set(&mut self, key: Key, value: i32) {
        let (min, max) = key.parameter().range();
        self.0[key as usize] = value.clamp(min, max);
    }

    /// Sets a value by its part of the range, 0.0 to 1.0.
    pub fn set_part(&mut self, key: Key, part: f32) {
        let (min, max) = key.parameter().range();
        let above = (part * (max - min) as f32).round() as i32;
        self.set(key, min + above);
    }

    /// Changes a value by steps: to its stops if it has any, otherwise to multiples of a
    /// step. Choices wrap around.
    pub fn step(&mut self, key: Key, steps: i32) {
        let value = self.get(key);
        match key.parameter().kind {
            Kind::Number { stops, .. } if !stops.is_empty() => {
                if let Some(stop) = stop(stops, value, steps) {
                    self.set(key, stop);
                }
            }
            Kind::Number { step, .. } => {
                // Between two multiples, the first step goes to the next one.
                let partial = i32::from(steps <= 0 && value.rem_euclid(step) != 0);
                let whole = value.div_euclid(step) + partial;
                self.set(key, whole.saturating_add(steps).saturating_mul(step));
            }
            Kind::Choice(words) => {
                let count = words.len() as i32;
                self.set(key, (value + steps.rem_euclid(count)) % count);
            }
        }
    }

    /// Copies the parameters in `scope` from others.
    pub fn copy_from(&mut self, from: &Parameters, scope: ParameterScope) {
        for key in KEYS.iter().filter(|key| scope.contains(**key)) {
            self.set(*key, from.get(*key));
        }
    }

    /// Returns the target of an analog input.
    pub fn target(&self, input: usize) -> Target {
        Target::ALL[self.get(Key::ANALOG[input]) as usize]
    }

    /// Returns the parameter that an analog input controls, if its target is one.
    pub fn controlled_by(&self, input: usize) -> Option<Key> {
        match self.target(input) {
            Target::Speed => Some(Key::Speed),
            Target::Volume => Some(Key::Volume),
            Target::Nothing | Target::BendX | Target::BendY => None,
        }
    }

    /// Formats the value of a parameter, with its unit.
    pub fn format(&self, key: Key) -> String {
        key.parameter().format(self.get(key))
    }

    /// Sets a parameter from `id=value`.
    ///
    /// # Errors
    /// Those of [`Key::assignment`].
    pub fn assign(&mut self, assignment: &str) -> Result<(), String> {
        let (key, value) = Key::assignment(assignment)?;
        self.set(key, value);
        Ok(())
    }

    /// Returns how a network is played, given its own rate in Hz.
    pub fn playback(&self, own_rate: u32) -> Playback {
        let volume = self.get(Key::Volume);
        Playback {
            rate: match self.get(Key::Rate) {
                0 => own_rate,
                rate => rate as u32,
            },
            speed: self.get(Key::Speed),
            linear: self.get(Key::Interpolation) == 1,
            level: level(volume),
        }
    }
}

/// The factor of 1 dB less: 10^(-1/20).
const DECIBEL: f64 = 0.891_250_938_133_745_5;

/// Returns the level of a volume in dB.
///
/// Multiplies, since powers differ in their last bit between systems' libraries, and the
/// sound must be the same on all of them.
fn level(volume: i32) -> f32 {
    if volume == OFF_DB {
        return 0.0;
    }
    (volume..0).fold(1.0, |level, _| level * DECIBEL) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_volume_in_decibels() {
        assert_eq!(level(OFF_DB), 0.0);
        for volume in OFF_DB + 1..=0 {
            assert_eq!(level(volume), 10f64.powf(f64::from(volume) / 20.0) as f32);
        }
    }

    #[test]
    fn every_value_survives_formatting_and_parsing() {
        for key in KEYS {
            let parameter = key.parameter();
            assert_eq!(Key::with_id(parameter.id), Some(*key));
            let (min, max) = parameter.range();
            assert!((min..=max).contains(&parameter.default));
            for value in min..=max {
                let text = parameter.format(value);
                let text = text.strip_suffix(parameter.unit).unwrap_or(&text);
                assert_eq!(parameter.parse(text), Ok(value), "{}", parameter.id);
            }
        }
    }

    #[test]
    fn steps_stay_in_range_and_choices_wrap_around() {
        for key in KEYS {
            let mut parameters = Parameters::default();
            let (min, max) = key.parameter().range();
            for _ in 0..2000 {
                parameters.step(*key, 1);
                assert!((min..=max).contains(&parameters.get(*key)));
            }
            for _ in 0..2000 {
                parameters.step(*key, -1);
                assert!((min..=max).contains(&parameters.get(*key)));
            }
        }
        let mut parameters = Parameters::default();
        parameters.set(Key::Speed, 103);
        parameters.step(Key::Speed, 1);
        assert_eq!(parameters.get(Key::Speed), 105);
        parameters.set(Key::Speed, 103);
        parameters.step(Key::Speed, -1);
        assert_eq!(parameters.get(Key::Speed), 100);
        parameters.step(Key::Bend, -1);
        assert_eq!(parameters.format(Key::Bend), "invert");
    }

    #[test]
    fn the_rate_steps_through_usual_rates_and_takes_any_number() {
        let mut parameters = Parameters::default();
        let mut stepped = |steps| {
            parameters.step(Key::Rate, steps);
            parameters.get(Key::Rate)
        };
        let up = [8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 48_000];
        assert_eq!(up.map(|_| stepped(1)), up);
        assert_eq!((stepped(-2), stepped(-9), stepped(-1)), (32_000, 0, 0));
        parameters.assign("rate=12345").unwrap();
        parameters.step(Key::Rate, -1);
        assert_eq!(parameters.get(Key::Rate), 11_025);
        parameters.assign("rate=96000").unwrap();
        parameters.step(Key::Rate, 1);
        assert_eq!(parameters.get(Key::Rate), 96_000, "no stop is above");
        parameters.step(Key::Rate, -1);
        assert_eq!(parameters.get(Key::Rate), 48_000);
        assert!(RATES.iter().all(|rate| rate % RATE_STEP == 0));
    }

    #[test]
    fn refused_assignments_name_what_is_valid() {
        let mut parameters = Parameters::default();
        for (assignment, expected) in [
            ("speed", "write id=value"),
            ("tempo=1", "volume, speed"),
            ("speed=9", "-4.00 to 4.00 x"),
            ("bend=2", "0, 1, invert"),
            ("volume=NaN", "-60 to 0 dB, off"),
        ] {
            let problem = parameters.assign(assignment).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
        assert_eq!(parameters, Parameters::default());
        parameters.assign("volume=off").unwrap();
        assert_eq!(parameters.playback(8000).level, 0.0);
    }
}
