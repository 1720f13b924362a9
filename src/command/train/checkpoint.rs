//! Training on disk.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use logicnet::Network;
use serde::{Deserialize, Serialize};
use synth::Trainer;

use super::budget::{Budget, Spent};
use super::history::History;
use super::label::Label;
use super::training::Training;
use crate::output::Output;
use crate::{CommandResult, Failure};

/// Largest file in bytes: 2^20 samples and networks of the most gates in all runs take less.
const MAX_BYTES: u64 = 1 << 28;

/// The first line of the file, in JSON. The trainer's own bytes follow.
#[derive(Serialize, Deserialize)]
struct Header {
    /// The version of the file.
    gatebend_training: u32,
    label: Label,
    /// The network that training started from, if its gates keep their places.
    from: Option<String>,
    budget: Budget,
    spent: Spent,
    history: History,
}

const VERSION: u32 = 1;

/// Writes training to a file, which is either whole or the earlier one.
pub fn write(path: &Path, training: &Training) -> CommandResult {
    let header = Header {
        gatebend_training: VERSION,
        label: training.label.clone(),
        from: training.from.as_ref().map(Network::to_json),
        budget: training.budget,
        spent: training.spent,
        history: training.history.clone(),
    };
    let header = serde_json::to_vec(&header);
    let mut bytes = header.map_err(|error| Failure::Failed(error.to_string()))?;
    bytes.push(b'\n');
    bytes.extend(training.trainer.save());
    Output::create(path)?.fill(&bytes)
}

/// Reads training from a file. The file may be written again.
pub fn read(path: &Path) -> Result<Training, Failure> {
    let failed = |problem: String| Failure::Failed(format!("{}: {problem}", path.display()));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(failed("too large for a checkpoint".into()));
    }
    parse(&bytes).map_err(failed)
}

fn parse(bytes: &[u8]) -> Result<Training, String> {
    let line = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let header: Header = serde_json::from_slice(line)
        .map_err(|_| "no checkpoint of gatebend train, or it is damaged".to_string())?;
    if header.gatebend_training != VERSION {
        let version = header.gatebend_training;
        return Err(format!(
            "a checkpoint of version {version}; this gatebend reads {VERSION}"
        ));
    }
    let rest = bytes.get(line.len() + 1..).unwrap_or_default();
    let trainer = Trainer::restore(rest).map_err(|error| error.to_string())?;
    let from = header.from.as_deref().map(Network::from_json).transpose();
    Ok(Training {
        trainer,
        label: header.label,
        from: from.map_err(|error| error.to_string())?,
        budget: header.budget,
        spent: header.spent,
        history: header.history,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use synth::{Options, Table};

    use super::*;

    fn file() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let table = Table::new((0..64).map(|t| (t * t) & 255).collect(), 8).unwrap();
        let training = Training {
            trainer: Trainer::new(table, Options::default(), None).unwrap(),
            label: Label::default(),
            from: None,
            budget: Budget::Work(1000),
            spent: Spent::default(),
            history: History::default(),
        };
        write(&path, &training).unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_written() {
        let training = parse(&file()).unwrap();
        assert_eq!(training.budget, Budget::Work(1000));
        assert_eq!(training.trainer.table().samples()[5], 25);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_damaged_checkpoint_is_refused(
            cut in any::<prop::sample::Index>(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            is_cut in any::<bool>(),
        ) {
            let mut bytes = file();
            let whole = bytes.clone();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if is_cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            // A change inside the header may be harmless; it never panics.
            let header = whole.iter().position(|&byte| byte == b'\n').unwrap();
            let parsed = parse(&bytes);
            if bytes != whole && (is_cut || at > header) {
                prop_assert!(parsed.is_err());
            }
        }
    }
}
