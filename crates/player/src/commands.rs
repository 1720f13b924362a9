//! Commands in words: those of the instrument, and those that only players have.

use instrument::layout::{Area, Point};
use instrument::{Command, commands};

/// A command of a player.
pub enum Line {
    /// One of the instrument's.
    Instrument(Command),
    /// Times to repeat: the first one, and the one after the last.
    Loop(Option<(u32, u32)>),
}

/// Reads a line.
///
/// # Errors
/// Returns a message that says how to write it.
pub fn parse(line: &str) -> Result<Line, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        [] => Err("the command is empty".into()),
        ["loop", "off"] => Ok(Line::Loop(None)),
        ["loop", first, end] => {
            let range = first.parse().ok().zip(end.parse().ok());
            let range = range.filter(|(first, end)| first < end && end - first <= 1 << 31);
            Ok(Line::Loop(Some(range.ok_or(LOOP)?)))
        }
        ["loop", ..] => Err(LOOP.into()),
        ["touch", x, y] => touch(x, y, "1"),
        ["touch", x, y, size] => touch(x, y, size),
        ["touch", ..] => Err(TOUCH.into()),
        ["lift"] => Ok(Line::Instrument(Command::Touch(None))),
        _ => {
            let command = commands::parse(&words)?;
            let unknown = || {
                format!(
                    "no command {}; there are {}, loop, touch, lift",
                    logicnet::quote(words[0]),
                    commands::verbs().join(", ")
                )
            };
            command.map(Line::Instrument).ok_or_else(unknown)
        }
    }
}

const LOOP: &str =
    "loop: write loop FIRST END, such as loop 0 4096, at most 2147483648 apart, or loop off";
const TOUCH: &str = "touch: write touch X Y or touch X Y SIZE, with numbers from 0 to 1";

fn touch(x: &str, y: &str, size: &str) -> Result<Line, String> {
    let number = |text: &str| {
        let number = text.parse().ok();
        let number = number.filter(|number: &f32| (0.0..=1.0).contains(number));
        number.ok_or(TOUCH)
    };
    let area = Area::Finger(Point::new(number(x)?, number(y)?), number(size)?);
    Ok(Line::Instrument(Command::Touch(Some(area))))
}
