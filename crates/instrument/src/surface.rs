//! The regions of the touch surface: a field for bends, and buttons.

use super::layout::Point;
pub use super::layout::Region;

named! {
    /// A button: a region of the surface. Menus give it another meaning.
    Button {
        /// Plays the previous network; in menus, chooses the row above.
        Previous = "previous",
        /// Plays the next network; held, redoes. In menus, chooses the row below.
        Next = "next",
        /// Changes what bends do (0, 1, invert); held, how long they last. In menus, less.
        Mode = "mode",
        /// Clears all bends; held, undoes. In menus, more.
        Clear = "clear",
        /// Restarts network time; held, shows the menu. In menus, goes back; held, shows the
        /// next page.
        Time = "time",
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
            let least = Point::new(f32::from(i) / count, FIELD_HEIGHT);
            let most = Point::new(f32::from(i + 1) / count, 1.0);
            (button, Region { least, most })
        });
        let least = Point::new(0.0, 0.0);
        let most = Point::new(1.0, FIELD_HEIGHT);
        Surface {
            field: Region { least, most },
            buttons: buttons.collect(),
        }
    }
}

impl Surface {
    /// Finds the button at a point of the surface.
    pub fn button_at(&self, at: Point) -> Option<Button> {
        let mut buttons = self.buttons.iter();
        let button = buttons.find(|(_, region)| region.contains(at));
        button.map(|(button, _)| *button)
    }

    /// Returns the region of a button, if the surface has it.
    pub fn region(&self, button: Button) -> Option<&Region> {
        let mut buttons = self.buttons.iter();
        let found = buttons.find(|(other, _)| *other == button);
        found.map(|(_, region)| region)
    }
}
