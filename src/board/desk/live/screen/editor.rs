//! The line being typed, with history and completion.

use instrument::commands;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::super::prompt::OWN_WORDS;

/// Lines that the history holds.
const HISTORY: usize = 200;

/// Edits a line.
#[derive(Debug, Default)]
pub struct Editor {
    input: Input,
    history: Vec<String>,
    /// Index in the history of the line that is shown; its length for a new one.
    place: usize,
    /// The new line, while an older one is shown.
    draft: String,
}

impl Editor {
    /// Returns the line.
    pub fn line(&self) -> &str {
        self.input.value()
    }

    /// Returns the columns before the cursor, and those to skip in a window of this width.
    pub fn cursor(&self, width: usize) -> (usize, usize) {
        let scroll = self.input.visual_scroll(width);
        (
            self.input.visual_cursor() - scroll.min(self.input.visual_cursor()),
            scroll,
        )
    }

    /// Takes the line, for the history and for the caller.
    pub fn enter(&mut self) -> String {
        let line = self.input.value_and_reset();
        if !line.trim().is_empty() && self.history.last() != Some(&line) {
            self.history.push(line.clone());
            if self.history.len() > HISTORY {
                self.history.remove(0);
            }
        }
        self.place = self.history.len();
        line
    }

    /// Empties the line.
    pub fn clear(&mut self) {
        self.input.reset();
        self.place = self.history.len();
    }

    /// Edits the line, or shows an older or newer one.
    pub fn key(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Up => self.show(self.place.saturating_sub(1)),
            KeyCode::Down => self.show((self.place + 1).min(self.history.len())),
            _ => {
                self.input.handle_event(&Event::Key(key));
            }
        }
    }

    /// Inserts text that was pasted, as one line.
    pub fn paste(&mut self, text: &str) {
        for character in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
            self.input
                .handle(tui_input::InputRequest::InsertChar(character));
        }
    }

    fn show(&mut self, place: usize) {
        if place == self.place {
            return;
        }
        if self.place == self.history.len() {
            self.draft = self.input.value().to_string();
        }
        self.place = place;
        let line = self.history.get(place).unwrap_or(&self.draft);
        self.input = Input::new(line.clone());
    }

    /// Completes the line as far as it is clear. Returns the choices if there are several.
    pub fn complete(&mut self, presets: &[String]) -> Option<String> {
        let line = self.line().to_string();
        let mut choices = commands::completions(&line, presets);
        let own = OWN_WORDS.iter().filter(|word| word.starts_with(&line));
        choices.extend(own.map(ToString::to_string));
        if let Some(verb) = line.strip_prefix("help ") {
            let verbs = commands::verbs().into_iter();
            let verbs = verbs.filter(|known| known.starts_with(verb));
            choices.extend(verbs.map(|verb| format!("help {verb}")));
        }
        let (first, rest) = choices.split_first()?;
        let common = rest.iter().fold(first.as_str(), |common, other| {
            let same = common.char_indices().zip(other.chars());
            let end = same.take_while(|((_, a), b)| a == b).last();
            &common[..end.map_or(0, |((at, a), _)| at + a.len_utf8())]
        });
        if common.len() > line.len() || rest.is_empty() {
            let space = if rest.is_empty() && !common.ends_with('=') {
                " "
            } else {
                ""
            };
            self.input = Input::new(format!("{common}{space}"));
            return None;
        }
        let start = line.rfind(' ').map_or(0, |at| at + 1);
        let words: Vec<&str> = choices.iter().map(|choice| &choice[start..]).collect();
        Some(words.join("  "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Editor {
        let mut editor = Editor::default();
        editor.paste(text);
        editor
    }

    #[test]
    fn the_history_is_walked_and_the_new_line_kept() {
        let mut editor = Editor::default();
        for line in ["next", "clear", "clear", " "] {
            editor.paste(line);
            editor.enter();
        }
        editor.paste("und");
        let shown: Vec<String> = [
            KeyCode::Up,
            KeyCode::Up,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Down,
        ]
        .map(|code| {
            editor.key(code.into());
            editor.line().to_string()
        })
        .to_vec();
        assert_eq!(shown, ["clear", "next", "next", "clear", "und"]);
    }

    #[test]
    fn lines_are_completed_as_far_as_they_are_clear() {
        for (line, expected, choices) in [
            ("ne", "next ", None),
            ("layer r", "layer remove ", None),
            ("set volu", "set volume=", None),
            ("help ne", "help next ", None),
            ("qui", "quit ", None),
            ("page ", "page ", Some("play  menu  presets  inputs  about")),
            ("dance", "dance", None),
        ] {
            let mut editor = typed(line);
            assert_eq!(editor.complete(&[]).as_deref(), choices, "{line}");
            assert_eq!(editor.line(), expected);
        }
    }

    #[test]
    fn pasted_text_is_one_line() {
        assert_eq!(typed("next\nclear\u{1b}").line(), "next clear ");
    }
}
