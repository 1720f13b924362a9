//! A log file of bounded size. A full file becomes the old one.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

/// Largest size of each of the two files, in bytes: hours of frequent errors.
const MAX_BYTES: u64 = 128 * 1024;
/// Most bytes held in memory while the folder is missing or not writable.
const MAX_WAITING: usize = 16 * 1024;

/// `log.txt` and its predecessor `log.old.txt`. Not synced: the last seconds before a
/// power cut may be missing.
pub struct RotatingFile {
    folder: PathBuf,
    file: Option<(fs::File, u64)>,
    /// Lines that are not written yet.
    waiting: String,
}

impl RotatingFile {
    /// Creates the value for a folder, which may appear later.
    pub fn new(folder: PathBuf) -> RotatingFile {
        RotatingFile {
            folder,
            file: None,
            waiting: String::new(),
        }
    }

    /// Writes a line, after any earlier lines that could not be written. If those take
    /// more than 16 KiB, the oldest are dropped.
    pub fn write(&mut self, line: &str) {
        self.waiting.push_str(line);
        if self.try_write().is_err() {
            self.file = None;
            while self.waiting.len() > MAX_WAITING {
                let end = self.waiting.find('\n').unwrap_or(self.waiting.len() - 1) + 1;
                self.waiting.drain(..end);
            }
        } else {
            self.waiting.clear();
        }
    }

    fn try_write(&mut self) -> io::Result<()> {
        let (mut file, mut size) = match self.file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        if size > 0 && size + self.waiting.len() as u64 > MAX_BYTES {
            fs::rename(self.folder.join("log.txt"), self.folder.join("log.old.txt"))?;
            (file, size) = self.open()?;
        }
        file.write_all(self.waiting.as_bytes())?;
        size += self.waiting.len() as u64;
        self.file = Some((file, size));
        Ok(())
    }

    fn open(&self) -> io::Result<(fs::File, u64)> {
        let path = self.folder.join("log.txt");
        let file = fs::File::options().create(true).append(true).open(path)?;
        let size = file.metadata()?.len();
        Ok((file, size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_of_bounded_size_hold_the_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let line = |i: u32| format!("{i:>9} {}\n", "x".repeat(89));
        for begin in [0, 5000] {
            // Twice, as after a restart.
            let mut file = RotatingFile::new(folder.path().into());
            (begin..begin + 5000).for_each(|i| file.write(&line(i)));
        }
        let (old, new) = (read("log.old.txt"), read("log.txt"));
        assert!(old.len() as u64 <= MAX_BYTES && new.len() as u64 <= MAX_BYTES);
        let both = old + &new;
        let count = both.lines().count() as u32;
        assert!(count > 1310, "{count}");
        let expected: String = (10_000 - count..10_000).map(line).collect();
        assert!(both == expected);
    }

    #[test]
    fn a_folder_that_appears_late_gets_earlier_lines() {
        let folder = tempfile::tempdir().unwrap();
        let late = folder.path().join("late");
        let mut file = RotatingFile::new(late.clone());
        (0..1000).for_each(|i| file.write(&format!("line {i:05} of them\n")));
        assert!(file.waiting.len() <= MAX_WAITING);
        fs::create_dir(&late).unwrap();
        file.write("the last\n");
        let text = fs::read_to_string(late.join("log.txt")).unwrap();
        assert!(text.ends_with("line 00999 of them\nthe last\n"));
        assert!(text.starts_with("line 00"));
    }
}
