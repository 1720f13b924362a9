//! The whole instrument in simulated time: scheduler on a simulated bus, and the
//! audio callback between them.

use std::sync::Arc;

use logicnet::Network;
use trill::sim::{Bus, Finger, Sensor, Time, VirtualTime};

use super::Lanes;
use super::oled::Oled;
use super::pru::Pru;
use super::script::{Event, Script};
use crate::board::description::{self, Board};
use crate::handle::Handle;
use crate::link::touch_merge::TouchMerge;
use crate::panel::{Config, Panel};
use crate::pru::{Choice, Supervisor};
use crate::runtime::analog_inputs::Inputs;
use crate::runtime::nanoseconds;
use crate::runtime::parts::{Parts, offload};
use crate::runtime::scheduler::{Entry, Model, Scheduler, Turn};
use engine::{Counters, Engine, Platform, Spent};
use instrument::State;

/// What a desk is made of.
pub struct Desk {
    /// The platform to be like.
    pub platform: Platform,
    /// What takes time.
    pub model: Model,
    /// Clocks a second of the I2C bus.
    pub bus_hz: u32,
    /// The sensor's firmware.
    pub firmware: u8,
    /// The panel, as a board's file describes it.
    pub panel: Config,
    /// What evaluates: the PRU is emulated.
    pub engine: Choice,
    /// The instrument's own.
    pub parts: Parts,
}

impl Desk {
    /// A desk as its file describes it.
    ///
    /// # Panics
    /// Never: a test reads the file.
    pub fn new(library: Vec<Network>) -> Desk {
        let board = description::built_in("desk").and_then(description::Layer::board);
        Desk::like(
            board.expect("the desk's file is whole"),
            Parts::new(library),
        )
    }

    /// A desk that is like this board.
    pub fn like(board: Board, parts: Parts) -> Desk {
        Desk {
            platform: board.platform,
            model: Model::default(),
            bus_hz: board.bus_hz,
            firmware: 3,
            panel: board.panel,
            engine: board.engine,
            parts,
        }
    }
}

/// What a callback scope, for who listens.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Number of its first frame.
    pub frame: u64,
    /// The exact frames, before what is done for loudspeakers.
    pub exact: &'a [f32],
    /// What loudspeakers get.
    pub sound: &'a [f32],
    /// The id of the sound that is heard, as [`State::sound`] has it.
    pub id: Option<u32>,
    /// The load in thousandths.
    pub load: u32,
    /// What was spent.
    pub spent: Spent,
}

/// A desk in simulated time.
pub struct Simulation {
    platform: Platform,
    time: VirtualTime,
    bus: Bus<VirtualTime>,
    addresses: (u8, u8),
    oled: Oled,
    scheduler: Scheduler<Bus<VirtualTime>, VirtualTime, Lanes>,
    engine: Engine<Lanes>,
    inputs: Arc<Inputs>,
    knobs: Knobs,
    pru: Option<Pru>,
    frames: u64,
    exact: Vec<f32>,
    sound: Vec<f32>,
    guard: Guard,
}

/// Scheduler the analog inputs to where they are at a time.
type Knobs = Box<dyn FnMut(u64, &Inputs)>;

/// Wraps every callback; for tests that watch it.
pub type Guard = fn(&mut dyn FnMut());

impl Simulation {
    /// A desk that was just switched on, its sensor touched by this hand.
    ///
    /// # Errors
    /// When there is no network, or the first is too slow for the platform.
    pub fn new(
        desk: Desk,
        hand: impl FnMut(u64) -> Vec<Finger> + Send + 'static,
    ) -> Result<Simulation, String> {
        let (model, platform) = (desk.model, desk.platform);
        let time = VirtualTime::new();
        let bus = Bus::new(time.clone(), desk.bus_hz);
        let config = desk.panel.clone();
        let addresses = (config.touch_address, config.display_address);
        bus.plug(addresses.0, Sensor::square(desk.firmware, hand));
        let oled = Oled::new();
        if config.has_display {
            bus.plug(addresses.1, oled.clone());
        }
        let (mut controller, mut engine) = desk.parts.assemble(platform)?;
        let inputs = Arc::new(Inputs::default());
        let pru = (desk.engine != Choice::Cpu).then(Pru::new);
        let supervisor = pru.as_ref().map(|pru| {
            let (own, audio) = (pru.clone(), pru.clone());
            offload(desk.engine, &mut controller, &mut engine, own, audio)
        });
        let mut simulation = Simulation {
            platform,
            pru,
            scheduler: Scheduler::new(
                model,
                config,
                [bus.clone(), bus.clone()],
                time.clone(),
                controller,
                engine.counters(),
                Arc::clone(&inputs),
            ),
            time,
            bus,
            addresses,
            oled,
            engine,
            inputs,
            knobs: Box::new(|_, _| {}),
            frames: 0,
            exact: vec![0.0; platform.block as usize],
            sound: vec![0.0; platform.block as usize],
            guard: |callback| callback(),
        };
        if let Some(supervisor) = supervisor {
            simulation.scheduler.offload(supervisor);
        }
        Ok(simulation)
    }

    /// A desk that a script plays on.
    ///
    /// # Errors
    /// As [`Simulation::new`].
    pub fn scripted(desk: Desk, script: Script) -> Result<Simulation, String> {
        Simulation::played(desk, script, TouchMerge::default())
    }

    /// A desk that a script plays on, and a hand besides.
    ///
    /// # Errors
    /// As [`Simulation::new`].
    pub fn played(desk: Desk, script: Script, hand: TouchMerge) -> Result<Simulation, String> {
        let script = Arc::new(script);
        let knobs = Arc::clone(&script);
        let mut simulation = Simulation::new(desk, Arc::clone(&script).beside(hand))?;
        simulation.turn(move |now, inputs| knobs.turn(now, inputs));
        simulation.schedule(script.events().to_vec());
        Ok(simulation)
    }

    /// Adds events. Faults must not be earlier than those before.
    pub fn schedule(&mut self, events: impl IntoIterator<Item = (u64, Event)>) {
        let (touch, display) = self.addresses;
        let mut commands = Vec::new();
        for (at, event) in events {
            if let Some(happening) = event.happening(touch, display) {
                self.bus.schedule(at, happening);
            } else if let Event::Command(command) = event {
                commands.push((at, command));
            }
        }
        self.scheduler.schedule(commands);
    }

    /// The analog inputs are turned by this, before every callback.
    pub fn turn(&mut self, knobs: impl FnMut(u64, &Inputs) + 'static) {
        self.knobs = Box::new(knobs);
    }

    /// What it is like.
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// The panel's time, in nanoseconds.
    pub fn now(&self) -> u64 {
        self.time.now()
    }

    /// When a frame is played, in nanoseconds.
    pub fn time_of(&self, frame: u64) -> u64 {
        nanoseconds(frame, self.platform.rate)
    }

    /// The instrument's state.
    pub fn state(&self) -> &Arc<State> {
        self.scheduler.controller().state()
    }

    /// What other threads look at and ask by: see [`Scheduler::share`].
    pub fn share(&mut self) -> Handle {
        self.scheduler.share()
    }

    /// The engine's counters.
    pub fn counters(&self) -> &Arc<Counters> {
        self.scheduler.counters()
    }

    /// The display.
    pub fn oled(&self) -> &Oled {
        &self.oled
    }

    /// The panel.
    pub fn panel(&self) -> &Panel<Bus<VirtualTime>, Bus<VirtualTime>, VirtualTime> {
        self.scheduler.panel()
    }

    /// As [`Panel::beside`], as on a board whose sensor is a real one.
    pub fn beside(&mut self, hand: TouchMerge) {
        self.scheduler.beside(move || hand.contact());
    }

    /// The emulated PRU, if it may play.
    pub fn pru(&self) -> Option<&Pru> {
        self.pru.as_ref()
    }

    /// The PRU's supervisor, if it may play.
    pub fn supervisor(&self) -> Option<&Supervisor> {
        self.scheduler.supervisor()
    }

    /// The bus.
    pub fn bus(&self) -> &Bus<VirtualTime> {
        &self.bus
    }

    /// Every callback of the engine runs inside of `guard` from now on.
    pub fn guard(&mut self, guard: Guard) {
        self.guard = guard;
    }

    /// Keeps every state that sounds different from the one before, from the
    /// one there is now on.
    pub fn keep_journal(&mut self) {
        self.scheduler.keep_journal();
    }

    /// What the journal holds.
    pub fn journal(&self) -> &[Entry] {
        self.scheduler.journal()
    }

    /// Why commands were refused, since the last look.
    pub fn refusals(&mut self) -> Vec<String> {
        self.scheduler.refusals()
    }

    /// When the next callback comes, in nanoseconds.
    fn next_block(&self) -> u64 {
        self.time_of(self.frames)
    }

    /// Runs until a time in nanoseconds; `hear` gets every callback, `see` is
    /// called after every turn of the panel.
    pub fn run(
        &mut self,
        until: u64,
        mut hear: impl FnMut(Block<'_>),
        mut see: impl FnMut(&Simulation),
    ) {
        loop {
            let audio = self.next_block();
            let (at, _) = self.scheduler.next();
            if at.min(audio) >= until {
                return;
            }
            match self.scheduler.before(audio) {
                Some(turn) => {
                    if let (Turn::Supervisor, Some(pru)) = (turn, &self.pru) {
                        pru.reach(at);
                    }
                    self.scheduler.take();
                    if turn == Turn::Panel {
                        see(self);
                    }
                }
                None => self.callback(&mut hear),
            }
        }
    }

    fn callback(&mut self, hear: &mut impl FnMut(Block<'_>)) {
        let now = self.next_block();
        (self.knobs)(now, &self.inputs);
        if let Some(pru) = &self.pru {
            pru.reach(now);
        }
        let (engine, exact, sound) = (&mut self.engine, &mut self.exact, &mut self.sound);
        (self.guard)(&mut || {
            let mut frames = exact.iter_mut();
            engine.render_tapped(sound, |frame| {
                if let Some(place) = frames.next() {
                    *place = frame;
                }
            });
        });
        let spent = self.engine.spent();
        let load = self.platform.load(spent);
        self.engine.report_load(load);
        hear(Block {
            frame: self.frames,
            exact: &self.exact,
            sound: &self.sound,
            id: self.engine.change(),
            load,
            spent,
        });
        self.frames += u64::from(self.platform.block);
    }
}
