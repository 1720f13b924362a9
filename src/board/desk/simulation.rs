//! The whole instrument in simulated time: threads become turns, taken in the
//! order of their times, so that a run is the same every time, and hours take
//! seconds.

use std::collections::VecDeque;
use std::sync::Arc;

use logicnet::Network;
use trill::sim::{Bus, Finger, Sensor, Time, VirtualTime};

use super::oled::Oled;
use super::script::{Event, Part};
use super::{BEAGLEBONE, Lanes};
use crate::conductor::{Conductor, Forgetful, Keeper, is_superseded};
use crate::engine::{Counters, Engine, Platform};
use crate::instrument::parameters::Parameters;
use crate::instrument::{Command, State};
use crate::keeper::Memory;
use crate::panel::{Config, Panel};

/// What takes time on the board besides audio and the bus; assumptions, until a
/// board was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// Clocks a second of the I2C bus.
    pub bus_hz: u32,
    /// The sensor's firmware.
    pub firmware: u8,
    /// From a scan read to its command sent.
    pub panel_ns: u64,
    /// A command without a new program.
    pub command_ns: u64,
    /// A new program, for each gate of the network.
    pub build_gate_ns: u64,
    /// From one look of the instrument's thread at the engine's ring to the next.
    pub tick_ns: u64,
    /// From a callback to its first frame at the loudspeaker, in blocks.
    pub output_blocks: u32,
}

impl Default for Model {
    /// A 1 GHz board and a bus at 400 kHz.
    fn default() -> Model {
        Model {
            bus_hz: 400_000,
            firmware: 3,
            panel_ns: 50_000,
            command_ns: 30_000,
            build_gate_ns: 200,
            tick_ns: 1_000_000,
            output_blocks: 2,
        }
    }
}

/// What a desk is made of.
pub struct Desk {
    /// The platform to be like.
    pub platform: Platform,
    /// What takes time.
    pub model: Model,
    /// The panel, as a board's file describes it.
    pub panel: Config,
    /// Networks, the first one to be played first.
    pub library: Vec<Network>,
    /// Parameters to start with.
    pub parameters: Parameters,
    /// What was kept, to go on from.
    pub memory: Memory,
    /// Where presets are kept.
    pub keeper: Box<dyn Keeper>,
    /// For random networks and mutations.
    pub seed: u64,
    /// A display is connected.
    pub has_display: bool,
}

impl Desk {
    /// A desk as it stands: a BeagleBone's costs, a sensor and a display.
    pub fn new(library: Vec<Network>) -> Desk {
        Desk {
            platform: BEAGLEBONE,
            model: Model::default(),
            panel: Config::default(),
            library,
            parameters: Parameters::default(),
            memory: Memory::default(),
            keeper: Box::new(Forgetful),
            seed: 1,
            has_display: true,
        }
    }

    /// The instrument's and the audio thread's side.
    ///
    /// # Errors
    /// When there is no network, or the first is too slow for the platform.
    pub(super) fn assemble(mut self) -> Result<(Conductor<Lanes>, Engine<Lanes>), String> {
        use logicnet::Word;
        let instrument = self.memory.wake(
            self.library,
            self.parameters,
            Some((self.platform, Lanes::LANES)),
            self.seed,
            &mut *self.keeper,
        )?;
        let (engine, handover) = Engine::new(self.platform);
        let conductor = Conductor::new(instrument, handover, self.keeper);
        Ok((conductor, engine))
    }
}

/// What a callback brought, for who listens.
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
    /// Gates evaluated.
    pub gates: u32,
}

/// A desk in simulated time.
pub struct Simulation {
    model: Model,
    platform: Platform,
    time: VirtualTime,
    bus: Bus<VirtualTime>,
    addresses: (u8, u8),
    oled: Oled,
    panel: Panel<Bus<VirtualTime>, Bus<VirtualTime>, VirtualTime>,
    conductor: Conductor<Lanes>,
    engine: Engine<Lanes>,
    counters: Arc<Counters>,
    events: VecDeque<(u64, Event)>,
    commands: VecDeque<(u64, Command)>,
    /// When the instrument's thread is done with what it does.
    instrument_free: u64,
    next_tick: u64,
    frames: u64,
    exact: Vec<f32>,
    sound: Vec<f32>,
    refusals: Vec<String>,
    guard: Guard,
    journal: Option<Vec<Entry>>,
}

/// What the journal holds of a change of sound.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When the command was sent, in nanoseconds.
    pub sent: u64,
    /// When its program was ready for the engine.
    pub ready: u64,
    /// The state it led to.
    pub state: Arc<State>,
}

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
        let bus = Bus::new(time.clone(), model.bus_hz);
        let config = desk.panel.clone();
        bus.plug(config.touch_address, Sensor::square(model.firmware, hand));
        let oled = Oled::new();
        if desk.has_display {
            bus.plug(config.display_address, oled.clone());
        }
        let (conductor, engine) = desk.assemble()?;
        Ok(Simulation {
            model,
            platform,
            addresses: (config.touch_address, config.display_address),
            panel: Panel::new(config, bus.clone(), bus.clone(), time.clone()),
            time,
            bus,
            oled,
            conductor,
            counters: engine.counters(),
            engine,
            events: VecDeque::new(),
            commands: VecDeque::new(),
            instrument_free: 0,
            next_tick: 0,
            frames: 0,
            exact: vec![0.0; platform.block as usize],
            sound: vec![0.0; platform.block as usize],
            refusals: Vec::new(),
            guard: |callback| callback(),
            journal: None,
        })
    }

    /// Adds events, whose times go on from those before.
    pub fn schedule(&mut self, events: impl IntoIterator<Item = (u64, Event)>) {
        self.events.extend(events);
    }

    /// The panel's time, in nanoseconds.
    pub fn now(&self) -> u64 {
        self.time.now()
    }

    /// The instrument's state.
    pub fn state(&self) -> &Arc<State> {
        self.conductor.state()
    }

    /// The engine's counters.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The display.
    pub fn oled(&self) -> &Oled {
        &self.oled
    }

    /// The panel.
    pub fn panel(&self) -> &Panel<Bus<VirtualTime>, Bus<VirtualTime>, VirtualTime> {
        &self.panel
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
        self.journal = Some(vec![Entry {
            sent: 0,
            ready: 0,
            state: Arc::clone(self.conductor.state()),
        }]);
    }

    /// What the journal holds.
    pub fn journal(&self) -> &[Entry] {
        self.journal.as_deref().unwrap_or_default()
    }

    /// Why commands were refused, since the last look.
    pub fn refusals(&mut self) -> Vec<String> {
        std::mem::take(&mut self.refusals)
    }

    /// When the next callback comes, in nanoseconds.
    fn next_block(&self) -> u64 {
        nanoseconds(self.frames, self.platform.rate)
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
            let panel = self.time.now();
            let event = self.events.front().map_or(u64::MAX, |(at, _)| *at);
            let command = self
                .commands
                .front()
                .map_or(u64::MAX, |(at, _)| (*at).max(self.instrument_free));
            let tick = self.next_tick.max(self.instrument_free);
            let first = audio.min(panel).min(event).min(command).min(tick);
            if first >= until {
                return;
            }
            if event == first {
                self.event();
            } else if tick == first {
                // Before the next command: what is ready must not wait for it.
                self.conductor.deliver();
                self.next_tick = first + self.model.tick_ns;
            } else if command == first {
                self.command(first);
            } else if audio == first {
                self.callback(&mut hear);
            } else {
                self.turn();
                see(self);
            }
        }
    }

    fn event(&mut self) {
        let Some((at, event)) = self.events.pop_front() else {
            return;
        };
        let address = |part| match part {
            Part::Touch => self.addresses.0,
            Part::Display => self.addresses.1,
        };
        match event {
            Event::Command(command) => self.commands.push_back((at, command)),
            Event::Fault(part, fault) => self.bus.fault(address(part), fault),
            Event::Reset(part) => self.bus.reset(address(part)),
            Event::Stuck(stuck) => self.bus.stick(stuck),
        }
    }

    fn command(&mut self, now: u64) {
        let Some((mut sent, mut command)) = self.commands.pop_front() else {
            return;
        };
        while let Some((at, later)) = self.commands.front() {
            if *at > now || !is_superseded(&command, later) {
                break;
            }
            (sent, command) = self.commands.pop_front().unwrap_or((sent, command));
        }
        let sound = self.conductor.state().sound;
        if let Err(problem) = self.conductor.command(command) {
            self.refusals.push(problem);
        }
        let state = self.conductor.state();
        let mut took = self.model.command_ns;
        if state.sound != sound {
            took += self.model.build_gate_ns * state.network.gates().len() as u64;
            if let Some(journal) = &mut self.journal {
                journal.push(Entry {
                    sent,
                    ready: now + took,
                    state: Arc::clone(state),
                });
            }
        }
        self.instrument_free = now + took;
        // It delivers what it made, then sees to its other duties.
        self.next_tick = self.instrument_free;
    }

    fn callback(&mut self, hear: &mut impl FnMut(Block<'_>)) {
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
            gates: spent.gates,
        });
        self.frames += u64::from(self.platform.block);
    }

    fn turn(&mut self) {
        let state = Arc::clone(self.conductor.state());
        let (commands, time) = (&mut self.commands, &self.time);
        let panel_ns = self.model.panel_ns;
        self.panel.turn(&state, &self.counters, |command| {
            commands.push_back((time.now() + panel_ns, command));
        });
    }
}

/// The time of a frame, in nanoseconds.
pub(super) fn nanoseconds(frames: u64, rate: u32) -> u64 {
    let rate = u64::from(rate);
    frames / rate * 1_000_000_000 + frames % rate * 1_000_000_000 / rate
}
