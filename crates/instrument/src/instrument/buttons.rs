//! Buttons of the surface: each has its own effect on each page.

use super::Instrument;
use super::change::Change;
use crate::analog::INPUTS;
use crate::command::{Command, Direction};
use crate::pages;
use crate::parameters::{KEYS, Key, Kind};
use crate::state::{Page, State};
use crate::surface::{Button, Press};

impl Instrument {
    pub(super) fn press(
        &mut self,
        state: &mut State,
        button: Button,
        press: Press,
    ) -> Result<Change, String> {
        let command = match (state.page, button, press) {
            (Page::Play, Button::Previous, _) => Command::Swap(Direction::Previous),
            (Page::Play, Button::Next, Press::Tap) => Command::Swap(Direction::Next),
            (Page::Play, Button::Next, Press::Hold) => Command::Redo,
            (Page::Play, Button::Mode, Press::Tap) => Command::Step(Key::Bend, 1),
            (Page::Play, Button::Mode, Press::Hold) => Command::Step(Key::Hold, 1),
            (Page::Play, Button::Clear, Press::Tap) => Command::ClearBends,
            (Page::Play, Button::Clear, Press::Hold) => Command::Undo,
            (Page::Play, Button::Time, Press::Tap) if !state.playing => Command::Play(true),
            (Page::Play, Button::Time, Press::Tap) => Command::Seek(0),
            (_, Button::Time, Press::Tap) => Command::Show(Page::Play),
            (Page::Menu, Button::Time, Press::Hold) => Command::Show(Page::Presets),
            (Page::Presets, Button::Time, Press::Hold) => Command::Show(Page::Inputs),
            (Page::Inputs, Button::Time, Press::Hold) => Command::Show(Page::About),
            (_, Button::Time, Press::Hold) => Command::Show(Page::Menu),
            (_, Button::Previous, _) => return Ok(choose_row(state, Direction::Previous)),
            (_, Button::Next, _) => return Ok(choose_row(state, Direction::Next)),
            (Page::Menu, Button::Mode, _) => {
                let key = KEYS[state.row];
                Command::Step(key, -steps(key, press))
            }
            (Page::Menu, Button::Clear, _) => {
                let key = KEYS[state.row];
                Command::Step(key, steps(key, press))
            }
            (Page::Presets, Button::Mode, _) => Command::SavePreset(None),
            (Page::Presets, Button::Clear, press) => {
                let name = state.presets.get(state.row).ok_or("no preset yet")?;
                match press {
                    Press::Tap => Command::RecallPreset(name.clone()),
                    Press::Hold => Command::DeletePreset(name.clone()),
                }
            }
            (Page::Inputs, Button::Mode, _) => Command::Step(Key::ANALOG[state.row], 1),
            (Page::Inputs, Button::Clear, _) => Command::Learn(state.row),
            (Page::About, Button::Mode, _) => Command::Mutate(None),
            (Page::About, Button::Clear, _) => Command::Random(None),
        };
        self.change(state, command)
    }
}

fn choose_row(state: &mut State, direction: Direction) -> Change {
    state.row = direction.step(state.row, rows(state));
    Change::default()
}

/// Returns the number of rows of the page that is shown.
fn rows(state: &State) -> usize {
    match state.page {
        Page::Menu => KEYS.len(),
        Page::Presets => state.presets.len(),
        Page::Inputs => INPUTS,
        Page::About => pages::ABOUT_LINES,
        Page::Play => 1,
    }
}

/// Returns the steps of a press: a hold changes numbers faster, but not choices.
fn steps(key: Key, press: Press) -> i32 {
    match (press, key.parameter().kind) {
        (Press::Tap, _) | (_, Kind::Choice(_)) => 1,
        (Press::Hold, Kind::Number { .. }) => 10,
    }
}
