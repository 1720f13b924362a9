//! The touch sensor: sets it up, polls it, and recovers it when it was lost.

use embedded_hal::i2c::I2c;
use trill::{Advice, Error, FRAME_BYTES, POINT_BYTES, Settings, TouchFrame, Trill};

use super::{Clock, MILLISECOND};
use instrument::gestures::Contact;
use instrument::layout::Point;

/// Orientation of the sensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mounting {
    /// The sensor's left is the player's right.
    pub flip_x: bool,
    /// The sensor's top is the player's bottom.
    pub flip_y: bool,
}

/// Time between two attempts to set the sensor up.
const RETRY_NS: u64 = 250 * MILLISECOND;
/// Failing reads for this long cause a new set-up, whose baseline ignores anything that
/// touches the sensor at that moment.
const LOST_AFTER_NS: u64 = 500 * MILLISECOND;
/// A sensor whose frame number stays the same for this long has stopped scanning.
const FROZEN_NS: u64 = 100 * MILLISECOND;
/// Shortest failure that the player is shown.
const SHOWN_NS: u64 = 300 * MILLISECOND;
/// Shortest failure that is logged: a sensor that was just switched on does not answer
/// for half a second.
const LOGGED_NS: u64 = 1000 * MILLISECOND;

/// Result of a poll.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Poll {
    /// The contact of a scan; the next scan lasts until this time.
    Contact(Contact, u64),
    /// No news: the read failed and will be tried again.
    Nothing,
    /// The sensor has just been lost, which ends its touch.
    Lost,
    /// There is no sensor to read.
    Absent,
}

/// The touch sensor.
pub struct TouchSensor<B> {
    sensor: Trill<B>,
    settings: Settings,
    mounting: Mounting,
    ready: bool,
    next_try: u64,
    /// Time of the last new frame.
    fresh: u64,
    failing_since: Option<u64>,
    /// The failure was logged.
    logged: bool,
    problem: Option<String>,
    several: bool,
    last: Option<(u8, Contact)>,
    byte_ns: u64,
}

impl<B: I2c> TouchSensor<B> {
    /// Creates a sensor at this address, to be set up by the first poll.
    pub fn new(bus: B, address: u8, mounting: Mounting) -> TouchSensor<B> {
        TouchSensor {
            sensor: Trill::new(bus, address),
            settings: Settings::FAST,
            mounting,
            ready: false,
            next_try: 0,
            fresh: 0,
            failing_since: None,
            logged: false,
            problem: None,
            several: false,
            last: None,
            byte_ns: 0,
        }
    }

    /// Returns the time of a byte on the bus in nanoseconds, as last measured; 0 before.
    pub fn byte_ns(&self) -> u64 {
        self.byte_ns
    }

    /// Returns the cause of a failure that has lasted, as a part of a sentence.
    pub fn problem(&self, now: u64) -> Option<&str> {
        let since = self.failing_since?;
        (now >= since + SHOWN_NS)
            .then_some(self.problem.as_deref())
            .flatten()
    }

    /// Reads the sensor, or sets it up when an attempt is due.
    pub fn poll(&mut self, clock: &mut impl Clock) -> Poll {
        let outcome = if self.ready {
            self.read(clock)
        } else if clock.now() >= self.next_try {
            self.set_up(clock)
        } else {
            return Poll::Absent;
        };
        match outcome {
            Ok(poll) => {
                // A set-up that succeeds does not mean that reads will.
                if matches!(poll, Poll::Contact(..)) {
                    self.failing_since = None;
                    if std::mem::take(&mut self.logged) {
                        log::info!("touch sensor: works again");
                    }
                }
                poll
            }
            Err(error) => self.fail(clock.now(), &error),
        }
    }

    fn set_up(&mut self, clock: &mut impl Clock) -> Result<Poll, Error<B::Error>> {
        let identity = self.sensor.set_up(self.settings, clock)?;
        log::info!(
            "touch sensor: {}, firmware {}",
            identity.kind.name(),
            identity.firmware
        );
        self.ready = true;
        self.fresh = clock.now();
        self.last = None;
        // Further set-ups restore the settings without the slow reset.
        self.settings.reset = false;
        Ok(Poll::Nothing)
    }

    fn read(&mut self, clock: &mut impl Clock) -> Result<Poll, Error<B::Error>> {
        // Several touches need all data; one is known by the short read.
        let bytes = if self.several {
            FRAME_BYTES
        } else {
            POINT_BYTES
        };
        let start = clock.now();
        let frame = self.sensor.read(bytes)?;
        // Address, status and data.
        self.byte_ns = (clock.now() - start) / (bytes as u64 + 2);
        // The scan starts with the read. Counting from the read's end leaves a margin
        // for sensors that are slower than specified.
        let scanning_until = clock.now() + self.settings.scan_ns();
        let number = frame.status.map(|status| status.number);
        if let (Some(number), Some((last, contact))) = (number, self.last) {
            if number == last {
                if clock.now() > self.fresh + FROZEN_NS {
                    return Err(Error::Lost);
                }
                return Ok(Poll::Contact(contact, scanning_until));
            }
        }
        self.fresh = clock.now();
        self.several = frame.touches() > 1;
        let contact = self.contact(&frame);
        self.last = number.map(|number| (number, contact));
        Ok(Poll::Contact(contact, scanning_until))
    }

    fn contact(&self, frame: &TouchFrame) -> Contact {
        let Some(bounds) = frame.bounds() else {
            return Contact::None;
        };
        let flipped = |(least, most): (f32, f32), flip: bool| {
            if flip {
                (1.0 - most, 1.0 - least)
            } else {
                (least, most)
            }
        };
        let x = flipped(bounds.x, self.mounting.flip_x);
        let y = flipped(bounds.y, self.mounting.flip_y);
        let (least, most) = (Point { x: x.0, y: y.0 }, Point { x: x.1, y: y.1 });
        match frame.touches() {
            1 => Contact::Single(least, frame.size()),
            _ => Contact::Several(least, most),
        }
    }

    fn fail(&mut self, now: u64, error: &Error<B::Error>) -> Poll {
        let since = *self.failing_since.get_or_insert(now);
        if now >= since + LOGGED_NS && !std::mem::replace(&mut self.logged, true) {
            log::warn!("touch sensor: {error}");
        }
        self.problem = Some(match error {
            Error::Absent(_) => "nothing answers: check the cable".to_string(),
            error => error.to_string(),
        });
        let since = since.max(self.fresh);
        let again = error.advice() == Advice::Retry && now < since + LOST_AFTER_NS;
        if self.ready && again {
            return Poll::Nothing;
        }
        let was_ready = std::mem::replace(&mut self.ready, false);
        self.next_try = now + if was_ready { 0 } else { RETRY_NS };
        if was_ready { Poll::Lost } else { Poll::Absent }
    }
}
