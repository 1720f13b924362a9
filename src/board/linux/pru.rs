//! The PRU subsystem's memory, mapped into the process.

#![allow(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};

use thiserror::Error;

use crate::pru::{MAPPED_BYTES, Memory, MemoryWindow};

/// Physical address of the subsystem on the AM335x.
const ADDRESS: u64 = 0x4a30_0000;
/// Device of the kernel's `uio_pruss`, which maps the subsystem.
const UIO: &str = "dev/uio0";
const UIO_MAP: &str = "sys/class/uio/uio0/maps/map0";
/// Device that maps all physical memory.
const MEM: &str = "dev/mem";
/// Names of this computer and its processor, each ended by 0.
const COMPATIBLE: &str = "proc/device-tree/compatible";

/// A failure to map the subsystem.
#[derive(Debug, Error)]
pub enum PruMapError {
    /// The device of `uio_pruss` cannot be mapped.
    #[error("{}: {source}", device.display())]
    Uio {
        /// The device.
        device: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The kernel reports no PRU, and the processor is not an AM335x.
    #[error(
        "{} is not there, and this is no BeagleBone Black: there is no PRU to use",
        map.display()
    )]
    NoPru {
        /// Folder in which `uio_pruss` describes the subsystem.
        map: PathBuf,
    },
    /// `uio_pruss` is missing, and the memory device cannot be mapped.
    #[error("neither {} (uio_pruss) nor {} give the PRU: {source}", map.display(), device.display())]
    Memory {
        /// Folder in which `uio_pruss` describes the subsystem.
        map: PathBuf,
        /// The memory device.
        device: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// The subsystem's memory, from its beginning on.
#[derive(Debug)]
pub struct MappedPru {
    base: NonNull<u32>,
    device: PathBuf,
}

// SAFETY: the mapping is not tied to a thread, and Rust manages none of its memory.
unsafe impl Send for MappedPru {}
// SAFETY: accessed only by volatile accesses of single words, which do not tear.
unsafe impl Sync for MappedPru {}

impl MappedPru {
    /// Maps the subsystem from `dev/uio0`, or else from `dev/mem`, both below `root`, which
    /// is `/` except in tests.
    ///
    /// # Errors
    /// Fails if the kernel offers neither, or this is not a BeagleBone Black.
    pub fn open(root: &Path) -> Result<MappedPru, PruMapError> {
        let [uio, map, mem] = [UIO, UIO_MAP, MEM].map(|path| root.join(path));
        // Only the PRU's own address is accepted: no other device's memory is touched.
        let number = |name: &str| {
            let text = fs::read_to_string(map.join(name)).ok()?;
            u64::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
        };
        if number("addr") == Some(ADDRESS) && number("size") >= Some(MAPPED_BYTES as u64) {
            return MappedPru::map(&uio, 0).map_err(|source| PruMapError::Uio {
                device: uio,
                source,
            });
        }
        if !is_am335x(root) {
            return Err(PruMapError::NoPru { map });
        }
        MappedPru::map(&mem, ADDRESS).map_err(|source| PruMapError::Memory {
            map,
            device: mem,
            source,
        })
    }

    /// Returns the device that was mapped.
    pub fn device(&self) -> &Path {
        &self.device
    }

    /// Maps a device or file from `offset` bytes on as the subsystem.
    ///
    /// # Errors
    /// Fails if the file cannot be opened or mapped.
    pub fn map(path: &Path, offset: u64) -> io::Result<MappedPru> {
        let mut options = OpenOptions::new();
        // O_SYNC makes mappings of /dev/mem uncached.
        options.read(true).write(true).custom_flags(libc::O_SYNC);
        let file: File = options.open(path)?;
        let offset = libc::off_t::try_from(offset).map_err(io::Error::other)?;
        // SAFETY: creates a new mapping, which nothing else in this process uses. The mapping
        // outlives the file.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                MAPPED_BYTES,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                offset,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        let device = path.to_path_buf();
        Ok(MappedPru { base, device })
    }

    fn at(&self, window: MemoryWindow) -> *mut u32 {
        // SAFETY: a window's offset is a multiple of 4 within the mapping.
        unsafe { self.base.as_ptr().byte_add(window.offset() as usize) }
    }
}

impl Memory for MappedPru {
    fn read(&self, window: MemoryWindow) -> u32 {
        // SAFETY: mapped and aligned.
        unsafe { self.at(window).read_volatile() }
    }

    fn write(&self, window: MemoryWindow, value: u32) {
        // SAFETY: mapped and aligned.
        unsafe { self.at(window).write_volatile(value) }
    }
}

impl Drop for MappedPru {
    fn drop(&mut self) {
        // SAFETY: mapped with this length, and not used after this.
        unsafe { libc::munmap(self.base.as_ptr().cast(), MAPPED_BYTES) };
    }
}

/// Returns whether the kernel reports an AM335x, whose addresses are known.
fn is_am335x(root: &Path) -> bool {
    fs::read(root.join(COMPATIBLE)).is_ok_and(|names| {
        names
            .split(|&byte| byte == 0)
            .any(|name| name == b"ti,am33xx")
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::pru::{Loader, PruError};

    /// A file stands for the subsystem: it stores words, and no core runs.
    #[test]
    fn loading_and_starting_write_only_the_cores_own_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pru");
        fs::write(&path, vec![0u8; MAPPED_BYTES]).unwrap();
        let mapped = Arc::new(MappedPru::map(&path, 0).unwrap());
        let mut loader = Loader::new(Box::new(Arc::clone(&mapped)));
        let words: Vec<u32> = (0..2048).map(|word| 0x1234_0000 | word).collect();
        loader.load(&words).unwrap();
        loader.start();
        // Without a core there is no answer.
        assert_eq!(loader.pass(1, 7, 32), Err(PruError::NoAnswer));
        drop((loader, mapped));
        let bytes = fs::read(&path).unwrap();
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert!((0..2048).all(|i| word(0x34000 + 4 * i) == words[i]));
        // CONTROL holds ENABLE with the reset bit 0; REQUEST and TIME are the pass's.
        assert_eq!((word(0x22000), word(4), word(8)), (2, 7, 32));
        let written = (0..MAPPED_BYTES).step_by(4).filter(|&at| word(at) != 0);
        let ours = |at: usize| at < 0x44 || at == 0x22000 || at >= 0x34000;
        assert!(written.into_iter().all(ours));
    }

    #[test]
    fn a_missing_device_is_an_error() {
        assert!(MappedPru::map(Path::new("/no/such/uio"), 0).is_err());
        let empty = tempfile::tempdir().unwrap();
        let problem = MappedPru::open(empty.path()).unwrap_err().to_string();
        assert!(problem.contains("no PRU to use"), "{problem}");
    }
}
