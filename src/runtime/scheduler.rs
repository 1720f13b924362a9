//! A scheduler of virtual time: runs what the threads around the audio callback do, one
//! step after the other in the order of their times. Every run is the same, and hours
//! take seconds. Used by the desk in simulated time and by boards that render offline.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use embedded_hal::i2c::I2c;
use logicnet::Word;

use super::analog_inputs::{AnalogInputs, AnalogWatcher};
use super::batch::Batch;
use super::controller::Controller;
use super::engine_status;
use crate::handle::{Handle, Request};
use crate::panel::{Clock, Panel};
use crate::pru::Supervisor;
use engine::Counters;
use instrument::gestures::Contact;
use instrument::{Command, State};

/// Durations of everything but audio and the bus, in nanoseconds. Assumptions, until
/// a board has been measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimingModel {
    /// From the end of a scan's read until its command is sent.
    pub panel_ns: u64,
    /// Applying a command that needs no new program.
    pub command_ns: u64,
    /// Building a program, per gate of the network.
    pub build_gate_ns: u64,
    /// Period at which the instrument's thread polls the engine's ring.
    pub tick_ns: u64,
    /// Compiling a program for the PRU, per gate of the network.
    pub code_gate_ns: u64,
    /// Period of the PRU's supervisor.
    pub supervisor_ns: u64,
}

impl Default for TimingModel {
    /// A 1 GHz board.
    fn default() -> TimingModel {
        TimingModel {
            panel_ns: 50_000,
            command_ns: 30_000,
            build_gate_ns: 200,
            tick_ns: 1_000_000,
            code_gate_ns: 150_000,
            supervisor_ns: 10_000_000,
        }
    }
}

/// A change of sound, as the journal records it.
#[derive(Clone, Debug)]
pub struct JournalEntry {
    /// Time at which the command was sent, in nanoseconds.
    pub sent: u64,
    /// Time at which its program was ready for the engine, in nanoseconds.
    pub ready: u64,
    /// The state it led to.
    pub state: Arc<State>,
}

/// A step of one of the simulated threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sends a command of the script.
    Script,
    /// The controller polls the engine's ring and the analog inputs.
    Tick,
    /// The controller applies a command.
    Command,
    /// The PRU's supervisor makes a program or checks the running one.
    Supervisor,
    /// The panel reads the sensor and sends a slice of the display.
    Panel,
}

/// Runs panel, controller and supervisor in virtual time. `B` is the bus and `C` its
/// clock, both shared with the caller.
pub struct Scheduler<B, C, W> {
    timing: TimingModel,
    clock: C,
    panel: Panel<B, B, C>,
    controller: Controller<W>,
    counters: Arc<Counters>,
    inputs: AnalogWatcher,
    /// Commands of a script and their times.
    script: VecDeque<(u64, Command)>,
    /// Requests that were sent and not applied yet.
    requests: VecDeque<(u64, Request)>,
    /// Handle for other threads, and their requests.
    handle: Option<(Handle, Receiver<Request>)>,
    /// Time at which the instrument's thread is free again.
    instrument_free: u64,
    next_tick: u64,
    supervisor: Option<Supervisor>,
    next_supervisor: u64,
    refusals: Vec<String>,
    journal: Option<Vec<JournalEntry>>,
}

impl<B: I2c, C: Clock, W: Word> Scheduler<B, C, W> {
    /// Creates a scheduler that begins at time 0. `clock` is the panel's; the supervisor
    /// runs the PRU, if one plays.
    pub fn new(
        timing: TimingModel,
        panel: Panel<B, B, C>,
        clock: C,
        controller: Controller<W>,
        counters: Arc<Counters>,
        inputs: Arc<AnalogInputs>,
        supervisor: Option<Supervisor>,
    ) -> Scheduler<B, C, W> {
        Scheduler {
            timing,
            panel,
            clock,
            controller,
            counters,
            inputs: AnalogWatcher::new(inputs),
            script: VecDeque::new(),
            requests: VecDeque::new(),
            handle: None,
            instrument_free: 0,
            next_tick: 0,
            next_supervisor: if supervisor.is_some() { 0 } else { u64::MAX },
            supervisor,
            refusals: Vec::new(),
            journal: None,
        }
    }

    /// Returns the PRU's supervisor if it runs.
    pub fn supervisor(&self) -> Option<&Supervisor> {
        self.supervisor.as_ref()
    }

    /// Adds commands and their times in nanoseconds. Commands of the same time are sent
    /// in the order in which they were added.
    pub fn schedule(&mut self, commands: impl IntoIterator<Item = (u64, Command)>) {
        self.script.extend(commands);
        self.script.make_contiguous().sort_by_key(|(at, _)| *at);
    }

    /// Returns a handle for other threads. Their requests arrive in real time, so that
    /// runs with them are not reproducible.
    pub fn handle(&mut self) -> Handle {
        let state = self.controller.state();
        let (handle, _) = self.handle.get_or_insert_with(|| Handle::new(state));
        handle.clone()
    }

    /// Merges contacts from elsewhere with those of the sensor: see
    /// [`Panel::merge_contacts`].
    pub fn merge_contacts(&mut self, contact: impl Fn() -> Contact + Send + 'static) {
        self.panel.merge_contacts(contact);
    }

    /// Returns the panel.
    pub fn panel(&self) -> &Panel<B, B, C> {
        &self.panel
    }

    /// Lets touches play at once, see [`Panel::skip_splash`].
    pub fn skip_splash(&mut self) {
        self.panel.skip_splash();
    }

    /// Returns the controller.
    pub fn controller(&self) -> &Controller<W> {
        &self.controller
    }

    /// Returns the engine's counters.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Records every state that sounds different from the one before, starting with
    /// the current one.
    pub fn record_journal(&mut self) {
        self.journal = Some(vec![JournalEntry {
            sent: 0,
            ready: 0,
            state: Arc::clone(self.controller.state()),
        }]);
    }

    /// Returns the recorded changes.
    pub fn journal(&self) -> &[JournalEntry] {
        self.journal.as_deref().unwrap_or_default()
    }

    /// Takes the reasons of all commands refused since the last call.
    pub fn refusals(&mut self) -> Vec<String> {
        std::mem::take(&mut self.refusals)
    }

    /// Returns the next step and its time. Steps of the same time run in the order of
    /// [`Step`].
    pub fn next_step(&self) -> (u64, Step) {
        let script = self.script.front().map_or(u64::MAX, |(at, _)| *at);
        let tick = self.next_tick.max(self.instrument_free);
        let command = self
            .requests
            .front()
            .map_or(u64::MAX, |(at, _)| (*at).max(self.instrument_free));
        [
            (script, Step::Script),
            // Before the next command: a finished program must not wait for it.
            (tick, Step::Tick),
            (command, Step::Command),
            (self.next_supervisor, Step::Supervisor),
            (self.clock.now(), Step::Panel),
        ]
        .into_iter()
        .min_by_key(|(at, _)| *at)
        .unwrap_or((u64::MAX, Step::Panel))
    }

    /// Returns the next step if it is due before an audio callback at this time. At the
    /// same time, only the panel comes after the callback.
    pub fn due_before(&self, callback: u64) -> Option<Step> {
        let (at, step) = self.next_step();
        (at < callback || (at == callback && step != Step::Panel)).then_some(step)
    }

    /// Runs the next step.
    pub fn run_next(&mut self) {
        let (now, step) = self.next_step();
        match step {
            Step::Script => {
                let due = self.script.pop_front();
                self.requests
                    .extend(due.map(|(at, command)| (at, command.into())));
            }
            Step::Tick => {
                self.controller.deliver();
                let state = self.controller.state();
                let turned = self.inputs.poll(|input| state.listens_to(input));
                self.requests
                    .extend(turned.map(|command| (now, command.into())));
                if let Some((_, inbox)) = &self.handle {
                    self.requests
                        .extend(inbox.try_iter().map(|request| (now, request)));
                }
                self.next_tick = now + self.timing.tick_ns;
            }
            Step::Command => self.run_command(now),
            Step::Supervisor => self.run_supervisor(now),
            Step::Panel => self.run_panel(),
        }
    }

    fn run_command(&mut self, now: u64) {
        let Some((mut sent, first)) = self.requests.pop_front() else {
            return;
        };
        let mut batch = Batch::from(first);
        while self.requests.front().is_some_and(|(at, _)| *at <= now) {
            let Some((at, later)) = self.requests.pop_front() else {
                break;
            };
            if let Err(other) = batch.push(later) {
                self.requests.push_front((at, other));
                break;
            }
            sent = at;
        }
        let sound = self.controller.state().sound;
        batch.apply(|command, replies| {
            let applied = self.controller.command(command);
            self.refusals.extend(applied.as_ref().err().cloned());
            if let Some((handle, _)) = &self.handle {
                handle.publish(self.controller.state());
            }
            self.controller.answer(applied, replies);
        });
        let state = self.controller.state();
        let mut duration = self.timing.command_ns;
        if state.sound != sound {
            duration += self.timing.build_gate_ns * state.network.gates().len() as u64;
            if let Some(journal) = &mut self.journal {
                journal.push(JournalEntry {
                    sent,
                    ready: now + duration,
                    state: Arc::clone(state),
                });
            }
        }
        self.instrument_free = now + duration;
        // As in real time, the program is delivered as soon as it is built.
        self.next_tick = self.instrument_free;
    }

    fn run_supervisor(&mut self, now: u64) {
        let Some(supervisor) = &mut self.supervisor else {
            return;
        };
        if let Some(notice) = supervisor.poll() {
            self.requests
                .push_back((now, Command::Notice(notice).into()));
        }
        let gates = supervisor.pending_gates().unwrap_or(0) as u64;
        self.next_supervisor = now + self.timing.supervisor_ns + gates * self.timing.code_gate_ns;
    }

    fn run_panel(&mut self) {
        let state = Arc::clone(self.controller.state());
        let (requests, clock) = (&mut self.requests, &self.clock);
        let panel_ns = self.timing.panel_ns;
        self.panel
            .run_once(&state, engine_status(&self.counters), |command| {
                requests.push_back((clock.now() + panel_ns, command.into()));
            });
    }
}
