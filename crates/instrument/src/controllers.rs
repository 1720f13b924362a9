//! MIDI controllers and what each of them moves.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use midi::Message;

use super::parameters::Key;

/// First number of the channel mode messages, which are not controllers.
const MODES: u8 = Message::ALL_SOUND_OFF;
/// Bank select, which keyboards send before a program.
const BANKS: [u8; 2] = [0, 32];
/// Longest name of a control that is read.
const LONGEST: usize = logicnet::MAX_CONTROL_NAME;

/// A parameter or a control that a controller moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A parameter, over its whole range.
    Parameter(Key),
    /// The control of this name, of any network that has one.
    Control(String),
}

impl Destination {
    /// Reads the id of a parameter or the name of a control. A control with the name of a
    /// parameter is written `control:NAME`.
    pub fn parse(text: &str) -> Option<Destination> {
        let control = text.strip_prefix("control:");
        let name = control.unwrap_or(text);
        match Key::with_id(text) {
            Some(key) => Some(Destination::Parameter(key)),
            None if name.is_empty() || name.len() > LONGEST => None,
            None => Some(Destination::Control(name.into())),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Parameter(key) => f.write_str(key.parameter().id),
            Destination::Control(name) if Key::with_id(name).is_some() => {
                write!(f, "control:{name}")
            }
            Destination::Control(name) => f.write_str(name),
        }
    }
}

/// The destinations of controllers, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controllers {
    map: Arc<BTreeMap<u8, Destination>>,
    /// The destination that the next controller is learned for.
    learning: Option<Destination>,
}

impl Controllers {
    /// Returns what a controller moves.
    pub fn destination(&self, controller: u8) -> Option<&Destination> {
        self.map.get(&controller)
    }

    /// Returns the destination that waits for a controller.
    pub fn learning(&self) -> Option<&Destination> {
        self.learning.as_ref()
    }

    /// Lets a destination wait for the next controller that moves, or ends that.
    pub(super) fn learn(&mut self, destination: Destination) {
        let is_waiting = self.learning.as_ref() == Some(&destination);
        self.learning = (!is_waiting).then_some(destination);
    }

    /// Connects a controller that has moved with the destination that waits. Returns whether
    /// one did.
    pub(super) fn learned(&mut self, controller: u8) -> bool {
        if !is_controller(controller) {
            return false;
        }
        let Some(destination) = self.learning.take() else {
            return false;
        };
        self.forget(&destination);
        Arc::make_mut(&mut self.map).insert(controller, destination);
        true
    }

    /// Disconnects the controllers of a destination. Returns whether it had one.
    pub(super) fn forget(&mut self, destination: &Destination) -> bool {
        let before = self.map.len();
        Arc::make_mut(&mut self.map).retain(|_, other| other != destination);
        self.map.len() < before
    }

    /// Returns the destinations by the number of their controller.
    pub(super) fn to_json(&self) -> BTreeMap<String, String> {
        let entry = |(number, to): (&u8, &Destination)| (number.to_string(), to.to_string());
        self.map.iter().map(entry).collect()
    }

    /// Reads destinations; invalid ones are left out.
    pub(super) fn read(&mut self, entries: &serde_json::Map<String, serde_json::Value>) {
        let entry = |(number, to): (&String, &serde_json::Value)| {
            let number = number
                .parse()
                .ok()
                .filter(|number| is_controller(*number))?;
            Some((number, Destination::parse(to.as_str()?)?))
        };
        self.map = Arc::new(entries.iter().filter_map(entry).collect());
    }
}

fn is_controller(number: u8) -> bool {
    number < MODES && number != Message::PEDAL && !BANKS.contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_moves_what_waited_for_it_last() {
        let speed = Destination::Parameter(Key::Speed);
        let cutoff = Destination::Control("cutoff".into());
        let mut controllers = Controllers::default();
        assert!(!controllers.learned(7));
        controllers.learn(speed.clone());
        assert!(!controllers.learned(64) && !controllers.learned(32));
        assert!(controllers.learned(7));
        assert!(!controllers.learned(8));
        controllers.learn(cutoff.clone());
        controllers.learned(7);
        assert_eq!(controllers.destination(7), Some(&cutoff));
        controllers.learn(cutoff.clone());
        controllers.learned(9);
        assert_eq!(controllers.destination(7), None);
        assert!(controllers.forget(&cutoff) && !controllers.forget(&cutoff));
        controllers.learn(speed.clone());
        controllers.learn(speed);
        assert_eq!(controllers.learning(), None, "the second time ends it");
    }

    #[test]
    fn destinations_survive_their_text() {
        for text in ["speed", "cutoff", "control:speed"] {
            let destination = Destination::parse(text).unwrap();
            assert_eq!(destination.to_string(), text);
        }
        assert_eq!(Destination::parse(""), None);
        assert_eq!(Destination::parse("a-name-that-is-too-long"), None);
    }
}
