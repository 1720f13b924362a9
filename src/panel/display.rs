//! The display: sends the difference between two pictures, slice by slice.

use embedded_hal::i2c::I2c;
use ssd1306::I2CDisplayInterface;
use ssd1306::mode::BasicMode;
use ssd1306::prelude::{Brightness, DisplayRotation, I2CInterface};
use ssd1306::size::{DisplaySize128x32, DisplaySize128x64};
use ssd1306::{Ssd1306, command::AddrMode};

use super::MILLISECOND;
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
/// Bytes of the two commands that set the area for data.
const ADDRESSING: usize = 2 * (1 + 1 + 3);
/// Data bytes per transfer of the driver, which adds an address and a control byte.
const CHUNK: usize = 16;
const CHUNK_OVERHEAD: usize = 2;

/// The driver for either size; its type depends on the size.
enum Driver<B> {
    Rows64(Ssd1306<I2CInterface<B>, DisplaySize128x64, BasicMode>),
    Rows32(Ssd1306<I2CInterface<B>, DisplaySize128x32, BasicMode>),
}

macro_rules! each {
    ($driver:expr, $display:ident => $do:expr) => {
        match $driver {
            Driver::Rows64($display) => $do,
            Driver::Rows32($display) => $do,
        }
    };
}

type Transfer = Result<(), display_interface::DisplayError>;

/// The part of a page that is being sent; the controller advances the column.
#[derive(Clone, Copy)]
struct Span {
    page: usize,
    next: usize,
    end: usize,
}

/// The display.
pub struct Display<B> {
    driver: Driver<B>,
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
    /// Creates a display at this address, to be started by [`Display::start`].
    pub fn new(bus: B, address: u8, height: Height, upside_down: bool) -> Display<B> {
        let interface = I2CDisplayInterface::new_custom_address(bus, address);
        let rotation = if upside_down {
            DisplayRotation::Rotate180
        } else {
            DisplayRotation::Rotate0
        };
        let driver = match height {
            Height::Rows64 => Driver::Rows64(Ssd1306::new(interface, DisplaySize128x64, rotation)),
            Height::Rows32 => Driver::Rows32(Ssd1306::new(interface, DisplaySize128x32, rotation)),
        };
        Display {
            driver,
            shown: vec![None; WIDTH * height.rows() / 8],
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

    /// Starts the display if an attempt is due: about 70 bytes, fewer without an answer.
    pub fn start(&mut self, now: u64) {
        if self.ready || now < self.next_try {
            return;
        }
        self.next_try = now + RETRY_NS;
        let started: Transfer = each!(&mut self.driver, display => {
            display.init_with_addr_mode(AddrMode::Horizontal)
        });
        if started.is_ok() {
            if self.next_refresh == 0 || self.failing {
                log::info!("display: works");
            }
            self.ready = true;
            self.failing = false;
            self.next_refresh = now + REFRESH_NS;
            self.light = None;
            self.span = None;
            self.shown.fill(None);
        } else if !std::mem::replace(&mut self.failing, true) {
            log::warn!("display: does not answer; check its cable and address");
        }
    }

    /// Starts the display again every few seconds: a display whose supply has failed
    /// accepts data but stays dark. Sending the same picture again does not flicker. Call
    /// it when a touch, which would have to wait for the bus, is unlikely.
    pub fn refresh(&mut self, now: u64) {
        if self.ready && now >= self.next_refresh {
            self.ready = false;
            self.next_try = 0;
            self.start(now);
        }
    }

    /// Sends at most `room` bytes on the bus, addresses included. Returns false if
    /// nothing was sent, because nothing fits or nothing is left to send.
    pub fn send(&mut self, picture: &Picture, light: Light, room: usize) -> bool {
        if !self.ready {
            return false;
        }
        self.try_send(picture, light, room).unwrap_or_else(|_| {
            // The display's memory is unknown: everything will be sent again.
            log::warn!("display: lost");
            self.ready = false;
            self.failing = true;
            false
        })
    }

    fn try_send(
        &mut self,
        picture: &Picture,
        light: Light,
        room: usize,
    ) -> Result<bool, display_interface::DisplayError> {
        if self.light != Some(light) {
            if room < ADDRESSING {
                return Ok(false);
            }
            each!(&mut self.driver, display => match light {
                Light::Off => display.set_display_on(false)?,
                Light::On(contrast) => {
                    display.set_brightness(Brightness::custom(0x1, contrast))?;
                    if !matches!(self.light, Some(Light::On(_))) {
                        display.set_display_on(true)?;
                    }
                }
            });
            self.light = Some(light);
            self.sent += ADDRESSING as u64;
            return Ok(true);
        }
        let (span, addressing) = match self.span {
            Some(span) => (span, 0),
            None => match self.next_span(picture) {
                Some(span) => (span, ADDRESSING),
                None => return Ok(false),
            },
        };
        let data = data_in(room.saturating_sub(addressing)).min(span.end - span.next);
        // Setting the area for a few bytes is not worth it.
        if data == 0 || (addressing > 0 && data < (span.end - span.next).min(4)) {
            return Ok(false);
        }
        let from = span.page * WIDTH + span.next;
        let bytes = &picture.bytes()[from..from + data];
        each!(&mut self.driver, display => {
            if addressing > 0 {
                let row = 8 * span.page as u8;
                let (first, end) = (span.next as u8, span.end as u8);
                display.set_draw_area((first, row), (end, row + 8))?;
            }
            display.draw(bytes)?;
        });
        for (shown, byte) in self.shown[from..from + data].iter_mut().zip(bytes) {
            *shown = Some(*byte);
        }
        let next = span.next + data;
        self.span = (next < span.end).then_some(Span { next, ..span });
        self.sent += (addressing + data + data.div_ceil(CHUNK) * CHUNK_OVERHEAD) as u64;
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
        while at < page_end && at - end <= ADDRESSING {
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

/// Returns the number of data bytes whose transfers fit in `room` bytes on the bus.
fn data_in(room: usize) -> usize {
    let whole = room / (CHUNK + CHUNK_OVERHEAD);
    let rest = room % (CHUNK + CHUNK_OVERHEAD);
    whole * CHUNK + rest.saturating_sub(CHUNK_OVERHEAD)
}
