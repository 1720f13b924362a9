//! The instrument on a Bela: audio in the library's callback and a session around it;
//! offline, a scheduler runs the threads between the callbacks.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use logicnet::count;
use rtrb::{Consumer, RingBuffer};

use super::{BelaAudio, Block, Format, Library, Player, Settings, SettingsRequest};
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
use crate::runtime::session::{Backend, Plan, Renderer, Session, SessionStorage};
use crate::spawn::Spawn;
use engine::Platform;
use instrument::analog::INPUTS;

/// Shortest time between two reports of late blocks, in nanoseconds.
const REPORT_NS: u64 = 1_000_000_000;
/// Longest time to fade out: the engine's 20 ms and 4 blocks of 128 frames.
const LONGEST_FADE: Duration = Duration::from_millis(32);

/// Plays until a signal arrives, the library stops, or the time is over. `options` are
/// Bela's own, as its programs take them. Offline, the server is not started.
///
/// # Errors
/// Fails if the library, the instrument or the session does. The message tells the player
/// how to fix it.
pub fn play(
    mut board: Board,
    mut parts: InstrumentParts,
    plan: Plan,
    options: &[String],
    signals: Signals,
) -> Result<(), String> {
    let listener = plan.listener.as_ref();
    board.panel.page = listener.map(Listener::host);
    board.panel.code = listener.and_then(Listener::code).cloned();
    keep_heap();
    let library = Library::open().map_err(|error| error.to_string())?;
    let settings = settings(library, &board, options)?;
    let (mut to_callback, arriving) = RingBuffer::new(1);
    let underruns = Arc::<AtomicU32>::default();
    let callback = Callback {
        arriving,
        playing: None,
        underruns: Arc::clone(&underruns),
    };
    let mut audio =
        BelaAudio::new(settings, Box::new(callback)).map_err(|error| error.to_string())?;
    let format = audio.format().ok_or("Bela reports no format")?;
    log::info!(
        "{}: {format}, {} analog inputs, libbela {}",
        board.name,
        format.analog_inputs,
        library.version()
    );

    let platform = Platform {
        rate: format.rate,
        block: format.frames,
        cost: board.platform.cost,
    };
    let pru = mapped_pru(&board, format.offline).unwrap_or_else(|problem| {
        let notice = format!("the CPU plays: {problem}");
        match board.engine {
            // The player asked for the PRU. Notices are logged as well.
            Choice::Pru => parts.restored.notices.push(notice),
            _ => log::info!("{notice}"),
        }
        None
    });
    let (mut controller, mut engine) = parts.assemble(platform)?;
    let clock = SystemClock::start();
    let bus = || HotplugBus::new(&board.panel.bus);
    let mut panel = Panel::new(board.panel.clone(), bus(), bus(), clock);
    let mut start_playing = |renderer, inputs, offline| {
        // The ring has room for this one.
        let _ = to_callback.push(Playing {
            renderer,
            inputs,
            samples: [0, 1].map(|_| vec![0.0; format.frames as usize]),
            heard: [0, 1].map(|_| vec![0.0; format.frames as usize]),
            offline,
        });
    };
    if format.offline {
        let inputs = Arc::<AnalogInputs>::default();
        let mut scheduler = Scheduler::new(
            TimingModel::default(),
            panel,
            clock,
            controller,
            engine.counters(),
            Arc::clone(&inputs),
            None,
        );
        scheduler.schedule(plan.commands);
        let offline = Offline {
            scheduler,
            end: plan.end,
            storage: plan.storage,
            signals,
            library,
        };
        start_playing(Renderer::offline(engine), inputs, Some(offline));
        // The library renders everything in this call.
        audio.start().map_err(|error| error.to_string())?;
        return outcome(&audio, &underruns);
    }
    let supervisor = pru.map(|pru| {
        let own = Arc::clone(&pru);
        offload(board.engine, &mut controller, &mut engine, own, pru)
    });
    let (session, renderer) = Session::new(controller, engine, supervisor);
    start_playing(renderer, session.inputs(), None);
    if let Err(problem) = lock_memory() {
        log::warn!("{problem}");
    }
    let touches = session.touches();
    panel.merge_contacts(move || touches.contact());
    let bela = Bela {
        audio,
        underruns,
        signals,
        reported: 0,
        next_report: 0,
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
fn outcome(audio: &BelaAudio, underruns: &AtomicU32) -> Result<(), String> {
    let underruns = underruns.load(Ordering::Relaxed);
    if underruns > 0 {
        log::warn!(
            "{} came too late in all",
            count(underruns as usize, "block")
        );
    }
    if audio.panicked() {
        return Err("the audio has failed, which is a bug of Gatebend: please report it".into());
    }
    Ok(())
}

/// The board's side of a session.
struct Bela {
    audio: BelaAudio,
    /// Late blocks so far.
    underruns: Arc<AtomicU32>,
    signals: Signals,
    /// Late blocks that were logged, and the time of the next log in nanoseconds.
    reported: u32,
    next_report: u64,
}

impl Backend for Bela {
    const SPAWN: Spawn = |name, role, task| spawn(name, role, task);
    const POLL: Duration = Duration::from_millis(5);
    // The storage has saved during the fade and the library's stop; the rest is short.
    const SAVING: Duration = Duration::from_millis(20);
    const WAITS_FOR_THREADS: bool = false;

    fn start(&mut self) -> Result<(), String> {
        self.audio.start().map_err(|error| error.to_string())
    }

    /// The engine's 20 ms, a block until it learns of the end, its last block, and two that
    /// the library has queued.
    fn fade(&self) -> Duration {
        let block = self.audio.format().map_or(0.0, |format| {
            f64::from(format.frames) / f64::from(format.rate.max(1))
        });
        Duration::from_secs_f64(0.02 + 4.0 * block).min(LONGEST_FADE)
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
        let underruns = self.underruns.load(Ordering::Relaxed);
        if underruns != self.reported && now >= self.next_report {
            let more = underruns.wrapping_sub(self.reported);
            log::warn!(
                "{} came too late, {underruns} so far",
                count(more as usize, "block")
            );
            (self.reported, self.next_report) = (underruns, now + REPORT_NS);
        }
        true
    }

    fn end(self) -> Result<(), String> {
        outcome(&self.audio, &self.underruns)
    }
}

/// The audio thread's side. Plays silence until the main thread, which learns the format
/// from the library, has assembled the instrument.
struct Callback {
    arriving: Consumer<Playing>,
    playing: Option<Playing>,
    underruns: Arc<AtomicU32>,
}

struct Playing {
    renderer: Renderer,
    inputs: Arc<AnalogInputs>,
    samples: [Vec<f32>; 2],
    /// Input of both channels.
    heard: [Vec<f32>; 2],
    offline: Option<Offline>,
}

/// Runs the threads between callbacks when the library renders offline.
struct Offline {
    scheduler: Scheduler<HotplugBus, SystemClock, Lanes>,
    /// Time of the end in nanoseconds.
    end: u64,
    storage: Option<SessionStorage>,
    signals: Signals,
    library: &'static Library,
}

impl Player for Callback {
    fn setup(&mut self, _: &Format) -> bool {
        true
    }

    fn render(&mut self, block: &mut Block<'_>) {
        if self.playing.is_none() {
            self.playing = self.arriving.pop().ok();
        }
        if let Some(playing) = &mut self.playing {
            playing.render(block);
        }
        self.underruns.store(block.underruns(), Ordering::Relaxed);
    }
}

impl Playing {
    fn render(&mut self, block: &mut Block<'_>) {
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
        let frames = block.frames().min(self.samples[0].len());
        let [left, right] = self
            .samples
            .each_mut()
            .map(|samples| &mut samples[..frames]);
        let mut heard = self.heard.each_mut().map(|heard| &mut heard[..frames]);
        for (channel, heard) in heard.iter_mut().enumerate() {
            if !block.read(channel, heard) {
                heard.fill(0.0);
            }
        }
        let [first, second] = heard;
        self.renderer.render([first, second], [left, right]);
        block.write([left, right]);
        // Offline, the duration of a callback means nothing.
        let measured = block.load().filter(|_| self.offline.is_none());
        self.renderer.report_load(measured);
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
        let state = self.scheduler.controller().state();
        if callback >= self.end || self.signals.received().is_some() {
            self.library.request_stop();
            // Problems are in the log.
            let storage = self.storage.take();
            storage.map(|storage| storage.finish(callback, state));
        } else if let Some(storage) = &mut self.storage {
            let notices = storage.poll(callback, state);
            let notices = notices.into_iter().map(|notice| (callback, notice));
            self.scheduler.schedule(notices);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::linux::TIME_LIMIT;

    /// Sleeps while Bela's core library 1.13 stops: 100 ms at the end of its loop
    /// (`PRU::loop`), and 10 ms until the codec is muted (`I2c_Codec::stopAudio`).
    const LIBRARY_SLEEPS: Duration = Duration::from_millis(110);
    /// Time for everything that takes processor time or waits for devices: mostly the
    /// codec's registers and the pins, 12 to 35 ms with the library on a computer.
    const WORK: Duration = Duration::from_millis(35);
    /// Time after which Bela's Makefile kills a program that it stops.
    const KILL: Duration = Duration::from_millis(200);

    #[test]
    fn an_orderly_end_fits_into_the_time_limit() {
        let needed = Bela::POLL + LONGEST_FADE + LIBRARY_SLEEPS + WORK;
        assert!(needed <= TIME_LIMIT && TIME_LIMIT < KILL, "{needed:?}");
    }
}
