//! The regions of the square: a field that bends, and pseudo-buttons.

use super::layout::Point;

/// What a pseudo-button is for. In a menu it has another meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// The network before; in menus, the row above.
    Previous,
    /// The next network; in menus, the row below.
    Next,
    /// What bends do: 0, 1, invert; in menus, less.
    Mode,
    /// No more bends; held: undo. In menus, more.
    Clear,
    /// Time starts again; held: the menu. In menus, back; held: the next page.
    Time,
}

impl Button {
    /// All, from left to right on the default strip.
    pub const ALL: [Button; 5] = [
        Button::Previous,
        Button::Next,
        Button::Mode,
        Button::Clear,
        Button::Time,
    ];

    /// Its name in boards' files and scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Button::Previous => "previous",
            Button::Next => "next",
            Button::Mode => "mode",
            Button::Clear => "clear",
            Button::Time => "time",
        }
    }

    /// The button of this name.
    pub fn with_name(name: &str) -> Option<Button> {
        Button::ALL.into_iter().find(|button| button.name() == name)
    }
}

/// A rectangle of the square, in parts of its sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// The corner at the top left.
    pub least: Point,
    /// The corner at the bottom right.
    pub most: Point,
}

impl Region {
    /// Whether a place is in it.
    pub fn contains(&self, at: Point) -> bool {
        (self.least.x..=self.most.x).contains(&at.x) && (self.least.y..=self.most.y).contains(&at.y)
    }

    /// Its middle.
    pub fn middle(&self) -> Point {
        Point {
            x: f32::midpoint(self.least.x, self.most.x),
            y: f32::midpoint(self.least.y, self.most.y),
        }
    }

    /// A place of the square as a part of this region; outside, the nearest edge.
    pub fn within(&self, at: Point) -> Point {
        let part = |at: f32, least: f32, most: f32| ((at - least) / (most - least)).clamp(0.0, 1.0);
        Point {
            x: part(at.x, self.least.x, self.most.x),
            y: part(at.y, self.least.y, self.most.y),
        }
    }
}

/// How the square is divided. A place in no button is in the field.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    /// Where gates are bent.
    pub field: Region,
    /// The pseudo-buttons.
    pub buttons: Vec<(Button, Region)>,
}

/// Height of the default field, of the square; the strip of buttons is below.
const FIELD: f32 = 0.84;

impl Default for Surface {
    /// A field, and a strip of five buttons below it, as in `boards/desk.toml`.
    fn default() -> Surface {
        let count = Button::ALL.len() as f32;
        let buttons = (0u8..).zip(Button::ALL).map(|(i, button)| {
            let region = Region {
                least: Point {
                    x: f32::from(i) / count,
                    y: FIELD,
                },
                most: Point {
                    x: f32::from(i + 1) / count,
                    y: 1.0,
                },
            };
            (button, region)
        });
        Surface {
            field: Region {
                least: Point { x: 0.0, y: 0.0 },
                most: Point { x: 1.0, y: FIELD },
            },
            buttons: buttons.collect(),
        }
    }
}

impl Surface {
    /// The button at a place of the square.
    pub fn button_at(&self, at: Point) -> Option<Button> {
        self.buttons
            .iter()
            .find(|(_, region)| region.contains(at))
            .map(|(button, _)| *button)
    }

    /// Where a button is.
    pub fn region(&self, button: Button) -> Option<&Region> {
        self.buttons
            .iter()
            .find(|(other, _)| *other == button)
            .map(|(_, region)| region)
    }
}
