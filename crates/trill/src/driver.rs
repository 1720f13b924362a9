//! The driver.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use crate::protocol::{
    ACKNOWLEDGE, ACKNOWLEDGE_NS, CENTROID, COMMAND, DATA, POINTER_NS, RESET_NS, STATUS,
    TRIGGER_OFF, TRIGGER_READ, UNACKNOWLEDGED_NS, opcode,
};
use crate::{ALL, Error, Frame, Kind, Status, scan_ns};

/// What a sensor says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The kind of sensor.
    pub kind: Kind,
    /// Its firmware's version; 3 acknowledges commands and has a status byte.
    pub firmware: u8,
}

/// How a Square scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// 0 (fastest) to 3.
    pub speed: u8,
    /// Resolution, 9 to 16 bits: each bit more doubles most of a scan's time.
    pub bits: u8,
    /// Divides the clock by 2 to this power, 0 to 8.
    pub prescaler: u8,
    /// Smallest change that counts, for 12 bits; scaled to `bits`.
    pub noise_threshold: u8,
    /// Smallest touch that is reported, in units of size at `bits`.
    pub minimum_size: u16,
    /// Reset before set-up, which takes half a second. Without it, what was
    /// set before and is not named here stays.
    pub reset: bool,
}

impl Default for Settings {
    /// The Square's own, at the highest speed, reset first.
    fn default() -> Settings {
        Settings {
            speed: 0,
            bits: 12,
            prescaler: 1,
            noise_threshold: 0x28,
            minimum_size: 0,
            reset: true,
        }
    }
}

impl Settings {
    /// Few bits and short scans, for playing: about 300 a second at 400 kHz.
    pub const FAST: Settings = Settings {
        speed: 0,
        bits: 9,
        prescaler: 1,
        noise_threshold: 0x28,
        minimum_size: 0,
        reset: true,
    };

    /// The time a scan takes, in nanoseconds.
    pub const fn scan_ns(self) -> u64 {
        scan_ns(self.speed, self.bits)
    }

    fn scaled_threshold(self) -> u8 {
        let threshold = u32::from(self.noise_threshold) << self.bits.min(16) >> 12;
        threshold.clamp(1, 255) as u8
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
    /// A sensor at this address; nothing is sent yet.
    pub fn new(bus: I2C, address: u8) -> Trill<I2C> {
        Trill {
            bus,
            address,
            firmware: 0,
            bits: 12,
        }
    }

    /// The bus again.
    pub fn release(self) -> I2C {
        self.bus
    }

    /// Asks any Trill sensor what it is. Takes 11 to 200 ms.
    ///
    /// # Errors
    /// When nothing answers, or no known sensor does.
    pub fn identify(&mut self, delay: &mut impl DelayNs) -> Result<Identity, Error<I2C::Error>> {
        self.bus.write(self.address, &[COMMAND, opcode::IDENTIFY])?;
        let mut waited = 0;
        let mut wait = UNACKNOWLEDGED_NS;
        // What still stands there is the acknowledge of an earlier command.
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

    /// Sets a Square up and starts it: afterwards [`read`](Trill::read) gives
    /// touches. What lies on the surface meanwhile is taken for nothing, until
    /// it lifts. Takes about 60 ms, and half a second more with a reset.
    ///
    /// # Errors
    /// When the bus fails, or something else than a Square answers.
    pub fn set_up(
        &mut self,
        settings: Settings,
        delay: &mut impl DelayNs,
    ) -> Result<Identity, Error<I2C::Error>> {
        if settings.reset {
            // Never acknowledged, and unknown to old firmware.
            let asked = self.bus.write(self.address, &[COMMAND, opcode::RESET]);
            if asked.is_ok() {
                delay.delay_ns(RESET_NS);
            }
        }
        // Nothing is known of the firmware yet: wait in place of an acknowledge.
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
        self.command(
            &[opcode::NOISE_THRESHOLD, settings.scaled_threshold()],
            delay,
        )?;
        let [high, low] = settings.minimum_size.to_be_bytes();
        self.command(&[opcode::MINIMUM_SIZE, high, low], delay)?;
        let first = if self.acknowledges() {
            self.command(&[opcode::SCAN_TRIGGER, TRIGGER_READ], delay)?;
            STATUS
        } else {
            // As often as it can.
            self.command(&[opcode::AUTO_SCAN_INTERVAL, 0, 1], delay)?;
            DATA
        };
        self.bus.write(self.address, &[first])?;
        delay.delay_ns(POINTER_NS);
        Ok(identity)
    }

    /// Reads the last scan and starts the next one (firmware 3), which takes
    /// [`Settings::scan_ns`]; `bytes` of data are read, [`POINT`](crate::POINT)
    /// or [`ALL`]. A number of frame that was seen before is an old frame.
    ///
    /// # Errors
    /// When the bus fails, the data is garbled, or the sensor was reset.
    pub fn read(&mut self, bytes: usize) -> Result<Frame, Error<I2C::Error>> {
        let mut data = [0; 1 + ALL];
        let with_status = self.acknowledges();
        let bytes = &mut data[..bytes.min(ALL) + usize::from(with_status)];
        self.bus.read(self.address, bytes)?;
        let (status, data) = match bytes {
            [status, data @ ..] if with_status => (Some(*status), data),
            data => (None, data),
        };
        // First: after a reset the read pointer, too, may be elsewhere.
        if status.is_some_and(|status| !Status::from(status).initialised) {
            return Err(Error::Lost);
        }
        Frame::parse(status, data, self.bits).ok_or(Error::Garbled)
    }

    /// Firmware 3 acknowledges, has a status byte and scans when read.
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

    /// The three bytes at the command register. The last write was a command,
    /// so the read pointer is there.
    fn reply(&mut self) -> Result<[u8; 3], Error<I2C::Error>> {
        let mut reply = [0; 3];
        self.bus.read(self.address, &mut reply)?;
        Ok(reply)
    }
}
