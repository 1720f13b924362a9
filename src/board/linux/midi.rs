//! MIDI inputs as Linux's device files, which need no library.

#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::runtime::midi::{Ports, Receive, WAIT};

/// Folder of the device files.
const DEVICES: &str = "/dev/snd";
/// Folder with the names of sound cards.
const CARDS: &str = "/proc/asound";
/// Time between two searches for new devices.
const SEARCH: Duration = Duration::from_millis(500);
/// Bytes that are read at once, and reads of a device before the others: a device that
/// sends without end does not stop them.
const BYTES: usize = 256;
const READS: usize = 16;

/// A device that is open.
struct Device {
    number: u32,
    path: PathBuf,
    file: File,
}

/// The device files of MIDI inputs, `midiC*D*`. Devices are opened when they appear.
pub struct MidiFiles {
    devices: PathBuf,
    cards: PathBuf,
    /// Text that the name of a device must contain, in lower case.
    name: Option<String>,
    open: Vec<Device>,
    next: u32,
    search: Instant,
}

impl MidiFiles {
    /// Creates the inputs whose names contain a text, or all. A name has the card's and the
    /// file's, such as `Keystation midiC1D0`.
    pub fn new(name: Option<String>) -> MidiFiles {
        MidiFiles::within(Path::new(DEVICES), Path::new(CARDS), name)
    }

    /// Creates the inputs of other folders.
    pub fn within(devices: &Path, cards: &Path, name: Option<String>) -> MidiFiles {
        MidiFiles {
            devices: devices.into(),
            cards: cards.into(),
            name: name.map(|name| name.to_lowercase()),
            open: Vec::new(),
            next: 0,
            search: Instant::now(),
        }
    }

    /// Opens devices that are new.
    fn search(&mut self) {
        // Without the folder, Linux has no sound card and no MIDI device yet.
        let files = fs::read_dir(&self.devices).into_iter().flatten().flatten();
        for path in files.map(|file| file.path()) {
            let Some(name) = self.name_of(&path) else {
                continue;
            };
            if self.open.iter().any(|device| device.path == path) {
                continue;
            }
            let file = OpenOptions::new()
                .read(true)
                .custom_flags(libc::O_NONBLOCK)
                .open(&path);
            // One that another program uses is tried again with the next search.
            if let Ok(file) = file {
                log::info!("MIDI: {name}");
                let number = self.next;
                self.next = self.next.wrapping_add(1);
                self.open.push(Device { number, path, file });
            }
        }
    }

    /// Returns the name of a device, if it is a MIDI device that was chosen.
    fn name_of(&self, path: &Path) -> Option<String> {
        let file = path.file_name().and_then(OsStr::to_str)?;
        let (card, _) = file.strip_prefix("midiC")?.split_once('D')?;
        let id = self.cards.join(format!("card{card}")).join("id");
        let id = fs::read_to_string(id).unwrap_or_default();
        let name = format!("{} {file}", id.trim()).trim().to_string();
        let chosen = self.name.as_ref();
        chosen
            .is_none_or(|chosen| name.to_lowercase().contains(chosen))
            .then_some(name)
    }
}

impl Ports for MidiFiles {
    fn wait(&mut self, receive: &mut Receive<'_>) {
        let now = Instant::now();
        if now >= self.search {
            self.search();
            self.search = now + SEARCH;
        }
        let waiting = |device: &Device| libc::pollfd {
            fd: device.file.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let mut waiting: Vec<libc::pollfd> = self.open.iter().map(waiting).collect();
        let milliseconds = WAIT.as_millis() as libc::c_int;
        // SAFETY: the pointer and the length are those of the list, which outlives the call,
        // and the files stay open.
        let ready = unsafe {
            libc::poll(
                waiting.as_mut_ptr(),
                waiting.len() as libc::nfds_t,
                milliseconds,
            )
        };
        if ready <= 0 {
            return;
        }
        let mut ready = waiting.iter().map(|waiting| waiting.revents != 0);
        self.open.retain_mut(|device| {
            let is_there = !ready.next().unwrap_or(false) || device.read(receive);
            if !is_there {
                log::info!("MIDI: {} is gone", device.path.display());
                receive(device.number, None);
            }
            is_there
        });
    }
}

impl Device {
    /// Reads what has arrived; returns false if the device is gone.
    fn read(&mut self, receive: &mut Receive<'_>) -> bool {
        let mut bytes = [0; BYTES];
        for _ in 0..READS {
            match self.file.read(&mut bytes) {
                Ok(0) => return false,
                Ok(count) => receive(self.number, Some(&bytes[..count])),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    type Received = Vec<(u32, Option<Vec<u8>>)>;

    fn wait(ports: &mut MidiFiles) -> Received {
        // Tests do not wait for the next search.
        ports.search = Instant::now();
        let mut received = Vec::new();
        ports.wait(&mut |number, bytes| received.push((number, bytes.map(<[u8]>::to_vec))));
        received
    }

    fn pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    /// Opens the other end of a pipe once it is read.
    fn keyboard(path: &Path) -> File {
        OpenOptions::new().write(true).open(path).unwrap()
    }

    #[test]
    fn devices_come_and_go_while_others_play() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (
            folder.path().join("midiC1D0"),
            folder.path().join("midiC2D0"),
        );
        fs::write(folder.path().join("pcmC1D0p"), "not MIDI").unwrap();
        let mut ports = MidiFiles::within(folder.path(), folder.path(), None);
        assert_eq!(wait(&mut ports), [], "no device");
        pipe(&first);
        assert_eq!(wait(&mut ports), []);
        let mut player = keyboard(&first);
        player.write_all(&[0x90, 60, 100]).unwrap();
        assert_eq!(wait(&mut ports), [(0, Some(vec![0x90, 60, 100]))]);

        pipe(&second);
        assert_eq!(wait(&mut ports), []);
        let mut other = keyboard(&second);
        other.write_all(&[0x80]).unwrap();
        player.write_all(&[60]).unwrap();
        assert_eq!(wait(&mut ports).len(), 2);
        // Unplugged after its last byte: the byte comes first.
        player.write_all(&[0]).unwrap();
        drop(player);
        fs::remove_file(&first).unwrap();
        assert_eq!(wait(&mut ports), [(0, Some(vec![0])), (0, None)]);
        other.write_all(&[1]).unwrap();
        assert_eq!(wait(&mut ports), [(1, Some(vec![1]))]);
        // The same device again is another port.
        pipe(&first);
        assert_eq!(wait(&mut ports), []);
        keyboard(&first).write_all(&[2]).unwrap();
        assert_eq!(wait(&mut ports), [(2, Some(vec![2])), (2, None)]);
    }

    #[test]
    fn a_device_without_end_does_not_stop_the_others() {
        let folder = tempfile::tempdir().unwrap();
        symlink("/dev/zero", folder.path().join("midiC0D0")).unwrap();
        let path = folder.path().join("midiC1D0");
        pipe(&path);
        let mut ports = MidiFiles::within(folder.path(), folder.path(), None);
        assert!(wait(&mut ports).len() <= READS);
        keyboard(&path).write_all(&[7]).unwrap();
        let bytes: Received = wait(&mut ports);
        assert!(
            bytes
                .iter()
                .any(|(_, bytes)| bytes.as_deref() == Some(&[7]))
        );
    }

    #[test]
    fn a_name_chooses_devices_by_card_or_file() {
        let folder = tempfile::tempdir().unwrap();
        for (card, id) in [("card0", "Keystation"), ("card1", "Pads")] {
            fs::create_dir(folder.path().join(card)).unwrap();
            fs::write(folder.path().join(card).join("id"), format!("{id}\n")).unwrap();
        }
        for (name, expected) in [
            (None, [true, true]),
            (Some("keys"), [true, false]),
            (Some("C1D0"), [false, true]),
            (Some("drums"), [false, false]),
        ] {
            let name = name.map(Into::into);
            let ports = MidiFiles::within(Path::new("/x"), folder.path(), name);
            let chosen = ["/x/midiC0D0", "/x/midiC1D0"].map(|path| ports.name_of(Path::new(path)));
            assert_eq!(chosen.map(|name| name.is_some()), expected);
        }
    }
}
