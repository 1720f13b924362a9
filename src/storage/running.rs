//! The running state, the count of starts and the calibration, each a file of
//! the state folder.

use std::path::Path;

use serde_json::Value;

use super::Memory;
use super::disk::Disk;
use super::presets::Presets;
use super::versioned_files::{Found, Trouble, VersionedFiles};
use instrument::preset::RESCUED;
use instrument::{SaveRequest, Saved, State};

/// Names of the files.
const STATE: &str = "state";
const STARTS: &str = "starts";
const CALIBRATION: &str = "calibration";

/// The field of the count of starts.
const UNSTEADY: &str = "unsteady";

/// So many starts in a row that did not come to steady play, and the next one
/// does not play on from the state.
const UNSTEADY_STARTS: u32 = 2;

/// The state folder's own files.
pub struct Running<D> {
    states: VersionedFiles<D, Saved>,
    starts: VersionedFiles<D, u32>,
    calibrations: VersionedFiles<D, String>,
    /// What is in the state's file, if that is what is played.
    kept: Option<Saved>,
    /// The state's file was read, or certainly was not there.
    settled: bool,
    /// Starts that did not come to steady play: before this one, as the file
    /// shall have it, and as it has it.
    before: u32,
    count: u32,
    written: Option<u32>,
}

impl<D: Disk + Clone> Running<D> {
    /// Counts this start, and reads what was kept.
    pub fn open(disk: &D, folder: &Path, memory: &mut Memory) -> Running<D> {
        let state = |_: &str, text: &str| Saved::from_json(text).map_err(|error| error.to_string());
        let mut running = Running {
            states: VersionedFiles::new(disk.clone(), folder.into(), state),
            starts: VersionedFiles::new(disk.clone(), folder.into(), parse_starts),
            calibrations: VersionedFiles::new(disk.clone(), folder.into(), parse_object),
            kept: None,
            settled: false,
            before: 0,
            count: 1,
            written: None,
        };
        // A count that is no good is none: it must not stop a start.
        running.before = running.starts.load(STARTS).value.unwrap_or(0);
        running.count = running.before.saturating_add(1);
        // On the disk before anything is tried. If it cannot be, it is later.
        let _ = running.keep_starts(&mut false);

        let calibration = running.calibrations.load(CALIBRATION);
        let words = |trouble: Trouble| trouble.words().to_string();
        memory.notices.extend(calibration.trouble.map(words));
        memory.calibration = calibration.value;

        let Found { value, trouble } = running.states.load(STATE);
        memory.trusted = running.before < UNSTEADY_STARTS;
        running.settled = value.is_some() || matches!(trouble, Some(Trouble::Damaged(_)));
        // A state that shall not be played on from, or has no good file, is
        // written anew.
        let plays_on = memory.trusted && trouble.is_none();
        running.kept = value.clone().filter(|_| plays_on);
        if matches!(trouble, Some(Trouble::Unreadable(_))) {
            running.settled = false;
        }
        memory.notices.extend(trouble.map(words));
        memory.saved = value;
        running
    }

    /// Whether the state's file says the same as a state.
    pub fn is_kept(&self, state: &State) -> bool {
        self.kept.as_ref().is_some_and(|saved| saved.is_of(state))
    }

    /// Saves the state. One that turns up only now is made a preset first.
    pub fn keep_state(
        &mut self,
        state: Saved,
        presets: Option<&mut Presets<D>>,
        notices: &mut Vec<String>,
    ) -> Result<(), String> {
        if !self.settled {
            let Found { value, trouble } = self.states.load(STATE);
            if let Some(Trouble::Unreadable(words)) = trouble {
                return Err(format!("{words}; it is left alone"));
            }
            if let (Some(late), Some(presets)) = (value, presets) {
                if late != state {
                    let preset = late.into_preset(RESCUED.into());
                    let name = presets.keep(&SaveRequest::Save(Box::new(preset)))?;
                    let name = name.unwrap_or_else(|| RESCUED.into());
                    notices.push(format!("what was played last time is preset {name}"));
                }
            }
            self.settled = true;
        }
        let text = state.to_json().map_err(|error| error.to_string())?;
        self.states.save(STATE, &text)?;
        self.kept = Some(state);
        Ok(())
    }

    /// Saves the calibration.
    pub fn keep_calibration(&mut self, text: &str) -> Result<(), String> {
        self.calibrations.save(CALIBRATION, text)
    }

    /// Saves the count of starts, if it differs.
    pub fn keep_starts(&mut self, kept: &mut bool) -> Result<(), String> {
        if self.written == Some(self.count) {
            return Ok(());
        }
        self.starts.save(STARTS, &starts(self.count))?;
        self.written = Some(self.count);
        *kept = true;
        Ok(())
    }

    /// This start has come to steady play.
    pub fn steady(&mut self) {
        self.before = 0;
        self.count = 0;
    }

    /// This start ends as it should, steady or not. That is written at once: the
    /// process may have no time to wait for the disk.
    pub fn end(&mut self) {
        self.count = self.before;
        if self.written != Some(self.count)
            && self
                .starts
                .save_at_once(STARTS, &starts(self.count))
                .is_ok()
        {
            self.written = Some(self.count);
        }
    }

    /// Whether the count of starts is as it should be.
    pub fn is_all_kept(&self) -> bool {
        self.written == Some(self.count)
    }
}

/// A text that is a JSON object.
pub fn parse_object(_: &str, text: &str) -> Result<String, String> {
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
        .ok_or_else(|| format!("\"{UNSTEADY}\" is no number"))
}
