//! The display: brings what it shows to what it shall show, a slice at a time.

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
    /// Rows.
    pub fn rows(self) -> usize {
        match self {
            Height::Rows64 => 64,
            Height::Rows32 => 32,
        }
    }
}

/// How bright the display is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// Nothing is lit.
    Off,
    /// This contrast.
    On(u8),
}

/// From one try to start the display to the next.
const RETRY_NS: u64 = 1000 * MILLISECOND;
/// From one refresh to the next.
const REFRESH_NS: u64 = 5000 * MILLISECOND;
/// Bytes that it takes to say where data goes: two commands.
const ADDRESSING: usize = 2 * (1 + 1 + 3);
/// Data bytes of a transfer of the driver, which costs an address and a control
/// byte besides.
const CHUNK: usize = 16;
const CHUNK_OVERHEAD: usize = 2;

/// The driver is generic over sizes; this serves both.
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

/// A stretch of one page that is being sent: the controller goes on by itself.
#[derive(Clone, Copy)]
struct Stretch {
    page: usize,
    next: usize,
    end: usize,
}

/// Owns the display.
pub struct Display<B> {
    driver: Driver<B>,
    /// What the display shows, as far as is known.
    shown: Vec<Option<u8>>,
    light: Option<Light>,
    stretch: Option<Stretch>,
    ready: bool,
    next_try: u64,
    next_refresh: u64,
    failing: bool,
    /// Bytes sent, with addresses, for tests and reports.
    sent: u64,
}

impl<B: I2c> Display<B> {
    /// A display at this address that nobody has spoken to yet.
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
            stretch: None,
            ready: false,
            next_try: 0,
            next_refresh: 0,
            failing: false,
            sent: 0,
        }
    }

    /// Whether a display is there and takes data.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Whether it was tried in vain.
    pub fn is_failing(&self) -> bool {
        self.failing
    }

    /// Bytes sent so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether everything is shown as it shall be.
    pub fn is_done(&self, picture: &Picture) -> bool {
        self.ready
            && self.stretch.is_none()
            && self
                .shown
                .iter()
                .zip(picture.bytes())
                .all(|(shown, byte)| *shown == Some(*byte))
    }

    /// Starts the display when it is time to; about 70 bytes, but for NACKs.
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
            self.stretch = None;
            self.shown.fill(None);
        } else if !std::mem::replace(&mut self.failing, true) {
            log::warn!("display: does not answer; check its cable and address");
        }
    }

    /// Starts the display again, every few seconds: one that was reset by its
    /// supply takes data as if nothing had happened, and stays dark. A picture
    /// that is sent again is not seen to change. For moments when a touch that
    /// waits for the bus is unlikely.
    pub fn refresh(&mut self, now: u64) {
        if self.ready && now >= self.next_refresh {
            self.ready = false;
            self.next_try = 0;
            self.start(now);
        }
    }

    /// Sends what fits in so many bytes on the bus, addresses included; false
    /// when nothing that is left to do does, or nothing is left.
    pub fn send(&mut self, picture: &Picture, light: Light, room: usize) -> bool {
        if !self.ready {
            return false;
        }
        self.try_send(picture, light, room).unwrap_or_else(|_| {
            // What it shows now is anybody's guess: all is sent again.
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
        let (stretch, addressing) = match self.stretch {
            Some(stretch) => (stretch, 0),
            None => match self.next_stretch(picture) {
                Some(stretch) => (stretch, ADDRESSING),
                None => return Ok(false),
            },
        };
        let data = data_in(room.saturating_sub(addressing)).min(stretch.end - stretch.next);
        // Addressing alone is not worth its bytes.
        if data == 0 || (addressing > 0 && data < (stretch.end - stretch.next).min(4)) {
            return Ok(false);
        }
        let from = stretch.page * WIDTH + stretch.next;
        let bytes = &picture.bytes()[from..from + data];
        each!(&mut self.driver, display => {
            if addressing > 0 {
                let row = 8 * stretch.page as u8;
                let (first, end) = (stretch.next as u8, stretch.end as u8);
                display.set_draw_area((first, row), (end, row + 8))?;
            }
            display.draw(bytes)?;
        });
        for (shown, byte) in self.shown[from..from + data].iter_mut().zip(bytes) {
            *shown = Some(*byte);
        }
        let next = stretch.next + data;
        self.stretch = (next < stretch.end).then_some(Stretch { next, ..stretch });
        self.sent += (addressing + data + data.div_ceil(CHUNK) * CHUNK_OVERHEAD) as u64;
        Ok(true)
    }

    /// The first stretch of a page that differs, with gaps that are cheaper to
    /// send than to skip.
    fn next_stretch(&self, picture: &Picture) -> Option<Stretch> {
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
        Some(Stretch {
            page,
            next: first - page * WIDTH,
            end: end - page * WIDTH,
        })
    }
}

/// Data bytes whose transfers take at most so many bytes on the bus.
fn data_in(room: usize) -> usize {
    let whole = room / (CHUNK + CHUNK_OVERHEAD);
    let rest = room % (CHUNK + CHUNK_OVERHEAD);
    whole * CHUNK + rest.saturating_sub(CHUNK_OVERHEAD)
}
