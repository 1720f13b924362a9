//! What can go wrong, and what to do about it.

use core::fmt;

use embedded_hal::i2c::{self, ErrorKind};

use crate::Kind;

/// Why the sensor did not do what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<E> {
    /// Nothing answers at the address.
    Absent(E),
    /// The bus failed in another way: arbitration, overrun, a line held low.
    Bus(E),
    /// A command was not acknowledged in time.
    Unacknowledged {
        /// The command's opcode.
        opcode: u8,
    },
    /// What answers is no Trill sensor that this driver knows.
    UnknownType(u8),
    /// It is a Trill sensor, but not one that gives what was asked for.
    WrongKind(Kind),
    /// Data that no sensor sends: a read cut short or disturbed.
    Garbled,
    /// The sensor was reset, by itself or by its supply, and lost its settings.
    Lost,
}

/// What a caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Ask again: it may well go away by itself.
    Retry,
    /// Call [`set_up`](crate::Trill::set_up) again, now and then.
    SetUp,
    /// No use in asking again: another sensor is connected.
    GiveUp,
}

impl<E> Error<E> {
    /// What a caller can do.
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
