//! The threads around the audio callback, in real time: the instrument's, which applies
//! commands; the panel's, which owns the bus; and those of the storage and the PRU.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use embedded_hal::i2c::I2c;
use logicnet::Word;

use super::analog_inputs::{AnalogInputs, AnalogWatcher};
use super::batch::Batch;
use super::controller::Controller;
use super::engine_status;
use super::midi::{Inbox, OpenPorts, release};
use crate::handle::{Handle, Replies, Request};
use crate::panel::{Clock, Panel};
use crate::pru::Supervisor;
use crate::spawn::{Role, Spawn, Task, service};
use crate::storage::{Autosave, Files};
use engine::Counters;
use instrument::Command;

/// Period at which the instrument's thread polls the engine's ring and the inputs.
const TICK: Duration = Duration::from_millis(1);
/// Most commands that wait for the instrument before MIDI waits as well.
const MOST_QUEUED: usize = 1024;
/// Period of the PRU's supervisor.
const SUPERVISOR: Duration = Duration::from_millis(10);

/// The running threads.
pub struct Threads {
    handle: Handle,
    spawn: Spawn,
    /// The instrument's and the panel's thread.
    running: [JoinHandle<()>; 2],
}

impl Threads {
    /// Starts the instrument's and the panel's thread. `spawn` gives a thread the
    /// priority that its role has on this board.
    ///
    /// # Errors
    /// Fails if the system cannot start a thread.
    pub fn start<W, T, D, C>(
        controller: Controller<W>,
        mut panel: Panel<T, D, C>,
        counters: Arc<Counters>,
        inputs: Arc<AnalogInputs>,
        spawn: Spawn,
    ) -> Result<Threads, String>
    where
        W: Word + Send + 'static,
        T: I2c + Send + 'static,
        D: I2c + Send + 'static,
        C: Clock + Send + 'static,
    {
        let (handle, inbox) = Handle::new(controller.state());
        let (of_instrument, of_panel) = (handle.clone(), handle.clone());
        let inputs = AnalogWatcher::new(inputs);
        // Not a service: after a panic, a command may be half done.
        let task = move || run_controller(controller, &inbox, inputs, &of_instrument);
        let instrument = start(spawn, "gb-instrument", Role::Instrument, Box::new(task))?;
        let panel = start(
            spawn,
            "gb-panel",
            Role::Panel,
            service("gb-panel", move || {
                run_panel(&mut panel, &counters, &of_panel);
            }),
        )?;
        Ok(Threads {
            handle,
            spawn,
            running: [instrument, panel],
        })
    }

    /// Starts the storage's thread, with a clock in milliseconds. The thread ends when
    /// its `StorageHandle` says so; [`Threads::join`] does not wait for it.
    ///
    /// # Errors
    /// Fails if the system cannot start a thread.
    pub fn save(
        &self,
        mut autosave: Autosave<Files>,
        mut clock: impl FnMut() -> u64 + Send + 'static,
    ) -> Result<(), String> {
        let (source, notices) = (self.handle.clone(), self.handle.clone());
        let notify = move |notice| notices.command(Command::Notice(notice));
        let task = service("gb-storage", move || {
            autosave.run(&mut clock, || source.state(), &notify);
        });
        start(self.spawn, "gb-storage", Role::Background, task).map(drop)
    }

    /// Starts the thread that receives MIDI, with a clock in nanoseconds; [`Threads::join`] does
    /// not wait for it. If the thread cannot be started, the instrument plays without.
    pub fn listen(&self, mut open: OpenPorts, mut clock: impl FnMut() -> u64 + Send + 'static) {
        let handle = self.handle.clone();
        let task = service("gb-midi", move || {
            let (mut ports, mut inbox) = (open(), Inbox::default());
            // After a panic, keys may be held whose release was lost.
            handle.command(release(clock()));
            while !handle.stopped() {
                ports.wait(&mut |number, bytes| {
                    // The system keeps or drops what a flood sends meanwhile.
                    while handle.queued() > MOST_QUEUED && !handle.stopped() {
                        thread::sleep(TICK);
                    }
                    if let Some(command) = inbox.receive(number, bytes, clock()) {
                        handle.command(command);
                    }
                });
                if let Some(command) = inbox.check(clock()) {
                    handle.command(command);
                }
            }
        });
        if let Err(error) = start(self.spawn, "gb-midi", Role::Midi, task) {
            log::warn!("no MIDI: {error}");
        }
    }

    /// Starts the thread of the PRU's supervisor, which halts the PRU when it ends;
    /// [`Threads::join`] does not wait for it. If the thread cannot be started, the CPU
    /// plays and the player is notified.
    pub fn offload(&self, mut supervisor: Supervisor) {
        let handle = self.handle.clone();
        let task = service("gb-pru", move || {
            while !handle.stopped() {
                if let Some(notice) = supervisor.poll() {
                    handle.command(Command::Notice(notice));
                }
                thread::sleep(SUPERVISOR);
            }
            supervisor.stop();
        });
        if let Err(error) = start(self.spawn, "gb-pru", Role::Background, task) {
            let notice = format!("the CPU plays: {error}");
            log::warn!("{notice}");
            self.handle.command(Command::Notice(notice));
        }
    }

    /// Returns a handle to the instrument.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Returns whether one of the threads has ended before the end was requested, which is
    /// a bug.
    pub fn failed(&self) -> bool {
        self.running.iter().any(JoinHandle::is_finished)
    }

    /// Waits until the threads have ended, after [`Handle::stop`].
    ///
    /// # Errors
    /// Fails if one of them has panicked.
    pub fn join(self) -> Result<(), String> {
        for thread in self.running {
            thread.join().map_err(|_| "a thread has panicked")?;
        }
        Ok(())
    }
}

fn start(
    spawn: Spawn,
    name: &'static str,
    role: Role,
    task: Task,
) -> Result<JoinHandle<()>, String> {
    spawn(name, role, task).map_err(|error| format!("no thread {name}: {error}"))
}

/// Body of the panel's thread.
fn run_panel<T: I2c, D: I2c, C: Clock>(
    panel: &mut Panel<T, D, C>,
    counters: &Counters,
    handle: &Handle,
) {
    while !handle.stopped() {
        panel.run_once(&handle.state(), engine_status(counters), |command| {
            handle.command(command);
        });
    }
}

/// Body of the instrument's thread.
fn run_controller<W: Word>(
    mut controller: Controller<W>,
    inbox: &Receiver<Request>,
    mut inputs: AnalogWatcher,
    handle: &Handle,
) {
    let mut next = None;
    loop {
        controller.deliver();
        let state = controller.state();
        // Polled before each request, so that knobs work however many requests arrive.
        let turned = inputs.poll(|input| state.listens_to(input));
        let first = match next.take().map_or_else(|| inbox.recv_timeout(TICK), Ok) {
            Ok(first) => Some(first),
            Err(RecvTimeoutError::Timeout) if !handle.stopped() => None,
            Err(_) => return,
        };
        let mut apply = |command, replies| {
            let applied = controller.command(command);
            controller.deliver();
            handle.publish(controller.state());
            controller.answer(applied, replies);
        };
        if let Some(command) = turned {
            // The display shows why a command is refused.
            apply(command, Replies::default());
        }
        if let Some(first) = first {
            let mut batch = Batch::from(first);
            while let Ok(request) = inbox.try_recv() {
                if let Err(other) = batch.push(request) {
                    next = Some(other);
                    break;
                }
            }
            batch.apply(apply);
        }
    }
}
