//! The desk in real time: simulated hardware, with a sound card if one is wanted.

use std::sync::Arc;
use std::time::Duration;

use trill::sim::{Bus, RealTime, Sensor, Time};

use super::interrupt::Interrupt;
use super::oled::Oled;
use super::output::Output;
use super::prompt::Prompt;
use super::pru::Pru;
use super::script::Script;
use super::simulation::{Desk, all_fingers};
use super::terminal::Terminal;
use crate::handle::Handle;
use crate::link::server::Listener;
use crate::panel::{Mirror, Panel};
use crate::pru::Choice;
use crate::runtime::analog_inputs::AnalogInputs;
use crate::runtime::parts::offload;
use crate::runtime::session::{Backend, Plan, Session};
use crate::spawn::{Spawn, spawn_plainly};

/// Options of a desk in real time.
pub struct Live {
    /// The session's commands, length, storage and server.
    pub plan: Plan,
    /// The script's fingers, analog inputs and faults.
    pub script: Script,
    /// Play through the computer's sound card.
    pub sound_card: bool,
    /// Paint the display in the terminal.
    pub terminal: bool,
    /// Signals that end the session.
    pub interrupt: Interrupt,
}

/// Plays until the time is over, a signal arrives, or standard input says `quit`.
///
/// # Errors
/// Fails if the first network is too slow, if there is no sound card to play on, and as
/// [`Session::run`] does.
pub fn play_live(mut desk: Desk, live: Live) -> Result<(), String> {
    let time = RealTime::start();
    let listener = live.plan.listener.as_ref();
    desk.panel.page = listener.map(Listener::label);
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
    let script = Arc::new(live.script);
    let fingers = all_fingers(Arc::clone(&script), session.touches());
    bus.plug(config.touch_address, Sensor::square(desk.firmware, fingers));
    let oled = Oled::new();
    if config.has_display {
        bus.plug(config.display_address, oled.clone());
    }
    for (at, happening) in script.happenings(config.touch_address, config.display_address) {
        bus.schedule(at, happening);
    }
    let board = LiveDesk {
        script,
        inputs: session.inputs(),
        output: if live.sound_card {
            Output::card(renderer)?
        } else {
            Output::silent(renderer, time)
        },
        prompt: Prompt::start(),
        terminal: Terminal::new(live.terminal, listener.map(Listener::page)),
        oled,
        interrupt: live.interrupt,
    };
    let panel = Panel::new(config, bus.clone(), bus, time);
    session.run(live.plan, panel, &time, board)
}

/// The desk's side of a session.
struct LiveDesk {
    script: Arc<Script>,
    inputs: Arc<AnalogInputs>,
    output: Output,
    prompt: Prompt,
    terminal: Terminal,
    oled: Oled,
    interrupt: Interrupt,
}

impl Backend for LiveDesk {
    const SPAWN: Spawn = spawn_plainly;
    const POLL: Duration = Duration::from_millis(2);
    const FADE: Duration = Duration::from_millis(200);
    const SAVING: Duration = Duration::from_secs(2);
    const WAITS_FOR_THREADS: bool = true;

    fn start(&mut self) -> Result<(), String> {
        self.output.start()
    }

    fn poll(&mut self, now: u64, handle: &Handle) -> bool {
        self.script.turn(now, &self.inputs);
        let goes_on = self.prompt.poll(handle, &mut self.terminal);
        self.terminal.paint(now, || self.oled.frame());
        goes_on && !self.interrupt.received()
    }

    fn end(self) -> Result<(), String> {
        self.output.end();
        Ok(())
    }

    fn display(&self, _: &Mirror, _: bool) -> Box<dyn FnMut() -> Vec<u8> + Send> {
        let oled = self.oled.clone();
        Box::new(move || oled.frame().message())
    }
}
