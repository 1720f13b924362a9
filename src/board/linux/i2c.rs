//! An I2C bus that may appear late or disappear.

#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::path::{Path, PathBuf};

use embedded_hal::i2c::{self, ErrorKind, I2c, NoAcknowledgeSource, Operation};
use linux_embedded_hal::i2cdev::core::{I2CMessage, I2CTransfer};
use linux_embedded_hal::i2cdev::linux::{LinuxI2CDevice, LinuxI2CError, LinuxI2CMessage};

/// Request of `linux/i2c-dev.h`: how often the kernel repeats a failed message. Never: the
/// panel decides on retries.
const I2C_RETRIES: libc::c_ulong = 0x0701;
const RETRIES: libc::c_ulong = 0;
/// Request of `linux/i2c-dev.h`: time limit of a message, in units of 10 ms; 1 s by
/// default. 20 ms are four times the longest message. The BeagleBone's adapter (i2c-omap)
/// always waits 1 s for a line that is held low.
const I2C_TIMEOUT: libc::c_ulong = 0x0702;
const TIMEOUT: libc::c_ulong = 2;

/// A bus such as `/dev/i2c-1`. The file is opened on first use, and again after the bus has
/// failed or was missing. Each device should have a bus object of its own, because a new
/// address reopens the file.
///
/// A transaction is one `I2C_RDWR` call: repeated starts join its operations, and
/// [`I2c::write`] and [`I2c::read`] are one message with a stop each. Adjacent writes or
/// reads in one transaction need messages without a start between them, which the
/// BeagleBone's adapter cannot send; sensor and display do not use them. The time limit
/// belongs to the adapter: it applies to all users of the bus.
pub struct HotplugBus {
    path: PathBuf,
    /// The open file, and the address that it was opened for.
    file: Option<(u8, LinuxI2CDevice)>,
    /// True if the last attempt to open the bus failed, which is logged once.
    missing: bool,
}

impl HotplugBus {
    /// Creates the bus of a device file, which need not exist yet.
    pub fn new(path: impl AsRef<Path>) -> HotplugBus {
        HotplugBus {
            path: path.as_ref().to_path_buf(),
            file: None,
            missing: false,
        }
    }

    fn device(&mut self, address: u8) -> Result<&mut LinuxI2CDevice, BusError> {
        let device = match self.file.take() {
            Some((opened_for, device)) if opened_for == address => device,
            _ => self.open(address)?,
        };
        Ok(&mut self.file.insert((address, device)).1)
    }

    fn open(&mut self, address: u8) -> Result<LinuxI2CDevice, BusError> {
        let opened = LinuxI2CDevice::new(&self.path, address.into())
            .map_err(|error| BusError::Open(number(&error)))
            .and_then(|device| {
                set(device.as_raw_fd(), I2C_TIMEOUT, TIMEOUT)?;
                set(device.as_raw_fd(), I2C_RETRIES, RETRIES)?;
                Ok(device)
            });
        let path = self.path.display();
        match &opened {
            Ok(_) if self.missing => log::info!("{path}: found"),
            Err(error) if !self.missing => {
                log::warn!("{path}: {error}; retrying until the bus works");
            }
            _ => {}
        }
        self.missing = opened.is_err();
        opened
    }
}

impl fmt::Debug for HotplugBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HotplugBus")
            .field("path", &self.path)
            .field("open", &self.file.is_some())
            .finish_non_exhaustive()
    }
}

impl i2c::ErrorType for HotplugBus {
    type Error = BusError;
}

impl I2c for HotplugBus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        let mut messages: Vec<_> = operations
            .iter_mut()
            .map(|operation| match operation {
                Operation::Write(bytes) => LinuxI2CMessage::write(bytes),
                Operation::Read(bytes) => LinuxI2CMessage::read(bytes),
            })
            .collect();
        let sent = self.device(address)?.transfer(&mut messages);
        sent.map(drop).map_err(|error| {
            let error = BusError::Transfer(number(&error));
            if !error.is_device_error() {
                self.file = None;
            }
            error
        })
    }
}

/// Returns the kernel's error number, if there is one.
fn number(error: &LinuxI2CError) -> Option<i32> {
    match error {
        LinuxI2CError::Errno(number) => Some(*number),
        LinuxI2CError::Io(error) => error.raw_os_error(),
    }
}

fn set(file: RawFd, request: libc::c_ulong, value: libc::c_ulong) -> Result<(), BusError> {
    // SAFETY: both requests take an integer, not a pointer, and the file is open.
    match unsafe { libc::ioctl(file, request as _, value) } {
        -1 => Err(BusError::Open(io::Error::last_os_error().raw_os_error())),
        _ => Ok(()),
    }
}

/// A failure of the bus, with the kernel's error number if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusError {
    /// The bus cannot be opened.
    Open(Option<i32>),
    /// A message failed on a bus that is open.
    Transfer(Option<i32>),
}

impl BusError {
    /// True if the device did not answer or lost arbitration: the bus itself works.
    fn is_device_error(self) -> bool {
        matches!(
            i2c::Error::kind(&self),
            ErrorKind::NoAcknowledge(_) | ErrorKind::ArbitrationLoss
        )
    }
}

impl i2c::Error for BusError {
    /// Follows the kernel's `i2c/fault-codes.rst` and the BeagleBone's adapter (i2c-omap),
    /// which returns EREMOTEIO for a missing acknowledge, and EBUSY or ETIMEDOUT for a line
    /// held low.
    fn kind(&self) -> ErrorKind {
        let BusError::Transfer(Some(number)) = *self else {
            return ErrorKind::Other;
        };
        match number {
            libc::ENXIO => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address),
            libc::EREMOTEIO => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown),
            libc::EAGAIN => ErrorKind::ArbitrationLoss,
            libc::ETIMEDOUT | libc::EBUSY | libc::EIO | libc::EPROTO => ErrorKind::Bus,
            _ => ErrorKind::Other,
        }
    }
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use BusError::{Open, Transfer};
        f.write_str(match *self {
            Open(Some(libc::ENOENT | libc::ENODEV | libc::ENXIO)) => {
                "no such device (check i2c.device in the board's file)"
            }
            Open(Some(libc::EACCES | libc::EPERM)) => "no permission (run as root)",
            Open(Some(libc::EBUSY)) => "a kernel driver uses this address",
            Open(Some(libc::ENOTTY) | None) => {
                "not an I2C bus (check i2c.device in the board's file)"
            }
            Transfer(Some(libc::EBUSY | libc::ETIMEDOUT)) => {
                "SDA or SCL is held low (check pull-ups and supply; unplug one device at a time)"
            }
            Transfer(Some(libc::ENXIO | libc::EREMOTEIO)) => "nothing answers",
            Open(Some(number)) | Transfer(Some(number)) => {
                return write!(f, "{}", io::Error::from_raw_os_error(number));
            }
            Transfer(None) => "the message failed",
        })
    }
}

impl std::error::Error for BusError {}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn error_numbers_map_to_kinds() {
        let kind = |number| i2c::Error::kind(&BusError::Transfer(Some(number)));
        for silent in [libc::ENXIO, libc::EREMOTEIO] {
            assert!(matches!(kind(silent), ErrorKind::NoAcknowledge(_)));
        }
        for broken in [libc::ETIMEDOUT, libc::EIO, libc::EBUSY] {
            assert_eq!(kind(broken), ErrorKind::Bus);
        }
        assert_eq!(kind(libc::EAGAIN), ErrorKind::ArbitrationLoss);
        assert_eq!(kind(libc::ENOENT), ErrorKind::Other);
        // A missing device does not reopen the bus; a failed bus does.
        assert!(BusError::Transfer(Some(libc::EREMOTEIO)).is_device_error());
        assert!(!BusError::Transfer(Some(libc::ETIMEDOUT)).is_device_error());
        // A bus without a driver is not a silent device.
        assert!(!BusError::Open(Some(libc::ENXIO)).is_device_error());
    }

    #[test]
    fn messages_tell_a_held_line_from_a_busy_driver() {
        for number in [libc::EBUSY, libc::ETIMEDOUT] {
            let held = BusError::Transfer(Some(number)).to_string();
            assert!(held.starts_with("SDA or SCL is held low"), "{held}");
        }
        let used = BusError::Open(Some(libc::EBUSY)).to_string();
        assert!(used.contains("kernel driver"), "{used}");
    }

    #[test]
    fn each_use_tries_to_open_a_missing_bus() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("i2c-1");
        let mut bus = HotplugBus::new(&path);
        let missing = bus.read(0x28, &mut [0]).unwrap_err();
        assert_eq!(missing, BusError::Open(Some(libc::ENOENT)));
        // A file appears and is opened, which is not a bus.
        fs::write(folder.path().join("file"), "").unwrap();
        symlink(folder.path().join("file"), &path).unwrap();
        let wrong = bus.read(0x28, &mut [0]).unwrap_err();
        assert_eq!(wrong, BusError::Open(Some(libc::ENOTTY)));
        assert_eq!(i2c::Error::kind(&wrong), ErrorKind::Other);
    }
}
