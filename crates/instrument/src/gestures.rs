//! Gestures: touches of the surface become bends in the field and presses of buttons.
//! Time is an argument.
//!
//! ```
//! use instrument::gestures::{Contact, Gesture, Gestures};
//! use instrument::layout::Point;
//! use instrument::surface::{Button, Press, Surface};
//!
//! let mut gestures = Gestures::new(Surface::default());
//! let on_next = Contact::Single(Point { x: 0.3, y: 0.95 }, 0.5);
//! let mut seen = Vec::new();
//! gestures.update(0, on_next, |gesture| seen.push(gesture));
//! gestures.update(100, Contact::None, |gesture| seen.push(gesture));
//! assert!(seen.contains(&Gesture::Press(Button::Next, Press::Tap)));
//! ```

use super::command::Command;
use super::layout::{Area, Point};
use super::surface::{Button, Press, Surface};

/// A reading of the touch sensor, on a surface whose sides have length 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Contact {
    /// Nothing touches the surface.
    #[default]
    None,
    /// One finger: its position, and its size as part of the largest finger's.
    Single(Point, f32),
    /// Several fingers: the top left and bottom right corners of the box around them.
    Several(Point, Point),
}

impl Contact {
    /// Combines two contacts into that of one hand.
    #[must_use]
    pub fn and(self, other: Contact) -> Contact {
        match (self.corners(), other.corners()) {
            (None, _) => other,
            (_, None) => self,
            (Some((least, most)), Some((other_least, other_most))) => {
                let (a, b) = (other_least, other_most);
                let least = Point::new(least.x.min(a.x), least.y.min(a.y));
                Contact::Several(least, Point::new(most.x.max(b.x), most.y.max(b.y)))
            }
        }
    }

    fn corners(self) -> Option<(Point, Point)> {
        match self {
            Contact::None => None,
            Contact::Single(at, _) => Some((at, at)),
            Contact::Several(least, most) => Some((least, most)),
        }
    }
}

/// The meaning of a touch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gesture {
    /// The field is touched in this area of it, or left.
    Field(Option<Area>),
    /// A finger rests on a button, or has left it; neither presses the button.
    Finger(Option<Button>),
    /// A button is pressed.
    Press(Button, Press),
}

impl From<Gesture> for Command {
    fn from(gesture: Gesture) -> Command {
        match gesture {
            Gesture::Field(area) => Command::Touch(area),
            Gesture::Finger(button) => Command::Finger(button),
            Gesture::Press(button, press) => Command::Press(button, press),
        }
    }
}

/// Least duration of a hold, in milliseconds.
pub const HOLD_MS: u64 = 500;
/// Longest gap in a touch, in milliseconds: a single scan may miss a finger.
const LIFT_MS: u64 = 12;

/// A touch that began on a button. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Hold {
    button: Button,
    since: u64,
    /// The last time that the finger was seen.
    seen: u64,
    /// True if a hold was reported: lifting the finger is not a tap then.
    reported: bool,
}

/// The phase of the present touch. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Nothing touches the surface.
    Idle,
    /// The touch began in the field: it bends until all fingers have left.
    Field {
        /// The last time that a finger was seen.
        seen: u64,
    },
    /// The touch began on a button.
    Button(Hold),
    /// The finger slid off a button, or a second finger came: nothing until all lift.
    Cancelled,
}

/// Recognizes gestures. A touch belongs to the region where it began: from the field it
/// presses no button, and from a button it bends nothing.
#[derive(Clone, Debug)]
pub struct Gestures {
    surface: Surface,
    phase: Phase,
}

impl Gestures {
    /// Creates a recognizer that has seen no touch.
    pub fn new(surface: Surface) -> Gestures {
        Gestures {
            surface,
            phase: Phase::Idle,
        }
    }

    /// Returns whether the surface is touched.
    pub fn touched(&self) -> bool {
        self.phase != Phase::Idle
    }

    /// Takes the contact at a time in milliseconds, and calls `emit` with each gesture.
    ///
    /// Must be called regularly, even if the contact does not change: a hold is reported
    /// as soon as it has lasted long enough.
    pub fn update(&mut self, now: u64, contact: Contact, mut emit: impl FnMut(Gesture)) {
        if self.phase == Phase::Idle {
            self.phase = self.begin(now, contact, &mut emit);
        }
        self.phase = match (self.phase, contact) {
            (Phase::Idle, _) | (Phase::Cancelled, Contact::None) => Phase::Idle,
            (Phase::Field { seen }, Contact::None) if now < seen + LIFT_MS => Phase::Field { seen },
            (Phase::Field { .. }, Contact::None) => {
                emit(Gesture::Field(None));
                Phase::Idle
            }
            (Phase::Field { .. }, contact) => {
                emit(Gesture::Field(self.area(contact)));
                Phase::Field { seen: now }
            }
            (Phase::Cancelled, _) => Phase::Cancelled,
            (Phase::Button(mut hold), contact) => {
                let on_it = match contact {
                    Contact::Single(at, _) => self.surface.button_at(at) == Some(hold.button),
                    Contact::None => now < hold.seen + LIFT_MS,
                    Contact::Several(..) => false,
                };
                let lifted = contact == Contact::None;
                if on_it {
                    if !hold.reported && now >= hold.since + HOLD_MS {
                        emit(Gesture::Press(hold.button, Press::Hold));
                        hold.reported = true;
                    }
                    if !lifted {
                        hold.seen = now;
                    }
                    Phase::Button(hold)
                } else {
                    if lifted && !hold.reported {
                        emit(Gesture::Press(hold.button, Press::Tap));
                    }
                    emit(Gesture::Finger(None));
                    if lifted {
                        Phase::Idle
                    } else {
                        Phase::Cancelled
                    }
                }
            }
        };
    }

    /// Ends the present touch without a press, for a sensor that has failed.
    pub fn lose(&mut self, mut emit: impl FnMut(Gesture)) {
        match self.phase {
            Phase::Field { .. } => emit(Gesture::Field(None)),
            Phase::Button(_) => emit(Gesture::Finger(None)),
            Phase::Idle | Phase::Cancelled => {}
        }
        self.phase = Phase::Idle;
    }

    fn begin(&self, now: u64, contact: Contact, emit: &mut impl FnMut(Gesture)) -> Phase {
        match contact {
            Contact::None => Phase::Idle,
            Contact::Single(at, _) => match self.surface.button_at(at) {
                None => Phase::Field { seen: now },
                Some(button) => {
                    emit(Gesture::Finger(Some(button)));
                    Phase::Button(Hold {
                        button,
                        since: now,
                        seen: now,
                        reported: false,
                    })
                }
            },
            // Several fingers outside the field press none of the buttons.
            Contact::Several(least, most) => {
                let field = &self.surface.field;
                let meets = least.x <= field.most.x && most.x >= field.least.x;
                if meets && least.y <= field.most.y && most.y >= field.least.y {
                    Phase::Field { seen: now }
                } else {
                    Phase::Cancelled
                }
            }
        }
    }

    fn area(&self, contact: Contact) -> Option<Area> {
        let field = &self.surface.field;
        match contact {
            Contact::None => None,
            Contact::Single(at, size) => Some(Area::Finger(field.within(at), size)),
            Contact::Several(least, most) => {
                Some(Area::Box(field.within(least), field.within(most)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: Contact = Contact::Single(Point { x: 0.5, y: 0.4 }, 0.5);
    const NEXT: Contact = Contact::Single(Point { x: 0.3, y: 0.95 }, 0.5);
    const CLEAR: Contact = Contact::Single(Point { x: 0.7, y: 0.95 }, 0.5);
    const BOX: Contact = Contact::Several(Point { x: 0.3, y: 0.5 }, Point { x: 0.7, y: 0.95 });

    /// Returns the gestures of contacts that last for some milliseconds each, without
    /// repetitions and without [`Gesture::Finger`]. Contacts are read every 4 ms.
    fn presses(contacts: &[(u64, Contact)]) -> Vec<Gesture> {
        let mut gestures = Gestures::new(Surface::default());
        let mut seen = Vec::new();
        let mut now = 0;
        for &(milliseconds, contact) in contacts {
            let end = now + milliseconds;
            while now < end {
                gestures.update(now, contact, |gesture| {
                    if !matches!(gesture, Gesture::Finger(_)) && seen.last() != Some(&gesture) {
                        seen.push(gesture);
                    }
                });
                now += 4;
            }
        }
        seen
    }

    #[test]
    fn taps_differ_from_holds() {
        let tap = Gesture::Press(Button::Next, Press::Tap);
        let hold = Gesture::Press(Button::Next, Press::Hold);
        assert_eq!(presses(&[(80, NEXT), (40, Contact::None)]), [tap]);
        assert_eq!(presses(&[(480, NEXT), (40, Contact::None)]), [tap]);
        assert_eq!(presses(&[(900, NEXT), (40, Contact::None)]), [hold]);
        // A scan that misses the finger does not end a hold.
        assert_eq!(
            presses(&[
                (300, NEXT),
                (8, Contact::None),
                (300, NEXT),
                (40, Contact::None)
            ]),
            [hold]
        );
    }

    #[test]
    fn sliding_off_a_button_cancels_the_press() {
        for elsewhere in [CLEAR, FIELD, BOX] {
            assert_eq!(
                presses(&[(80, NEXT), (80, elsewhere), (40, Contact::None)]),
                []
            );
            assert_eq!(
                presses(&[
                    (80, NEXT),
                    (40, elsewhere),
                    (900, NEXT),
                    (40, Contact::None)
                ]),
                []
            );
        }
    }

    #[test]
    fn two_fingers_on_the_strip_press_nothing() {
        let strip = Contact::Several(Point { x: 0.1, y: 0.9 }, Point { x: 0.9, y: 0.95 });
        assert_eq!(
            presses(&[(80, strip), (900, NEXT), (40, Contact::None)]),
            []
        );
    }

    #[test]
    fn a_touch_belongs_to_the_region_where_it_began() {
        let seen = presses(&[(80, FIELD), (900, NEXT), (40, Contact::None)]);
        assert!(
            seen.iter()
                .all(|gesture| matches!(gesture, Gesture::Field(_)))
        );
        assert_eq!(seen.last(), Some(&Gesture::Field(None)));
        let seen = presses(&[(80, BOX), (80, NEXT), (40, Contact::None)]);
        assert!(
            seen.iter()
                .all(|gesture| matches!(gesture, Gesture::Field(_)))
        );
    }

    #[test]
    fn a_scan_that_misses_the_finger_does_not_end_the_bend() {
        let seen = presses(&[
            (40, FIELD),
            (8, Contact::None),
            (40, FIELD),
            (40, Contact::None),
        ]);
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert_eq!(seen[1], Gesture::Field(None));
    }

    #[test]
    fn touches_reach_the_edges_of_the_field() {
        let bottom = Contact::Single(
            Point {
                x: 1.0,
                y: 0.84 - 1e-4,
            },
            0.25,
        );
        let seen = presses(&[(4, bottom)]);
        let [Gesture::Field(Some(Area::Finger(at, size)))] = seen[..] else {
            panic!("{seen:?}");
        };
        assert!((at.x, size) == (1.0, 0.25) && at.y > 0.999);
    }

    #[test]
    fn losing_the_sensor_ends_bends_and_presses_nothing() {
        let mut gestures = Gestures::new(Surface::default());
        let mut seen = Vec::new();
        gestures.update(0, FIELD, |gesture| seen.push(gesture));
        gestures.lose(|gesture| seen.push(gesture));
        assert_eq!(seen.last(), Some(&Gesture::Field(None)));
        gestures.update(10, NEXT, |gesture| seen.push(gesture));
        gestures.lose(|gesture| seen.push(gesture));
        assert_eq!(seen.last(), Some(&Gesture::Finger(None)));
        assert!(!gestures.touched());
    }
}
