//! Touches of the square, told apart: bends in the field, and presses of
//! pseudo-buttons. Pure; the time comes with each touch.

use super::command::Command;
use super::layout::{Area, Point};
use super::surface::{Button, Surface};

/// What the sensor says of the square, in parts of its sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Contact {
    /// Nothing touches.
    None,
    /// One finger: its place, and its size as a part of the largest.
    Single(Point, f32),
    /// Several fingers: the box around them, from least to most corner.
    Several(Point, Point),
}

impl Contact {
    /// What both touch, as one hand.
    #[must_use]
    pub fn and(self, other: Contact) -> Contact {
        match (self.corners(), other.corners()) {
            (None, _) => other,
            (_, None) => self,
            (Some((least, most)), Some((other_least, other_most))) => {
                let both = |of: fn(f32, f32) -> f32, one: Point, other: Point| Point {
                    x: of(one.x, other.x),
                    y: of(one.y, other.y),
                };
                Contact::Several(
                    both(f32::min, least, other_least),
                    both(f32::max, most, other_most),
                )
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

/// How a button was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// Pressed and let go.
    Tap,
    /// Kept pressed for half a second.
    Hold,
}

/// What a touch means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gesture {
    /// The field is touched like this, or no longer, in parts of the field.
    Field(Option<Area>),
    /// A button is under the finger, or no longer; nothing has happened yet.
    Finger(Option<Button>),
    /// A button was pressed.
    Press(Button, Press),
}

impl From<Gesture> for Command {
    /// What the instrument is told of it.
    fn from(gesture: Gesture) -> Command {
        match gesture {
            Gesture::Field(area) => Command::Touch(area),
            Gesture::Finger(button) => Command::Finger(button),
            Gesture::Press(button, press) => Command::Press(button, press),
        }
    }
}

/// How long a press must last to be a hold.
pub const HOLD_MS: u64 = 500;
/// A finger that is lost for less than this has not left: one scan may miss it.
const LIFT_MS: u64 = 12;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Touch {
    /// Nothing touches.
    None,
    /// Begun in the field: it bends until all fingers have left.
    Field {
        /// When a finger was seen last.
        seen: u64,
    },
    /// Begun on a button.
    Button {
        button: Button,
        since: u64,
        /// When the finger was seen last.
        seen: u64,
        /// A hold was told: lifting it is no tap.
        held: bool,
    },
    /// Slid off a button, or a second finger came: nothing until it lifts.
    Cancelled,
}

/// Tells gestures from contacts. A touch belongs to where it began: in the field
/// it presses no button, on a button it bends nothing.
#[derive(Clone, Debug)]
pub struct Gestures {
    surface: Surface,
    touch: Touch,
}

impl Gestures {
    /// Nothing touches yet.
    pub fn new(surface: Surface) -> Gestures {
        Gestures {
            surface,
            touch: Touch::None,
        }
    }

    /// Whether anything touches.
    pub fn touched(&self) -> bool {
        self.touch != Touch::None
    }

    /// Takes the contact at a time in milliseconds, and calls `tell` with what
    /// it means. Call it regularly, with the same contact if nothing changes:
    /// a hold is told when its time has come.
    pub fn update(&mut self, now: u64, contact: Contact, mut tell: impl FnMut(Gesture)) {
        if self.touch == Touch::None {
            self.touch = self.begin(now, contact, &mut tell);
        }
        self.touch = match (self.touch, contact) {
            (Touch::None, _) | (Touch::Cancelled, Contact::None) => Touch::None,
            (Touch::Field { seen }, Contact::None) if now < seen + LIFT_MS => Touch::Field { seen },
            (Touch::Field { .. }, Contact::None) => {
                tell(Gesture::Field(None));
                Touch::None
            }
            (Touch::Field { .. }, contact) => {
                tell(Gesture::Field(self.area(contact)));
                Touch::Field { seen: now }
            }
            (Touch::Cancelled, _) => Touch::Cancelled,
            (
                Touch::Button {
                    button,
                    since,
                    seen,
                    held,
                },
                contact,
            ) => {
                let on_it = match contact {
                    Contact::Single(at, _) => self.surface.button_at(at) == Some(button),
                    Contact::None => now < seen + LIFT_MS,
                    Contact::Several(..) => false,
                };
                let seen = if contact == Contact::None { seen } else { now };
                if on_it {
                    let hold = !held && now >= since + HOLD_MS;
                    if hold {
                        tell(Gesture::Press(button, Press::Hold));
                    }
                    Touch::Button {
                        button,
                        since,
                        seen,
                        held: held || hold,
                    }
                } else {
                    if contact == Contact::None && !held {
                        tell(Gesture::Press(button, Press::Tap));
                    }
                    tell(Gesture::Finger(None));
                    if contact == Contact::None {
                        Touch::None
                    } else {
                        Touch::Cancelled
                    }
                }
            }
        };
    }

    /// Forgets what touches, as when the sensor is lost: bends end, and no button
    /// is pressed by it.
    pub fn lose(&mut self, mut tell: impl FnMut(Gesture)) {
        match self.touch {
            Touch::Field { .. } => tell(Gesture::Field(None)),
            Touch::Button { .. } => tell(Gesture::Finger(None)),
            Touch::None | Touch::Cancelled => {}
        }
        self.touch = Touch::None;
    }

    fn begin(&self, now: u64, contact: Contact, tell: &mut impl FnMut(Gesture)) -> Touch {
        match contact {
            Contact::None => Touch::None,
            Contact::Single(at, _) => match self.surface.button_at(at) {
                None => Touch::Field { seen: now },
                Some(button) => {
                    tell(Gesture::Finger(Some(button)));
                    Touch::Button {
                        button,
                        since: now,
                        seen: now,
                        held: false,
                    }
                }
            },
            // Fingers between buttons mean none of them.
            Contact::Several(least, most) => {
                let field = &self.surface.field;
                let apart = least.x > field.most.x
                    || least.y > field.most.y
                    || most.x < field.least.x
                    || most.y < field.least.y;
                if apart {
                    Touch::Cancelled
                } else {
                    Touch::Field { seen: now }
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

    /// What is told, without the feedback to the finger; every 4 ms a contact.
    fn presses(contacts: &[(u64, Contact)]) -> Vec<Gesture> {
        let mut gestures = Gestures::new(Surface::default());
        let mut told = Vec::new();
        let mut now = 0;
        for &(milliseconds, contact) in contacts {
            let end = now + milliseconds;
            while now < end {
                gestures.update(now, contact, |gesture| {
                    if !matches!(gesture, Gesture::Finger(_)) && told.last() != Some(&gesture) {
                        told.push(gesture);
                    }
                });
                now += 4;
            }
        }
        told
    }

    #[test]
    fn taps_and_holds_are_told_apart() {
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
    fn sliding_off_cancels() {
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
    fn two_fingers_on_the_strip_mean_nothing() {
        let strip = Contact::Several(Point { x: 0.1, y: 0.9 }, Point { x: 0.9, y: 0.95 });
        assert_eq!(
            presses(&[(80, strip), (900, NEXT), (40, Contact::None)]),
            []
        );
    }

    #[test]
    fn a_touch_belongs_to_where_it_began() {
        let told = presses(&[(80, FIELD), (900, NEXT), (40, Contact::None)]);
        assert!(
            told.iter()
                .all(|gesture| matches!(gesture, Gesture::Field(_)))
        );
        assert_eq!(told.last(), Some(&Gesture::Field(None)));
        let told = presses(&[(80, BOX), (80, NEXT), (40, Contact::None)]);
        assert!(
            told.iter()
                .all(|gesture| matches!(gesture, Gesture::Field(_)))
        );
    }

    #[test]
    fn a_scan_that_misses_the_finger_ends_no_bend() {
        let told = presses(&[
            (40, FIELD),
            (8, Contact::None),
            (40, FIELD),
            (40, Contact::None),
        ]);
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[1], Gesture::Field(None));
    }

    #[test]
    fn fields_reach_their_own_edges() {
        let bottom = Contact::Single(
            Point {
                x: 1.0,
                y: 0.84 - 1e-4,
            },
            0.25,
        );
        let told = presses(&[(4, bottom)]);
        let [Gesture::Field(Some(Area::Finger(at, size)))] = told[..] else {
            panic!("{told:?}");
        };
        assert!((at.x, size) == (1.0, 0.25) && at.y > 0.999);
    }

    #[test]
    fn a_lost_sensor_ends_bends_and_presses_nothing() {
        let mut gestures = Gestures::new(Surface::default());
        let mut told = Vec::new();
        gestures.update(0, FIELD, |gesture| told.push(gesture));
        gestures.lose(|gesture| told.push(gesture));
        assert_eq!(told.last(), Some(&Gesture::Field(None)));
        gestures.update(10, NEXT, |gesture| told.push(gesture));
        gestures.lose(|gesture| told.push(gesture));
        assert_eq!(told.last(), Some(&Gesture::Finger(None)));
        assert!(!gestures.touched());
    }
}
