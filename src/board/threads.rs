//! The threads around the audio callback: the instrument's, which does commands,
//! and the panel's, which owns the bus. Every board in real time has them.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use embedded_hal::i2c::I2c;
use logicnet::Word;

use super::inputs::{Inputs, Knobs};
use crate::conductor::{Conductor, is_superseded};
use crate::engine::Counters;
use crate::instrument::{Command, State};
use crate::keeper::{Files, Watch};
use crate::panel::{Clock, Panel};
use crate::pru::Operator;

/// How often the instrument's thread looks at the engine's ring and the inputs.
const TICK: Duration = Duration::from_millis(1);
/// From one turn of the PRU's operator to the next.
const OPERATOR: Duration = Duration::from_millis(10);

/// What a thread is for, which says how soon it is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Ends the program when it is time; works for microseconds.
    Watchdog,
    /// Reads the sensor, paints the display.
    Panel,
    /// Does commands, builds programs.
    Instrument,
    /// Files, network: what may wait.
    Background,
}

/// What a thread does.
pub type Work = Box<dyn FnOnce() + Send>;

/// Starts a thread like any other, whatever its role.
///
/// # Errors
/// When the system gives none.
pub fn spawn_plainly(name: &'static str, _: Role, work: Work) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.into()).spawn(work)
}

/// What the threads share with who started them.
#[derive(Clone)]
pub struct Shared {
    state: Arc<Mutex<Arc<State>>>,
    stop: Arc<AtomicBool>,
    commands: Sender<Command>,
}

impl Shared {
    /// The instrument's state. Not for the audio thread.
    pub fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends a command to the instrument, which does it soon.
    pub fn command(&self, command: Command) {
        // Nobody takes it only when all is over.
        let _ = self.commands.send(command);
    }

    /// Asks the threads to end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether they were asked to.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// The running threads.
pub struct Threads {
    shared: Shared,
    handles: [JoinHandle<()>; 2],
}

impl Threads {
    /// Starts both, by `spawn`, which knows what a board gives a role.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start<W, T, D, C>(
        conductor: Conductor<W>,
        mut panel: Panel<T, D, C>,
        counters: Arc<Counters>,
        inputs: Arc<Inputs>,
        spawn: impl Fn(&'static str, Role, Work) -> io::Result<JoinHandle<()>>,
    ) -> Result<Threads, String>
    where
        W: Word + Send + 'static,
        T: I2c + Send + 'static,
        D: I2c + Send + 'static,
        C: Clock + Send + 'static,
    {
        // Never full, so that nothing is lost: touches that pile up are thinned out.
        let (commands, inbox) = unbounded();
        let shared = Shared {
            state: Arc::new(Mutex::new(Arc::clone(conductor.state()))),
            stop: Arc::new(AtomicBool::new(false)),
            commands,
        };
        let start = |name, role, work| {
            spawn(name, role, work).map_err(|error| format!("no thread {name}: {error}"))
        };
        let (of_instrument, of_panel) = (shared.clone(), shared.clone());
        let instrument = start(
            "gb-instrument",
            Role::Instrument,
            Box::new(move || conduct(conductor, &inbox, Knobs::new(inputs), &of_instrument)),
        )?;
        let painter = start(
            "gb-panel",
            Role::Panel,
            Box::new(move || {
                while !of_panel.stopped() {
                    panel.turn(&of_panel.state(), &counters, |command| {
                        of_panel.command(command);
                    });
                }
            }),
        )?;
        Ok(Threads {
            shared,
            handles: [instrument, painter],
        })
    }

    /// Starts the keeper's thread, with a clock in milliseconds. It ends by its
    /// handle, and is not waited for.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn keep(
        &self,
        watch: Watch<Files>,
        clock: impl FnMut() -> u64 + Send + 'static,
        spawn: impl Fn(&'static str, Role, Work) -> io::Result<JoinHandle<()>>,
    ) -> Result<(), String> {
        let (looks, tells) = (self.shared.clone(), self.shared.clone());
        let notice = move |notice| tells.command(Command::Notice(notice));
        let work = move || watch.run(clock, move || looks.state(), notice);
        spawn("gb-keeper", Role::Background, Box::new(work))
            .map(drop)
            .map_err(|error| format!("no thread gb-keeper: {error}"))
    }

    /// Starts the thread of the PRU's operator. It halts the PRU when it ends, and is
    /// not waited for.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn offload(
        &self,
        mut operator: Operator,
        spawn: impl Fn(&'static str, Role, Work) -> io::Result<JoinHandle<()>>,
    ) -> Result<(), String> {
        let shared = self.shared.clone();
        let work = move || {
            while !shared.stopped() {
                if let Some(told) = operator.turn() {
                    shared.command(Command::Notice(told));
                }
                thread::sleep(OPERATOR);
            }
            operator.end();
        };
        spawn("gb-pru", Role::Background, Box::new(work))
            .map(drop)
            .map_err(|error| format!("no thread gb-pru: {error}"))
    }

    /// What they share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Whether one of them has ended by itself, which is a fault of ours.
    pub fn broken(&self) -> bool {
        self.handles.iter().any(JoinHandle::is_finished)
    }

    /// Ends them, and waits until they have.
    ///
    /// # Errors
    /// When one has panicked.
    pub fn end(self) -> Result<(), String> {
        self.shared.stop();
        for handle in self.handles {
            handle.join().map_err(|_| "a thread has panicked")?;
        }
        Ok(())
    }
}

/// The instrument's thread.
fn conduct<W: Word>(
    mut conductor: Conductor<W>,
    inbox: &Receiver<Command>,
    mut knobs: Knobs,
    shared: &Shared,
) {
    loop {
        conductor.deliver();
        let state = conductor.state();
        let mut waiting = knobs.turned(|input| state.listens_to(input));
        match inbox.recv_timeout(TICK) {
            Ok(first) => {
                for later in std::iter::once(first).chain(inbox.try_iter()) {
                    if let Some(command) = waiting.replace(later.clone()) {
                        if !is_superseded(&command, &later) {
                            // Refusals are told on the display.
                            let _ = conductor.command(command);
                            conductor.deliver();
                        }
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) if !shared.stopped() => {}
            Err(_) => return,
        }
        if let Some(command) = waiting {
            let _ = conductor.command(command);
            let state = Arc::clone(conductor.state());
            *shared.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        }
    }
}
