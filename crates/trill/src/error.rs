//! Errors of the driver, and the recommended reaction to each.

use core::fmt;

use embedded_hal::i2c::{self, ErrorKind};

use crate::Kind;

/// An error of the sensor or its bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<E> {
    /// No device answers at the address.
    Absent(E),
    /// The bus failed in another way: lost arbitration, an overrun, a line held low.
    Bus(E),
    /// The sensor did not acknowledge a command in time.
    Unacknowledged {
        /// The command's opcode.
        opcode: u8,
    },
    /// The device that answers is not a Trill sensor known to this driver.
    UnknownType(u8),
    /// The device is a Trill sensor, but of the wrong type for the request.
    WrongKind(Kind),
    /// Data that no sensor sends, from a truncated or disturbed read.
    Garbled,
    /// The sensor was reset, for instance by a supply drop, and has lost its settings.
    Lost,
}

/// The recommended reaction to an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Try again: the error may be transient.
    Retry,
    /// Call [`set_up`](crate::Trill::set_up) again, at intervals.
    SetUp,
    /// Stop trying: another kind of device is connected.
    GiveUp,
}

impl<E> Error<E> {
    /// Returns the recommended reaction.
    pub const fn advice(&self) -> Advice {
        match self {
            Error::Bus(_) | Error::Garbled => Advice::Retry,
            Error::Absent(_) | Error::Unacknowledged { .. } | Error::Lost => Advice::SetUp,
            Error::UnknownType(_) | Error::WrongKind(_) => Advice::GiveUp,
        }
    }
}

impl<E: i2c::Error> From<E> for Error<E> {
    fn from(error: E) -> Error<E> {
        match error.kind() {
            ErrorKind::NoAcknowledge(_) => Error::Absent(error),
            _ => Error::Bus(error),
        }
    }
}

impl<E> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Absent(_) => f.write_str("nothing answers: check cable and supply"),
            Error::Bus(_) => f.write_str("the I2C bus fails: check cable and pull-ups"),
            Error::Unacknowledged { opcode } => {
                write!(f, "command {opcode} was not acknowledged")
            }
            Error::UnknownType(number) => write!(f, "no known Trill sensor (type {number})"),
            Error::WrongKind(kind) => write!(f, "a {} is connected", kind.name()),
            Error::Garbled => f.write_str("garbled data: check the cable"),
            Error::Lost => f.write_str("the sensor was reset: check its supply"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for Error<E> {}
