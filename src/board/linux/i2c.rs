//! A device on an I2C bus that may come late, or go.

#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::path::{Path, PathBuf};

use embedded_hal::i2c::{self, ErrorKind, I2c, NoAcknowledgeSource, Operation};
use linux_embedded_hal::i2cdev::linux::LinuxI2CError;
use linux_embedded_hal::{I2CError, I2cdev};

/// From `linux/i2c-dev.h`: how often a message is sent again by itself. Not at
/// all: who sent it knows better.
const I2C_RETRIES: libc::c_ulong = 0x0701;
const RETRIES: libc::c_ulong = 0;
/// From there: how long a message may take, in units of 10 ms; a second by
/// default. 20 ms are four times the longest message.
const I2C_TIMEOUT: libc::c_ulong = 0x0702;
const TIMEOUT: libc::c_ulong = 2;

/// One device's bus, such as `/dev/i2c-1`, opened when it is first used, and
/// again after it has failed or was missing. One for each device: the device
/// file is opened anew whenever the address changes.
///
/// A transaction is one `I2C_RDWR` call: its operations are joined by repeated
/// starts, and [`I2c::write`] and [`I2c::read`] are a message with a stop each.
/// Two writes or two reads joined in one are asked for without a start between,
/// which the BeagleBone's adapter cannot do; sensor and display do without.
/// The time limit is the adapter's: it holds for all who use the bus.
pub struct LateBus {
    path: PathBuf,
    device: Option<I2cdev>,
    /// Told once, until it is there again.
    missed: bool,
}

impl LateBus {
    /// The bus of a device file that need not be there yet.
    pub fn new(path: impl AsRef<Path>) -> LateBus {
        LateBus {
            path: path.as_ref().to_path_buf(),
            device: None,
            missed: false,
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
            Ok(_) if self.missed => log::info!("{path}: is there now"),
            Err(error) if !self.missed => {
                log::warn!("{path}: {error}; tried again until it is there");
            }
            _ => {}
        }
        self.missed = opened.is_err();
        opened
    }
}

impl fmt::Debug for LateBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LateBus")
            .field("path", &self.path)
            .field("open", &self.device.is_some())
            .finish_non_exhaustive()
    }
}

impl i2c::ErrorType for LateBus {
    type Error = BusError;
}

impl I2c for LateBus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        let device = self.device()?;
        let outcome = I2c::<u8>::transaction(device, address, operations);
        outcome.map_err(|error| {
            let error = BusError::from(&error);
            if !error.is_devices() {
                self.device = None;
            }
            error
        })
    }
}

fn set(file: RawFd, request: libc::c_ulong, value: libc::c_ulong) -> Result<(), BusError> {
    // SAFETY: both requests take an integer, no memory, and the file is open.
    match unsafe { libc::ioctl(file, request as _, value) } {
        -1 => Err(BusError(io::Error::last_os_error().raw_os_error())),
        _ => Ok(()),
    }
}

/// Why a message failed: Linux' number, if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusError(Option<i32>);

impl BusError {
    /// The device did not answer, or lost the bus to another: the bus itself
    /// works.
    fn is_devices(self) -> bool {
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
    /// By the kernel's `i2c/fault-codes.rst`, and what the BeagleBone's adapter
    /// (i2c-omap) says: EREMOTEIO without an acknowledge, ETIMEDOUT with a line
    /// held.
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
            Some(libc::EBUSY) => f.write_str("the device belongs to a driver of the kernel's"),
            Some(libc::ETIMEDOUT) => f.write_str("the bus is held; check cable and pull-ups"),
            Some(number) => write!(f, "{}", io::Error::from_raw_os_error(number)),
            None => f.write_str("not a bus"),
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
    fn numbers_mean_what_the_panel_can_act_upon() {
        let kind = |number| i2c::Error::kind(&BusError(Some(number)));
        for silent in [libc::ENXIO, libc::EREMOTEIO] {
            assert!(matches!(kind(silent), ErrorKind::NoAcknowledge(_)));
        }
        for broken in [libc::ETIMEDOUT, libc::EIO, libc::EBUSY] {
            assert_eq!(kind(broken), ErrorKind::Bus);
        }
        assert_eq!(kind(libc::EAGAIN), ErrorKind::ArbitrationLoss);
        assert_eq!(kind(libc::ENOENT), ErrorKind::Other);
        // A device that is away is no reason to open the bus again; a bus is.
        assert!(BusError(Some(libc::EREMOTEIO)).is_devices());
        assert!(!BusError(Some(libc::ETIMEDOUT)).is_devices());
    }

    #[test]
    fn a_missing_bus_is_looked_for_at_each_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("i2c-1");
        let mut bus = LateBus::new(&path);
        let missing = bus.read(0x28, &mut [0]).unwrap_err();
        assert_eq!(missing, BusError(Some(libc::ENOENT)));
        // Something comes, and is opened, which is no bus.
        fs::write(folder.path().join("file"), "").unwrap();
        symlink(folder.path().join("file"), &path).unwrap();
        let wrong = bus.read(0x28, &mut [0]).unwrap_err();
        assert_ne!(wrong, missing);
        assert_eq!(i2c::Error::kind(&wrong), ErrorKind::Other);
    }
}
