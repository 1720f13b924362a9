//! Pictures of the display in a folder: a PNG for each one, and an animation.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gatebend::board::desk::{Animation, DisplayFrame, write_png};

use crate::output::Output;
use crate::{CommandResult, Failure};

/// Duration of the last picture, in hundredths of a second.
const REST: u16 = 100;

/// A folder of pictures.
pub struct Album {
    folder: PathBuf,
    animation: Animation<Output>,
    last: Option<(u64, DisplayFrame)>,
    count: usize,
    outcome: CommandResult,
}

impl Album {
    /// Creates the folder if needed, and begins the animation `display.gif` of a display
    /// with this many rows.
    ///
    /// # Errors
    /// Fails if the folder cannot be created or written to.
    pub fn create(folder: &Path, rows: usize) -> Result<Album, Failure> {
        let failed = |error: io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(failed)?;
        let file = Output::create(&folder.join("display.gif"))?;
        Ok(Album {
            folder: folder.to_path_buf(),
            animation: Animation::start(file, rows).map_err(failed)?,
            last: None,
            count: 0,
            outcome: Ok(()),
        })
    }

    /// Returns the number of pictures so far.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Adds the content of the display at a time in nanoseconds, if it has changed. Returns
    /// false if a file cannot be written.
    pub fn add(&mut self, now: u64, frame: DisplayFrame) -> bool {
        if self.outcome.is_ok() && self.last.as_ref().is_none_or(|(_, last)| *last != frame) {
            self.outcome = self.write(now, frame);
        }
        self.outcome.is_ok()
    }

    /// Ends the animation.
    ///
    /// # Errors
    /// Fails if a file could not be written.
    pub fn finish(mut self) -> CommandResult {
        self.outcome?;
        let failed = |error: io::Error| format!("{}: {error}", self.folder.display());
        if let Some((_, last)) = self.last.take() {
            self.animation.add(&last, REST).map_err(failed)?;
        }
        self.animation.finish().map_err(failed)?.finish()
    }

    fn write(&mut self, now: u64, frame: DisplayFrame) -> CommandResult {
        let name = format!("{:09}ms.png", now / 1_000_000);
        let mut picture = Vec::new();
        // Writing to memory never fails.
        let _ = write_png(&mut picture, &frame);
        Output::create(&self.folder.join(name))?.fill(&picture)?;
        self.count += 1;
        if let Some((since, last)) = self.last.replace((now, frame)) {
            let delay = now / 10_000_000 - since / 10_000_000;
            let failed = |error: io::Error| format!("{}: {error}", self.folder.display());
            self.animation
                .add(&last, u16::try_from(delay).unwrap_or(u16::MAX))
                .map_err(failed)?;
        }
        Ok(())
    }
}
