//! The threads around the audio callback, taken as scheduler in the order of their
//! times: the same run every time, and hours in seconds. For the desk's
//! simulated time, and for boards that render offline.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use embedded_hal::i2c::I2c;
use logicnet::Word;

use super::analog_inputs::{Inputs, Knobs};
use crate::handle::{Handle, Request};
use crate::panel::{Clock, Config, Panel};
use crate::pru::Supervisor;
use crate::runtime::controller::{Controller, is_superseded};
use engine::Counters;
use instrument::gestures::Contact;
use instrument::{Command, State};

/// What takes time besides audio and the bus; assumptions, until a board was
/// measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// From a scan read to its command sent.
    pub panel_ns: u64,
    /// A command without a new program.
    pub command_ns: u64,
    /// A new program, for each gate of the network.
    pub build_gate_ns: u64,
    /// From one look of the instrument's thread at the engine's ring to the next.
    pub tick_ns: u64,
    /// A program for the PRU, for each gate of the network.
    pub code_gate_ns: u64,
    /// From one turn of the PRU's supervisor to the next.
    pub supervisor_ns: u64,
}

impl Default for Model {
    /// A 1 GHz board.
    fn default() -> Model {
        Model {
            panel_ns: 50_000,
            command_ns: 30_000,
            build_gate_ns: 200,
            tick_ns: 1_000_000,
            code_gate_ns: 150_000,
            supervisor_ns: 10_000_000,
        }
    }
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

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A command of the script is sent.
    Script,
    /// The controller looks at the engine's ring and the analog inputs.
    Tick,
    /// The controller does a command.
    Command,
    /// The PRU's supervisor makes a program, or watches one.
    Supervisor,
    /// The panel reads the sensor and sends what fits of the display.
    Panel,
}

/// Panel and controller in scheduler; `B` is the bus, `C` its clock, which they share
/// with whoever calls.
pub struct Scheduler<B, C, W> {
    model: Model,
    clock: C,
    panel: Panel<B, B, C>,
    controller: Controller<W>,
    counters: Arc<Counters>,
    knobs: Knobs,
    /// Commands of a script, by their times.
    script: VecDeque<(u64, Command)>,
    /// Commands on their way.
    commands: VecDeque<(u64, Request)>,
    /// Others who ask and look, by threads of their own.
    shared: Option<(Handle, Receiver<Request>)>,
    /// When the instrument's thread is done with what it does.
    instrument_free: u64,
    next_tick: u64,
    supervisor: Option<Supervisor>,
    next_supervisor: u64,
    refusals: Vec<String>,
    journal: Option<Vec<Entry>>,
}

impl<B: I2c, C: Clock + Clone, W: Word> Scheduler<B, C, W> {
    /// Scheduler that begin now. `buses` are the bus as sensor and display see it.
    pub fn new(
        model: Model,
        config: Config,
        buses: [B; 2],
        clock: C,
        controller: Controller<W>,
        counters: Arc<Counters>,
        inputs: Arc<Inputs>,
    ) -> Scheduler<B, C, W> {
        let [touch, display] = buses;
        Scheduler {
            model,
            panel: Panel::new(config, touch, display, clock.clone()),
            clock,
            controller,
            counters,
            knobs: Knobs::new(inputs),
            script: VecDeque::new(),
            commands: VecDeque::new(),
            shared: None,
            instrument_free: 0,
            next_tick: 0,
            supervisor: None,
            next_supervisor: u64::MAX,
            refusals: Vec::new(),
            journal: None,
        }
    }

    /// The PRU's supervisor takes its scheduler, too.
    pub fn offload(&mut self, supervisor: Supervisor) {
        self.supervisor = Some(supervisor);
        self.next_supervisor = 0;
    }

    /// The PRU's supervisor, if there is one.
    pub fn supervisor(&self) -> Option<&Supervisor> {
        self.supervisor.as_ref()
    }

    /// Adds commands. Those of the same time come in the order in which they were added.
    pub fn schedule(&mut self, commands: impl IntoIterator<Item = (u64, Command)>) {
        self.script.extend(commands);
        self.script.make_contiguous().sort_by_key(|(at, _)| *at);
    }

    /// What other threads look at and ask by, which they do when they come to it: what
    /// they ask for is not the same run every time.
    pub fn share(&mut self) -> Handle {
        let state = self.controller.state();
        let (shared, _) = self.shared.get_or_insert_with(|| Handle::new(state));
        shared.clone()
    }

    /// As [`Panel::beside`].
    pub fn beside(&mut self, contact: impl Fn() -> Contact + Send + 'static) {
        self.panel.beside(contact);
    }

    /// The panel.
    pub fn panel(&self) -> &Panel<B, B, C> {
        &self.panel
    }

    /// The controller.
    pub fn controller(&self) -> &Controller<W> {
        &self.controller
    }

    /// The engine's counters.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Keeps every state that sounds different from the one before, from the
    /// one there is now on.
    pub fn keep_journal(&mut self) {
        self.journal = Some(vec![Entry {
            sent: 0,
            ready: 0,
            state: Arc::clone(self.controller.state()),
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

    /// The turn that comes next, and when: what happens at the same time comes in
    /// the order of [`Turn`].
    pub fn next(&self) -> (u64, Turn) {
        let script = self.script.front().map_or(u64::MAX, |(at, _)| *at);
        let tick = self.next_tick.max(self.instrument_free);
        let command = self
            .commands
            .front()
            .map_or(u64::MAX, |(at, _)| (*at).max(self.instrument_free));
        [
            (script, Turn::Script),
            // Before the next command: what is ready must not wait for it.
            (tick, Turn::Tick),
            (command, Turn::Command),
            (self.next_supervisor, Turn::Supervisor),
            (self.clock.now(), Turn::Panel),
        ]
        .into_iter()
        .min_by_key(|(at, _)| *at)
        .unwrap_or((u64::MAX, Turn::Panel))
    }

    /// The next turn, if it comes before a callback of the audio at this time,
    /// which goes before the panel.
    pub fn before(&self, callback: u64) -> Option<Turn> {
        let (at, turn) = self.next();
        (at < callback || (at == callback && turn != Turn::Panel)).then_some(turn)
    }

    /// Takes the turn that comes next.
    pub fn take(&mut self) {
        let (now, turn) = self.next();
        match turn {
            Turn::Script => {
                let due = self.script.pop_front();
                self.commands
                    .extend(due.map(|(at, command)| (at, command.into())));
            }
            Turn::Tick => {
                self.controller.deliver();
                let state = self.controller.state();
                let turned = self.knobs.turned(|input| state.listens_to(input));
                self.commands
                    .extend(turned.map(|command| (now, command.into())));
                if let Some((_, inbox)) = &self.shared {
                    self.commands
                        .extend(inbox.try_iter().map(|request| (now, request)));
                }
                self.next_tick = now + self.model.tick_ns;
            }
            Turn::Command => self.command(now),
            Turn::Supervisor => self.supervisor_turn(now),
            Turn::Panel => self.panel_turn(),
        }
    }

    fn command(&mut self, now: u64) {
        let Some((mut sent, mut request)) = self.commands.pop_front() else {
            return;
        };
        while let Some((at, later)) = self.commands.front() {
            if *at > now || !is_superseded(&request.command, &later.command) {
                break;
            }
            let Some(later) = self.commands.pop_front() else {
                break;
            };
            let (_, waiting) = request.split();
            waiting.send(Ok(()));
            (sent, request) = later;
        }
        let (command, waiting) = request.split();
        let sound = self.controller.state().sound;
        let outcome = self.controller.command(command);
        self.refusals.extend(outcome.clone().err());
        let state = self.controller.state();
        if let Some((shared, _)) = &self.shared {
            shared.publish(state);
        }
        waiting.send(outcome);
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

    fn supervisor_turn(&mut self, now: u64) {
        let Some(supervisor) = &mut self.supervisor else {
            return;
        };
        if let Some(told) = supervisor.turn() {
            self.commands.push_back((now, Command::Notice(told).into()));
        }
        let gates = supervisor.waiting().unwrap_or(0) as u64;
        self.next_supervisor = now + self.model.supervisor_ns + gates * self.model.code_gate_ns;
    }

    fn panel_turn(&mut self) {
        let state = Arc::clone(self.controller.state());
        let (commands, clock) = (&mut self.commands, &self.clock);
        let panel_ns = self.model.panel_ns;
        self.panel.turn(&state, &self.counters, |command| {
            commands.push_back((clock.now() + panel_ns, command.into()));
        });
    }
}
