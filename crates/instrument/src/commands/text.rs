//! Commands in words, as scripts and the prompt have them.

use logicnet::{Gate, Mask, Op};

use super::{Call, Kind, Phrase, Spec, TABLE, Value};
use crate::parameters::{Key, Parameters};

impl Phrase {
    /// Returns the words before the arguments.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        let is_word = |word: &&str| !word.starts_with(|c: char| c == '[' || c.is_uppercase());
        self.usage.split(' ').take_while(is_word)
    }

    fn begins(&self, words: &[&str]) -> bool {
        self.words()
            .eq(words.iter().copied().take(self.words().count()))
    }
}

/// Returns all phrases of the table, with their commands.
fn phrases() -> impl Iterator<Item = (&'static Spec, &'static Phrase)> {
    TABLE
        .iter()
        .flat_map(|spec| spec.phrases.iter().map(move |phrase| (spec, phrase)))
}

/// Returns the phrases that begin with this word.
fn phrases_of(verb: &str) -> impl Iterator<Item = (&'static Spec, &'static Phrase)> {
    phrases().filter(move |(_, phrase)| phrase.words().next() == Some(verb))
}

/// Describes the commands that begin with a word, or lists the usages of all.
pub fn help(verb: Option<&str>) -> String {
    let lines: Vec<String> = phrases_of(verb.unwrap_or_default())
        .map(|(spec, phrase)| format!("{}: {}", phrase.usage, spec.about))
        .collect();
    if lines.is_empty() {
        return usages(phrases());
    }
    lines.join("; ")
}

fn usages(phrases: impl Iterator<Item = (&'static Spec, &'static Phrase)>) -> String {
    let usages: Vec<&str> = phrases.map(|(_, phrase)| phrase.usage).collect();
    usages.join(", ")
}

/// Reads a command; `None` if none begins with the first word.
///
/// # Errors
/// Names the command, the argument that is wrong and the values that it takes.
pub fn parse(words: &[&str]) -> Result<Option<Call>, String> {
    let mut phrases = phrases_of(words.first().unwrap_or(&"")).peekable();
    if phrases.peek().is_none() {
        return Ok(None);
    }
    let Some((spec, phrase)) = phrases.find(|(_, phrase)| phrase.begins(words)) else {
        let (words, usages) = (words.join(" "), usages(phrases_of(words[0])));
        return Err(format!("{words:?} is no command; write {usages}"));
    };
    arguments(spec, phrase, &words[phrase.words().count()..])
        .and_then(|values| Call::new(spec, values))
        .map(Some)
        .map_err(|problem| format!("{}: {problem}", phrase.usage))
}

/// Reads the arguments that follow a phrase's words.
fn arguments(
    spec: &Spec,
    phrase: &Phrase,
    mut words: &[&str],
) -> Result<Vec<Option<Value>>, String> {
    let mut values = phrase.implied.to_vec();
    let may_end = !phrase.usage.contains(char::is_uppercase) || phrase.usage.contains('[');
    while let Some(argument) = spec.arguments.get(values.len()) {
        if words.is_empty() && may_end {
            break;
        }
        match (argument.kind, words) {
            // Its value comes in the same word.
            (Kind::Parameter, [assignment, rest @ ..]) => {
                let (key, value) = assigned(assignment)?;
                values.extend([Some(Value::Parameter(key)), Some(Value::Setting(value))]);
                words = rest;
            }
            (kind, _) => values.push(Some(value(kind, &mut words)?)),
        }
    }
    match words {
        [] => Ok(values),
        [word, ..] => Err(format!("{word:?} is one word too many")),
    }
}

/// Reads a value, and moves on behind its words.
fn value(kind: Kind, words: &mut &[&str]) -> Result<Value, String> {
    let [word, rest @ ..] = *words else {
        return Err(format!("{} is missing", kind.label()));
    };
    match kind {
        Kind::Gate => gate(words).map(Value::Gate),
        Kind::Bends => bends(std::mem::take(words)).map(Value::Bends),
        Kind::Name => Ok(Value::Text(std::mem::take(words).join(" "))),
        Kind::Number { first, .. } => {
            *words = rest;
            let number = word.parse::<u64>().ok();
            let number = number.and_then(|number| number.checked_sub(first.into()));
            let value = number.and_then(|number| kind.number(number.try_into().ok()?).ok());
            value.ok_or_else(|| format!("{} {}", kind.label(), kind.refuse(word, first)))
        }
        _ => {
            *words = rest;
            let value = kind.text((*word).into());
            value.map_err(|problem| format!("{} {problem}", kind.label()))
        }
    }
}

fn assigned(assignment: &str) -> Result<(Key, i32), String> {
    let mut parameters = Parameters::default();
    parameters.assign(assignment)?;
    let (id, _) = assignment.split_once('=').unwrap_or_default();
    let key = Key::with_id(id.trim()).ok_or("no such parameter")?;
    Ok((key, parameters.get(key)))
}

fn number(kind: Kind, words: &mut &[&str]) -> Result<u32, String> {
    match value(kind, words)? {
        Value::Number(number) => Ok(number),
        _ => Err(format!("{} is no number", kind.label())),
    }
}

fn gate(words: &mut &[&str]) -> Result<Gate, String> {
    let op = number(Kind::OPERATION, words)?;
    Ok(Gate {
        op: Op::new(op as u8).ok_or("OP is 0 to 15")?,
        a: number(Kind::any("A"), words)?,
        b: number(Kind::any("B"), words)?,
    })
}

fn bends(words: &[&str]) -> Result<Vec<(u32, Option<Mask>)>, String> {
    let [nodes @ .., how] = words else {
        return Err("HOW is missing".into());
    };
    let mask = match *how {
        "0" => Some(Mask::Force(false)),
        "1" => Some(Mask::Force(true)),
        "invert" => Some(Mask::Invert),
        "off" => None,
        _ => return Err(format!("HOW is one of 0, 1, invert, off, not {how:?}")),
    };
    if nodes.is_empty() {
        return Err("NODE is missing".into());
    }
    let mut nodes = nodes;
    let mut bends = Vec::with_capacity(nodes.len());
    while !nodes.is_empty() {
        bends.push((number(Kind::any("NODE"), &mut nodes)?, mask));
    }
    Ok(bends)
}

#[cfg(test)]
mod tests {
    use super::super::{Context, with_name};
    use super::*;
    use crate::{Command, Direction, Page};

    fn command(text: &str) -> Result<Option<Command>, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let call = parse(&words)?;
        Ok(call.map(|call| call.command(&Context::default()).unwrap()))
    }

    #[test]
    fn usages_name_the_arguments_of_their_commands() {
        for (spec, phrase) in phrases() {
            let words: Vec<&str> = phrase.words().collect();
            let rest = phrase.usage[words.join(" ").len()..].trim();
            let labels = spec.arguments[phrase.implied.len()..].iter();
            let labels = labels.map(|argument| argument.kind.label());
            let labels: Vec<&str> = labels.filter(|label| !label.is_empty()).collect();
            let expected = labels.join(" ");
            assert_eq!(rest.trim_matches(['[', ']']), expected, "{}", phrase.usage);
            let optional = spec.arguments.iter().all(|argument| argument.optional);
            assert!(optional || !rest.starts_with('['), "{}", phrase.usage);
        }
    }

    #[test]
    fn names_and_phrases_are_unique() {
        for (i, spec) in TABLE.iter().enumerate() {
            assert!(std::ptr::eq(with_name(spec.name).unwrap(), spec));
            assert!(TABLE[..i].iter().all(|other| other.name != spec.name));
            assert!(spec.about.starts_with(char::is_uppercase) && !spec.about.ends_with('.'));
        }
        let all: Vec<Vec<&str>> = phrases()
            .map(|(_, phrase)| phrase.words().collect())
            .collect();
        for (i, words) in all.iter().enumerate() {
            let others = all.iter().enumerate().filter(|(j, _)| *j != i);
            assert!(
                others
                    .into_iter()
                    .all(|(_, other)| !other.starts_with(words)),
                "{words:?}"
            );
        }
    }

    #[test]
    fn numbers_keep_their_bounds() {
        let arguments = TABLE.iter().flat_map(|spec| spec.arguments);
        for kind in arguments.map(|argument| argument.kind) {
            if let Kind::Number { most, .. } = kind {
                assert_eq!(kind.number(most), Ok(Value::Number(most)));
                let over = most.checked_add(1);
                assert!(over.is_none_or(|over| kind.number(over).is_err()));
            }
        }
    }

    #[test]
    fn words_become_commands() {
        let bend = |mask| Command::Paint {
            bends: vec![(3, mask), (4, mask)],
            stroke: None,
        };
        for (text, expected) in [
            ("next", Command::Swap(Direction::Next)),
            ("previous", Command::Swap(Direction::Previous)),
            ("choose 1", Command::Choose(0)),
            ("random", Command::Random(None)),
            ("random 7", Command::Random(Some(7))),
            ("bend 3 4 invert", bend(Some(Mask::Invert))),
            ("bend 3 4 off", bend(None)),
            ("clear", Command::ClearBends),
            ("layer clear 2", Command::ClearLayer(1)),
            ("layer add", Command::AddLayer(None)),
            (
                "layer add my layer",
                Command::AddLayer(Some("my layer".into())),
            ),
            ("strength 1 50", Command::SetStrength(0, 50)),
            ("set speed=-0.5", Command::Set(Key::Speed, -50)),
            ("pause", Command::Play(false)),
            ("reset-time", Command::Seek(0)),
            ("seek 4294967295", Command::Seek(u32::MAX)),
            ("page inputs", Command::Show(Page::Inputs)),
            ("learn 8", Command::Learn(7)),
            (
                "recall my preset",
                Command::RecallPreset("my preset".into()),
            ),
        ] {
            assert_eq!(command(text), Ok(Some(expected)), "{text}");
        }
        assert_eq!(command("dance"), Ok(None));
        assert_eq!(command(""), Ok(None));
    }

    #[test]
    fn older_words_mean_the_same() {
        for (older, word) in [
            ("keep", "save"),
            ("keep my preset", "save my preset"),
            ("forget my preset", "delete my preset"),
        ] {
            assert_eq!(command(older), command(word), "{older}");
        }
    }

    #[test]
    fn mistakes_name_the_command_the_argument_and_its_values() {
        for (text, expected) in [
            ("choose", "choose N: N is missing"),
            (
                "choose 0",
                "choose N: N takes a whole number from 1, not \"0\"",
            ),
            (
                "choose -1",
                "choose N: N takes a whole number from 1, not \"-1\"",
            ),
            (
                "learn 9",
                "learn N: N takes a whole number from 1 to 8, not \"9\"",
            ),
            ("undo 2", "undo: \"2\" is one word too many"),
            ("random 1 2", "random [SEED]: \"2\" is one word too many"),
            ("recall", "recall NAME: NAME is missing"),
            ("rewire 1 6 2", "rewire NODE OP A B: B is missing"),
            (
                "bend 1 on",
                "bend NODE... HOW: HOW is one of 0, 1, invert, off, not \"on\"",
            ),
            (
                "page x",
                "page PAGE: PAGE takes play, menu, presets, inputs, about, not \"x\"",
            ),
            (
                "set speed=9",
                "set ID=VALUE: speed: \"9\" is not one of: -4.00 to 4.00 x",
            ),
            (
                "layer",
                "\"layer\" is no command; write layer clear N, layer add [NAME]",
            ),
        ] {
            let problem = command(text).unwrap_err();
            assert!(problem.starts_with(expected), "{text}: {problem}");
        }
    }

    #[test]
    fn help_describes_one_command_or_lists_all() {
        assert_eq!(
            help(Some("learn")),
            "learn N: Starts or stops learning the range of analog input N"
        );
        assert!(help(Some("layer")).contains("layer remove N: "));
        let all = help(None);
        assert!(phrases().all(|(_, phrase)| all.contains(phrase.usage)));
    }
}
