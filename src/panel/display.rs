//! The display: sends the difference between two pictures, slice by slice.

use embedded_hal::i2c::I2c;

use super::chip::Chip;
use super::{Config, MILLISECOND};
use instrument::pages::{Picture, WIDTH};

/// Height of a display of 128 columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Height {
    /// 128x64.
    #[default]
    Rows64,
    /// 128x32.
    Rows32,
}

impl Height {
    /// Returns the number of rows.
    pub fn rows(self) -> usize {
        match self {
            Height::Rows64 => 64,
            Height::Rows32 => 32,
        }
    }
}

/// Brightness of the display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// The display is off.
    Off,
    /// The display is on at this contrast.
    On(u8),
}

/// Time between two attempts to start the display.
const RETRY_NS: u64 = 1000 * MILLISECOND;
/// Time between two refreshes.
const REFRESH_NS: u64 = 5000 * MILLISECOND;
/// Control bytes: the first of a transfer says what the rest of it is.
const COMMANDS: u8 = 0x00;
const DATA: u8 = 0x40;
/// Bytes of a transfer in addition to commands or data: the address and the control byte.
const OVERHEAD: usize = 2;
/// Bytes of a transfer that sets the place for data, or the brightness.
const SETTING: usize = OVERHEAD + 3;

/// The part of a page that is being sent; the controller advances the column.
#[derive(Clone, Copy)]
struct Span {
    page: usize,
    next: usize,
    end: usize,
}

/// The display.
pub struct Display<B> {
    bus: B,
    address: u8,
    chip: Chip,
    height: Height,
    upside_down: bool,
    /// Bytes in the display's memory, where known.
    shown: Vec<Option<u8>>,
    light: Option<Light>,
    span: Option<Span>,
    ready: bool,
    next_try: u64,
    next_refresh: u64,
    failing: bool,
    /// Bytes sent, addresses included, for tests and reports.
    sent: u64,
}

impl<B: I2c> Display<B> {
    /// Creates the display of a panel, to be started by [`Display::start`].
    pub fn new(bus: B, config: &Config) -> Display<B> {
        Display {
            bus,
            address: config.display_address,
            chip: config.chip,
            height: config.height,
            upside_down: config.upside_down,
            shown: vec![None; WIDTH * config.height.rows() / 8],
            light: None,
            span: None,
            ready: false,
            next_try: 0,
            next_refresh: 0,
            failing: false,
            sent: 0,
        }
    }

    /// Returns whether the display accepts data.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Returns whether the display does not answer.
    pub fn is_failing(&self) -> bool {
        self.failing
    }

    /// Returns the number of bytes sent so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Returns whether the display shows all of this picture.
    pub fn is_done(&self, picture: &Picture) -> bool {
        self.ready
            && self.span.is_none()
            && self
                .shown
                .iter()
                .zip(picture.bytes())
                .all(|(shown, byte)| *shown == Some(*byte))
    }

    /// Starts the display if an attempt is due: at most 21 bytes.
    pub fn start(&mut self, now: u64) {
        if self.ready || now < self.next_try {
            return;
        }
        self.next_try = now + RETRY_NS;
        let off = self.transfer(COMMANDS, &self.chip.switch_off());
        let started = off.and_then(|()| self.set_up(now));
        if started.is_err() && !std::mem::replace(&mut self.failing, true) {
            log::warn!("display: does not answer; check its cable and address");
        }
    }

    /// Sets the display up again every few seconds: a display whose supply has failed
    /// accepts data but stays dark. One that shows a picture does not flicker, as it is not
    /// switched off and is sent the same picture. Call it when a touch, which would have to
    /// wait for the bus, is unlikely.
    pub fn refresh(&mut self, now: u64) {
        if self.ready && now >= self.next_refresh && self.set_up(now).is_err() {
            self.lose();
        }
    }

    fn set_up(&mut self, now: u64) -> Result<(), B::Error> {
        let commands = self.chip.set_up(self.height.rows(), self.upside_down);
        self.transfer(COMMANDS, &commands)?;
        if self.next_refresh == 0 || self.failing {
            log::info!("display: works");
        }
        self.ready = true;
        self.failing = false;
        self.next_refresh = now + REFRESH_NS;
        self.light = None;
        self.span = None;
        self.shown.fill(None);
        Ok(())
    }

    fn lose(&mut self) {
        log::warn!("display: lost");
        self.ready = false;
        self.failing = true;
    }

    fn transfer(&mut self, control: u8, bytes: &[u8]) -> Result<(), B::Error> {
        let mut buffer = [control; 1 + WIDTH];
        let buffer = &mut buffer[..=bytes.len()];
        buffer[1..].copy_from_slice(bytes);
        self.bus.write(self.address, buffer)?;
        self.sent += (OVERHEAD + bytes.len()) as u64;
        Ok(())
    }

    /// Sends at most `room` bytes on the bus, addresses included. Returns false if
    /// nothing was sent, because nothing fits or nothing is left to send.
    pub fn send(&mut self, picture: &Picture, light: Light, room: usize) -> bool {
        if !self.ready {
            return false;
        }
        self.try_send(picture, light, room).unwrap_or_else(|_| {
            self.lose();
            false
        })
    }

    fn try_send(&mut self, picture: &Picture, light: Light, room: usize) -> Result<bool, B::Error> {
        if self.light != Some(light) {
            if room < SETTING {
                return Ok(false);
            }
            match light {
                Light::Off => self.transfer(COMMANDS, &self.chip.switch_off())?,
                Light::On(contrast) => self.transfer(COMMANDS, &Chip::light_up(contrast))?,
            }
            self.light = Some(light);
            return Ok(true);
        }
        let (span, addressing) = match self.span {
            Some(span) => (span, 0),
            None => match self.next_span(picture) {
                Some(span) => (span, SETTING),
                None => return Ok(false),
            },
        };
        let left = span.end - span.next;
        let data = room.saturating_sub(addressing + OVERHEAD).min(left);
        // Setting the place for a few bytes is not worth it.
        if data == 0 || (addressing > 0 && data < left.min(4)) {
            return Ok(false);
        }
        if addressing > 0 {
            self.transfer(COMMANDS, &self.chip.locate(span.page, span.next))?;
        }
        let from = span.page * WIDTH + span.next;
        let bytes = &picture.bytes()[from..from + data];
        self.transfer(DATA, bytes)?;
        for (shown, byte) in self.shown[from..from + data].iter_mut().zip(bytes) {
            *shown = Some(*byte);
        }
        let next = span.next + data;
        self.span = (next < span.end).then_some(Span { next, ..span });
        Ok(true)
    }

    /// Returns the first part of a page that differs, including gaps that are cheaper
    /// to send than to skip.
    fn next_span(&self, picture: &Picture) -> Option<Span> {
        let differs = |at: usize| self.shown[at] != Some(picture.bytes()[at]);
        let first = (0..self.shown.len()).find(|&at| differs(at))?;
        let page = first / WIDTH;
        let page_end = (page + 1) * WIDTH;
        let mut end = first + 1;
        let mut at = end;
        while at < page_end && at - end <= SETTING + OVERHEAD {
            if differs(at) {
                end = at + 1;
            }
            at += 1;
        }
        Some(Span {
            page,
            next: first - page * WIDTH,
            end: end - page * WIDTH,
        })
    }
}
