//! The running state, the count of starts and the calibration, each a file of the state
//! folder.

use std::path::Path;

use serde_json::{Value, json};

use super::disk::Disk;
use super::presets::Presets;
use super::versioned_files::{Loaded, VersionedFiles};
use super::{Restored, StorageError};
use instrument::preset::RESCUED;
use instrument::{Saved, State};

/// Names of the files.
const STATE: &str = "state";
const STARTS: &str = "starts";
const CALIBRATION: &str = "calibration";

/// The JSON fields of the count of starts.
const UNSTEADY: &str = "unsteady";
const READING: &str = "reading";

/// Failed starts in a row after which the next one does not restore the state.
const MAX_FAILED_STARTS: u32 = 2;

/// The count of starts that failed in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Starts {
    unsteady: u32,
    /// True if the last of them had not read all saved files.
    reading: bool,
}

/// The files of the state folder.
pub struct StateFolder<D> {
    states: VersionedFiles<D, Saved>,
    starts: VersionedFiles<D, Starts>,
    calibrations: VersionedFiles<D, String>,
    /// The state in the file, if it is the one that plays.
    saved: Option<Saved>,
    /// True once the state's file was read, or certainly did not exist.
    settled: bool,
    /// Starts that failed before this one.
    failed_before: Starts,
    /// The count that the file should have.
    count: Starts,
    /// The count that the file has.
    written: Option<Starts>,
}

impl<D: Disk + Clone> StateFolder<D> {
    /// Reads the count of starts, and counts this one as failed while it reads the other
    /// files: they may need more memory than there is.
    pub fn open(disk: &D, folder: &Path, restored: &mut Restored) -> StateFolder<D> {
        let state = |_: &str, text: &str| Saved::from_json(text).map_err(|error| error.to_string());
        let mut files = StateFolder {
            states: VersionedFiles::new(disk.clone(), folder.into(), state),
            starts: VersionedFiles::new(disk.clone(), folder.into(), parse_starts),
            calibrations: VersionedFiles::new(disk.clone(), folder.into(), parse_object),
            saved: None,
            settled: false,
            failed_before: Starts::default(),
            count: Starts::default(),
            written: None,
        };
        // A damaged count is 0: it must not stop a start.
        let Loaded { value, problem } = files.starts.load(STARTS);
        files.failed_before = value.unwrap_or_default();
        let Starts { unsteady, reading } = files.failed_before;
        let counted = |problem| format!("{problem}; failed starts are counted from {unsteady}");
        restored.notices.extend(problem.map(counted));
        restored.is_suspect = unsteady >= MAX_FAILED_STARTS;
        restored.is_unread = restored.is_suspect && reading;
        let unread = "safe start: the last ones failed while they read the saved files";
        let notice = restored.is_unread.then(|| unread.into());
        restored.notices.extend(notice);
        files.count = Starts {
            unsteady: unsteady.saturating_add(1),
            reading: true,
        };
        // Tried again once the instrument plays.
        let _ = files.save_starts(&mut restored.notices);
        files
    }

    /// Reads the state and the calibration.
    pub fn read(&mut self, restored: &mut Restored) {
        let Loaded { value, problem } = self.calibrations.load(CALIBRATION);
        restored.notices.extend(problem);
        restored.calibration = value;
        if restored.is_unread {
            if let Err(error) = self.set_aside(&mut restored.notices) {
                restored.notices.push(error.to_string());
            }
            return;
        }
        let Loaded { value, problem } = self.states.load(STATE);
        self.settled = value.is_some();
        // A state that is not restored, or whose file is damaged, is written again.
        let is_current = !restored.is_suspect && problem.is_none();
        self.saved = value.clone().filter(|_| is_current);
        restored.notices.extend(problem);
        restored.saved = value;
    }

    /// Returns whether the files are being read.
    pub fn is_reading(&self) -> bool {
        self.count.reading
    }

    /// Renames the state's file, so that the next state does not replace it. The notices say
    /// where it is.
    pub fn set_aside(&mut self, notices: &mut Vec<String>) -> Result<(), StorageError> {
        let aside = self.states.set_aside(STATE)?;
        notices.extend(aside.map(|file| format!("what was played is left in {file}")));
        self.settled = true;
        self.saved = None;
        Ok(())
    }

    /// Notes that all files are read: the start does not count as failed until it plays.
    pub fn ready(&mut self) {
        if self.is_reading() {
            self.count = self.failed_before;
        }
    }

    /// Returns whether the state's file holds this state.
    pub fn is_saved(&self, state: &State) -> bool {
        self.saved
            .as_ref()
            .is_some_and(|saved| saved.matches(state))
    }

    /// Saves the state. An earlier state that could be read only now becomes a preset
    /// first, and one that cannot be read is set aside.
    pub fn save_state(
        &mut self,
        state: Saved,
        presets: Option<&mut Presets<D>>,
        notices: &mut Vec<String>,
    ) -> Result<(), StorageError> {
        if !self.settled {
            let late = self.states.load(STATE).value;
            if let (Some(late), Some(presets)) = (late, presets) {
                if late != state && presets.is_full() {
                    self.set_aside(notices)?;
                } else if late != state {
                    let name = presets.save(&late.into_preset(RESCUED.into()), notices)?;
                    let name = name.unwrap_or_else(|| RESCUED.into());
                    notices.push(format!("the state of the last session is preset {name}"));
                }
            }
            self.settled = true;
        }
        notices.extend(self.states.save(STATE, &state.to_json()?)?);
        self.saved = Some(state);
        Ok(())
    }

    /// Saves the calibration.
    pub fn save_calibration(
        &mut self,
        text: &str,
        notices: &mut Vec<String>,
    ) -> Result<(), StorageError> {
        notices.extend(self.calibrations.save(CALIBRATION, text)?);
        Ok(())
    }

    /// Saves the count of starts if the file differs. Returns whether it did.
    pub fn save_starts(&mut self, notices: &mut Vec<String>) -> Result<bool, StorageError> {
        if self.written == Some(self.count) {
            return Ok(false);
        }
        notices.extend(self.starts.save(STARTS, &self.count.to_json())?);
        self.written = Some(self.count);
        Ok(true)
    }

    /// Notes that this start plays: it counts as failed until it is steady.
    pub fn played(&mut self) {
        self.count = Starts {
            unsteady: self.failed_before.unsteady.saturating_add(1),
            reading: false,
        };
    }

    /// Notes that this start has reached steady play.
    pub fn steady(&mut self) {
        self.failed_before = Starts::default();
        self.count = self.failed_before;
    }

    /// Notes that this start ends properly, steady or not. Written without waiting for
    /// the disk, since the process may have no time left.
    pub fn end(&mut self) {
        self.count = self.failed_before;
        let text = self.count.to_json();
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

impl Starts {
    fn to_json(self) -> String {
        let Starts { unsteady, reading } = self;
        format!("{{\n  \"{UNSTEADY}\": {unsteady},\n  \"{READING}\": {reading}\n}}\n")
    }
}

fn parse_starts(_: &str, text: &str) -> Result<Starts, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let count = value.get(UNSTEADY).and_then(Value::as_u64);
    let count = count.and_then(|count| u32::try_from(count).ok());
    Ok(Starts {
        unsteady: count.ok_or_else(|| format!("\"{UNSTEADY}\" is not a number"))?,
        // Files of earlier versions do not have it.
        reading: value.get(READING) == Some(&json!(true)),
    })
}
