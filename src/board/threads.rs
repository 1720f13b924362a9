//! The threads around the audio callback: the instrument's, which does commands,
//! and the panel's, which owns the bus. Every board in real time has them.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded, unbounded};
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
    /// Compiles expressions: may wait, and nests deeply.
    Workshop,
}

/// What a thread does.
pub type Work = Box<dyn FnOnce() + Send>;

/// Starts a thread with its name and what its role needs.
pub type Spawn = fn(&'static str, Role, Work) -> io::Result<JoinHandle<()>>;

/// Starts a thread like any other, whatever its role.
///
/// # Errors
/// When the system gives none.
pub fn spawn_plainly(name: &'static str, _: Role, work: Work) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.into()).spawn(work)
}

/// A command on its way, and who waits for what became of it.
#[derive(Debug)]
pub struct Request {
    /// What is to be done.
    pub command: Command,
    reply: Option<Sender<Outcome>>,
}

/// Whether a command was done, or why not.
pub type Outcome = Result<(), String>;

impl From<Command> for Request {
    /// A command that nobody waits for.
    fn from(command: Command) -> Request {
        Request {
            command,
            reply: None,
        }
    }
}

/// What becomes of a command, once it is known.
#[derive(Debug)]
pub struct Answer(Receiver<Outcome>);

impl Answer {
    /// It, if it is known.
    pub fn now(&self) -> Option<Outcome> {
        match self.0.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(OVER.into())),
        }
    }

    /// It, if it is known soon.
    pub fn within(&self, patience: Duration) -> Option<Outcome> {
        match self.0.recv_timeout(patience) {
            Ok(outcome) => Some(outcome),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Err(OVER.into())),
        }
    }

    /// It, as soon as it is known.
    ///
    /// # Errors
    /// The command's own, or that the instrument has ended.
    pub fn wait(self) -> Outcome {
        self.0.recv().unwrap_or_else(|_| Err(OVER.into()))
    }
}

/// Why nothing became of a command.
const OVER: &str = "the instrument has ended";

/// Who waits for what became of a command. Dropped unanswered, it says so.
#[derive(Debug)]
pub struct Waiting(Option<Sender<Outcome>>);

impl Waiting {
    /// Tells what became of it; the state that it led to was published before.
    pub fn tell(self, outcome: Outcome) {
        if let Some(reply) = self.0 {
            // Who has left does not care.
            let _ = reply.send(outcome);
        }
    }
}

impl Request {
    /// The command, and who waits.
    pub fn take(self) -> (Command, Waiting) {
        (self.command, Waiting(self.reply))
    }
}

/// What the threads share with who started them.
#[derive(Clone)]
pub struct Shared {
    state: Arc<Mutex<Arc<State>>>,
    stop: Arc<AtomicBool>,
    requests: Sender<Request>,
}

impl Shared {
    /// What is shared of this state, and what is asked for by those who share it.
    pub fn new(state: &Arc<State>) -> (Shared, Receiver<Request>) {
        // Never full, so that nothing is lost: touches that pile up are thinned out.
        let (requests, inbox) = unbounded();
        let shared = Shared {
            state: Arc::new(Mutex::new(Arc::clone(state))),
            stop: Arc::new(AtomicBool::new(false)),
            requests,
        };
        (shared, inbox)
    }

    /// Makes this the state.
    pub fn publish(&self, state: &Arc<State>) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(state);
    }

    /// The instrument's state. Not for the audio thread.
    pub fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends a command to the instrument, which does it soon.
    pub fn command(&self, command: Command) {
        // Nobody takes it only when all is over.
        let _ = self.requests.send(command.into());
    }

    /// Sends a command to the instrument; what became of it is known when the state that
    /// it led to is published.
    pub fn ask(&self, command: Command) -> Answer {
        let (reply, outcome) = bounded(1);
        let _ = self.requests.send(Request {
            command,
            reply: Some(reply),
        });
        Answer(outcome)
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
        let (shared, inbox) = Shared::new(conductor.state());
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
    /// not waited for. If the system gives none, the player is told, and the CPU plays.
    pub fn offload(
        &self,
        mut operator: Operator,
        spawn: impl Fn(&'static str, Role, Work) -> io::Result<JoinHandle<()>>,
    ) {
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
        if let Err(error) = spawn("gb-pru", Role::Background, Box::new(work)) {
            let told = format!("the CPU plays: no thread gb-pru: {error}");
            log::warn!("{told}");
            self.shared.command(Command::Notice(told));
        }
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
    inbox: &Receiver<Request>,
    mut knobs: Knobs,
    shared: &Shared,
) {
    let mut next = None;
    loop {
        conductor.deliver();
        let state = conductor.state();
        // However much is asked for, knobs have their turn.
        let turned = knobs.turned(|input| state.listens_to(input));
        let first = match next.take().map_or_else(|| inbox.recv_timeout(TICK), Ok) {
            Ok(first) => Some(first),
            Err(RecvTimeoutError::Timeout) if !shared.stopped() => None,
            Err(_) => return,
        };
        let mut does = |command| {
            // Refusals are told on the display, too.
            let outcome = conductor.command(command);
            conductor.deliver();
            shared.publish(conductor.state());
            outcome
        };
        if let Some(command) = turned {
            let _ = does(command);
        }
        if let Some(first) = first {
            let (command, waiting, later) = newest(first, inbox);
            next = later;
            let outcome = does(command);
            for waiting in waiting {
                waiting.tell(outcome.clone());
            }
        }
    }
}

/// The newest of the commands in the inbox of which each supersedes the one before, all
/// who wait for one of them, and the request after it.
fn newest(first: Request, inbox: &Receiver<Request>) -> (Command, Vec<Waiting>, Option<Request>) {
    let (mut command, waiting) = first.take();
    let mut all = vec![waiting];
    while let Ok(request) = inbox.try_recv() {
        if !is_superseded(&command, &request.command) {
            return (command, all, Some(request));
        }
        let (later, waiting) = request.take();
        command = later;
        all.push(waiting);
    }
    (command, all, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::desk::Desk;
    use crate::board::parts::Parts;
    use crate::instrument::Page;

    #[test]
    fn who_is_superseded_hears_what_became_of_the_newest() {
        let parts = Parts::new(crate::library::shipped());
        let (conductor, _) = parts.assemble(Desk::new(Vec::new()).platform).unwrap();
        let (shared, inbox) = Shared::new(conductor.state());
        let [first, second] = [5, 6].map(|t| shared.ask(Command::Seek(t)));
        shared.command(Command::Show(Page::Menu));
        let (command, waiting, next) = newest(inbox.recv().unwrap(), &inbox);
        assert!(matches!(command, Command::Seek(6)));
        assert!(matches!(next.unwrap().command, Command::Show(Page::Menu)));
        assert!(inbox.is_empty());
        for waiting in waiting {
            waiting.tell(Err("no".into()));
        }
        assert_eq!(
            [first, second].map(Answer::wait),
            [Err("no".into()), Err("no".into())]
        );
    }
}
