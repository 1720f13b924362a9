//! Many trainings: sizes and seeds.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use synth::Quality;

use super::frontier::{Entry, Frontier};
use super::target::Target;
use super::{Arguments, picture, plot};
use crate::output::Output;
use crate::{CommandResult, Failure, files, print_message};

impl Arguments {
    pub(super) fn run_sweep(&self, folder: &Path) -> CommandResult {
        let target = self.target()?;
        let runs = self.gates.iter().flat_map(|&gates| {
            let seeds = (0..u64::from(self.seeds)).map(|i| self.seed.saturating_add(i));
            seeds.map(move |seed| (gates, seed))
        });
        let runs: Vec<(u32, u64, PathBuf)> = runs
            .map(|(gates, seed)| {
                let name = format!("{}-{gates}-{seed}.json", target.file_name());
                (gates, seed, folder.join(name))
            })
            .collect();
        if self.print {
            let mut lines = String::new();
            for (gates, seed, path) in runs.iter().filter(|(.., path)| !path.exists()) {
                // Writing to a string never fails.
                let _ = writeln!(lines, "{}", self.line(*gates, *seed, path));
            }
            return files::write(self.output.as_deref(), lines);
        }
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let table = Output::create(self.output.as_deref().unwrap_or(Path::new("-")))?;
        let plot = self.plot.as_deref();
        let plot = plot.map(picture::File::create).transpose()?;
        let mut frontier = Frontier::default();
        for (gates, seed, path) in runs {
            if !path.exists() && !self.train_one(&target, gates, seed, &path)? {
                break; // stopped
            }
            frontier.add(entry(&target, gates, seed, &path)?);
        }
        let is_markdown = self
            .output
            .as_deref()
            .is_some_and(|path| files::has_ending(path, "md"));
        let text = if is_markdown {
            frontier.markdown()
        } else {
            frontier.tabs()
        };
        table.fill(text.as_bytes())?;
        match plot {
            Some(plot) => plot.write(&plot::of_frontier(&frontier)),
            None => Ok(()),
        }
    }

    /// Trains a network and writes it, unless training is stopped before its end.
    fn train_one(
        &self,
        target: &Target,
        gates: u32,
        seed: u64,
        path: &Path,
    ) -> Result<bool, Failure> {
        let mut training = self.training(target, gates, seed)?;
        let mut followers = self.followers(&training)?;
        training.run(&mut followers)?;
        if followers.is_stopped() {
            return Ok(false);
        }
        let network = self.named(training.network()?)?;
        files::write(Some(path), network.to_json())?;
        print_message(&format!("{}: {}", path.display(), training.summary()));
        Ok(true)
    }

    /// Returns the command line that trains one network, for a shell.
    fn line(&self, gates: u32, seed: u64, path: &Path) -> String {
        let mut words = vec!["gatebend".to_string(), "train".into()];
        words.extend(self.sound.clone());
        let mut add = |option: &str, value: Option<String>| {
            if let Some(value) = value {
                words.extend([format!("--{option}"), value]);
            }
        };
        let path_of = |path: &Path| path.display().to_string();
        add("gates", Some(gates.to_string()));
        add("seed", Some(seed.to_string()));
        add("work", self.work.map(|work| work.to_string()));
        add("seconds", self.seconds.map(|seconds| seconds.to_string()));
        add("bits", self.bits.map(|bits| bits.to_string()));
        add("sample-bits", self.sample_bits.map(|bits| bits.to_string()));
        add("rate", self.rate.map(|rate| rate.to_string()));
        add("runs", self.runs.map(|runs| runs.to_string()));
        add("measure", self.measure.as_ref().and_then(name));
        add("method", name(&self.method));
        add("from", self.from.as_deref().map(path_of));
        add(
            "freeze",
            self.freeze.as_ref().map(|freeze| freeze.text.clone()),
        );
        let flags = [
            ("--loop", self.is_loop),
            ("--keep-wiring", self.keep_wiring),
        ];
        words.extend(flags.iter().filter(|flag| flag.1).map(|flag| flag.0.into()));
        // Last, so that scripts find it.
        words.extend(["--output".into(), path_of(path)]);
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        words.join(" ")
    }
}

/// Returns the name of a value, as serde writes it.
fn name<T: serde::Serialize>(value: &T) -> Option<String> {
    let value = serde_json::to_value(value).ok()?;
    value.as_str().map(str::to_string)
}

/// Quotes a word for a shell, if that is needed.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Compares a network that was trained with the sound.
fn entry(target: &Target, gates: u32, seed: u64, path: &Path) -> Result<Entry, Failure> {
    let network = files::load(path)?;
    let other = || Failure::Failed(format!("{}: a network of another sound", path.display()));
    let own = synth::Table::of_network(&network).map_err(|_| other())?;
    if (own.bits(), own.sample_bits()) != (target.table.bits(), target.table.sample_bits()) {
        return Err(other());
    }
    Ok(Entry {
        most: gates,
        seed,
        gates: network.gates().len(),
        quality: Quality::new(&target.table, own.samples()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("a/b-1.json"), "a/b-1.json");
        assert_eq!(quoted("t*(t>>12)"), "'t*(t>>12)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
