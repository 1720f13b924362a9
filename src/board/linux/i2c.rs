//! An I2C bus that may appear late or disappear.

#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::path::{Path, PathBuf};

use embedded_hal::i2c::{self, ErrorKind, I2c, NoAcknowledgeSource, Operation};
use linux_embedded_hal::i2cdev::linux::LinuxI2CError;
use linux_embedded_hal::{I2CError, I2cdev};

/// Request of `linux/i2c-dev.h`: how often the kernel repeats a failed message. Never: the
/// panel decides on retries.
const I2C_RETRIES: libc::c_ulong = 0x0701;
const RETRIES: libc::c_ulong = 0;
/// Request of `linux/i2c-dev.h`: time limit of a message, in units of 10 ms; 1 s by
/// default. 20 ms are four times the longest message.
const I2C_TIMEOUT: libc::c_ulong = 0x0702;
const TIMEOUT: libc::c_ulong = 2;

/// A bus such as `/dev/i2c-1`, for one device on it. The file is opened on first use, and
/// again after the bus has failed or was missing. Each device needs a bus object of its
/// own, because a new address reopens the file.
///
/// A transaction is one `I2C_RDWR` call: repeated starts join its operations, and
/// [`I2c::write`] and [`I2c::read`] are one message with a stop each. Adjacent writes or
/// reads in one transaction need messages without a start between them, which the
/// BeagleBone's adapter cannot send; sensor and display do not use them. The time limit
/// belongs to the adapter: it applies to all users of the bus.
pub struct HotplugBus {
    path: PathBuf,
    device: Option<I2cdev>,
    /// True if the last attempt to open the bus failed, which is logged once.
    missing: bool,
}

impl HotplugBus {
    /// Creates the bus of a device file, which need not exist yet.
    pub fn new(path: impl AsRef<Path>) -> HotplugBus {
        HotplugBus {
            path: path.as_ref().to_path_buf(),
            device: None,
            missing: false,
        }
    }

    fn device(&mut self) -> Result<&mut I2cdev, BusError> {
        let device = match self.device.take() {
            Some(device) => device,
            None => self.open()?,
        };
        Ok(self.device.insert(device))
    }

    fn open(&mut self) -> Result<I2cdev, BusError> {
        let opened = I2cdev::new(&self.path)
            .map_err(|error| BusError::from(&error))
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
            .field("open", &self.device.is_some())
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
        let device = self.device()?;
        let result = I2c::<u8>::transaction(device, address, operations);
        result.map_err(|error| {
            let error = BusError::from(&error);
            if !error.is_device_error() {
                self.device = None;
            }
            error
        })
    }
}

fn set(file: RawFd, request: libc::c_ulong, value: libc::c_ulong) -> Result<(), BusError> {
    // SAFETY: both requests take an integer, not a pointer, and the file is open.
    match unsafe { libc::ioctl(file, request as _, value) } {
        -1 => Err(BusError(io::Error::last_os_error().raw_os_error())),
        _ => Ok(()),
    }
}

/// A failed message, with the kernel's error number if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusError(Option<i32>);

impl BusError {
    /// True if the device did not answer or lost arbitration: the bus itself works.
    fn is_device_error(self) -> bool {
        matches!(
            i2c::Error::kind(&self),
            ErrorKind::NoAcknowledge(_) | ErrorKind::ArbitrationLoss
        )
    }
}

impl From<&LinuxI2CError> for BusError {
    fn from(error: &LinuxI2CError) -> BusError {
        BusError(match error {
            LinuxI2CError::Errno(number) => Some(*number),
            LinuxI2CError::Io(error) => error.raw_os_error(),
        })
    }
}

impl From<&I2CError> for BusError {
    fn from(error: &I2CError) -> BusError {
        BusError::from(error.inner())
    }
}

impl i2c::Error for BusError {
    /// Follows the kernel's `i2c/fault-codes.rst` and the BeagleBone's adapter (i2c-omap),
    /// which returns EREMOTEIO for a missing acknowledge and ETIMEDOUT for a line held low.
    fn kind(&self) -> ErrorKind {
        match self.0 {
            Some(libc::ENXIO) => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address),
            Some(libc::EREMOTEIO) => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown),
            Some(libc::EAGAIN) => ErrorKind::ArbitrationLoss,
            Some(libc::ETIMEDOUT | libc::EBUSY | libc::EIO | libc::EPROTO) => ErrorKind::Bus,
            _ => ErrorKind::Other,
        }
    }
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(libc::ENOENT) => f.write_str("no such bus"),
            Some(libc::EACCES | libc::EPERM) => f.write_str("may not be opened; run as root"),
            Some(libc::EBUSY) => f.write_str("a kernel driver uses the device"),
            Some(libc::ETIMEDOUT) => f.write_str("a line is held low; check cable and pull-ups"),
            Some(number) => write!(f, "{}", io::Error::from_raw_os_error(number)),
            None => f.write_str("not an I2C bus"),
        }
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
        let kind = |number| i2c::Error::kind(&BusError(Some(number)));
        for silent in [libc::ENXIO, libc::EREMOTEIO] {
            assert!(matches!(kind(silent), ErrorKind::NoAcknowledge(_)));
        }
        for broken in [libc::ETIMEDOUT, libc::EIO, libc::EBUSY] {
            assert_eq!(kind(broken), ErrorKind::Bus);
        }
        assert_eq!(kind(libc::EAGAIN), ErrorKind::ArbitrationLoss);
        assert_eq!(kind(libc::ENOENT), ErrorKind::Other);
        // A missing device does not reopen the bus; a failed bus does.
        assert!(BusError(Some(libc::EREMOTEIO)).is_device_error());
        assert!(!BusError(Some(libc::ETIMEDOUT)).is_device_error());
    }

    #[test]
    fn each_use_tries_to_open_a_missing_bus() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("i2c-1");
        let mut bus = HotplugBus::new(&path);
        let missing = bus.read(0x28, &mut [0]).unwrap_err();
        assert_eq!(missing, BusError(Some(libc::ENOENT)));
        // A file appears and is opened, which is not a bus.
        fs::write(folder.path().join("file"), "").unwrap();
        symlink(folder.path().join("file"), &path).unwrap();
        let wrong = bus.read(0x28, &mut [0]).unwrap_err();
        assert_ne!(wrong, missing);
        assert_eq!(i2c::Error::kind(&wrong), ErrorKind::Other);
    }
}
