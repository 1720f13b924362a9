//! The panel: owns the I2C bus, and with it the touch sensor and the display.
//!
//! [`Panel::run_once`] is one cycle of its thread: read the sensor, which starts the
//! next scan; send the commands that the touch means; then, while the sensor scans and
//! does not need the bus, send slices of the display. The panel is not real-time code,
//! but its time is budgeted: a cycle lasts as long as a scan. Time comes from the
//! [`Clock`] passed in.
//!
//! A sensor or display that fails stops neither the other nor the sound, and is used
//! again as soon as it answers.

mod chip;
mod display;
mod mirror;
mod touch;

use std::sync::Arc;

use arc_swap::ArcSwap;
use embedded_graphics::prelude::Point;
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use logicnet::{Activity, Block, Network};

pub use chip::Chip;
pub use display::{Display, Height, Light};
pub use mirror::{Mirror, Shown};
pub use touch::{Mounting, Poll, TouchSensor};

use instrument::gestures::{Contact, Gesture, Gestures};
use instrument::pages::{Picture, Status, View, draw, draw_splash};
use instrument::parameters::Key;
use instrument::surface::Surface;
use instrument::{Command, State};

const MILLISECOND: u64 = 1_000_000;

/// A monotonic clock that can wait. Simulated on the desk, the system's on a board.
pub trait Clock: DelayNs {
    /// Returns the nanoseconds since the clock's start.
    fn now(&self) -> u64;
}

/// Readings of the engine that the display shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineStatus {
    /// Network time of the next sample.
    pub time: u32,
    /// Part of a block's time that the last callback used, in thousandths.
    pub load: u32,
    /// Callbacks that took longer than their block lasts.
    pub late: u32,
    /// The PRU evaluates.
    pub by_pru: bool,
    /// Groups of samples that the PRU missed, so that the CPU had to evaluate them.
    pub missed: u32,
}

/// Configuration of the panel, as the board's file gives it.
#[derive(Clone, Debug)]
pub struct Config {
    /// The board's name, for the page about the board.
    pub board: String,
    /// The bus's device, for messages.
    pub bus: String,
    /// The sensor's address.
    pub touch_address: u8,
    /// Orientation of the sensor.
    pub mounting: Mounting,
    /// The square's regions.
    pub surface: Surface,
    /// True if a display is connected.
    pub has_display: bool,
    /// The display's address.
    pub display_address: u8,
    /// The chip that controls the display.
    pub chip: Chip,
    /// The display's height.
    pub height: Height,
    /// True if the display is mounted upside down.
    pub upside_down: bool,
    /// The address for browsers, for the page about the board.
    pub page: Option<String>,
    /// The pairing code for browsers, for the same page; other threads may replace it.
    pub code: Option<Arc<ArcSwap<String>>>,
}

impl Config {
    /// Returns the display's height in rows; 0 without a display.
    pub fn rows(&self) -> usize {
        if self.has_display {
            self.height.rows()
        } else {
            0
        }
    }
}

/// Longest slice of the display, in bytes on the bus: the longest time that a due read
/// of the sensor waits for the bus.
const SLICE: usize = 90;
/// Length of a cycle without a sensor.
const IDLE_NS: u64 = 4 * MILLISECOND;
/// Shortest time between two pictures: 25 a second.
const PICTURE_NS: u64 = 40 * MILLISECOND;
/// Time for which a notice is shown.
const NOTICE_NS: u64 = 4000 * MILLISECOND;
/// Time without touches after which another one is unlikely for the moment.
const QUIET_NS: u64 = 1000 * MILLISECOND;
/// Time for which the splash is shown. A touch in this time, once the sensor has taken
/// its baseline, requests a safe start.
const SPLASH_NS: u64 = 2000 * MILLISECOND;
/// Shortest touch that requests a safe start.
const SURE_NS: u64 = 50 * MILLISECOND;
/// Time between two shifts of the picture, which prevent burn-in.
const SHIFT_NS: u64 = 60_000 * MILLISECOND;
/// Time of a byte on a slow bus, before it is measured: 9 clocks at 100 kHz.
const BYTE_NS: u64 = 90_000;
/// Contrast of a dimmed display.
const DIM: u8 = 1;
/// Samples evaluated for the activity in a picture.
const SAMPLES: u32 = 64;

/// The touch sensor, the display and the gestures. `T` and `D` are the bus as the
/// sensor and the display see it.
pub struct Panel<T, D, C> {
    config: Config,
    clock: C,
    touch: TouchSensor<T>,
    display: Display<D>,
    gestures: Gestures,
    /// Contacts that the sensor does not see.
    other_contacts: Box<dyn Fn() -> Contact + Send>,
    picture: Picture,
    /// End of the splash.
    playable: u64,
    splash: Splash,
    last_picture: Option<u64>,
    last_touch: u64,
    activity: Option<(Arc<Network>, Activity)>,
    status: Status,
    scans: Scans,
    /// Number of the last notice, and the time at which it appeared.
    notice: (u32, u64),
    mirror: Mirror,
}

/// Phases of the splash, in which a touch requests a safe start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Splash {
    /// The sensor is taking its baseline and must not be touched.
    HandsOff,
    /// The player may request a safe start by a touch.
    Waiting,
    /// Touched since this time; too short so far, as single scans may be wrong.
    Touching(u64),
    /// A safe start was requested by a touch that has not ended yet.
    Requested,
    /// The splash is over and touches play.
    Over,
}

/// Scans counted since the last second's end.
#[derive(Debug, Default)]
struct Scans {
    since: u64,
    count: u32,
}

impl<T: I2c, D: I2c, C: Clock> Panel<T, D, C> {
    /// Creates a panel that has not used the bus yet.
    pub fn new(config: Config, touch_bus: T, display_bus: D, clock: C) -> Panel<T, D, C> {
        let now = clock.now();
        let mut picture = Picture::new(config.height.rows());
        draw_splash(&mut picture, false);
        Panel {
            touch: TouchSensor::new(touch_bus, config.touch_address, config.mounting),
            display: Display::new(display_bus, &config),
            gestures: Gestures::new(config.surface.clone()),
            other_contacts: Box::new(|| Contact::None),
            picture,
            playable: now + SPLASH_NS,
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

    /// Merges contacts from elsewhere with those of the sensor. `contact` is called at
    /// every scan and must not block.
    pub fn merge_contacts(&mut self, contact: impl Fn() -> Contact + Send + 'static) {
        self.other_contacts = Box::new(contact);
    }

    /// Ends the splash: touches play at once, and none requests a safe start. For an
    /// instrument without hardware.
    pub fn skip_splash(&mut self) {
        self.playable = 0;
    }

    /// Returns the panel's configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the picture that the display shows or will show.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// Returns the display.
    pub fn display(&self) -> &Display<D> {
        &self.display
    }

    /// Returns a copy of the display and the faults for other threads.
    pub fn mirror(&self) -> Mirror {
        self.mirror.clone()
    }

    /// Returns the status that the page about the board shows.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Runs one cycle, which lasts about as long as a scan. Commands are sent right after
    /// the sensor is read.
    pub fn run_once(
        &mut self,
        state: &Arc<State>,
        engine: EngineStatus,
        mut send: impl FnMut(Command),
    ) {
        if self.last_picture.is_none() {
            self.show_splash();
        }
        let start = self.clock.now();
        let poll = self.touch.poll(&mut self.clock);
        let now = self.clock.now();
        let mut notify = |gesture: Gesture| send(gesture.into());
        let until = match poll {
            Poll::Contact(contact, scanning_until) => {
                self.scans.count += 1;
                match self.splash {
                    Splash::Over => {
                        let contact = contact.and((self.other_contacts)());
                        self.gestures
                            .update(now / MILLISECOND, contact, &mut notify);
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
                self.gestures.lose(&mut notify);
                now
            }
            Poll::Absent => {
                let contact = (self.other_contacts)();
                self.gestures
                    .update(now / MILLISECOND, contact, &mut notify);
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
        self.redraw(state, engine);
        self.update_mirror(state);
        self.send_until(until, state);
        let now = self.clock.now();
        if until > now {
            self.clock.delay_ns((until - now) as u32);
        }
    }

    /// Updates the copy for other threads.
    fn update_mirror(&self, state: &State) {
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

    /// Shows the splash before the sensor is set up, which takes a while.
    fn show_splash(&mut self) {
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

    /// Advances the splash, touched or not. Returns true once if a safe start is
    /// requested.
    fn splash_touched(&mut self, now: u64, touched: bool) -> bool {
        let over = now >= self.playable;
        let (before, after) = match (self.splash, touched) {
            (Splash::Requested, true) => return false,
            (Splash::Waiting, true) if !over => (Splash::Waiting, Splash::Touching(now)),
            (Splash::Touching(since), true) if now < since + SURE_NS => return false,
            (Splash::Touching(_), true) => (Splash::Waiting, Splash::Requested),
            (before, _) if over => (before, Splash::Over),
            (before, _) => (before, Splash::Waiting),
        };
        self.splash = after;
        if before == Splash::HandsOff && after == Splash::Waiting {
            draw_splash(&mut self.picture, true);
        }
        after == Splash::Requested
    }

    /// Sends slices of the display until the sensor needs the bus.
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

    /// Draws the next picture if it is due and the display shows the last one.
    fn redraw(&mut self, state: &Arc<State>, engine: EngineStatus) {
        let now = self.clock.now();
        let last = self.last_picture.unwrap_or(now);
        if now < self.playable || now < last + PICTURE_NS {
            return;
        }
        self.update_status(now, engine);
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
        self.observe(state, engine.time);
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

    /// Updates the status, even without a display.
    fn update_status(&mut self, now: u64, engine: EngineStatus) {
        self.count_scans(now);
        self.status.load = engine.load;
        self.status.late = engine.late;
        self.status.by_pru = engine.by_pru;
        self.status.missed = engine.missed;
        if let Some(code) = &self.config.code {
            let code = code.load();
            if self.status.code.as_ref() != Some(&**code) {
                self.status.code = Some(String::clone(&code));
            }
        }
        self.status.fault = self.touch.problem(now).map(|problem| {
            format!(
                "Touch sensor at {:#04x} on {}: {problem}",
                self.config.touch_address, self.config.bus
            )
        });
    }

    /// Evaluates the gates around this network time.
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
            let block = Block {
                t0: time,
                samples: SAMPLES,
                controls: &state.control_values(),
                audio: [&[]; 2],
            };
            activity.observe(network, &state.masks(), block);
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
}
