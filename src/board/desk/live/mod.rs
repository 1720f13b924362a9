//! The desk in real time: simulated hardware, played through a sound card or in the page
//! alone.

mod console;
mod instruments;
mod interrupt;
mod lines;
mod prompt;
#[cfg_attr(not(feature = "terminal"), path = "no_screen.rs")]
mod screen;
mod silent;
#[cfg_attr(not(feature = "sound-card"), path = "no_sound_card.rs")]
mod sound_card;
#[cfg(feature = "sound-card")]
mod system_midi;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use trill::sim::{Bus, RealTime, Sensor, Time};

use super::oled::Oled;
use super::pru::Pru;
use super::recording::Recording;
use super::script::Script;
use super::simulation::{Desk, all_fingers};
use crate::handle::Handle;
use crate::link::server::Listener;
use crate::panel::{Mirror, Panel};
use crate::pru::Choice;
use crate::runtime::analog_inputs::AnalogInputs;
use crate::runtime::parts::offload;
use crate::runtime::session::{Backend, Plan, Session};
use crate::spawn::{Spawn, spawn_plainly};
use console::Console;
use instruments::Instruments;
pub use interrupt::watch_signals;
use silent::Silent;
pub use sound_card::{play as play_through_sound_card, rate as sound_card_rate};
#[cfg(feature = "sound-card")]
pub use system_midi::SystemMidi;

/// The player's side of a live desk.
#[derive(Debug)]
pub struct Surroundings {
    /// True to play through the computer's sound card, false for clients alone.
    pub sound_card: bool,
    /// The sound to hear in place of the sound card's input.
    pub recording: Option<Recording>,
    /// Messages to show first, if the terminal is the desk's screen. Otherwise commands are
    /// lines of standard input.
    pub screen: Option<Vec<String>>,
    /// Ends the session once it is set.
    pub interrupted: Arc<AtomicBool>,
}

/// Returns whether the terminal can be the desk's screen.
pub fn has_screen() -> bool {
    Console::is_possible()
}

/// Plays until the time is over, the session is interrupted, or the player enters `quit`.
/// The script moves the fingers and analog inputs and causes faults; its commands are in
/// the plan.
///
/// # Errors
/// Fails if the first network is too slow, if there is no sound card to play on, and as
/// [`Session::run`] does.
pub fn play_live(
    mut desk: Desk,
    plan: Plan,
    script: Script,
    surroundings: Surroundings,
) -> Result<(), String> {
    let time = RealTime::start();
    let listener = plan.listener.as_ref();
    desk.panel.page = listener.map(Listener::host);
    desk.panel.code = listener.and_then(Listener::code).cloned();
    let (mut controller, mut engine) = desk.parts.assemble(desk.platform)?;
    let supervisor = (desk.engine != Choice::Cpu).then(|| {
        let pru = Pru::new();
        let clock = move || time.now();
        let (own, audio) = (pru.live(clock, true), pru.live(clock, false));
        offload(desk.engine, &mut controller, &mut engine, own, audio)
    });
    let (session, renderer) = Session::new(controller, engine, supervisor);

    let bus = Bus::new(time, desk.bus_hz);
    let config = desk.panel;
    let script = Arc::new(script);
    let fingers = all_fingers(Arc::clone(&script), session.touches());
    bus.plug(config.touch_address, Sensor::square(desk.firmware, fingers));
    let oled = Oled::new(config.chip);
    if config.has_display {
        bus.plug(config.display_address, oled.clone());
    }
    for (at, event) in script.happenings(config.touch_address, config.display_address) {
        bus.schedule(at, event);
    }
    let interrupted = surroundings.interrupted;
    let instruments = Instruments {
        oled: config.has_display.then(|| oled.clone()),
        surface: config.surface.clone(),
        counters: session.counters(),
        touches: session.touches(),
        page: listener.map(Listener::page),
    };
    let console = Console::open(instruments, surroundings.screen, Arc::clone(&interrupted));
    let board = LiveDesk {
        script,
        inputs: session.inputs(),
        sound_card: surroundings.sound_card,
        _output: if surroundings.sound_card {
            sound_card::start(renderer, surroundings.recording)?
        } else {
            let silent = Silent::start(renderer, surroundings.recording.unwrap_or_default(), time);
            Box::new(silent.map_err(|error| format!("no thread gb-audio: {error}"))?)
        },
        console: console.map_err(|error| format!("the terminal: {error}"))?,
        oled,
        interrupted,
    };
    let panel = Panel::new(config, bus.clone(), bus, time);
    session.run(plan, panel, &time, board)
}

/// The desk's side of a session.
struct LiveDesk {
    script: Arc<Script>,
    inputs: Arc<AnalogInputs>,
    sound_card: bool,
    /// Plays until it is dropped.
    _output: Box<dyn Any>,
    console: Console,
    oled: Oled,
    interrupted: Arc<AtomicBool>,
}

impl Backend for LiveDesk {
    const SPAWN: Spawn = spawn_plainly;
    const POLL: Duration = Duration::from_millis(2);
    const SAVING: Duration = Duration::from_secs(2);
    const WAITS_FOR_THREADS: bool = true;

    fn has_outputs(&self) -> bool {
        self.sound_card
    }

    fn fade(&self) -> Duration {
        Duration::from_millis(200)
    }

    fn poll(&mut self, now: u64, handle: &Handle) -> bool {
        self.script.update_inputs(now, &self.inputs);
        self.console.poll(now, handle) && !self.interrupted.load(Ordering::Acquire)
    }

    fn end(self) -> Result<(), String> {
        Ok(())
    }

    fn display(&self, _: &Mirror, _: bool) -> Box<dyn FnMut() -> Vec<u8> + Send> {
        let oled = self.oled.clone();
        Box::new(move || oled.frame().message())
    }
}
