//! Scripts: text files of timed fingers, commands and faults.
//!
//! `docs/playing.md` is their reference.

use logicnet::{quote, shorten};
use std::ops::RangeInclusive;
use std::str::FromStr;

use trill::Touch;
use trill::sim::{BusEvent, Fault, Finger};

use crate::runtime::analog_inputs::AnalogInputs;
use instrument::Command;
use instrument::analog::INPUTS;
use instrument::commands;
use instrument::layout::Point;
use instrument::surface::{Button, Surface};

/// A device on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The touch sensor.
    Touch,
    /// The display.
    Display,
}

/// An event of a script other than a finger or a knob.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A command of the table.
    Command(Command),
    /// A fault of a part begins or ends.
    Fault(Part, Option<Fault>),
    /// A spontaneous reset of a part.
    Reset(Part),
    /// A line of the bus is held low or released.
    Stuck(bool),
}

impl Event {
    /// Returns the event of the simulated bus, with sensor and display at these addresses.
    pub fn happening(&self, touch: u8, display: u8) -> Option<BusEvent> {
        let address = |part: Part| match part {
            Part::Touch => touch,
            Part::Display => display,
        };
        match *self {
            Event::Command(_) => None,
            Event::Fault(part, fault) => Some(BusEvent::Fault(address(part), fault)),
            Event::Reset(part) => Some(BusEvent::Reset(address(part))),
            Event::Stuck(stuck) => Some(BusEvent::Stuck(stuck)),
        }
    }
}

/// A movement of a finger along a line at constant speed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stroke {
    finger: u32,
    start: u64,
    end: u64,
    from: Touch,
    to: Touch,
}

/// A linear movement of an analog input, which then keeps the end value.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ramp {
    input: usize,
    start: u64,
    end: u64,
    from: f32,
    to: f32,
}

impl Ramp {
    fn at(&self, now: u64) -> f32 {
        if now >= self.end {
            return self.to;
        }
        let part = (now - self.start) as f64 / (self.end - self.start) as f64;
        self.from + (self.to - self.from) * part as f32
    }
}

/// Default size of a finger, as a part of the largest.
const SIZE: f32 = 0.4;
/// Durations of a tap and a hold.
const TAP_NS: u64 = 100_000_000;
const HOLD_NS: u64 = 700_000_000;
const SECOND: f64 = 1e9;
/// Largest script in bytes.
const MAX_BYTES: usize = 1 << 20;
/// Latest time: a week.
const MOST_SECONDS: f64 = 604_800.0;

/// Most characters of a word in a message.
const MAX_WORD: usize = 40;

/// A parsed script.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    strokes: Vec<Stroke>,
    ramps: Vec<Ramp>,
    events: Vec<(u64, Event)>,
    end: u64,
}

impl Script {
    /// Parses a script for a surface.
    ///
    /// # Errors
    /// Returns a message that names the first invalid line and the mistake in it, or the size
    /// of a text that is larger than 1 MB.
    pub fn parse(text: &str, surface: &Surface) -> Result<Script, String> {
        if text.len() > MAX_BYTES {
            return Err(format!(
                "a script has at most {MAX_BYTES} bytes, and this one {}",
                text.len()
            ));
        }
        let mut parser = Parser {
            surface,
            script: Script::default(),
            now: 0,
            after: 0,
            down: Vec::new(),
        };
        for (i, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            if !words.is_empty() {
                let problem = |problem| format!("line {}: {problem}", i + 1);
                parser.line(&words).map_err(problem)?;
            }
        }
        Ok(parser.finish())
    }

    /// Adds commands at the start, before all others.
    pub fn begin_with(&mut self, commands: impl IntoIterator<Item = Command>) {
        let commands = commands.into_iter();
        let events = commands.map(|command| (0, Event::Command(command)));
        self.events.splice(0..0, events);
    }

    /// Adds MIDI messages, which are in the order of their times in nanoseconds, to what the
    /// script does.
    pub fn add_midi(&mut self, events: &[midi::Event]) {
        self.end = self.end.max(events.last().map_or(0, |event| event.at));
        // Messages of the same time are one command.
        let chords = events.chunk_by(|a, b| a.at == b.at);
        let chords = chords.map(|chord| (chord[0].at, Command::Midi(chord.to_vec())));
        let commands = chords.map(|(at, command)| (at, Event::Command(command)));
        self.events.extend(commands);
        self.events.sort_by_key(|(at, _)| *at);
    }

    /// Returns the script's fingers on the surface at a time in nanoseconds.
    pub fn fingers(&self, now: u64) -> Vec<Finger> {
        self.strokes
            .iter()
            .filter(|stroke| (stroke.start..stroke.end).contains(&now))
            .map(|stroke| {
                let length = (stroke.end - stroke.start) as f64;
                let part = ((now - stroke.start) as f64 / length) as f32;
                let at = |from: f32, to: f32| from + (to - from) * part;
                Finger {
                    id: stroke.finger,
                    touch: Touch {
                        x: at(stroke.from.x, stroke.to.x),
                        y: at(stroke.from.y, stroke.to.y),
                        size: at(stroke.from.size, stroke.to.size),
                    },
                }
            })
            .collect()
    }

    /// Sets the analog inputs to their values at a time in nanoseconds. Inputs that the
    /// script has not used by then stay disconnected.
    pub fn update_inputs(&self, now: u64, inputs: &AnalogInputs) {
        for ramp in self.ramps.iter().filter(|ramp| ramp.start <= now) {
            inputs.store(ramp.input, ramp.at(now));
        }
    }

    /// Returns whether the script has anything but commands: fingers, knobs, faults.
    pub fn is_handled(&self) -> bool {
        let events = self.events.iter();
        let commands = events.filter(|(_, event)| matches!(event, Event::Command(_)));
        !self.strokes.is_empty() || !self.ramps.is_empty() || commands.count() < self.events.len()
    }

    /// Returns the commands, ordered by time in nanoseconds.
    pub fn commands(&self) -> impl Iterator<Item = (u64, Command)> {
        self.events.iter().filter_map(|(at, event)| match event {
            Event::Command(command) => Some((*at, command.clone())),
            _ => None,
        })
    }

    /// Returns the event of the simulated bus, with sensor and display at these addresses.
    pub fn happenings(&self, touch: u8, display: u8) -> impl Iterator<Item = (u64, BusEvent)> {
        self.events
            .iter()
            .filter_map(move |(at, event)| Some((*at, event.happening(touch, display)?)))
    }

    /// Returns all events, ordered by time in nanoseconds.
    pub fn events(&self) -> &[(u64, Event)] {
        &self.events
    }

    /// Returns the time of the last event in nanoseconds.
    pub fn end(&self) -> u64 {
        self.end
    }
}

struct Parser<'a> {
    surface: &'a Surface,
    script: Script,
    /// Time of the current line.
    now: u64,
    /// End of the previous line, which `+` counts from.
    after: u64,
    /// Fingers on the surface: number, time of the last movement, place. Presses of
    /// buttons use finger 0, which no line can name.
    down: Vec<(u32, u64, Touch)>,
}

type Outcome<T> = Result<T, String>;

impl Parser<'_> {
    fn line(&mut self, words: &[&str]) -> Outcome<()> {
        let (time, rest) = words.split_first().ok_or("nothing")?;
        let time = match time.strip_prefix('+') {
            Some(more) => self.after + nanoseconds(more)?,
            None => nanoseconds(time)?,
        };
        if time < self.now {
            let (time, now) = (words[0], self.now as f64 / SECOND);
            return Err(format!(
                "{time} comes after {now} seconds; times go forwards"
            ));
        }
        self.now = time;
        self.after = time;
        self.script.end = self.script.end.max(time);
        let (verb, arguments) = rest.split_first().ok_or("a time, and what then?")?;
        match *verb {
            "down" | "move" | "up" => self.finger(verb, arguments)?,
            "tap" => self.press(arguments, TAP_NS)?,
            "hold" => self.press(arguments, HOLD_NS)?,
            "analog" => self.analog(arguments)?,
            _ => self.script.events.push((time, event(rest, time)?)),
        }
        Ok(())
    }

    fn finger(&mut self, verb: &str, arguments: &[&str]) -> Outcome<()> {
        let options = Options::parse(verb, arguments)?;
        let finger = options.finger.unwrap_or(1);
        let index = self.down.iter().position(|(other, ..)| *other == finger);
        match (verb, index) {
            ("down", Some(_)) => return Err(format!("finger {finger} is down already")),
            ("down", None) => self.down.push((finger, self.now, options.place(None)?)),
            (_, None) => return Err(format!("finger {finger} is not down")),
            (_, Some(index)) if self.down[index].1 > self.now => {
                return Err(format!("finger {finger} is still moving"));
            }
            ("up", Some(index)) => {
                let (_, since, place) = self.down.remove(index);
                self.stroke(finger, since, self.now, place, place);
            }
            (_, Some(index)) => {
                let (_, since, from) = self.down[index];
                let to = options.place(Some(from))?;
                let until = self.now + options.over;
                self.stroke(finger, since, self.now, from, from);
                self.stroke(finger, self.now, until, from, to);
                self.down[index] = (finger, until, to);
                self.after = until;
            }
        }
        Ok(())
    }

    fn analog(&mut self, arguments: &[&str]) -> Outcome<()> {
        let (input, to, over) = match arguments {
            [input, to] => (input, to, 0),
            [input, to, "over", seconds] => (input, to, nanoseconds(seconds)?),
            _ => return Err("analog INPUT VALUE, and perhaps: over SECONDS".into()),
        };
        let problem = || {
            format!(
                "input {}: analog inputs are 1 to {INPUTS}",
                shorten(input, MAX_WORD)
            )
        };
        let input = number(input, 1..=INPUTS, problem)? - 1;
        let to = part(to)?;
        let before = self.script.ramps.iter().rev().find(|r| r.input == input);
        if before.is_some_and(|ramp| ramp.end > self.now) {
            return Err(format!("input {} is still turning", input + 1));
        }
        let end = self.now + over;
        self.script.ramps.push(Ramp {
            input,
            start: self.now,
            end,
            from: before.map_or(to, |ramp| ramp.to),
            to,
        });
        self.after = end;
        self.script.end = self.script.end.max(end);
        Ok(())
    }

    fn press(&mut self, arguments: &[&str], length: u64) -> Outcome<()> {
        let [name] = arguments else {
            return Err("which button? previous, next, mode, clear or time".into());
        };
        let button = Button::with_name(name).ok_or_else(|| {
            let name = quote(name);
            format!("no button {name}; there are previous, next, mode, clear and time")
        })?;
        let region = self.surface.region(button);
        let region = region.ok_or_else(|| format!("this board has no button {name}"))?;
        let Point { x, y } = region.middle();
        let place = Touch { x, y, size: SIZE };
        let end = self.now + length;
        self.stroke(0, self.now, end, place, place);
        // The sensor must see that the finger was lifted.
        self.after = end + TAP_NS / 2;
        self.script.end = self.script.end.max(self.after);
        Ok(())
    }

    fn stroke(&mut self, finger: u32, start: u64, end: u64, from: Touch, to: Touch) {
        if end > start {
            self.script.strokes.push(Stroke {
                finger,
                start,
                end,
                from,
                to,
            });
            self.script.end = self.script.end.max(end);
        }
    }

    /// Ends the script; fingers that were not lifted stay down.
    fn finish(mut self) -> Script {
        for (finger, since, place) in std::mem::take(&mut self.down) {
            let end = self.script.end;
            self.stroke(finger, since, u64::MAX, place, place);
            self.script.end = end.max(since);
        }
        self.script
    }
}

/// Arguments of `down`, `move` and `up`.
#[derive(Default)]
struct Options {
    at: Vec<f32>,
    size: Option<f32>,
    finger: Option<u32>,
    over: u64,
}

impl Options {
    fn parse(verb: &str, arguments: &[&str]) -> Outcome<Options> {
        let mut options = Options::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} of how much?"));
            match *word {
                "size" => options.size = Some(part(value()?)?),
                "finger" => {
                    let finger = value()?;
                    let problem =
                        || format!("finger {}: fingers are 1 to 9", shorten(finger, MAX_WORD));
                    options.finger = Some(number(finger, 1..=9, problem)?);
                }
                "over" if verb == "move" => options.over = nanoseconds(value()?)?,
                word if verb != "up" => options.at.push(part(word)?),
                word => return Err(format!("{} means nothing after {verb}", quote(word))),
            }
        }
        Ok(options)
    }

    fn place(&self, before: Option<Touch>) -> Outcome<Touch> {
        let [x, y] = self.at[..] else {
            return Err("where? x and y, 0 to 1, from the top left corner".into());
        };
        let before = before.map_or(SIZE, |place| place.size);
        let size = self.size.unwrap_or(before);
        Ok(Touch { x, y, size })
    }
}

/// Parses a number in a range; otherwise the message is `problem`.
fn number<T: FromStr + PartialOrd>(
    text: &str,
    range: RangeInclusive<T>,
    problem: impl FnOnce() -> String,
) -> Outcome<T> {
    let number = text.parse().ok();
    let number = number.filter(|number| range.contains(number));
    number.ok_or_else(problem)
}

fn nanoseconds(text: &str) -> Outcome<u64> {
    let problem = || format!("{} is not a time in seconds", quote(text));
    let seconds = number(text, 0.0..=MOST_SECONDS, problem)?;
    Ok((seconds * SECOND).round() as u64)
}

fn part(text: &str) -> Outcome<f32> {
    number(text, 0.0..=1.0, || {
        format!("{} is not a number from 0 to 1", quote(text))
    })
}

/// Reads a command or an event of the bus at a time in nanoseconds.
fn event(words: &[&str], now: u64) -> Outcome<Event> {
    if let Some(mut command) = commands::parse(words)? {
        if let Command::Midi(events) = &mut command {
            for event in events {
                event.at = now;
            }
        }
        return Ok(Event::Command(command));
    }
    match words {
        ["fault", "bus", "stuck"] => Ok(Event::Stuck(true)),
        ["fault", "bus", "none"] => Ok(Event::Stuck(false)),
        ["fault", part, rest @ ..] => {
            let fault = match rest {
                ["unplugged"] => Some(Fault::Unplugged),
                ["silent"] => Some(Fault::Silent),
                ["frozen"] => Some(Fault::Frozen),
                ["short", bytes] => {
                    let problem = || format!("{} is not a number up to 64", quote(bytes));
                    Some(Fault::ShortReads(number(bytes, 0..=64, problem)?))
                }
                ["none"] => None,
                _ => {
                    return Err(
                        "which fault? unplugged, silent, frozen, short BYTES or none".into(),
                    );
                }
            };
            Ok(Event::Fault(bus_part(part)?, fault))
        }
        ["reset", part] => Ok(Event::Reset(bus_part(part)?)),
        _ => Err(format!(
            "{} means nothing; see docs/playing.md",
            quote(&words.join(" "))
        )),
    }
}

fn bus_part(name: &str) -> Outcome<Part> {
    match name {
        "touch" => Ok(Part::Touch),
        "display" => Ok(Part::Display),
        _ => Err(format!(
            "{}: touch or display (or bus, for faults)",
            quote(name)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use instrument::parameters::Key;
    use logicnet::Mask;

    fn parse(text: &str) -> Result<Script, String> {
        Script::parse(text, &Surface::default())
    }

    #[test]
    fn fingers_follow_the_script() {
        let script = parse(
            "# two fingers\n\
             1 down 0.2 0.4 size 0.5\n\
             +1 down 0.8 0.8 finger 2\n\
             3 move 0.6 0.4 over 2   # finger 1\n\
             +1 up\n",
        )
        .unwrap();
        let at = |seconds: f64| script.fingers((seconds * SECOND) as u64);
        assert_eq!(at(0.9), []);
        assert_eq!(at(1.5).len(), 1);
        assert_eq!(at(2.5).len(), 2);
        let moving = at(4.0);
        let first = moving.iter().find(|finger| finger.id == 1).unwrap();
        assert!((first.touch.x - 0.4).abs() < 1e-6 && first.touch.size == 0.5);
        let left = at(7.0);
        assert_eq!(left.len(), 1);
        assert_eq!((left[0].id, left[0].touch.size), (2, SIZE));
        assert_eq!(script.end(), 6_000_000_000);
    }

    #[test]
    fn commands_and_faults_come_in_order() {
        let script = parse(
            "0 set speed=-0.5\n1 random 7\n1 bend 20 invert\n2 fault touch unplugged\n\
             3 fault touch none\n4 fault bus stuck\n5 reset display\n6 keep my preset",
        )
        .unwrap();
        let events: Vec<&Event> = script.events().iter().map(|(_, event)| event).collect();
        assert_eq!(events[0], &Event::Command(Command::Set(Key::Speed, -50)));
        assert_eq!(
            events[2],
            &Event::Command(Command::bend(20, Some(Mask::Invert)))
        );
        assert_eq!(
            events[3],
            &Event::Fault(Part::Touch, Some(Fault::Unplugged))
        );
        assert_eq!(events[5], &Event::Stuck(true));
        assert_eq!(
            events[7],
            &Event::Command(Command::SavePreset(Some("my preset".into())))
        );
    }

    #[test]
    fn presses_end_before_the_next_line() {
        let script = parse("1 tap next\n+0 hold clear").unwrap();
        assert_eq!(script.fingers(1_050_000_000).len(), 1);
        assert_eq!(script.fingers(1_120_000_000).len(), 0);
        assert_eq!(script.fingers(1_500_000_000).len(), 1);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, expected) in [
            ("soon down 0 0", "line 1: \"soon\" is not a time in seconds"),
            ("2 mutate\n\n1 mutate", "line 3: 1 comes after 2 seconds"),
            ("1", "line 1: a time, and what then?"),
            ("1 down 0.5", "line 1: where?"),
            ("1 down 2 0.5", "line 1: \"2\" is not a number from 0 to 1"),
            ("1 up", "line 1: finger 1 is not down"),
            ("1 down 0 0\n1 down 1 1", "line 2: finger 1 is down already"),
            ("1 tap bell", "line 1: no button \"bell\""),
            (
                "1 set tempo=1",
                "line 1: set ID=VALUE: no parameter \"tempo\"",
            ),
            ("1 dance", "line 1: \"dance\" means nothing"),
            ("1 fault touch broken", "line 1: which fault?"),
            (
                "1 down 0 0\n2 move 1 1 over 2\n3 up",
                "line 3: finger 1 is still moving",
            ),
            ("1 down 0 0 finger 12", "line 1: finger 12"),
            ("1 analog 9 0.5", "line 1: input 9"),
            ("1 bend invert", "line 1: bend NODE... HOW: NODE is missing"),
            (
                "1 bend 7 x invert",
                "line 1: bend NODE... HOW: NODE takes a whole number from 0, not \"x\"",
            ),
            (
                "1 layer choose 0",
                "line 1: layer choose N: N takes a whole number from 1, not \"0\"",
            ),
            (
                "1 layer up 1",
                "line 1: \"layer up 1\" is not a command; write layer clear N, layer add",
            ),
            (
                "1 strength 1 101",
                "line 1: strength N PERCENT: PERCENT takes a whole number from 0 to 100, not \"101\"",
            ),
            (
                "1 rewire 20 16 0 0",
                "line 1: rewire NODE OP A B: OP takes a whole number from 0 to 15, not \"16\"",
            ),
            ("1 analog 1", "line 1: analog INPUT VALUE"),
            (
                "1 analog 1 0 over 2\n2 analog 1 1",
                "line 2: input 1 is still turning",
            ),
            ("1e99 mutate", "line 1: \"1e99\" is not a time in seconds"),
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.starts_with(expected), "{text:?}: {problem}");
        }
    }

    #[test]
    fn a_script_has_at_most_a_megabyte() {
        let line = "1 next\n";
        let most = line.repeat(MAX_BYTES / line.len());
        assert_eq!(parse(&most).unwrap().events().len(), MAX_BYTES / line.len());
        let problem = parse(&line.repeat(MAX_BYTES / line.len() + 1)).unwrap_err();
        assert!(problem.contains("at most 1048576 bytes"), "{problem}");
    }

    proptest::proptest! {
        #[test]
        fn any_words_are_a_script_or_named_with_their_line(
            words in proptest::collection::vec("[0-9.+]{1,3}|down|move|up|tap|hold|next|set|speed=[0-9]|size|finger|over|fault|touch|none|short|#|\\PC{0,3}|\n", 0..60),
            now: u64,
        ) {
            match parse(&words.join(" ")) {
                Ok(script) => {
                    for finger in script.fingers(now) {
                        proptest::prop_assert!((0.0..=1.0).contains(&finger.touch.x));
                    }
                    proptest::prop_assert!(script.events().is_sorted_by_key(|(at, _)| *at));
                }
                Err(problem) => proptest::prop_assert!(problem.starts_with("line ")),
            }
        }
    }
}
