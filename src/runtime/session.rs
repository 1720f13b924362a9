//! A session in real time: threads, server and storage around a board's audio, from the
//! start to the fade-out.
//!
//! A board supplies audio, bus and clock: it assembles the instrument, hands the
//! [`Renderer`] to its audio thread, and calls [`Session::run`] with its panel. The
//! session ends when its time is over or the board says so.

use std::iter::Peekable;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use embedded_hal::i2c::I2c;

use super::analog_inputs::AnalogInputs;
use super::controller::Controller;
use super::parts::Lanes;
use super::threads::Threads;
use crate::handle::Handle;
use crate::link::display;
use crate::link::server::{Access, Listener, Server};
use crate::link::touch_merge::TouchMerge;
use crate::link::view::InstrumentInfo;
use crate::panel::{Clock, Mirror, Panel};
use crate::pru::Supervisor;
use crate::spawn::Spawn;
use crate::storage::{Autosave, Files, Reply, STEADY_NS, StorageHandle};
use engine::{Counters, Engine, Platform, TapReader, TapWriter, tap};
use instrument::{Command, State};

/// A board's side of a session: its audio, its threads and its reasons to end.
pub trait Backend {
    /// Starts threads with the priorities of this board.
    const SPAWN: Spawn;
    /// Time between two calls of [`Backend::poll`].
    const POLL: Duration;
    /// Longest time to wait at the end for changes to be saved.
    const SAVING: Duration;
    /// True if the end waits for the threads before it saves. If not, saving starts
    /// before the fade: the board has little time, and the panel may hang in a bus call.
    const WAITS_FOR_THREADS: bool;

    /// Returns whether the sound is heard through outputs of the board.
    fn has_outputs(&self) -> bool {
        true
    }

    /// Starts the audio, unless it runs already.
    ///
    /// # Errors
    /// Fails if the audio does.
    fn start(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// Returns the time to fade out, including the blocks on their way to the output.
    fn fade(&self) -> Duration;

    /// Does the board's work on the main thread, at a time in nanoseconds. Returns false
    /// to end the session.
    fn poll(&mut self, now: u64, handle: &Handle) -> bool;

    /// Ends the audio, after the fade.
    ///
    /// # Errors
    /// Fails if the audio has failed.
    fn end(self) -> Result<(), String>;

    /// Returns a source of the display's content, as a message for clients.
    fn display(&self, mirror: &Mirror, has_display: bool) -> Box<dyn FnMut() -> Vec<u8> + Send> {
        let mirror = mirror.clone();
        Box::new(move || {
            let shown = mirror.shown();
            let contrast = shown.contrast.filter(|_| has_display);
            display::message(contrast, &shown.picture)
        })
    }
}

/// Everything about a session that the player chooses.
pub struct Plan {
    /// Commands and their times in nanoseconds, in this order.
    pub commands: Vec<(u64, Command)>,
    /// Time of the end in nanoseconds; `u64::MAX` if endless.
    pub end: u64,
    /// Storage, if anything is to be saved.
    pub storage: Option<SessionStorage>,
    /// Listener of the server, if the page is served.
    pub listener: Option<Listener>,
}

/// The storage of a session, whose start counts from the first block on.
pub struct SessionStorage {
    autosave: Option<Autosave<Files>>,
    handle: StorageHandle,
}

impl SessionStorage {
    /// Creates the storage of a session that has not started.
    pub fn new(autosave: Autosave<Files>, handle: StorageHandle) -> SessionStorage {
        SessionStorage {
            autosave: Some(autosave),
            handle,
        }
    }

    /// Saves what is due in virtual time, in nanoseconds. Returns notices for the player.
    pub fn poll(&mut self, now: u64, state: &Arc<State>) -> Vec<Command> {
        if now >= STEADY_NS {
            self.handle.steady();
        } else {
            self.handle.played();
        }
        let mut notices = Vec::new();
        if let Some(autosave) = &mut self.autosave {
            let mut notify = |notice| notices.push(Command::Notice(notice));
            autosave.poll(now / 1_000_000, state, &mut notify);
        }
        notices
    }

    /// Saves what is left at the end of virtual time, in nanoseconds. Returns whether
    /// everything is saved.
    pub fn finish(mut self, now: u64, state: &Arc<State>) -> bool {
        let autosave = self.autosave.take();
        autosave.is_none_or(|autosave| autosave.finish(now / 1_000_000, state, &mut |_| {}))
    }
}

/// Shared by the main thread and the audio thread.
#[derive(Debug, Default)]
struct AudioState {
    /// True while the engine waits and blocks are silent.
    held: AtomicBool,
    muted: AtomicBool,
    /// Blocks rendered; wraps.
    blocks: AtomicU32,
}

/// The audio thread's side of a session.
pub struct Renderer {
    engine: Engine<Lanes>,
    tap: Option<TapWriter>,
    state: Arc<AudioState>,
}

impl Renderer {
    /// Creates a renderer without a session, for boards that render offline.
    pub fn offline(engine: Engine<Lanes>) -> Renderer {
        Renderer {
            engine,
            tap: None,
            state: Arc::default(),
        }
    }

    /// Returns the engine's platform.
    pub fn platform(&self) -> Platform {
        self.engine.platform()
    }

    /// Renders the next block, which is silent or fades as the session says, and hands it to
    /// clients that listen. Real-time safe.
    pub fn render(&mut self, input: [&[f32]; 2], [left, right]: [&mut [f32]; 2]) {
        self.state.blocks.fetch_add(1, Ordering::Relaxed);
        if self.state.held.load(Ordering::Relaxed) {
            left.fill(0.0);
            right.fill(0.0);
            return;
        }
        self.engine.mute(self.state.muted.load(Ordering::Relaxed));
        self.engine.render(input, [left, right]);
        if let Some(tap) = &mut self.tap {
            tap.write(left);
        }
    }

    /// Reports the measured load of a callback in thousandths of its time, or else an
    /// estimate. Above 1000, the callback was late. Real-time safe.
    pub fn report_load(&mut self, measured: Option<u32>) {
        let load = measured.unwrap_or_else(|| self.engine.estimate_load());
        if let Some(measured) = measured {
            self.engine.report_load(measured);
        }
        self.engine.report_late(u32::from(load > 1000));
    }

    /// Reports the measured load of a callback that may take longer than its block, in
    /// thousandths, and blocks that were lost. Real-time safe.
    pub fn report_pace(&mut self, load: u32, lost: u32) {
        self.engine.report_load(load);
        self.engine.report_late(lost);
    }
}

/// A session that is ready to start: the instrument without its audio thread.
pub struct Session {
    controller: Controller<Lanes>,
    supervisor: Option<Supervisor>,
    counters: Arc<Counters>,
    inputs: Arc<AnalogInputs>,
    sound: TapReader,
    audio: Arc<AudioState>,
    touches: TouchMerge,
    rate: u32,
}

impl Session {
    /// Creates a session of an assembled instrument, and the renderer for its audio
    /// thread, silent until the session lets it play. The supervisor runs the PRU, if one
    /// plays.
    pub fn new(
        controller: Controller<Lanes>,
        engine: Engine<Lanes>,
        supervisor: Option<Supervisor>,
    ) -> (Session, Renderer) {
        let audio = Arc::new(AudioState {
            held: true.into(),
            ..AudioState::default()
        });
        let rate = engine.platform().rate;
        // A second of sound for clients that listen.
        let (writer, sound) = tap(rate as usize);
        let session = Session {
            controller,
            supervisor,
            counters: engine.counters(),
            inputs: Arc::default(),
            sound,
            audio: Arc::clone(&audio),
            touches: TouchMerge::default(),
            rate,
        };
        let renderer = Renderer {
            engine,
            tap: Some(writer),
            state: audio,
        };
        (session, renderer)
    }

    /// Returns the analog inputs, for the board to store.
    pub fn inputs(&self) -> Arc<AnalogInputs> {
        Arc::clone(&self.inputs)
    }

    /// Returns the engine's counters.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Returns the fingers of clients, for the board to merge with those on the sensor.
    pub fn touches(&self) -> TouchMerge {
        self.touches.clone()
    }

    /// Plays until the plan's time is over or the board ends the session.
    ///
    /// # Errors
    /// Fails if a thread or the audio cannot be started, if one of them has failed, or if
    /// something was not saved although there was time.
    pub fn run<T, D, C, B>(
        self,
        mut plan: Plan,
        panel: Panel<T, D, C>,
        clock: &C,
        mut board: B,
    ) -> Result<(), String>
    where
        T: I2c + Send + 'static,
        D: I2c + Send + 'static,
        C: Clock + Clone + Send + 'static,
        B: Backend,
    {
        let config = panel.config().clone();
        let has_display = config.has_display;
        let mirror = panel.mirror();
        let threads = Threads::start(
            self.controller,
            panel,
            Arc::clone(&self.counters),
            self.inputs,
            B::SPAWN,
        )?;
        if let Some(supervisor) = self.supervisor {
            threads.offload(supervisor);
        }
        let access = Access {
            handle: threads.handle().clone(),
            counters: self.counters,
            info: InstrumentInfo {
                display: config.rows() as u8,
                board: config.board,
                rate: self.rate,
                sound: true,
                outputs: board.has_outputs(),
                surface: config.surface,
            },
            sound: Some(self.sound),
            display: board.display(&mirror, has_display),
            mirror,
            touches: self.touches,
        };
        let server = plan.listener.take().and_then(|listener| {
            Server::start(listener, access, B::SPAWN)
                // The instrument plays without the page, too.
                .inspect_err(|problem| log::warn!("no page: {problem}"))
                .ok()
        });
        if let Some(autosave) = plan
            .storage
            .as_mut()
            .and_then(|storage| storage.autosave.take())
        {
            let clock = clock.clone();
            threads.save(autosave, move || clock.now() / 1_000_000)?;
        }

        let started = board.start();
        let faded = started.is_ok();
        if faded {
            play(&plan, &threads, &self.audio, clock, &mut board);
        }
        let storage = plan.storage.as_ref().map(|storage| &storage.handle);
        let early = storage
            .filter(|_| !B::WAITS_FOR_THREADS)
            .map(StorageHandle::begin_end);
        self.audio.muted.store(true, Ordering::Relaxed);
        // The server disconnects its clients during the fade.
        server.into_iter().for_each(Server::end);
        if faded {
            thread::sleep(board.fade());
        }
        threads.handle().stop();
        let mut outcome = started.and(board.end());
        if B::WAITS_FOR_THREADS {
            outcome = outcome.and(threads.join());
        }
        // Last, so that every change is saved, even if a thread has failed.
        let ending = early.or_else(|| storage.map(StorageHandle::begin_end));
        if ending.is_some_and(|ending| !ending.wait(B::SAVING)) {
            if B::WAITS_FOR_THREADS {
                return outcome.and(Err("not everything was saved".into()));
            }
            log::warn!("the last change may not have been saved");
        }
        outcome
    }
}

/// The main thread's loop.
fn play<C: Clock, B: Backend>(
    plan: &Plan,
    threads: &Threads,
    audio: &AudioState,
    clock: &C,
    board: &mut B,
) {
    let handle = threads.handle();
    let mut commands = plan.commands.iter().cloned().peekable();
    let storage = plan.storage.as_ref().map(|storage| &storage.handle);
    let mut start = Start::Silent;
    let (mut failed, mut blocks) = (false, 0);
    loop {
        let now = clock.now();
        if now >= plan.end {
            log::info!("ends: the time is over");
            return;
        }
        if !board.poll(now, handle) {
            return;
        }
        send_due(&mut commands, now, handle);
        if !failed && threads.failed() {
            failed = true;
            // On a stage, a sound that nobody can bend is better than none.
            log::error!("a thread has failed; the sound goes on until you restart");
        }
        let rendered = audio.blocks.load(Ordering::Relaxed);
        let progress = rendered != std::mem::replace(&mut blocks, rendered);
        start = match start {
            Start::Silent if progress => Start::Counting {
                since: now,
                counted: storage.map(StorageHandle::played),
            },
            Start::Counting { since, counted }
                if counted.as_ref().is_none_or(Reply::is_over) || now > since + COUNTING_NS =>
            {
                audio.held.store(false, Ordering::Relaxed);
                Start::Playing { since }
            }
            Start::Playing { since } if now > since + STEADY_NS && progress && !failed => {
                storage.into_iter().for_each(StorageHandle::steady);
                Start::Steady
            }
            unchanged => unchanged,
        };
        thread::sleep(B::POLL);
    }
}

/// Commands of a script that may wait for the instrument. More of the same time follow once
/// it has taken some, so that it can end between them.
const AHEAD: usize = 32;

/// Sends the commands that are due, a few at a time.
fn send_due(
    commands: &mut Peekable<impl Iterator<Item = (u64, Command)>>,
    now: u64,
    handle: &Handle,
) {
    while handle.queued() < AHEAD {
        let Some((_, command)) = commands.next_if(|(at, _)| *at <= now) else {
            return;
        };
        handle.command(command);
    }
}

/// Longest time that the sound waits for the start to be counted, in nanoseconds.
const COUNTING_NS: u64 = 1_000_000_000;

/// A start, with the time of its first block in nanoseconds. It counts as failed from this
/// block until it is steady. The network sounds only after the count is on the disk: if it
/// keeps the processor from everything else, a safe start must follow nevertheless.
enum Start {
    /// No block was rendered: the library may still give up and end the process.
    Silent,
    /// Blocks are silent while the storage writes the count.
    Counting {
        since: u64,
        counted: Option<Reply>,
    },
    Playing {
        since: u64,
    },
    Steady,
}

#[cfg(test)]
mod tests {
    use instrument::Instrument;
    use instrument::parameters::Parameters;

    use super::*;
    use crate::factory_networks;

    #[test]
    fn commands_of_one_time_are_sent_a_few_at_a_time() {
        let networks = factory_networks::all();
        let made = Instrument::new(networks, Parameters::default(), Vec::new(), None, 1);
        let (handle, inbox) = Handle::new(made.unwrap().0.state());
        let all = (0..1000).map(|t| (5, Command::Seek(t)));
        let mut commands = all.chain([(6, Command::Seek(1000))]).peekable();
        send_due(&mut commands, 4, &handle);
        assert_eq!(handle.queued(), 0, "nothing is due");
        let mut sent = Vec::new();
        while sent.len() < 1000 {
            send_due(&mut commands, 5, &handle);
            assert!((1..=AHEAD).contains(&handle.queued()));
            sent.extend(inbox.try_iter().map(|request| request.command));
        }
        let expected: Vec<_> = (0..1000).map(Command::Seek).collect();
        assert_eq!(sent, expected);
        assert_eq!(commands.count(), 1);
    }
}
