//! The threads around the audio callback: the instrument's, which does commands,
//! and the panel's, which owns the bus. Every board in real time has them.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use embedded_hal::i2c::I2c;
use logicnet::Word;

use super::analog_inputs::{Inputs, Knobs};
use crate::handle::{Handle, ReplySender, Request};
use crate::panel::{Clock, Panel};
use crate::pru::Supervisor;
use crate::runtime::controller::{Controller, is_superseded};
use crate::spawn::{Role, Task};
use crate::storage::{Autosave, Files};
use engine::Counters;
use instrument::Command;

/// How often the instrument's thread looks at the engine's ring and the inputs.
const TICK: Duration = Duration::from_millis(1);
/// From one turn of the PRU's supervisor to the next.
const SUPERVISOR: Duration = Duration::from_millis(10);

/// The running threads.
pub struct Threads {
    shared: Handle,
    handles: [JoinHandle<()>; 2],
}

impl Threads {
    /// Starts both, by `spawn`, which knows what a board gives a role.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start<W, T, D, C>(
        controller: Controller<W>,
        mut panel: Panel<T, D, C>,
        counters: Arc<Counters>,
        inputs: Arc<Inputs>,
        spawn: impl Fn(&'static str, Role, Task) -> io::Result<JoinHandle<()>>,
    ) -> Result<Threads, String>
    where
        W: Word + Send + 'static,
        T: I2c + Send + 'static,
        D: I2c + Send + 'static,
        C: Clock + Send + 'static,
    {
        let (shared, inbox) = Handle::new(controller.state());
        let start = |name, role, work| {
            spawn(name, role, work).map_err(|error| format!("no thread {name}: {error}"))
        };
        let (of_instrument, of_panel) = (shared.clone(), shared.clone());
        let instrument = start(
            "gb-instrument",
            Role::Instrument,
            Box::new(move || conduct(controller, &inbox, Knobs::new(inputs), &of_instrument)),
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

    /// Starts the storage's thread, with a clock in milliseconds. It ends by its
    /// handle, and is not waited for.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn keep(
        &self,
        watch: Autosave<Files>,
        clock: impl FnMut() -> u64 + Send + 'static,
        spawn: impl Fn(&'static str, Role, Task) -> io::Result<JoinHandle<()>>,
    ) -> Result<(), String> {
        let (looks, tells) = (self.shared.clone(), self.shared.clone());
        let notice = move |notice| tells.command(Command::Notice(notice));
        let work = move || watch.run(clock, move || looks.state(), notice);
        spawn("gb-storage", Role::Background, Box::new(work))
            .map(drop)
            .map_err(|error| format!("no thread gb-storage: {error}"))
    }

    /// Starts the thread of the PRU's supervisor. It halts the PRU when it ends, and is
    /// not waited for. If the system gives none, the player is told, and the CPU plays.
    pub fn offload(
        &self,
        mut supervisor: Supervisor,
        spawn: impl Fn(&'static str, Role, Task) -> io::Result<JoinHandle<()>>,
    ) {
        let shared = self.shared.clone();
        let work = move || {
            while !shared.stopped() {
                if let Some(told) = supervisor.turn() {
                    shared.command(Command::Notice(told));
                }
                thread::sleep(SUPERVISOR);
            }
            supervisor.end();
        };
        if let Err(error) = spawn("gb-pru", Role::Background, Box::new(work)) {
            let told = format!("the CPU plays: no thread gb-pru: {error}");
            log::warn!("{told}");
            self.shared.command(Command::Notice(told));
        }
    }

    /// What they share.
    pub fn shared(&self) -> &Handle {
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
    mut controller: Controller<W>,
    inbox: &Receiver<Request>,
    mut knobs: Knobs,
    shared: &Handle,
) {
    let mut next = None;
    loop {
        controller.deliver();
        let state = controller.state();
        // However much is asked for, knobs have their turn.
        let turned = knobs.turned(|input| state.listens_to(input));
        let first = match next.take().map_or_else(|| inbox.recv_timeout(TICK), Ok) {
            Ok(first) => Some(first),
            Err(RecvTimeoutError::Timeout) if !shared.stopped() => None,
            Err(_) => return,
        };
        let mut does = |command| {
            // Refusals are told on the display, too.
            let outcome = controller.command(command);
            controller.deliver();
            shared.publish(controller.state());
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
                waiting.send(outcome.clone());
            }
        }
    }
}

/// The newest of the commands in the inbox of which each supersedes the one before, all
/// who wait for one of them, and the request after it.
fn newest(
    first: Request,
    inbox: &Receiver<Request>,
) -> (Command, Vec<ReplySender>, Option<Request>) {
    let (mut command, waiting) = first.split();
    let mut all = vec![waiting];
    while let Ok(request) = inbox.try_recv() {
        if !is_superseded(&command, &request.command) {
            return (command, all, Some(request));
        }
        let (later, waiting) = request.split();
        command = later;
        all.push(waiting);
    }
    (command, all, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::desk::Desk;
    use crate::handle::Reply;
    use crate::runtime::parts::Parts;
    use instrument::Page;

    #[test]
    fn who_is_superseded_hears_what_became_of_the_newest() {
        let parts = Parts::new(crate::factory_networks::all());
        let (controller, _) = parts.assemble(Desk::new(Vec::new()).platform).unwrap();
        let (shared, inbox) = Handle::new(controller.state());
        let [first, second] = [5, 6].map(|t| shared.ask(Command::Seek(t)));
        shared.command(Command::Show(Page::Menu));
        let (command, waiting, next) = newest(inbox.recv().unwrap(), &inbox);
        assert!(matches!(command, Command::Seek(6)));
        assert!(matches!(next.unwrap().command, Command::Show(Page::Menu)));
        assert!(inbox.is_empty());
        for waiting in waiting {
            waiting.send(Err("no".into()));
        }
        assert_eq!(
            [first, second].map(Reply::wait),
            [Err("no".into()), Err("no".into())]
        );
    }
}
