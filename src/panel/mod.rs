//! The panel: owns the I2C bus, and with it the touch sensor and the display.
//!
//! [`Panel::turn`] is one round of its thread: read the sensor, which starts the
//! next scan; tell what the touch means; then, while the sensor scans and does
//! not need the bus, send a slice of the display. Nothing here is real-time
//! code, but its time is budgeted: a turn lasts as long as a scan. It asks the
//! clock that it is given, and no other.
//!
//! A sensor or display that fails never stops the other, nor the sound, and is
//! picked up again when it answers.

mod display;
mod mirror;
mod touch;

use std::sync::Arc;

use embedded_graphics::prelude::Point;
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use logicnet::{Activity, Network};

pub use display::{Display, Height, Light};
pub use mirror::{Mirror, Shown};
pub use touch::{Mounting, Poll, Touch};

use engine::Counters;
use instrument::gestures::{Contact, Gesture, Gestures};
use instrument::pages::{Picture, Status, View, draw, draw_splash};
use instrument::parameters::Key;
use instrument::surface::Surface;
use instrument::{Command, State};

const MILLISECOND: u64 = 1_000_000;

/// Time, and waiting for it. On a board the system's; on a desk simulated.
pub trait Clock: DelayNs {
    /// Nanoseconds since some start; never less than before.
    fn now(&self) -> u64;
}

/// What a board says of its panel.
#[derive(Clone, Debug)]
pub struct Config {
    /// The board's name, for the page about it.
    pub board: String,
    /// What the bus is called, for messages.
    pub bus: String,
    /// The sensor's address.
    pub touch_address: u8,
    /// How the sensor is mounted.
    pub mounting: Mounting,
    /// How the square is divided.
    pub surface: Surface,
    /// A display is connected.
    pub has_display: bool,
    /// The display's address.
    pub display_address: u8,
    /// The display's height.
    pub height: Height,
    /// The display is mounted upside down.
    pub upside_down: bool,
    /// Where browsers find the instrument, for the page about it.
    pub page: Option<String>,
}

impl Config {
    /// Rows of the display; 0 without one.
    pub fn rows(&self) -> usize {
        if self.has_display {
            self.height.rows()
        } else {
            0
        }
    }
}

impl Default for Config {
    /// A Trill Square and a display of 128x64 at their usual addresses.
    fn default() -> Config {
        Config {
            board: "desk".into(),
            bus: "/dev/i2c-1".into(),
            touch_address: trill::Kind::Square.default_address(),
            mounting: Mounting::default(),
            surface: Surface::default(),
            has_display: true,
            display_address: 0x3c,
            height: Height::default(),
            upside_down: false,
            page: None,
        }
    }
}

/// Longest display slice, in bytes on the bus: a read of the sensor that comes
/// due meanwhile waits no longer than this takes.
const SLICE: usize = 90;
/// A turn without a sensor to wait for.
const IDLE_NS: u64 = 4 * MILLISECOND;
/// From one picture to the next, at least: 25 a second.
const PICTURE_NS: u64 = 40 * MILLISECOND;
/// How long a notice is shown.
const NOTICE_NS: u64 = 4000 * MILLISECOND;
/// Untouched for so long, the next touch is not expected just now.
const QUIET_NS: u64 = 1000 * MILLISECOND;
/// How long the splash is shown. A touch meanwhile, once the sensor has taken its
/// baseline, is a safe start.
const SPLASH_NS: u64 = 2000 * MILLISECOND;
/// A touch during the splash is one when it lasts.
const SURE_NS: u64 = 50 * MILLISECOND;
/// From one shift of the picture to the next, so that no pixel burns in.
const SHIFT_NS: u64 = 60_000 * MILLISECOND;
/// Time of a byte on a slow bus, before it was measured: 9 clocks at 100 kHz.
const BYTE_NS: u64 = 90_000;
/// Contrast of a dimmed display.
const DIM: u8 = 1;
/// Samples that a picture looks at.
const SAMPLES: u32 = 64;

/// Owns the panel's parts; `T` and `D` are the bus as sensor and display see it.
pub struct Panel<T, D, C> {
    config: Config,
    clock: C,
    touch: Touch<T>,
    display: Display<D>,
    gestures: Gestures,
    /// What touches the pad besides, where no sensor feels it.
    beside: Box<dyn Fn() -> Contact + Send>,
    picture: Picture,
    started: u64,
    /// What the splash asks of the player.
    splash: Splash,
    last_picture: Option<u64>,
    last_touch: u64,
    activity: Option<(Arc<Network>, Activity)>,
    status: Status,
    scans: Scans,
    /// The last notice's number, and when it came.
    notice: (u32, u64),
    mirror: Mirror,
}

/// What may be touched while the splash is shown, and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Splash {
    /// Nothing yet: the sensor takes what touches it for its baseline.
    HandsOff,
    /// Anything, for a safe start.
    Asks,
    /// It is touched since this time, which one scan alone may only seem to be.
    Seen(u64),
    /// It was touched, and is until it is let go of.
    Touched,
    /// Everything plays.
    Over,
}

/// Counts scans, second by second.
#[derive(Debug, Default)]
struct Scans {
    since: u64,
    count: u32,
}

impl<T: I2c, D: I2c, C: Clock> Panel<T, D, C> {
    /// A panel that has not used the bus yet.
    pub fn new(config: Config, touch_bus: T, display_bus: D, clock: C) -> Panel<T, D, C> {
        let now = clock.now();
        let mut picture = Picture::new(config.height.rows());
        draw_splash(&mut picture, false);
        Panel {
            touch: Touch::new(touch_bus, config.touch_address, config.mounting),
            display: Display::new(
                display_bus,
                config.display_address,
                config.height,
                config.upside_down,
            ),
            gestures: Gestures::new(config.surface.clone()),
            beside: Box::new(|| Contact::None),
            picture,
            started: now,
            splash: Splash::HandsOff,
            last_picture: None,
            last_touch: now,
            activity: None,
            status: Status {
                board: config.board.clone(),
                page: config.page.clone(),
                ..Status::default()
            },
            scans: Scans::default(),
            notice: (0, 0),
            mirror: Mirror::default(),
            config,
            clock,
        }
    }

    /// Joins with what the sensor feels what touches the pad elsewhere, as one hand.
    pub fn beside(&mut self, contact: impl Fn() -> Contact + Send + 'static) {
        self.beside = Box::new(contact);
    }

    /// The picture that the display shows or will show.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// The display.
    pub fn display(&self) -> &Display<D> {
        &self.display
    }

    /// What it shows and what does not work, for other threads to look at.
    pub fn mirror(&self) -> Mirror {
        self.mirror.clone()
    }

    /// What is known of the panel's own doing.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// One round: about a scan long. Commands are sent as they arise, right
    /// after the sensor was read.
    pub fn turn(&mut self, state: &Arc<State>, counters: &Counters, mut send: impl FnMut(Command)) {
        if self.last_picture.is_none() {
            self.splash();
        }
        let start = self.clock.now();
        let poll = self.touch.poll(&mut self.clock);
        let now = self.clock.now();
        let mut tell = |gesture: Gesture| send(gesture.into());
        let until = match poll {
            Poll::Contact(contact, scanning_until) => {
                self.scans.count += 1;
                match self.splash {
                    Splash::Over => {
                        let contact = contact.and((self.beside)());
                        self.gestures.update(now / MILLISECOND, contact, &mut tell);
                    }
                    _ => {
                        if self.splash_touched(now, contact != Contact::None) {
                            send(Command::SafeStart);
                        }
                    }
                }
                scanning_until
            }
            Poll::Nothing => now + MILLISECOND,
            Poll::Lost => {
                self.gestures.lose(&mut tell);
                now
            }
            Poll::Absent => {
                self.gestures
                    .update(now / MILLISECOND, (self.beside)(), &mut tell);
                start + IDLE_NS
            }
        };
        if self.gestures.touched() {
            self.last_touch = now;
        }
        if self.config.has_display {
            self.display.start(now);
        }
        let quiet = now > self.last_touch + QUIET_NS;
        if quiet && self.light(state) != Light::Off {
            self.display.refresh(now);
        }
        self.redraw(state, counters);
        self.reflect(state);
        self.send_until(until, state);
        let now = self.clock.now();
        if until > now {
            self.clock.delay_ns((until - now) as u32);
        }
    }

    /// Tells the mirror.
    fn reflect(&self, state: &State) {
        let contrast = match self.light(state) {
            Light::Off => None,
            Light::On(contrast) => Some(contrast),
        };
        let display = self.config.has_display && self.display.is_failing();
        let faults = self.status.fault.iter().cloned().chain(display.then(|| {
            format!(
                "Display at {:#04x} on {}: does not answer; check its cable and address",
                self.config.display_address, self.config.bus
            )
        }));
        self.mirror.update(contrast, self.picture.bytes(), faults);
    }

    /// Shows the splash before the sensor, whose set-up takes its time.
    fn splash(&mut self) {
        let now = self.clock.now();
        self.last_picture = Some(now);
        if !self.config.has_display {
            return;
        }
        self.display.start(now);
        while self
            .display
            .send(&self.picture, Light::On(0x7f), usize::MAX)
        {}
    }

    /// Takes what touches while the splash is shown; true once, for a safe start.
    fn splash_touched(&mut self, now: u64, touched: bool) -> bool {
        let over = now >= self.started + SPLASH_NS;
        let (before, after) = match (self.splash, touched) {
            (Splash::Touched, true) => return false,
            (Splash::Asks, true) if !over => (Splash::Asks, Splash::Seen(now)),
            (Splash::Seen(since), true) if now < since + SURE_NS => return false,
            (Splash::Seen(_), true) => (Splash::Asks, Splash::Touched),
            (before, _) if over => (before, Splash::Over),
            (before, _) => (before, Splash::Asks),
        };
        self.splash = after;
        if before == Splash::HandsOff && after == Splash::Asks {
            draw_splash(&mut self.picture, true);
        }
        after == Splash::Touched
    }

    /// Sends slices of the display until the bus is needed elsewhere.
    fn send_until(&mut self, until: u64, state: &State) {
        let light = self.light(state);
        let byte_ns = match self.touch.byte_ns() {
            0 => BYTE_NS,
            measured => measured,
        };
        loop {
            let left = until.saturating_sub(self.clock.now());
            let room = SLICE.min((left / byte_ns) as usize);
            if room == 0 || !self.display.send(&self.picture, light, room) {
                return;
            }
        }
    }

    fn light(&self, state: &State) -> Light {
        let idle = (self.clock.now() - self.last_touch) / (1000 * MILLISECOND);
        let after = |key| {
            let seconds = state.parameters.get(key) as u64;
            seconds > 0 && idle >= seconds
        };
        if after(Key::Blank) {
            Light::Off
        } else if after(Key::Dim) {
            Light::On(DIM)
        } else {
            let percent = state.parameters.get(Key::Brightness);
            Light::On((percent * 255 / 100).max(i32::from(DIM)) as u8)
        }
    }

    /// Draws the next picture when it is due and the last one is out.
    fn redraw(&mut self, state: &Arc<State>, counters: &Counters) {
        let now = self.clock.now();
        let last = self.last_picture.unwrap_or(now);
        if now < self.started + SPLASH_NS || now < last + PICTURE_NS {
            return;
        }
        self.report(now, counters);
        if !self.display.is_done(&self.picture) {
            return;
        }
        self.last_picture = Some(now);
        let shift = match now / SHIFT_NS % 4 {
            0 => Point::new(0, 0),
            1 => Point::new(1, 0),
            2 => Point::new(1, 1),
            _ => Point::new(0, 1),
        };
        if self.notice.0 != state.notices {
            self.notice = (state.notices, now);
        }
        let fresh = now < self.notice.1 + NOTICE_NS;
        let notice = state.notice.as_deref().filter(|_| fresh);
        self.observe(state, counters.time());
        let values = self.activity.as_ref().map_or(&[][..], |(_, a)| a.values());
        self.picture.clear_shifted(shift);
        let view = View {
            state,
            status: &self.status,
            notice,
            values,
        };
        draw(&mut self.picture, &view);
    }

    /// What is known of the panel's doing, with a display to show it or without.
    fn report(&mut self, now: u64, counters: &Counters) {
        self.count_scans(now);
        self.status.load = counters.load();
        self.status.late = counters.late();
        self.status.by_pru = counters.last_offloaded();
        self.status.missed = counters.missed();
        self.status.fault = self.fault(now);
    }

    /// The gates' values at this time.
    fn observe(&mut self, state: &State, time: u32) {
        let known = self
            .activity
            .as_ref()
            .is_some_and(|(network, _)| Arc::ptr_eq(network, &state.network));
        if !known {
            let activity = Activity::new(&state.network);
            self.activity = Some((Arc::clone(&state.network), activity));
        }
        if let Some((network, activity)) = &mut self.activity {
            activity.observe(network, &state.masks(), time, SAMPLES);
        }
    }

    fn count_scans(&mut self, now: u64) {
        let elapsed = now - self.scans.since;
        if elapsed >= 1000 * MILLISECOND {
            let count = u64::from(self.scans.count) * 1000 * MILLISECOND;
            self.status.scans = (count / elapsed) as u32;
            // 9 clocks a byte.
            self.status.bus_khz =
                9_000_000u64.checked_div(self.touch.byte_ns()).unwrap_or(0) as u32;
            self.scans = Scans {
                since: now,
                count: 0,
            };
        }
    }

    fn fault(&self, now: u64) -> Option<String> {
        let problem = self.touch.problem(now)?;
        Some(format!(
            "Touch sensor at {:#04x} on {}: {problem}",
            self.config.touch_address, self.config.bus
        ))
    }
}
