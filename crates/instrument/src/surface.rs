//! The regions of the touch surface: a field for bends, and buttons.

use super::layout::Point;

/// A button: a region of the surface. Menus give it another meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// Plays the previous network; in menus, chooses the row above.
    Previous,
    /// Plays the next network; held, redoes. In menus, chooses the row below.
    Next,
    /// Changes what bends do (0, 1, invert); held, how long they last. In menus, less.
    Mode,
    /// Clears all bends; held, undoes. In menus, more.
    Clear,
    /// Restarts network time; held, shows the menu. In menus, goes back; held, shows the
    /// next page.
    Time,
}

impl Button {
    /// All buttons, from left to right on the default strip.
    pub const ALL: [Button; 5] = [
        Button::Previous,
        Button::Next,
        Button::Mode,
        Button::Clear,
        Button::Time,
    ];

    /// Returns the button's name in board files and scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Button::Previous => "previous",
            Button::Next => "next",
            Button::Mode => "mode",
            Button::Clear => "clear",
            Button::Time => "time",
        }
    }

    /// Finds the button with this name.
    pub fn with_name(name: &str) -> Option<Button> {
        Button::ALL.into_iter().find(|button| button.name() == name)
    }
}

/// The duration of a press of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// Released before half a second.
    Tap,
    /// Held for half a second.
    Hold,
}

/// A rectangle of the surface, whose sides have length 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// The corner at the top left.
    pub least: Point,
    /// The corner at the bottom right.
    pub most: Point,
}

impl Region {
    /// Returns whether a point is inside.
    pub fn contains(&self, at: Point) -> bool {
        (self.least.x..=self.most.x).contains(&at.x) && (self.least.y..=self.most.y).contains(&at.y)
    }

    /// Returns the middle.
    pub fn middle(&self) -> Point {
        Point {
            x: f32::midpoint(self.least.x, self.most.x),
            y: f32::midpoint(self.least.y, self.most.y),
        }
    }

    /// Converts a point of the surface to one of this region, whose sides then have
    /// length 1. Points outside go to the nearest edge.
    pub fn within(&self, at: Point) -> Point {
        let part = |at: f32, least: f32, most: f32| ((at - least) / (most - least)).clamp(0.0, 1.0);
        Point {
            x: part(at.x, self.least.x, self.most.x),
            y: part(at.y, self.least.y, self.most.y),
        }
    }
}

/// The regions of the surface. Points outside all buttons belong to the field.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    /// The region where touches bend gates.
    pub field: Region,
    /// The buttons and their regions.
    pub buttons: Vec<(Button, Region)>,
}

/// Height of the default field, as part of the surface's; the strip of buttons is below.
const FIELD_HEIGHT: f32 = 0.84;

impl Default for Surface {
    /// Returns a field with a strip of five buttons below it, as in `boards/desk.toml`.
    fn default() -> Surface {
        let count = Button::ALL.len() as f32;
        let buttons = (0u8..).zip(Button::ALL).map(|(i, button)| {
            let region = Region {
                least: Point {
                    x: f32::from(i) / count,
                    y: FIELD_HEIGHT,
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
                most: Point {
                    x: 1.0,
                    y: FIELD_HEIGHT,
                },
            },
            buttons: buttons.collect(),
        }
    }
}

impl Surface {
    /// Finds the button at a point of the surface.
    pub fn button_at(&self, at: Point) -> Option<Button> {
        self.buttons
            .iter()
            .find(|(_, region)| region.contains(at))
            .map(|(button, _)| *button)
    }

    /// Returns the region of a button, if the surface has it.
    pub fn region(&self, button: Button) -> Option<&Region> {
        self.buttons
            .iter()
            .find(|(other, _)| *other == button)
            .map(|(_, region)| region)
    }
}
