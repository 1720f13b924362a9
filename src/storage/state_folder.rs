//! The running state, the count of starts and the calibration, each a file of the state
//! folder.

use std::path::Path;

use serde_json::Value;

use super::disk::Disk;
use super::presets::Presets;
use super::versioned_files::{LoadProblem, Loaded, VersionedFiles};
use super::{Restored, StorageError};
use instrument::preset::RESCUED;
use instrument::{Saved, State};

/// Names of the files.
const STATE: &str = "state";
const STARTS: &str = "starts";
const CALIBRATION: &str = "calibration";

/// The JSON field of the count of starts.
const UNSTEADY: &str = "unsteady";

/// Failed starts in a row after which the next one does not restore the state.
const MAX_FAILED_STARTS: u32 = 2;

/// The files of the state folder.
pub struct StateFolder<D> {
    states: VersionedFiles<D, Saved>,
    starts: VersionedFiles<D, u32>,
    calibrations: VersionedFiles<D, String>,
    /// The state in the file, if it is the one that plays.
    saved: Option<Saved>,
    /// True once the state's file was read, or certainly did not exist.
    settled: bool,
    /// Starts that failed before this one.
    failed_before: u32,
    /// The count that the file should have.
    count: u32,
    /// The count that the file has.
    written: Option<u32>,
}

impl<D: Disk + Clone> StateFolder<D> {
    /// Reads the files.
    pub fn open(disk: &D, folder: &Path, restored: &mut Restored) -> StateFolder<D> {
        let state = |_: &str, text: &str| Saved::from_json(text).map_err(|error| error.to_string());
        let mut files = StateFolder {
            states: VersionedFiles::new(disk.clone(), folder.into(), state),
            starts: VersionedFiles::new(disk.clone(), folder.into(), parse_starts),
            calibrations: VersionedFiles::new(disk.clone(), folder.into(), parse_object),
            saved: None,
            settled: false,
            failed_before: 0,
            count: 0,
            written: None,
        };
        // A damaged count is 0: it must not stop a start.
        let starts = files.starts.load(STARTS);
        files.failed_before = starts.value.unwrap_or(0);
        files.count = files.failed_before;
        // A missing file is as good as a 0; a damaged one is written again.
        files.written = starts.problem.is_none().then_some(files.count);

        let text = |problem: LoadProblem| problem.text;
        let calibration = files.calibrations.load(CALIBRATION);
        restored.notices.extend(calibration.problem.map(text));
        restored.calibration = calibration.value;

        let Loaded { value, problem } = files.states.load(STATE);
        let is_unreadable = problem.as_ref().is_some_and(|problem| !problem.is_damaged);
        restored.is_suspect = files.failed_before >= MAX_FAILED_STARTS;
        files.settled = !is_unreadable && (value.is_some() || problem.is_some());
        // A state that is not restored, or whose file is damaged, is written again.
        let is_current = !restored.is_suspect && problem.is_none();
        files.saved = value.clone().filter(|_| is_current);
        restored.notices.extend(problem.map(text));
        restored.saved = value;
        files
    }

    /// Returns whether the state's file holds this state.
    pub fn is_saved(&self, state: &State) -> bool {
        self.saved
            .as_ref()
            .is_some_and(|saved| saved.matches(state))
    }

    /// Saves the state. An earlier state that could be read only now becomes a preset
    /// first.
    pub fn save_state(
        &mut self,
        state: Saved,
        presets: Option<&mut Presets<D>>,
        notices: &mut Vec<String>,
    ) -> Result<(), StorageError> {
        if !self.settled {
            let Loaded { value, problem } = self.states.load(STATE);
            if let Some(problem) = problem.filter(|problem| !problem.is_damaged) {
                return Err(StorageError::LeftAlone(problem.text));
            }
            if let (Some(late), Some(presets)) = (value, presets) {
                if late != state {
                    let name = presets.save(&late.into_preset(RESCUED.into()))?;
                    let name = name.unwrap_or_else(|| RESCUED.into());
                    notices.push(format!("the state of the last session is preset {name}"));
                }
            }
            self.settled = true;
        }
        self.states.save(STATE, &state.to_json()?)?;
        self.saved = Some(state);
        Ok(())
    }

    /// Saves the calibration.
    pub fn save_calibration(&mut self, text: &str) -> Result<(), StorageError> {
        self.calibrations.save(CALIBRATION, text)
    }

    /// Saves the count of starts if the file differs. Returns whether it did.
    pub fn save_starts(&mut self) -> Result<bool, StorageError> {
        if self.written == Some(self.count) {
            return Ok(false);
        }
        self.starts.save(STARTS, &starts(self.count))?;
        self.written = Some(self.count);
        Ok(true)
    }

    /// Notes that this start plays: it counts as failed until it is steady.
    pub fn played(&mut self) {
        self.count = self.failed_before.saturating_add(1);
    }

    /// Notes that this start has reached steady play.
    pub fn steady(&mut self) {
        self.failed_before = 0;
        self.count = 0;
    }

    /// Notes that this start ends properly, steady or not. Written without waiting for
    /// the disk, since the process may have no time left.
    pub fn end(&mut self) {
        self.count = self.failed_before;
        let text = starts(self.count);
        if self.written != Some(self.count) && self.starts.save_unsynced(STARTS, &text).is_ok() {
            self.written = Some(self.count);
        }
    }

    /// Returns whether the file has the right count of starts.
    pub fn is_count_saved(&self) -> bool {
        self.written == Some(self.count)
    }
}

/// Checks that a text is a JSON object.
fn parse_object(_: &str, text: &str) -> Result<String, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(_)) => Ok(text.to_string()),
        Ok(_) => Err("not a JSON object: { ... }".into()),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

fn starts(count: u32) -> String {
    format!("{{\n  \"{UNSTEADY}\": {count}\n}}\n")
}

fn parse_starts(_: &str, text: &str) -> Result<u32, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let count = value.get(UNSTEADY).and_then(Value::as_u64);
    count
        .and_then(|count| u32::try_from(count).ok())
        .ok_or_else(|| format!("\"{UNSTEADY}\" is not a number"))
}
