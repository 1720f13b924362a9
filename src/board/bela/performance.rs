//! The instrument on a Bela: audio in the library's callback, the instrument's
//! threads around it; offline, those threads as scheduler between the callbacks.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Block, Format, Library, Player, Session, Settings, SettingsRequest};
use crate::board::description::Board;
use crate::board::linux::{
    LateBus, MappedPru, Signals, SystemClock, keep_heap, lock_memory, spawn,
};
use crate::link::display;
use crate::link::server::{Access, Listener, Server};
use crate::link::touch_merge::TouchMerge;
use crate::link::view::InstrumentInfo;
use crate::panel::{Clock, Mirror, Panel};
use crate::pru::{Choice, Supervisor};
use crate::runtime::analog_inputs::Inputs;
use crate::runtime::controller::Controller;
use crate::runtime::nanoseconds;
use crate::runtime::parts::{Lanes, Parts, offload};
use crate::runtime::scheduler::{Model, Scheduler};
use crate::runtime::threads::Threads;
use crate::spawn::{Role, Task};
use crate::storage::{Autosave, Ending, Files, STEADY_NS, StorageHandle};
use engine::{Counters, Engine, Platform, TapReader, TapWriter, tap};
use instrument::Command;
use instrument::analog::INPUTS;

/// How often the main thread looks whether it is time to end.
const LOOK: Duration = Duration::from_millis(5);
/// How long an end without a click may take: the fade's 20 ms, and the blocks
/// that are on their way. A signal leaves 150 ms for all.
const FADE: Duration = Duration::from_millis(40);
/// How long what is not kept yet may take at the end; it was within two seconds.
const KEEPING: Duration = Duration::from_millis(50);
/// From one report of missed blocks to the next.
const REPORT_NS: u64 = 1_000_000_000;

/// What shall be played, and how.
pub struct Performance {
    /// The board.
    pub board: Board,
    /// The instrument's own.
    pub parts: Parts,
    /// Commands, by their times in nanoseconds.
    pub commands: Vec<(u64, Command)>,
    /// Bela's own options, as its programs take them.
    pub options: Vec<String>,
    /// When to end; never, if none.
    pub seconds: Option<f64>,
    /// What asks for the end from outside.
    pub signals: Signals,
    /// Keeps what shall last, if anything shall.
    pub storage: Option<(Autosave<Files>, StorageHandle)>,
    /// Where the page is served, if it is; not offline.
    pub listener: Option<Listener>,
}

/// Plays until a signal, the library or the time asks for the end.
///
/// # Errors
/// One plain sentence that says what to do.
pub fn play(mut performance: Performance) -> Result<(), String> {
    let shared = Arc::new(Shared::default());
    let (watch, handle) = performance.storage.take().unzip();
    shared.made().watch = watch;
    let mut ending = None;
    let outcome = perform(performance, &shared, handle.as_ref(), &mut ending);
    if let Some(watch) = shared.made().watch.take() {
        // It has not come to that, which is no start that failed.
        watch.cancel();
    } else if let Some(handle) = handle {
        let ending = ending.unwrap_or_else(|| handle.begin_end());
        if !ending.wait(KEEPING) {
            log::warn!("the last change may not be kept");
        }
    }
    outcome
}

fn perform(
    performance: Performance,
    shared: &Arc<Shared>,
    handle: Option<&StorageHandle>,
    ending: &mut Option<Ending>,
) -> Result<(), String> {
    let Performance {
        mut board,
        parts,
        commands,
        options,
        seconds,
        signals,
        storage: _,
        listener,
    } = performance;
    board.panel.page = listener.as_ref().map(Listener::label);
    keep_heap();
    let library = Library::open().map_err(|error| error.to_string())?;
    let settings = settings(library, &board, &options)?;

    let stage = Stage {
        shared: Arc::clone(shared),
        plan: Some(Plan {
            board: board.clone(),
            parts,
            commands: commands.clone(),
            end: seconds,
            signals: signals.clone(),
            library,
        }),
        playing: None,
    };
    let mut session = match Session::new(settings, Box::new(stage)) {
        Ok(session) => session,
        // Why the instrument could not be set up says more than that it was not.
        Err(error) => return Err(shared.take_problem().unwrap_or_else(|| error.to_string())),
    };
    let format = session.format().ok_or("Bela told no format")?;
    log::info!(
        "{}: {format}, {} analog inputs, libbela {}",
        board.name,
        format.analog_inputs,
        library.version()
    );
    if format.offline {
        session.start().map_err(|error| error.to_string())?;
        return ended(&session, shared);
    }

    let made = shared.take_conductor();
    let (counters, controller) = made.ok_or("the instrument is not there")?;
    if let Err(problem) = lock_memory() {
        log::warn!("{problem}");
    }
    let clock = SystemClock::start();
    let (panel, hand) = panel(&board, clock);
    let mirror = panel.mirror();
    let threads = Threads::start(
        controller,
        panel,
        Arc::clone(&counters),
        Arc::clone(&shared.inputs),
        spawn,
    )?;
    let server = listener.and_then(|listener| {
        serve(
            listener,
            &board,
            format.rate,
            counters,
            (mirror, hand),
            &threads,
            shared,
        )
    });
    start_background(&threads, shared, clock)?;
    session.start().map_err(|error| error.to_string())?;

    let end = seconds.map_or(u64::MAX, |seconds| (seconds * 1e9) as u64);
    let mut commands = commands.into_iter().peekable();
    let mut report = Report::default();
    let (mut steady, mut broken, mut played) = (handle, false, 0);
    while signals.received().is_none() && !session.stop_requested() && clock.now() < end {
        while let Some((_, command)) = commands.next_if(|(at, _)| *at <= clock.now()) {
            threads.shared().command(command);
        }
        let blocks = shared.blocks.load(Ordering::Relaxed);
        if clock.now() > STEADY_NS && blocks != std::mem::replace(&mut played, blocks) && !broken {
            steady.take().into_iter().for_each(StorageHandle::steady);
        }
        report.look(clock.now(), shared.underruns.load(Ordering::Relaxed));
        if threads.broken() && !std::mem::replace(&mut broken, true) {
            // On a stage, a sound that nobody bends is better than none.
            log::error!("a thread has failed; the sound goes on, and a new start brings it back");
        }
        thread::sleep(LOOK);
    }
    tell_ending(&signals, &session);
    // The disk has until the audio has ended, and somewhat longer.
    *ending = handle.map(StorageHandle::begin_end);
    shared.muted.store(true, Ordering::Relaxed);
    // While it fades, clients are told.
    server.into_iter().for_each(Server::end);
    thread::sleep(FADE);
    // Asked, and not waited for: the panel may be within a call of the bus.
    threads.shared().stop();
    let outcome = ended(&session, shared);
    drop(session);
    outcome
}

fn settings(
    library: &'static Library,
    board: &Board,
    options: &[String],
) -> Result<Settings, String> {
    let request = SettingsRequest {
        period: Some(board.platform.block),
        pru: None,
        // Where the PRU shall not play, Bela may have it.
        reserved_pru: board
            .pru_core
            .filter(|_| board.engine != Choice::Cpu)
            .map(i32::from),
        stop_button: board.stop_button,
    };
    Settings::new(library, &request, options).map_err(|error| error.to_string())
}

/// The panel, and the hand of who touches it in a page.
fn panel(board: &Board, clock: SystemClock) -> (Panel<LateBus, LateBus, SystemClock>, TouchMerge) {
    let bus = || LateBus::new(&board.panel.bus);
    let mut panel = Panel::new(board.panel.clone(), bus(), bus(), clock);
    let hand = TouchMerge::default();
    let beside = hand.clone();
    panel.beside(move || beside.contact());
    (panel, hand)
}

/// Serves the page; without it, the instrument plays all the same.
fn serve(
    listener: Listener,
    board: &Board,
    rate: u32,
    counters: Arc<Counters>,
    (mirror, hand): (Mirror, TouchMerge),
    threads: &Threads,
    shared: &Shared,
) -> Option<Server> {
    let has_display = board.panel.has_display;
    let seen = mirror.clone();
    let access = Access {
        handle: threads.shared().clone(),
        counters,
        info: InstrumentInfo {
            board: board.name.clone(),
            rate,
            sound: true,
            display: board.panel.rows() as u8,
            surface: board.panel.surface.clone(),
        },
        sound: shared.made().listener.take(),
        display: Box::new(move || {
            let shown = seen.shown();
            let contrast = shown.contrast.filter(|_| has_display);
            display::message(contrast, &shown.picture)
        }),
        mirror,
        touches: hand,
    };
    Server::start(listener, access, spawn_boxed)
        .inspect_err(|problem| log::warn!("no page: {problem}"))
        .ok()
}

fn spawn_boxed(name: &'static str, role: Role, work: Task) -> io::Result<JoinHandle<()>> {
    spawn(name, role, work)
}

/// Starts the threads that may wait.
fn start_background(threads: &Threads, shared: &Shared, clock: SystemClock) -> Result<(), String> {
    let made = std::mem::take(&mut *shared.made());
    if let Some(supervisor) = made.supervisor {
        threads.offload(supervisor, spawn);
    }
    if let Some(watch) = made.watch {
        threads.keep(watch, move || clock.now() / 1_000_000, spawn)?;
    }
    Ok(())
}

/// The PRU, if it shall play.
///
/// # Errors
/// Why it shall and cannot.
fn mapped(board: &Board, offline: bool) -> Result<Option<Arc<MappedPru>>, String> {
    if board.pru_core.is_none() || board.engine == Choice::Cpu {
        return Ok(None);
    }
    if offline {
        return Err("offline, blocks come as fast as they can, and the PRU does not".into());
    }
    let pru = MappedPru::open(Path::new("/"))?;
    log::info!("PRU: by {}", pru.way().display());
    Ok(Some(Arc::new(pru)))
}

/// Tells the log why it ends.
fn tell_ending(signals: &Signals, session: &Session) {
    match signals.received() {
        Some(signal) => log::info!("ends: signal {signal}"),
        None if session.stop_requested() => log::warn!("ends: Bela has stopped the audio"),
        None => log::info!("ends: the time is over"),
    }
}

fn ended(session: &Session, shared: &Shared) -> Result<(), String> {
    let underruns = shared.underruns.load(Ordering::Relaxed);
    if underruns > 0 {
        log::warn!("{underruns} blocks came too late in all");
    }
    if session.panicked() {
        return Err(
            "the audio has failed, which is a fault of Gatebend's: please report it".into(),
        );
    }
    Ok(())
}

/// Tells of blocks that came too late, once a second at most.
#[derive(Default)]
struct Report {
    told: u32,
    next: u64,
}

impl Report {
    fn look(&mut self, now: u64, underruns: u32) {
        if underruns != self.told && now >= self.next {
            let more = underruns.wrapping_sub(self.told);
            log::warn!("{more} blocks came too late, {underruns} so far");
            (self.told, self.next) = (underruns, now + REPORT_NS);
        }
    }
}

/// What the callbacks and the main thread share.
#[derive(Default)]
struct Shared {
    inputs: Arc<Inputs>,
    muted: AtomicBool,
    underruns: AtomicU32,
    /// Blocks that were rendered; wraps.
    blocks: AtomicU32,
    /// What the set-up hands to the main thread.
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    controller: Option<(Arc<Counters>, Controller<Lanes>)>,
    /// To what is played, for who listens from a page.
    listener: Option<TapReader>,
    /// Of the PRU, if it plays.
    supervisor: Option<Supervisor>,
    /// Until somebody keeps: the storage's thread, or the callback offline.
    watch: Option<Autosave<Files>>,
    problem: Option<String>,
}

impl Shared {
    fn made(&self) -> std::sync::MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_conductor(&self) -> Option<(Arc<Counters>, Controller<Lanes>)> {
        self.made().controller.take()
    }

    fn take_problem(&self) -> Option<String> {
        self.made().problem.take()
    }
}

/// What is known before the library tells its format.
struct Plan {
    board: Board,
    parts: Parts,
    commands: Vec<(u64, Command)>,
    end: Option<f64>,
    signals: Signals,
    library: &'static Library,
}

/// The audio thread's side.
struct Stage {
    shared: Arc<Shared>,
    plan: Option<Plan>,
    playing: Option<Playing>,
}

struct Playing {
    platform: Platform,
    engine: Engine<Lanes>,
    /// To who listens from a page; not offline.
    tap: Option<TapWriter>,
    samples: Vec<f32>,
    offline: Option<Offline>,
}

/// What is done between callbacks when the library renders offline.
struct Offline {
    scheduler: Scheduler<LateBus, SystemClock, Lanes>,
    end: u64,
    signals: Signals,
    library: &'static Library,
    watch: Option<Autosave<Files>>,
}

impl Player for Stage {
    fn setup(&mut self, format: &Format) -> bool {
        let Some(plan) = self.plan.take() else {
            return self.playing.is_some();
        };
        match Playing::new(plan, format, &self.shared) {
            Ok(playing) => {
                self.playing = Some(playing);
                true
            }
            Err(problem) => {
                self.shared.made().problem = Some(problem);
                false
            }
        }
    }

    fn render(&mut self, block: &mut Block<'_>) {
        if let Some(playing) = &mut self.playing {
            playing.render(block, &self.shared);
        }
    }
}

impl Playing {
    fn new(mut plan: Plan, format: &Format, shared: &Arc<Shared>) -> Result<Playing, String> {
        let platform = Platform {
            rate: format.rate,
            block: format.frames,
            cost: plan.board.platform.cost,
        };
        let pru = mapped(&plan.board, format.offline).unwrap_or_else(|problem| {
            let told = format!("the CPU plays: {problem}");
            match plan.board.engine {
                // It was asked for; notices are logged as well.
                Choice::Pru => plan.parts.restored.notices.push(told),
                _ => log::info!("{told}"),
            }
            None
        });
        let (mut controller, mut engine) = plan.parts.assemble(platform)?;
        let mut writer = None;
        let offline = if format.offline {
            let bus = || LateBus::new(&plan.board.panel.bus);
            let mut scheduler = Scheduler::new(
                Model::default(),
                plan.board.panel.clone(),
                [bus(), bus()],
                SystemClock::start(),
                controller,
                engine.counters(),
                Arc::clone(&shared.inputs),
            );
            scheduler.schedule(plan.commands);
            Some(Offline {
                scheduler,
                end: plan.end.map_or(u64::MAX, |seconds| (seconds * 1e9) as u64),
                signals: plan.signals,
                library: plan.library,
                watch: shared.made().watch.take(),
            })
        } else {
            shared.made().supervisor = pru.map(|pru| {
                let own = Arc::clone(&pru);
                offload(plan.board.engine, &mut controller, &mut engine, own, pru)
            });
            // A second of sound.
            let (ours, listener) = tap(format.rate as usize);
            writer = Some(ours);
            shared.made().listener = Some(listener);
            shared.made().controller = Some((engine.counters(), controller));
            None
        };
        Ok(Playing {
            platform,
            engine,
            tap: writer,
            samples: vec![0.0; format.frames as usize],
            offline,
        })
    }

    fn render(&mut self, block: &mut Block<'_>, shared: &Shared) {
        if let Some(offline) = &mut self.offline {
            offline.catch_up(nanoseconds(block.elapsed(), self.platform.rate));
        }
        for input in 0..block.analog_inputs().min(INPUTS) {
            if let Some(part) = block.analog(input) {
                shared.inputs.store(input, part);
            }
        }
        self.engine.mute(shared.muted.load(Ordering::Relaxed));
        // The library may render fewer frames than it has told, never more.
        let frames = block.frames().min(self.samples.len());
        let samples = &mut self.samples[..frames];
        self.engine.render(samples);
        block.write(samples);
        if let Some(tap) = &mut self.tap {
            tap.write(samples);
        }
        // Offline, how long it takes says nothing.
        let measured = block.load().filter(|_| self.offline.is_none());
        let estimate = || self.platform.load(self.engine.spent());
        self.engine.report_load(measured.unwrap_or_else(estimate));
        shared.underruns.store(block.underruns(), Ordering::Relaxed);
        shared.blocks.fetch_add(1, Ordering::Relaxed);
    }
}

impl Offline {
    /// Takes all scheduler that come before a callback at this time.
    fn catch_up(&mut self, callback: u64) {
        while self.scheduler.before(callback).is_some() {
            self.scheduler.take();
            for refusal in self.scheduler.refusals() {
                log::warn!("refused: {refusal}");
            }
        }
        let (state, now) = (self.scheduler.controller().state(), callback / 1_000_000);
        if callback >= self.end || self.signals.received().is_some() {
            self.library.request_stop();
            if let Some(watch) = self.watch.take() {
                // Told by the log.
                watch.finish(now, state, &mut |_| {});
            }
        } else if let Some(watch) = &mut self.watch {
            watch.poll(now, state, &mut |_| {});
        }
    }
}
