//! The instrument on a Bela: audio in the library's callback and a session around it;
//! offline, a scheduler runs the threads between the callbacks.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Block, Format, Library, Player, Session as BelaAudio, Settings, SettingsRequest};
use crate::board::description::Board;
use crate::board::linux::{
    HotplugBus, MappedPru, Signals, SystemClock, keep_heap, lock_memory, spawn,
};
use crate::handle::Handle;
use crate::link::server::Listener;
use crate::panel::Panel;
use crate::pru::Choice;
use crate::runtime::analog_inputs::AnalogInputs;
use crate::runtime::nanoseconds;
use crate::runtime::parts::{InstrumentParts, Lanes, offload};
use crate::runtime::scheduler::{Scheduler, TimingModel};
use crate::runtime::session::{Backend, Plan, Renderer, Session};
use crate::spawn::Spawn;
use engine::Platform;
use instrument::analog::INPUTS;

/// Shortest time between two reports of late blocks, in nanoseconds.
const REPORT_NS: u64 = 1_000_000_000;

/// Everything that a Bela plays, and how.
pub struct Performance {
    /// The board.
    pub board: Board,
    /// Parts of the instrument.
    pub parts: InstrumentParts,
    /// The session's commands, length, storage and server; offline, without the server.
    pub plan: Plan,
    /// Bela's own options, as its programs take them.
    pub options: Vec<String>,
    /// Signals that end the session.
    pub signals: Signals,
}

/// Plays until a signal arrives, the library stops, or the time is over.
///
/// # Errors
/// Returns one plain sentence that says what to do.
pub fn play(performance: Performance) -> Result<(), String> {
    let Performance {
        mut board,
        parts,
        plan,
        options,
        signals,
    } = performance;
    board.panel.page = plan.listener.as_ref().map(Listener::label);
    keep_heap();
    let library = Library::open().map_err(|error| error.to_string())?;
    let settings = settings(library, &board, &options)?;

    let shared = Arc::new(Shared::default());
    *shared.setup() = Setup::Pending(Box::new(Pending {
        board: board.clone(),
        parts,
        plan,
        signals: signals.clone(),
        library,
    }));
    let callback = Callback {
        shared: Arc::clone(&shared),
        playing: None,
    };
    let mut audio = match BelaAudio::new(settings, Box::new(callback)) {
        Ok(audio) => audio,
        // The reason why the set-up failed says more than its failure.
        Err(error) => {
            return Err(match shared.take_setup() {
                Setup::Failed(problem) => problem,
                _ => error.to_string(),
            });
        }
    };
    let format = audio.format().ok_or("Bela reports no format")?;
    log::info!(
        "{}: {format}, {} analog inputs, libbela {}",
        board.name,
        format.analog_inputs,
        library.version()
    );
    let Setup::Ready(ready) = shared.take_setup() else {
        // Offline, the library renders everything in this call.
        audio.start().map_err(|error| error.to_string())?;
        return outcome(&audio, &shared);
    };
    let (session, plan) = *ready;

    if let Err(problem) = lock_memory() {
        log::warn!("{problem}");
    }
    let clock = SystemClock::start();
    let bus = || HotplugBus::new(&board.panel.bus);
    let mut panel = Panel::new(board.panel.clone(), bus(), bus(), clock);
    let touches = session.touches();
    panel.merge_contacts(move || touches.contact());
    let bela = Bela {
        audio,
        shared,
        signals,
        report: Report::default(),
    };
    session.run(plan, panel, &clock, bela)
}

fn settings(
    library: &'static Library,
    board: &Board,
    options: &[String],
) -> Result<Settings, String> {
    let request = SettingsRequest {
        period: Some(board.platform.block),
        pru: None,
        // If the CPU plays, Bela may have this PRU.
        reserved_pru: board
            .pru_core
            .filter(|_| board.engine != Choice::Cpu)
            .map(i32::from),
        stop_button: board.stop_button,
    };
    Settings::new(library, &request, options).map_err(|error| error.to_string())
}

/// Opens the PRU's memory if the PRU may play.
///
/// # Errors
/// Returns the reason why the PRU may play but cannot.
fn mapped_pru(board: &Board, offline: bool) -> Result<Option<Arc<MappedPru>>, String> {
    if board.pru_core.is_none() || board.engine == Choice::Cpu {
        return Ok(None);
    }
    if offline {
        return Err("offline, blocks come as fast as they can, and the PRU does not".into());
    }
    let pru = MappedPru::open(Path::new("/")).map_err(|error| error.to_string())?;
    log::info!("PRU: by {}", pru.device().display());
    Ok(Some(Arc::new(pru)))
}

/// Logs the late blocks, and fails if the audio has failed.
fn outcome(audio: &BelaAudio, shared: &Shared) -> Result<(), String> {
    let underruns = shared.underruns.load(Ordering::Relaxed);
    if underruns > 0 {
        log::warn!("{underruns} blocks came too late in all");
    }
    if audio.panicked() {
        return Err("the audio has failed, which is a bug of Gatebend: please report it".into());
    }
    Ok(())
}

/// The board's side of a session.
struct Bela {
    audio: BelaAudio,
    shared: Arc<Shared>,
    signals: Signals,
    report: Report,
}

impl Backend for Bela {
    const SPAWN: Spawn = |name, role, task| spawn(name, role, task);
    const POLL: Duration = Duration::from_millis(5);
    // A signal leaves 150 ms for everything: 20 ms fade and the blocks on their way,
    // then the disk.
    const FADE: Duration = Duration::from_millis(40);
    const SAVING: Duration = Duration::from_millis(50);
    const WAITS_FOR_THREADS: bool = false;

    fn start(&mut self) -> Result<(), String> {
        self.audio.start().map_err(|error| error.to_string())
    }

    fn poll(&mut self, now: u64, _: &Handle) -> bool {
        if let Some(signal) = self.signals.received() {
            log::info!("ends: signal {signal}");
            return false;
        }
        if self.audio.stop_requested() {
            log::warn!("ends: Bela has stopped the audio");
            return false;
        }
        let underruns = self.shared.underruns.load(Ordering::Relaxed);
        self.report.update(now, underruns);
        true
    }

    fn end(self) -> Result<(), String> {
        outcome(&self.audio, &self.shared)
    }
}

/// Logs late blocks, at most once a second.
#[derive(Default)]
struct Report {
    logged: u32,
    next: u64,
}

impl Report {
    fn update(&mut self, now: u64, underruns: u32) {
        if underruns != self.logged && now >= self.next {
            let more = underruns.wrapping_sub(self.logged);
            log::warn!("{more} blocks came too late, {underruns} so far");
            (self.logged, self.next) = (underruns, now + REPORT_NS);
        }
    }
}

/// Shared by the callbacks and the main thread.
#[derive(Default)]
struct Shared {
    underruns: AtomicU32,
    setup: Mutex<Setup>,
}

/// The set-up, which happens in a callback once the library knows its format.
#[derive(Default)]
enum Setup {
    /// Handed to the callbacks or to the main thread.
    #[default]
    Taken,
    Pending(Box<Pending>),
    Ready(Box<(Session, Plan)>),
    Failed(String),
}

impl Shared {
    fn setup(&self) -> MutexGuard<'_, Setup> {
        self.setup.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_setup(&self) -> Setup {
        std::mem::take(&mut *self.setup())
    }
}

/// Everything that the set-up needs.
struct Pending {
    board: Board,
    parts: InstrumentParts,
    plan: Plan,
    signals: Signals,
    library: &'static Library,
}

/// The audio thread's side.
struct Callback {
    shared: Arc<Shared>,
    playing: Option<Playing>,
}

struct Playing {
    renderer: Renderer,
    inputs: Arc<AnalogInputs>,
    samples: Vec<f32>,
    offline: Option<Offline>,
}

/// Runs the threads between callbacks when the library renders offline.
struct Offline {
    scheduler: Scheduler<HotplugBus, SystemClock, Lanes>,
    plan: Plan,
    signals: Signals,
    library: &'static Library,
}

impl Player for Callback {
    fn setup(&mut self, format: &Format) -> bool {
        let Setup::Pending(pending) = self.shared.take_setup() else {
            return self.playing.is_some();
        };
        match pending.set_up(format, &self.shared) {
            Ok(playing) => self.playing = Some(playing),
            Err(problem) => *self.shared.setup() = Setup::Failed(problem),
        }
        self.playing.is_some()
    }

    fn render(&mut self, block: &mut Block<'_>) {
        if let Some(playing) = &mut self.playing {
            playing.render(block, &self.shared);
        }
    }
}

impl Pending {
    fn set_up(mut self, format: &Format, shared: &Shared) -> Result<Playing, String> {
        let platform = Platform {
            rate: format.rate,
            block: format.frames,
            cost: self.board.platform.cost,
        };
        let choice = self.board.engine;
        let pru = mapped_pru(&self.board, format.offline).unwrap_or_else(|problem| {
            let notice = format!("the CPU plays: {problem}");
            match choice {
                // The player asked for the PRU. Notices are logged as well.
                Choice::Pru => self.parts.restored.notices.push(notice),
                _ => log::info!("{notice}"),
            }
            None
        });
        let (mut controller, mut engine) = self.parts.assemble(platform)?;
        let (renderer, inputs, offline);
        if format.offline {
            let bus = || HotplugBus::new(&self.board.panel.bus);
            inputs = Arc::<AnalogInputs>::default();
            let mut scheduler = Scheduler::new(
                TimingModel::default(),
                self.board.panel.clone(),
                [bus(), bus()],
                SystemClock::start(),
                controller,
                engine.counters(),
                Arc::clone(&inputs),
            );
            scheduler.schedule(std::mem::take(&mut self.plan.commands));
            renderer = Renderer::offline(engine);
            offline = Some(Offline {
                scheduler,
                plan: self.plan,
                signals: self.signals,
                library: self.library,
            });
        } else {
            let supervisor = pru.map(|pru| {
                let own = Arc::clone(&pru);
                offload(choice, &mut controller, &mut engine, own, pru)
            });
            let (session, of_audio) = Session::new(controller, engine, supervisor);
            (renderer, inputs, offline) = (of_audio, session.inputs(), None);
            *shared.setup() = Setup::Ready(Box::new((session, self.plan)));
        }
        Ok(Playing {
            renderer,
            inputs,
            samples: vec![0.0; format.frames as usize],
            offline,
        })
    }
}

impl Playing {
    fn render(&mut self, block: &mut Block<'_>, shared: &Shared) {
        if let Some(offline) = &mut self.offline {
            let rate = self.renderer.platform().rate;
            offline.catch_up(nanoseconds(block.elapsed(), rate));
        }
        for input in 0..block.analog_inputs().min(INPUTS) {
            if let Some(level) = block.analog(input) {
                self.inputs.store(input, level);
            }
        }
        // The library may render fewer frames than its format says, never more.
        let frames = block.frames().min(self.samples.len());
        let samples = &mut self.samples[..frames];
        self.renderer.render(samples);
        block.write(samples);
        // Offline, the duration of a callback means nothing.
        let measured = block.load().filter(|_| self.offline.is_none());
        self.renderer.report_load(measured);
        shared.underruns.store(block.underruns(), Ordering::Relaxed);
    }
}

impl Offline {
    /// Runs all steps that are due before a callback at this time in nanoseconds.
    fn catch_up(&mut self, callback: u64) {
        while self.scheduler.due_before(callback).is_some() {
            self.scheduler.run_next();
            for refusal in self.scheduler.refusals() {
                log::warn!("refused: {refusal}");
            }
        }
        let ends = callback >= self.plan.end() || self.signals.received().is_some();
        if ends {
            self.library.request_stop();
        }
        let Some(storage) = &mut self.plan.storage else {
            return;
        };
        let (state, now) = (self.scheduler.controller().state(), callback / 1_000_000);
        // Problems are in the log.
        if ends {
            if let Some(autosave) = storage.take() {
                autosave.finish(now, state, &mut |_| {});
            }
        } else if let Some(autosave) = storage.autosave() {
            autosave.poll(now, state, &mut |_| {});
        }
    }
}
