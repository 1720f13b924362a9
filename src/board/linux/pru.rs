//! The PRU subsystem, mapped.

#![allow(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};

use crate::pru::{MAPPED_BYTES, Memory, MemoryWindow};

/// Where the AM335x has it.
const ADDRESS: u64 = 0x4a30_0000;
/// How the kernel's `uio_pruss` offers it, and how all memory.
const UIO: &str = "dev/uio0";
const UIO_MAP: &str = "sys/class/uio/uio0/maps/map0";
const MEM: &str = "dev/mem";
/// What the kernel calls this computer.
const COMPATIBLE: &str = "proc/device-tree/compatible";

/// The subsystem's memory, from its beginning on.
#[derive(Debug)]
pub struct MappedPru {
    base: NonNull<u32>,
    way: PathBuf,
}

// SAFETY: nothing of it belongs to a thread; it is memory outside of Rust's.
unsafe impl Send for MappedPru {}
// SAFETY: reached by single volatile accesses of whole words only, which do not tear.
unsafe impl Sync for MappedPru {}

impl MappedPru {
    /// Maps it from `dev/uio0`, or else from `dev/mem`, of a system with this root: `/`.
    ///
    /// # Errors
    /// One plain sentence, when neither is to be had.
    pub fn open(root: &Path) -> Result<MappedPru, String> {
        let [uio, map, mem] = [UIO, UIO_MAP, MEM].map(|path| root.join(path));
        // The kernel's word on where it is: another one's memory is never touched.
        let number = |name: &str| {
            let text = fs::read_to_string(map.join(name)).ok()?;
            u64::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
        };
        if number("addr") == Some(ADDRESS) && number("size") >= Some(MAPPED_BYTES as u64) {
            return MappedPru::map(&uio, 0).map_err(|error| format!("{}: {error}", uio.display()));
        }
        let map = map.display();
        if !is_am335x(root) {
            return Err(format!(
                "{map} is not there, and this is no BeagleBone Black: there is no PRU to use"
            ));
        }
        MappedPru::map(&mem, ADDRESS).map_err(|error| {
            let mem = mem.display();
            format!("neither {map} (uio_pruss) nor {mem} give the PRU: {error}")
        })
    }

    /// What it was mapped from.
    pub fn way(&self) -> &Path {
        &self.way
    }

    /// Maps a file's bytes from an offset on, which stand for the subsystem.
    ///
    /// # Errors
    /// The system's.
    pub fn map(path: &Path, offset: u64) -> io::Result<MappedPru> {
        let mut options = OpenOptions::new();
        // Synchronous: what /dev/mem maps is then not cached.
        options.read(true).write(true).custom_flags(libc::O_SYNC);
        let file: File = options.open(path)?;
        let offset = libc::off_t::try_from(offset).map_err(io::Error::other)?;
        // SAFETY: asks for new memory of the file; what is there belongs to nobody else
        // in this process. The mapping outlives the file.
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
        let way = path.to_path_buf();
        Ok(MappedPru { base, way })
    }

    fn at(&self, place: MemoryWindow) -> *mut u32 {
        // SAFETY: a place is a multiple of 4 below what was mapped.
        unsafe { self.base.as_ptr().byte_add(place.offset() as usize) }
    }
}

impl Memory for MappedPru {
    fn read(&self, place: MemoryWindow) -> u32 {
        // SAFETY: mapped and aligned.
        unsafe { self.at(place).read_volatile() }
    }

    fn write(&self, place: MemoryWindow, value: u32) {
        // SAFETY: mapped and aligned.
        unsafe { self.at(place).write_volatile(value) }
    }
}

impl Drop for MappedPru {
    fn drop(&mut self) {
        // SAFETY: mapped by us, with this length, and used by nobody any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), MAPPED_BYTES) };
    }
}

/// Whether the kernel says that this is the processor whose addresses are known.
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
    use crate::pru::{Loader, Trouble};

    /// A file stands for the subsystem: it keeps what is written, and nothing runs.
    #[test]
    fn a_program_is_loaded_into_its_places_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pru");
        fs::write(&path, vec![0u8; MAPPED_BYTES]).unwrap();
        let mapped = Arc::new(MappedPru::map(&path, 0).unwrap());
        let mut loader = Loader::new(Box::new(Arc::clone(&mapped)));
        let words: Vec<u32> = (0..2048).map(|word| 0x1234_0000 | word).collect();
        loader.load(&words).unwrap();
        loader.start();
        // No core, no answer.
        assert_eq!(loader.pass(1, 7, 32), Err(Trouble::Silent));
        drop((loader, mapped));
        let bytes = fs::read(&path).unwrap();
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert!((0..2048).all(|i| word(0x34000 + 4 * i) == words[i]));
        // CONTROL says ENABLE, and the reset bit is 0; REQUEST and TIME are the pass'.
        assert_eq!((word(0x22000), word(4), word(8)), (2, 7, 32));
        let touched = (0..MAPPED_BYTES).step_by(4).filter(|&at| word(at) != 0);
        let ours = |at: usize| at < 0x44 || at == 0x22000 || at >= 0x34000;
        assert!(touched.into_iter().all(ours));
    }

    #[test]
    fn a_missing_device_is_an_error_and_no_crash() {
        assert!(MappedPru::map(Path::new("/no/such/uio"), 0).is_err());
        let empty = tempfile::tempdir().unwrap();
        let problem = MappedPru::open(empty.path()).unwrap_err();
        assert!(problem.contains("no PRU to use"), "{problem}");
    }
}
