//! Temporary files, which become other files or are removed, also if a signal ends the
//! program.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The temporary files of this process. Locked while one is created, renamed or removed, so
/// that a signal finds all of them.
static FILES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn files() -> MutexGuard<'static, Vec<PathBuf>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that is removed when it is dropped, unless it has replaced another one.
pub struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    /// Creates a file in the folder of another one.
    ///
    /// # Errors
    /// Fails if the folder does not exist or cannot be written to.
    pub fn next_to(target: &Path) -> io::Result<Temporary> {
        #[cfg(unix)]
        signals::watch()?;
        let mut files = files();
        let mut number = 0;
        loop {
            let name = format!("gatebend-{}-{number}.part", std::process::id());
            let path = target.with_file_name(name);
            match File::options().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    files.push(path.clone());
                    return Ok(Temporary { path, file });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Replaces another file, if it exists, once this one is on the disk.
    ///
    /// # Errors
    /// Fails if the disk does; the other file is then unchanged.
    pub fn replace(self, target: &Path) -> io::Result<()> {
        // Synced first, or a power cut could lose both.
        self.file.sync_all()?;
        let mut files = files();
        fs::rename(&self.path, target)?;
        files.retain(|path| *path != self.path);
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let mut files = files();
        if files.contains(&self.path) {
            files.retain(|path| *path != self.path);
            // The error that caused this is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Returns a flag that the first signal to terminate sets, in place of ending the program.
/// The second one ends it. On systems without signals, the flag is never set.
///
/// # Errors
/// Fails if the system cannot register a handler.
pub fn first_signal() -> io::Result<&'static AtomicBool> {
    static RECEIVED: AtomicBool = AtomicBool::new(false);
    #[cfg(unix)]
    if !RECEIVED.load(Ordering::Acquire) {
        signals::set_first(&RECEIVED)?;
    }
    Ok(&RECEIVED)
}

#[cfg(unix)]
mod signals {
    use std::io::{self, Read};
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, OnceLock, PoisonError};
    use std::{fs, thread};

    use gatebend::runtime::signals::{ending, terminating};
    use signal_hook::{flag, low_level};

    /// The flag that the next signal to terminate sets, if one waits for it.
    static FIRST: Mutex<Option<&AtomicBool>> = Mutex::new(None);

    /// Lets the next signal to terminate set a flag in place of ending the process.
    pub fn set_first(flag: &'static AtomicBool) -> io::Result<()> {
        *FIRST.lock().unwrap_or_else(PoisonError::into_inner) = Some(flag);
        watch()
    }

    /// Starts to watch for signals, once. One that sets no flag removes the temporary files
    /// and then ends the process as it would without a handler.
    pub fn watch() -> io::Result<()> {
        static STARTED: OnceLock<()> = OnceLock::new();
        if STARTED.set(()).is_err() {
            return Ok(());
        }
        let received = Arc::new(AtomicUsize::new(0));
        let (mut woken, wake) = UnixStream::pair()?;
        for signal in ending() {
            // Handlers run in this order: the signal is noted before the thread wakes.
            flag::register_usize(signal, Arc::clone(&received), signal as usize)?;
            low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        let end = move || {
            let signal = loop {
                // Only signal handlers write to the pipe, and they never close it.
                if woken.read_exact(&mut [0]).is_err() {
                    return;
                }
                let signal = received.load(Ordering::Acquire) as i32;
                let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
                match first.take_if(|_| terminating().any(|other| other == signal)) {
                    Some(flag) => flag.store(true, Ordering::Release),
                    None => break signal,
                }
            };
            // Locked until the process ends, so that no further file appears.
            let files = super::files();
            for path in &*files {
                let _ = fs::remove_file(path);
            }
            let _ = low_level::emulate_default_handler(signal);
        };
        let thread = thread::Builder::new().name("gb-signals".into());
        thread.spawn(end).map(drop)
    }
}
