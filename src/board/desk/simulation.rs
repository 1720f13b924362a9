//! The whole instrument in simulated time: a scheduler runs the threads on a simulated
//! bus, with audio callbacks in between.

use std::sync::Arc;

use logicnet::Network;
use trill::Touch;
use trill::sim::{Bus, Finger, Sensor, Time, VirtualTime};

use super::oled::Oled;
use super::pru::Pru;
use super::script::{Event, Script};
use crate::board::description::{self, Board, Description};
use crate::handle::Handle;
use crate::link::protocol;
use crate::link::touch_merge::TouchMerge;
use crate::panel::{Config, Panel};
use crate::pru::{Choice, Supervisor};
use crate::runtime::analog_inputs::AnalogInputs;
use crate::runtime::nanoseconds;
use crate::runtime::parts::{InstrumentParts, Lanes, offload};
use crate::runtime::scheduler::{JournalEntry, Scheduler, Step, TimingModel};
use engine::{Counters, Engine, Platform, Spent};
use instrument::{Command, State};

/// Parts of a desk.
pub struct Desk {
    /// The simulated platform.
    pub platform: Platform,
    /// Simulated durations.
    pub timing: TimingModel,
    /// Clock rate of the I2C bus in Hz.
    pub bus_hz: u32,
    /// Firmware version of the sensor.
    pub firmware: u8,
    /// Configuration of the panel.
    pub panel: Config,
    /// The processor that evaluates; the PRU is emulated.
    pub engine: Choice,
    /// Parts of the instrument.
    pub parts: InstrumentParts,
    /// The clock, at 0.
    pub time: VirtualTime,
}

impl Desk {
    /// Returns the desk that the built-in file describes, with these networks.
    ///
    /// # Panics
    /// Never: a test checks the file.
    pub fn new(networks: Vec<Network>) -> Desk {
        let board = description::built_in("desk").and_then(Description::board);
        Desk::like(
            board.expect("the desk's file is complete"),
            InstrumentParts::new(networks),
        )
    }

    /// Returns a desk that simulates this board.
    pub fn like(board: Board, parts: InstrumentParts) -> Desk {
        Desk {
            platform: board.platform,
            timing: TimingModel::default(),
            bus_hz: board.bus_hz,
            firmware: 3,
            panel: board.panel,
            engine: board.engine,
            parts,
            time: VirtualTime::new(),
        }
    }
}

/// A block that an audio callback has rendered.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Number of the first frame.
    pub frame: u64,
    /// The network's samples, before DC blocker and limiter.
    pub exact: &'a [f32],
    /// The output for loudspeakers.
    pub sound: &'a [f32],
    /// The id of the sound that is heard, as in [`State::sound`].
    pub id: Option<u32>,
    /// The load in thousandths.
    pub load: u32,
    /// Work done in the callback.
    pub spent: Spent,
}

/// A desk in simulated time.
pub struct Simulation {
    time: VirtualTime,
    bus: Bus<VirtualTime>,
    oled: Oled,
    scheduler: Scheduler<Bus<VirtualTime>, VirtualTime, Lanes>,
    engine: Engine<Lanes>,
    inputs: Arc<AnalogInputs>,
    knobs: Knobs,
    pru: Option<Pru>,
    frames: u64,
    exact: Vec<f32>,
    sound: Vec<f32>,
    right: Vec<f32>,
    guard: Guard,
}

/// Stores the analog inputs at a time in nanoseconds.
type Knobs = Box<dyn FnMut(u64, &AnalogInputs)>;

/// Wraps every callback, for tests that check it.
pub type Guard = fn(&mut dyn FnMut());

impl Simulation {
    /// Creates a desk that was just switched on. `fingers` returns the fingers on the
    /// sensor at a time in nanoseconds.
    ///
    /// # Errors
    /// Fails if there is no network, or if the first one is too slow for the platform.
    pub fn new(
        desk: Desk,
        fingers: impl FnMut(u64) -> Vec<Finger> + Send + 'static,
    ) -> Result<Simulation, String> {
        let time = desk.time.clone();
        let bus = Bus::new(time.clone(), desk.bus_hz);
        let config = desk.panel.clone();
        bus.plug(config.touch_address, Sensor::square(desk.firmware, fingers));
        let oled = Oled::new(config.chip);
        if config.has_display {
            bus.plug(config.display_address, oled.clone());
        }
        let (mut controller, mut engine) = desk.parts.assemble(desk.platform)?;
        let inputs = Arc::new(AnalogInputs::default());
        let pru = (desk.engine != Choice::Cpu).then(Pru::new);
        let supervisor = pru.as_ref().map(|pru| {
            let (own, audio) = (pru.clone(), pru.clone());
            offload(desk.engine, &mut controller, &mut engine, own, audio)
        });
        Ok(Simulation {
            pru,
            scheduler: Scheduler::new(
                desk.timing,
                Panel::new(config, bus.clone(), bus.clone(), time.clone()),
                time.clone(),
                controller,
                engine.counters(),
                Arc::clone(&inputs),
                supervisor,
            ),
            time,
            bus,
            oled,
            engine,
            inputs,
            knobs: Box::new(|_, _| {}),
            frames: 0,
            exact: vec![0.0; desk.platform.block as usize],
            sound: vec![0.0; desk.platform.block as usize],
            right: vec![0.0; desk.platform.block as usize],
            guard: |callback| callback(),
        })
    }

    /// Creates a desk that a script plays.
    ///
    /// # Errors
    /// Fails as [`Simulation::new`] does.
    pub fn scripted(desk: Desk, script: Script) -> Result<Simulation, String> {
        Simulation::played(desk, script, TouchMerge::default())
    }

    /// Creates a desk that a script and clients play; the sensor feels the clients'
    /// fingers, too.
    ///
    /// # Errors
    /// Fails as [`Simulation::new`] does.
    pub fn played(desk: Desk, script: Script, touches: TouchMerge) -> Result<Simulation, String> {
        let script = Arc::new(script);
        let knobs = Arc::clone(&script);
        let mut simulation = Simulation::new(desk, all_fingers(Arc::clone(&script), touches))?;
        simulation.set_inputs(move |now, inputs| knobs.update_inputs(now, inputs));
        simulation.schedule(script.events().to_vec());
        Ok(simulation)
    }

    /// Adds events and their times. Faults must come in the order of their times.
    pub fn schedule(&mut self, events: impl IntoIterator<Item = (u64, Event)>) {
        let config = self.panel().config();
        let (touch, display) = (config.touch_address, config.display_address);
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

    /// Sends commands at the present time.
    pub fn send(&mut self, commands: impl IntoIterator<Item = Command>) {
        let now = self.now();
        let commands = commands.into_iter().map(|command| (now, command));
        self.scheduler.schedule(commands);
    }

    /// Sets the source of the analog inputs, which is called before every callback.
    pub fn set_inputs(&mut self, knobs: impl FnMut(u64, &AnalogInputs) + 'static) {
        self.knobs = Box::new(knobs);
    }

    /// Returns the simulated platform.
    pub fn platform(&self) -> Platform {
        self.engine.platform()
    }

    /// Returns the panel's time in nanoseconds.
    pub fn now(&self) -> u64 {
        self.time.now()
    }

    /// Returns the time of a frame in nanoseconds.
    pub fn time_of(&self, frame: u64) -> u64 {
        nanoseconds(frame, self.platform().rate)
    }

    /// Returns the instrument's state.
    pub fn state(&self) -> &Arc<State> {
        self.scheduler.controller().state()
    }

    /// Returns a handle for other threads: see [`Scheduler::handle`].
    pub fn handle(&mut self) -> Handle {
        self.scheduler.handle()
    }

    /// Returns the engine's counters.
    pub fn counters(&self) -> &Arc<Counters> {
        self.scheduler.counters()
    }

    /// Returns the display.
    pub fn oled(&self) -> &Oled {
        &self.oled
    }

    /// Returns the panel.
    pub fn panel(&self) -> &Panel<Bus<VirtualTime>, Bus<VirtualTime>, VirtualTime> {
        self.scheduler.panel()
    }

    /// Lets touches play at once, see [`Panel::skip_splash`].
    pub fn skip_splash(&mut self) {
        self.scheduler.skip_splash();
    }

    /// Merges the fingers of clients in the panel, as boards with a real sensor do.
    pub fn merge_touches(&mut self, touches: TouchMerge) {
        self.scheduler.merge_contacts(move || touches.contact());
    }

    /// Returns the emulated PRU, if it may play.
    pub fn pru(&self) -> Option<&Pru> {
        self.pru.as_ref()
    }

    /// Returns the PRU's supervisor, if the PRU may play.
    pub fn supervisor(&self) -> Option<&Supervisor> {
        self.scheduler.supervisor()
    }

    /// Returns the bus.
    pub fn bus(&self) -> &Bus<VirtualTime> {
        &self.bus
    }

    /// Runs every callback of the engine inside `guard`.
    pub fn guard(&mut self, guard: Guard) {
        self.guard = guard;
    }

    /// Records every state that sounds different from the one before, starting with
    /// the current one.
    pub fn record_journal(&mut self) {
        self.scheduler.record_journal();
    }

    /// Returns the recorded changes.
    pub fn journal(&self) -> &[JournalEntry] {
        self.scheduler.journal()
    }

    /// Takes the reasons of all commands refused since the last call.
    pub fn refusals(&mut self) -> Vec<String> {
        self.scheduler.refusals()
    }

    /// Runs until a time in nanoseconds. `on_block` is called with every block, `on_panel`
    /// after every cycle of the panel.
    pub fn run(
        &mut self,
        until: u64,
        mut on_block: impl FnMut(Block<'_>),
        mut on_panel: impl FnMut(&Simulation),
    ) {
        loop {
            let audio = self.time_of(self.frames);
            let (at, _) = self.scheduler.next_step();
            if at.min(audio) >= until {
                return;
            }
            match self.scheduler.due_before(audio) {
                Some(step) => {
                    if let (Step::Supervisor, Some(pru)) = (step, &self.pru) {
                        pru.reach(at);
                    }
                    self.scheduler.run_next();
                    if step == Step::Panel {
                        on_panel(self);
                    }
                }
                None => self.callback(&mut on_block),
            }
        }
    }

    fn callback(&mut self, on_block: &mut impl FnMut(Block<'_>)) {
        let now = self.time_of(self.frames);
        (self.knobs)(now, &self.inputs);
        if let Some(pru) = &self.pru {
            pru.reach(now);
        }
        let (engine, exact) = (&mut self.engine, &mut self.exact);
        let (sound, right) = (&mut self.sound, &mut self.right);
        (self.guard)(&mut || {
            let mut frames = exact.iter_mut();
            engine.render_tapped([&[]; 2], [sound, right], |[left, _]| {
                if let Some(exact) = frames.next() {
                    *exact = left;
                }
            });
        });
        let spent = self.engine.spent();
        let load = self.engine.estimate_load();
        self.engine.report_late(u32::from(load > 1000));
        on_block(Block {
            frame: self.frames,
            exact: &self.exact,
            sound: &self.sound,
            id: self.engine.change(),
            load,
            spent,
        });
        self.frames += u64::from(self.platform().block);
    }
}

/// First id of clients' fingers; a script's fingers have the ids below.
const FIRST_ID: u32 = 10;
/// Ids per client.
const IDS: u32 = 10;

/// Returns the fingers of a script and of clients at any time in nanoseconds.
pub(super) fn all_fingers(
    script: Arc<Script>,
    touches: TouchMerge,
) -> impl FnMut(u64) -> Vec<Finger> + Send {
    move |now| {
        let mut fingers = script.fingers(now);
        for (client, index, protocol::Finger { x, y, size }) in touches.fingers() {
            let first = FIRST_ID.saturating_add(client.saturating_mul(IDS));
            fingers.push(Finger {
                id: first.saturating_add(index as u32),
                touch: Touch { x, y, size },
            });
        }
        fingers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factory_networks;
    use crate::handle::Reply;

    #[test]
    fn superseded_commands_are_refused_with_the_newest() {
        let desk = Desk::new(factory_networks::all());
        let mut simulation = Simulation::scripted(desk, Script::default()).unwrap();
        let handle = simulation.handle();
        // There is no layer 9.
        let replies = [10, 20].map(|percent| handle.request(Command::SetStrength(9, percent)));
        simulation.run(100_000_000, |_| {}, |_| {});
        let [first, second] = replies.map(Reply::wait);
        assert!(second.is_err());
        assert_eq!(first, second);
        // The newest alone was applied.
        assert_eq!(simulation.refusals().len(), 1);
    }
}
