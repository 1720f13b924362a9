//! A log file of bounded size: when it is full it becomes the old one.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

/// Size of each of the two files: hours of a bad day.
const MOST_BYTES: u64 = 128 * 1024;
/// What is kept in memory while there is no folder yet, or no writing to it.
const MOST_WAITING: usize = 16 * 1024;

/// `log.txt`, and `log.old.txt` before it. Not synced: the last seconds before a
/// power cut may be missing.
pub struct Ring {
    folder: PathBuf,
    file: Option<(fs::File, u64)>,
    /// Lines that could not be written yet.
    waiting: String,
}

impl Ring {
    /// A ring in a folder, which may come late.
    pub fn new(folder: PathBuf) -> Ring {
        Ring {
            folder,
            file: None,
            waiting: String::new(),
        }
    }

    /// Writes a line, with those before it that could not be. Of too many, the
    /// first are forgotten.
    pub fn write(&mut self, line: &str) {
        self.waiting.push_str(line);
        if self.try_write().is_err() {
            self.file = None;
            while self.waiting.len() > MOST_WAITING {
                let end = self
                    .waiting
                    .find('\n')
                    .map_or(self.waiting.len(), |end| end + 1);
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
        if size > 0 && size + self.waiting.len() as u64 > MOST_BYTES {
            let path = self.folder.join("log.txt");
            fs::rename(&path, self.folder.join("log.old.txt"))?;
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
    fn two_files_of_bounded_size_have_the_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let line = |i: u32| format!("{i:>9} {}\n", "x".repeat(89));
        for begin in [0, 5000] {
            // Twice, as after a restart.
            let mut ring = Ring::new(folder.path().into());
            (begin..begin + 5000).for_each(|i| ring.write(&line(i)));
        }
        let (old, new) = (read("log.old.txt"), read("log.txt"));
        assert!(old.len() as u64 <= MOST_BYTES && new.len() as u64 <= MOST_BYTES);
        let both = old + &new;
        let count = both.lines().count() as u32;
        assert!(count > 1310, "{count}");
        let expected: String = (10_000 - count..10_000).map(line).collect();
        assert!(both == expected);
    }

    #[test]
    fn a_folder_that_comes_late_gets_the_lines_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let late = folder.path().join("late");
        let mut ring = Ring::new(late.clone());
        (0..1000).for_each(|i| ring.write(&format!("line {i:05} of them\n")));
        assert!(ring.waiting.len() <= MOST_WAITING);
        fs::create_dir(&late).unwrap();
        ring.write("the last\n");
        let text = fs::read_to_string(late.join("log.txt")).unwrap();
        assert!(text.ends_with("line 00999 of them\nthe last\n"));
        assert!(text.starts_with("line 00"));
    }
}
