//! The driver for a sensor on a bus.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use crate::protocol::{
    ACKNOWLEDGE, ACKNOWLEDGE_NS, CENTROID, COMMAND, DATA, POINTER_NS, RESET_NS, STATUS,
    TRIGGER_OFF, TRIGGER_READ, UNACKNOWLEDGED_NS, opcode,
};
use crate::{Error, FRAME_BYTES, Kind, Status, TouchFrame, scan_ns};

/// Type and firmware of a sensor, as it reports them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The type of sensor.
    pub kind: Kind,
    /// The firmware's version. Version 3 acknowledges commands and has a status byte.
    pub firmware: u8,
}

/// Scan settings of a Square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Scan speed, 0 (fastest) to 3.
    pub speed: u8,
    /// Resolution, 9 to 16 bits. Each extra bit roughly doubles the scan time.
    pub bits: u8,
    /// Clock prescaler: divides the clock by 2 to this power, 0 to 8.
    pub prescaler: u8,
    /// Smallest change that counts as a touch, at 12 bits; scaled to `bits`.
    pub noise_threshold: u8,
    /// Largest touch that is ignored, in units of size at 12 bits; scaled to `bits`.
    pub minimum_size: u16,
    /// Depth of the dip between two fingers that makes them two touches, at 12 bits; scaled
    /// to `bits`. The firmware's default of 400 is meant for 12 bits; unscaled, it would
    /// merge fingers at fewer bits.
    pub adjacent_threshold: u16,
    /// Resets the sensor before set-up, which takes half a second. Without a reset,
    /// settings that are not listed here keep their previous values.
    pub reset: bool,
}

impl Default for Settings {
    /// The Square's defaults at the highest speed, after a reset.
    fn default() -> Settings {
        Settings {
            bits: 12,
            ..Settings::FAST
        }
    }
}

impl Settings {
    /// Low resolution and short scans, for playing: about 300 scans a second at 400 kHz.
    pub const FAST: Settings = Settings {
        speed: 0,
        bits: 9,
        prescaler: 1,
        noise_threshold: 0x28,
        minimum_size: 0,
        adjacent_threshold: 400,
        reset: true,
    };

    /// Returns the duration of a scan, in nanoseconds.
    pub fn scan_ns(self) -> u64 {
        scan_ns(self.speed, self.bits)
    }

    /// Returns a count at 12 bits as one at `bits`.
    fn scaled(self, count: u16) -> u16 {
        let count = u32::from(count) << self.bits.clamp(9, 16) >> 12;
        count.min(u16::MAX.into()) as u16
    }
}

/// A Trill sensor at an address of an I2C bus.
#[derive(Debug)]
pub struct Trill<I2C> {
    bus: I2C,
    address: u8,
    firmware: u8,
    bits: u8,
}

impl<I2C: I2c> Trill<I2C> {
    /// Creates a driver for the sensor at this address. Sends nothing yet.
    pub fn new(bus: I2C, address: u8) -> Trill<I2C> {
        Trill {
            bus,
            address,
            firmware: 0,
            bits: 12,
        }
    }

    /// Releases the bus.
    pub fn release(self) -> I2C {
        self.bus
    }

    /// Reads the sensor's type and firmware. Works with every Trill sensor and takes
    /// 11 to 200 ms.
    ///
    /// # Errors
    /// Fails if nothing answers, or if the device that answers is not a known sensor.
    pub fn identify(&mut self, delay: &mut impl DelayNs) -> Result<Identity, Error<I2C::Error>> {
        self.bus.write(self.address, &[COMMAND, opcode::IDENTIFY])?;
        let mut waited = 0;
        let mut wait = UNACKNOWLEDGED_NS;
        // Until the reply is ready, reads return the acknowledge of an earlier command.
        let (number, firmware) = loop {
            delay.delay_ns(wait);
            waited += wait;
            wait *= 2;
            let mut reply = [0; 3];
            self.bus.read(self.address, &mut reply)?;
            if Kind::from_number(reply[1]).is_some() || waited + wait > ACKNOWLEDGE_NS {
                break (reply[1], reply[2]);
            }
        };
        let kind = Kind::from_number(number).ok_or(Error::UnknownType(number))?;
        self.firmware = firmware;
        Ok(Identity { kind, firmware })
    }

    /// Configures and starts a Square, so that [`read`](Trill::read) returns touches.
    /// Objects on the surface during set-up become part of the baseline and are not
    /// reported until they lift. Takes about 60 ms, plus half a second for a reset.
    ///
    /// # Errors
    /// Fails if the bus fails, or if the device that answers is not a Square.
    pub fn set_up(
        &mut self,
        settings: Settings,
        delay: &mut impl DelayNs,
    ) -> Result<Identity, Error<I2C::Error>> {
        if settings.reset {
            // Never acknowledged; old firmware does not know it.
            let sent = self.bus.write(self.address, &[COMMAND, opcode::RESET]);
            if sent.is_ok() {
                delay.delay_ns(RESET_NS);
            }
        }
        // The firmware is not known yet: wait instead of polling for an acknowledge.
        self.bus
            .write(self.address, &[COMMAND, opcode::SCAN_TRIGGER, TRIGGER_OFF])?;
        delay.delay_ns(UNACKNOWLEDGED_NS);
        let identity = self.identify(delay)?;
        if identity.kind != Kind::Square {
            return Err(Error::WrongKind(identity.kind));
        }
        if self.acknowledges() {
            self.command(&[opcode::CHANNEL_MASK_LOW, 0xff, 0xff], delay)?;
            self.command(&[opcode::CHANNEL_MASK_HIGH, 0xff, 0xff], delay)?;
        }
        self.command(&[opcode::MODE, CENTROID], delay)?;
        self.command(&[opcode::PRESCALER, settings.prescaler.min(8)], delay)?;
        self.bits = settings.bits.clamp(9, 16);
        self.command(
            &[opcode::SCAN_SETTINGS, settings.speed.min(3), self.bits],
            delay,
        )?;
        self.command(&[opcode::UPDATE_BASELINE], delay)?;
        let noise = settings.scaled(settings.noise_threshold.into());
        let noise = noise.clamp(1, 255) as u8;
        self.command(&[opcode::NOISE_THRESHOLD, noise], delay)?;
        for (opcode, count) in [
            (opcode::MINIMUM_SIZE, settings.minimum_size),
            (opcode::ADJACENT_THRESHOLD, settings.adjacent_threshold),
        ] {
            let [high, low] = settings.scaled(count).to_be_bytes();
            self.command(&[opcode, high, low], delay)?;
        }
        let first = if self.acknowledges() {
            self.command(&[opcode::SCAN_TRIGGER, TRIGGER_READ], delay)?;
            STATUS
        } else {
            // As often as possible.
            self.command(&[opcode::AUTO_SCAN_INTERVAL, 0, 1], delay)?;
            DATA
        };
        self.bus.write(self.address, &[first])?;
        delay.delay_ns(POINTER_NS);
        Ok(identity)
    }

    /// Reads the latest scan. With firmware 3, this also starts the next scan, which takes
    /// [`Settings::scan_ns`]. `bytes` is the amount of channel data to read,
    /// [`POINT_BYTES`](crate::POINT_BYTES) or [`FRAME_BYTES`]. A frame whose number is
    /// that of the previous one is the same frame.
    ///
    /// # Errors
    /// Fails if the bus fails, if the data is garbled, or if the sensor has been reset.
    pub fn read(&mut self, bytes: usize) -> Result<TouchFrame, Error<I2C::Error>> {
        let mut data = [0; 1 + FRAME_BYTES];
        let with_status = self.acknowledges();
        let bytes = &mut data[..bytes.min(FRAME_BYTES) + usize::from(with_status)];
        self.bus.read(self.address, bytes)?;
        let (status, data) = match bytes {
            [status, data @ ..] if with_status => (Some(*status), data),
            data => (None, data),
        };
        // Checked first: a reset also moves the read pointer, so the data may be wrong.
        if status.is_some_and(|status| !Status::from(status).initialised) {
            return Err(Error::Lost);
        }
        TouchFrame::parse(status, data, self.bits).ok_or(Error::Garbled)
    }

    /// Returns whether the firmware acknowledges commands, has a status byte and scans when
    /// it is read: version 3 and later.
    fn acknowledges(&self) -> bool {
        self.firmware >= 3
    }

    fn command(
        &mut self,
        command: &[u8],
        delay: &mut impl DelayNs,
    ) -> Result<(), Error<I2C::Error>> {
        let mut bytes = [COMMAND; 4];
        bytes[1..=command.len()].copy_from_slice(command);
        let bytes = &bytes[..=command.len()];
        if !self.acknowledges() {
            self.bus.write(self.address, bytes)?;
            delay.delay_ns(UNACKNOWLEDGED_NS);
            return Ok(());
        }
        let before = self.reply()?;
        self.bus.write(self.address, bytes)?;
        let (mut waited, mut wait) = (0, POINTER_NS);
        while waited + wait <= ACKNOWLEDGE_NS {
            delay.delay_ns(wait);
            waited += wait;
            wait *= 2;
            let reply = self.reply()?;
            if reply[..2] == [ACKNOWLEDGE, command[0]] && reply != before {
                return Ok(());
            }
        }
        Err(Error::Unacknowledged { opcode: command[0] })
    }

    /// Reads the three bytes at the command register. The last write was a command, so the
    /// read pointer is already there.
    fn reply(&mut self) -> Result<[u8; 3], Error<I2C::Error>> {
        let mut reply = [0; 3];
        self.bus.read(self.address, &mut reply)?;
        Ok(reply)
    }
}
