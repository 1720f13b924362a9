//! The threads around the audio callback: the instrument's, which does commands,
//! and the panel's, which owns the bus. Every board in real time has them.

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
use crate::panel::{Clock, Panel};

/// How often the instrument's thread looks at the engine's ring and the inputs.
const TICK: Duration = Duration::from_millis(1);
/// Bytes of a thread's stack: all of it is locked into memory on a board.
pub const STACK: usize = 256 << 10;

/// Which thread it is; a board gives each its priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Does commands, builds programs.
    Instrument,
    /// Polls the sensor, paints the display.
    Panel,
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
    /// Starts both. `begin` is called on each before anything else.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start<W, T, D, C>(
        conductor: Conductor<W>,
        mut panel: Panel<T, D, C>,
        counters: Arc<Counters>,
        inputs: Arc<Inputs>,
        begin: fn(Role),
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
        let instrument = {
            let shared = shared.clone();
            spawn("instrument", move || {
                begin(Role::Instrument);
                conduct(conductor, &inbox, Knobs::new(inputs), &shared);
            })?
        };
        let painter = {
            let shared = shared.clone();
            spawn("panel", move || {
                begin(Role::Panel);
                while !shared.stopped() {
                    panel.turn(&shared.state(), &counters, |command| {
                        shared.command(command);
                    });
                }
            })?
        };
        Ok(Threads {
            shared,
            handles: [instrument, painter],
        })
    }

    /// What they share.
    pub fn shared(&self) -> &Shared {
        &self.shared
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

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, String> {
    thread::Builder::new()
        .name(name.into())
        .stack_size(STACK)
        .spawn(run)
        .map_err(|error| format!("no thread for the {name}: {error}"))
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
        let mut waiting = knobs.turned();
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
