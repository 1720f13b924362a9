//! Commands in words, as scripts and the prompt have them.

use super::{Fields, Kind, Phrase, Spec, TABLE};
use crate::parameters::{self, KEYS, Key};
use crate::{Command, Page};
use logicnet::quote;

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

/// Describes all commands, or those that begin with a word, one a line. `None` if none
/// does.
pub fn help(verb: Option<&str>) -> Option<String> {
    let described: Vec<_> = phrases()
        .filter(|(_, phrase)| verb.is_none_or(|verb| phrase.words().next() == Some(verb)))
        .collect();
    let width = described
        .iter()
        .map(|(_, phrase)| phrase.usage.len())
        .max()?;
    let line =
        |(spec, phrase): &(&Spec, &Phrase)| format!("{:width$}  {}", phrase.usage, spec.about);
    Some(described.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// Returns the first words of all commands, in the order of the table.
pub fn verbs() -> Vec<&'static str> {
    let mut verbs: Vec<&str> = Vec::new();
    for verb in phrases().filter_map(|(_, phrase)| phrase.words().next()) {
        if !verbs.contains(&verb) {
            verbs.push(verb);
        }
    }
    verbs
}

/// Returns the lines that a started line can be completed to, by one word each, in the
/// order of the table. `names` are those of presets.
pub fn completions(line: &str, names: &[String]) -> Vec<String> {
    let start = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let (before, word) = line.split_at(start);
    let given: Vec<&str> = before.split_whitespace().collect();
    let mut lines: Vec<String> = Vec::new();
    for (spec, phrase) in phrases() {
        let words: Vec<&str> = phrase.words().collect();
        let common = words.len().min(given.len());
        if given[..common] != words[..common] {
            continue;
        }
        let (head, candidates) = if let Some(word) = words.get(given.len()) {
            (before, vec![(*word).to_string()])
        } else {
            let nth = given.len() - words.len();
            let arguments = &spec.arguments[usize::from(phrase.implied.is_some())..];
            match arguments
                .get(nth)
                .or(arguments.last())
                .map(|argument| argument.kind)
            {
                // A name may have several words: it is the rest of the line.
                Some(Kind::Name) => {
                    let rest = line.trim_start().trim_start_matches(&words.join(" "));
                    let head = &line[..line.len() - rest.trim_start().len()];
                    (head, names.to_vec())
                }
                Some(kind) if nth < arguments.len() || kind == Kind::Bends => {
                    (before, values_of(kind, word, nth))
                }
                _ => continue,
            }
        };
        let completed = candidates
            .iter()
            .map(|candidate| format!("{head}{candidate}"));
        for completed in completed.filter(|completed| completed.starts_with(line)) {
            if !lines.contains(&completed) {
                lines.push(completed);
            }
        }
    }
    lines
}

/// Returns the words that an argument can be, as far as they can be listed.
fn values_of(kind: Kind, word: &str, nth: usize) -> Vec<String> {
    match kind {
        Kind::Page => Page::NAMES.iter().map(ToString::to_string).collect(),
        Kind::Bends if nth > 0 => ["0", "1", "invert", "off"].map(Into::into).to_vec(),
        Kind::Parameter => match word.split_once('=').and_then(|(id, _)| Key::with_id(id)) {
            Some(key) => match key.parameter().kind {
                parameters::Kind::Choice(choices) => {
                    let id = key.parameter().id;
                    choices
                        .iter()
                        .map(|choice| format!("{id}={choice}"))
                        .collect()
                }
                parameters::Kind::Number { .. } => Vec::new(),
            },
            None => KEYS
                .iter()
                .map(|key| format!("{}=", key.parameter().id))
                .collect(),
        },
        _ => Vec::new(),
    }
}

fn usages(phrases: impl Iterator<Item = (&'static Spec, &'static Phrase)>) -> String {
    let usages: Vec<&str> = phrases.map(|(_, phrase)| phrase.usage).collect();
    usages.join(", ")
}

/// Reads a command; `None` if none begins with the first word.
///
/// # Errors
/// Names the command, the argument that is wrong and the values that it takes.
pub fn parse(words: &[&str]) -> Result<Option<Command>, String> {
    let mut phrases = phrases_of(words.first().unwrap_or(&"")).peekable();
    if phrases.peek().is_none() {
        return Ok(None);
    }
    let Some((spec, phrase)) = phrases.find(|(_, phrase)| phrase.begins(words)) else {
        let (words, usages) = (words.join(" "), usages(phrases_of(words[0])));
        return Err(format!(
            "{} is not a command; write {usages}",
            quote(&words)
        ));
    };
    let values = values(spec, phrase, &words[phrase.words().count()..])
        .map_err(|problem| format!("{}: {problem}", phrase.usage))?;
    let mut fields = Fields::new(spec.name);
    let names = spec.arguments.iter().map(|argument| argument.name.into());
    fields.list = names.zip(values.into_iter().map(Into::into)).collect();
    (spec.read)(fields).map(Some)
}

/// Reads the arguments that follow a phrase's words, and returns them in JSON.
fn values(spec: &Spec, phrase: &Phrase, mut words: &[&str]) -> Result<Vec<String>, String> {
    let mut values: Vec<String> = phrase.implied.into_iter().map(Into::into).collect();
    let may_end = !phrase.usage.contains(char::is_uppercase) || phrase.usage.contains('[');
    while let Some(argument) = spec.arguments.get(values.len()) {
        let kind = argument.kind;
        let [word, rest @ ..] = words else {
            if may_end {
                break;
            }
            return Err(format!("{} is missing", kind.label()));
        };
        match kind {
            Kind::Number(label, most, first) => {
                values.push(number((label, most, first), &mut words)?.to_string());
            }
            Kind::Gate => values.push(gate(&mut words)?),
            Kind::Bends => values.push(bends(std::mem::take(&mut words))?),
            Kind::Name => values.push(json(&std::mem::take(&mut words).join(" "))),
            Kind::Page if Page::with_name(word).is_none() => {
                return Err(format!("{} {}", kind.label(), kind.refuse(word, 0)));
            }
            Kind::Parameter => {
                let (key, value) = Key::assignment(word)?;
                values.extend([json(key.parameter().id), value.to_string()]);
                words = rest;
            }
            _ => {
                values.push(json(word));
                words = rest;
            }
        }
    }
    match words {
        [] => Ok(values),
        [word, ..] => Err(format!("{} is one word too many", quote(word))),
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The fields of [`Kind::Number`].
type Bounds = (&'static str, u32, u32);

/// Reads a number, and moves on behind its word.
fn number((label, most, first): Bounds, words: &mut &[&str]) -> Result<u32, String> {
    let [word, rest @ ..] = *words else {
        return Err(format!("{label} is missing"));
    };
    *words = rest;
    let number = word.parse().ok().and_then(|number: u64| {
        let number = number.checked_sub(first.into())?;
        u32::try_from(number).ok().filter(|number| *number <= most)
    });
    let kind = Kind::Number(label, most, first);
    number.ok_or_else(|| format!("{label} {}", kind.refuse(word, first)))
}

fn gate(words: &mut &[&str]) -> Result<String, String> {
    let [op, a, b] = [("OP", 15), ("A", u32::MAX), ("B", u32::MAX)]
        .map(|(label, most)| number((label, most, 0), words));
    Ok(format!("[{},{},{}]", op?, a?, b?))
}

fn bends(words: &[&str]) -> Result<String, String> {
    let [nodes @ .., how] = words else {
        return Err("HOW is missing".into());
    };
    let bend = match *how {
        "0" => "\"zero\"",
        "1" => "\"one\"",
        "invert" => "\"invert\"",
        "off" => "null",
        how => {
            let how = quote(how);
            return Err(format!("HOW is one of 0, 1, invert, off, not {how}"));
        }
    };
    let (mut nodes, mut bends) = (nodes, Vec::new());
    while !nodes.is_empty() || bends.is_empty() {
        let node = number(("NODE", u32::MAX, 0), &mut nodes)?;
        bends.push(format!("[{node},{bend}]"));
    }
    Ok(format!("[{}]", bends.join(",")))
}

#[cfg(test)]
mod tests {
    use super::super::with_name;
    use super::*;
    use crate::Direction;
    use logicnet::Mask;

    fn command(text: &str) -> Result<Option<Command>, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        parse(&words)
    }

    #[test]
    fn usages_name_the_arguments_of_their_commands() {
        for (spec, phrase) in phrases() {
            let words: Vec<&str> = phrase.words().collect();
            let rest = phrase.usage[words.join(" ").len()..].trim();
            let labels = spec.arguments[usize::from(phrase.implied.is_some())..].iter();
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
            if let Kind::Number(_, most, _) = kind {
                let read = |number: u64| {
                    let mut fields = Fields::new("test");
                    fields.list.push(("n".into(), number.to_string().into()));
                    fields.optional::<u32>("n", kind)
                };
                assert_eq!(read(most.into()), Ok(Some(most)));
                assert!(read(u64::from(most) + 1).is_err());
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
                "\"layer\" is not a command; write layer clear N, layer add [NAME]",
            ),
        ] {
            let problem = command(text).unwrap_err();
            assert!(problem.starts_with(expected), "{text}: {problem}");
        }
    }

    #[test]
    fn help_describes_one_command_or_lists_all() {
        assert_eq!(
            help(Some("learn")).unwrap(),
            "learn N  Starts or stops learning the range of analog input N"
        );
        let layers = help(Some("layer")).unwrap();
        assert!(layers.lines().all(|line| line.starts_with("layer ")));
        assert!(layers.lines().count() > 2);
        assert_eq!(help(Some("dance")), None);
        assert_eq!(help(None).unwrap().lines().count(), phrases().count());
    }

    #[test]
    fn lines_are_completed_from_the_table() {
        let names = ["my preset".to_string(), "other".to_string()];
        let of = |line| completions(line, &names);
        assert_eq!(of("ne"), ["next"]);
        assert_eq!(of("layer r"), ["layer remove"]);
        assert_eq!(of("pag"), ["page"]);
        assert_eq!(of("page m"), ["page menu"]);
        assert_eq!(of("page menu "), [""; 0]);
        assert_eq!(of("set spe"), ["set speed="]);
        assert_eq!(
            of("set bend="),
            ["set bend=0", "set bend=1", "set bend=invert"]
        );
        assert_eq!(of("bend 3 inv"), ["bend 3 invert"]);
        assert_eq!(of("recall "), ["recall my preset", "recall other"]);
        assert_eq!(of("recall my p"), ["recall my preset"]);
        assert_eq!(of("dance "), [""; 0]);
        // Without anything, the first words of all commands.
        assert_eq!(of(""), verbs());
        // Every completion of a first word begins a command.
        for verb in of("") {
            assert_ne!(command(&verb), Ok(None), "{verb}");
        }
    }
}
