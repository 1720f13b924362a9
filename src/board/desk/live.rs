//! The desk in real time: the threads of a board, on simulated hardware, with a
//! sound card where one is wanted.

use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, unbounded};
use trill::sim::{Bus, RealTime, Sensor, Time};

use super::Lanes;
use super::interrupt::Interrupt;
use super::oled::{Frame, Oled};
use super::pru::Pru;
use super::script::{Script, command};
use super::simulation::Desk;
use crate::handle::Handle;
use crate::link::server::{Access, Listener, Server};
use crate::link::touch_merge::TouchMerge;
use crate::link::view::InstrumentInfo;
use crate::panel::{Config, Panel};
use crate::pru::{Choice, Supervisor};
use crate::runtime::analog_inputs::Inputs;
use crate::runtime::controller::Controller;
use crate::runtime::nanoseconds;
use crate::runtime::parts;
use crate::runtime::threads::Threads;
use crate::spawn::spawn_plainly;
use crate::storage::{Autosave, Files, STEADY_NS, StorageHandle};
use engine::{Engine, TapWriter, tap};
use instrument::commands;

/// How the desk is played in real time.
pub struct Live {
    /// Fingers, commands and faults.
    pub script: Script,
    /// When to end; never, if none.
    pub seconds: Option<f64>,
    /// Play through the computer's sound card.
    pub sound_card: bool,
    /// Paint the display in the terminal. Commands are read from standard input
    /// in any case.
    pub terminal: bool,
    /// Keeps what shall last, if anything shall.
    pub storage: Option<(Autosave<Files>, StorageHandle)>,
    /// Where the page is served, if it is.
    pub listener: Option<Listener>,
    /// Ends it, too.
    pub interrupt: Interrupt,
}

/// How often the terminal is painted and the script looked at.
const PAINT: Duration = Duration::from_millis(50);
const SCRIPT: Duration = Duration::from_millis(2);
/// How long an end without a click may take.
const ENDING: Duration = Duration::from_millis(200);
/// How long what is not kept yet may take at the end.
const KEEPING: Duration = Duration::from_secs(2);

/// Plays until the time is over, a signal comes, or standard input says `quit`.
///
/// # Errors
/// When the first network is too slow, or there is no sound card to play on.
pub fn play_live(desk: Desk, mut live: Live) -> Result<(), String> {
    let (mut watch, handle) = live.storage.take().unzip();
    let outcome = perform(desk, live, &mut watch, handle.as_ref());
    if let Some(watch) = watch {
        // It has not come to that, which is no start that failed.
        watch.cancel();
    } else if handle.is_some_and(|handle| !handle.end(KEEPING)) {
        // Last, so that nothing is missed; a thread that has failed is no reason to.
        return outcome.and(Err("not everything was kept on disk".into()));
    }
    outcome
}

/// Plays; takes the watch as soon as there is something to watch.
fn perform(
    mut desk: Desk,
    live: Live,
    watch: &mut Option<Autosave<Files>>,
    handle: Option<&StorageHandle>,
) -> Result<(), String> {
    let time = RealTime::start();
    let bus = Bus::new(time, desk.bus_hz);
    desk.panel.page = live.listener.as_ref().map(Listener::label);
    let config = desk.panel.clone();
    let script = Arc::new(live.script);
    let hand = TouchMerge::default();
    let fingers = Arc::clone(&script).beside(hand.clone());
    bus.plug(config.touch_address, Sensor::square(desk.firmware, fingers));
    let oled = Oled::new();
    if config.has_display {
        bus.plug(config.display_address, oled.clone());
    }
    for (at, happening) in script.happenings(config.touch_address, config.display_address) {
        bus.schedule(at, happening);
    }
    let inputs = Arc::new(Inputs::default());
    let (mut controller, mut engine) = desk.parts.assemble(desk.platform)?;
    let supervisor = offload(desk.engine, &mut controller, &mut engine, time);
    let counters = engine.counters();
    let info = info(&config, desk.platform.rate);
    let panel = Panel::new(config, bus.clone(), bus.clone(), time);
    let mirror = panel.mirror();
    let threads = Threads::start(
        controller,
        panel,
        Arc::clone(&counters),
        Arc::clone(&inputs),
        spawn_plainly,
    )?;
    if let Some(supervisor) = supervisor {
        threads.offload(supervisor, spawn_plainly);
    }
    let shared = threads.shared();
    let muted = Arc::new(AtomicBool::new(false));
    // A second of sound, for who listens from a page.
    let (tap, listener) = tap(desk.platform.rate as usize);
    // The sound card's stream plays as long as it is held.
    let audio = if live.sound_card {
        Audio::card(engine, tap, &muted)?
    } else {
        Audio::silent(engine, tap, shared, &muted, time)
    };

    let page = live.listener.as_ref().map(Listener::page);
    let seen = oled.clone();
    let access = Access {
        handle: shared.clone(),
        counters,
        info,
        sound: Some(listener),
        display: Box::new(move || seen.frame().message()),
        mirror,
        touches: hand,
    };
    let serve = |listener| Server::start(listener, access, spawn_plainly);
    let server = live.listener.map(serve).transpose();
    let server = server.map_err(|error| error.to_string())?;
    if let Some(watch) = watch.take() {
        threads.keep(watch, move || time.now() / 1_000_000, spawn_plainly)?;
    }

    let end = live
        .seconds
        .map_or(u64::MAX, |seconds| (seconds * 1e9) as u64);
    let mut commanded = script.commands().peekable();
    let lines = read_lines();
    let mut terminal = Terminal::new(live.terminal);
    terminal.page = page;
    let mut painted = 0;
    let mut steady = false;
    while time.now() < end && !shared.stopped() && !live.interrupt.received() {
        script.turn(time.now(), &inputs);
        while let Some((_, command)) = commanded.next_if(|(at, _)| *at <= time.now()) {
            shared.command(command);
        }
        take_lines(&lines, shared, &mut terminal);
        if !steady && time.now() > STEADY_NS {
            steady = true;
            handle.into_iter().for_each(StorageHandle::steady);
        }
        if time.now() >= painted + PAINT.as_nanos() as u64 {
            painted = time.now();
            terminal.paint(&oled.frame());
        }
        thread::sleep(SCRIPT);
    }
    server.into_iter().for_each(Server::end);
    // Fade out before the threads end.
    muted.store(true, Ordering::Relaxed);
    thread::sleep(ENDING);
    shared.stop();
    audio.end();
    threads.end()
}

/// Has the emulated PRU play, if it may.
fn offload(
    choice: Choice,
    controller: &mut Controller<Lanes>,
    engine: &mut Engine<Lanes>,
    time: RealTime,
) -> Option<Supervisor> {
    if choice == Choice::Cpu {
        return None;
    }
    let pru = Pru::new();
    let clock = move || time.now();
    let (own, audio) = (pru.live(clock, true), pru.live(clock, false));
    Some(parts::offload(choice, controller, engine, own, audio))
}

/// Facts that clients are welcomed with.
fn info(config: &Config, rate: u32) -> InstrumentInfo {
    InstrumentInfo {
        board: config.board.clone(),
        rate,
        sound: true,
        display: config.rows() as u8,
        surface: config.surface.clone(),
    }
}

/// Lines of standard input; the thread that reads them ends with the program.
fn read_lines() -> Receiver<String> {
    let (send, lines) = unbounded();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn take_lines(lines: &Receiver<String>, shared: &Handle, terminal: &mut Terminal) {
    for line in lines.try_iter() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(verb) = words.first() else {
            continue;
        };
        if *verb == "quit" {
            shared.stop();
            return;
        }
        match command(&words) {
            Ok(Some(command)) => {
                shared.command(command);
                terminal.say("");
            }
            Ok(None) => {
                let about = words.get(1).filter(|_| *verb == "help");
                let help = commands::help(about.copied());
                terminal.say(&format!("{help}, help COMMAND, quit"));
            }
            Err(problem) => terminal.say(&problem),
        }
    }
}

/// Paints the display in the terminal, two by four pixels a character.
struct Terminal {
    shown: bool,
    begun: bool,
    last: Option<Frame>,
    message: String,
    /// The page's address.
    page: Option<String>,
}

impl Terminal {
    fn new(shown: bool) -> Terminal {
        Terminal {
            shown,
            begun: false,
            last: None,
            message: String::new(),
            page: None,
        }
    }

    fn say(&mut self, message: &str) {
        if !self.shown && !message.is_empty() {
            let _ = writeln!(io::stderr(), "{message}");
        }
        self.message = message.to_string();
        self.last = None;
    }

    fn paint(&mut self, frame: &Frame) {
        if !self.shown || self.last.as_ref() == Some(frame) {
            return;
        }
        let mut text = String::new();
        // Over what was painted before; what is being typed stays below.
        text.push_str(if self.begun {
            "\x1b7\x1b[H"
        } else {
            "\x1b[2J\x1b[H"
        });
        for y in (0..frame.height).step_by(4) {
            for x in (0..128).step_by(2) {
                text.push(braille(frame, x, y));
            }
            text.push_str("\x1b[K\r\n");
        }
        match &self.page {
            Some(page) if self.message.is_empty() => text.extend(["Page: ", page]),
            _ => text.push_str(&self.message),
        }
        text.push_str("\x1b[K");
        text.push_str(if self.begun { "\x1b8" } else { "\r\n> " });
        // A terminal that is gone is no reason to stop playing.
        let _ = io::stdout().write_all(text.as_bytes());
        let _ = io::stdout().flush();
        self.begun = true;
        self.last = Some(frame.clone());
    }
}

impl Drop for Terminal {
    /// Leaves the cursor below the picture.
    fn drop(&mut self) {
        if self.begun {
            let _ = writeln!(io::stdout());
        }
    }
}

/// The dots of a braille character, in the order of its bits.
const DOTS: [(usize, usize); 8] = [
    (0, 0),
    (0, 1),
    (0, 2),
    (1, 0),
    (1, 1),
    (1, 2),
    (0, 3),
    (1, 3),
];

fn braille(frame: &Frame, x: usize, y: usize) -> char {
    let bits = DOTS.iter().enumerate().fold(0, |bits, (i, (dx, dy))| {
        bits | u32::from(frame.is_lit(x + dx, y + dy)) << i
    });
    char::from_u32(0x2800 + bits).unwrap_or(' ')
}

/// What calls the engine.
enum Audio {
    #[cfg(feature = "sound-card")]
    Card(super::sound_card::Card),
    Silent(thread::JoinHandle<()>),
}

impl Audio {
    #[cfg(feature = "sound-card")]
    fn card(
        engine: Engine<Lanes>,
        tap: TapWriter,
        muted: &Arc<AtomicBool>,
    ) -> Result<Audio, String> {
        super::sound_card::Card::open(engine, tap, Arc::clone(muted)).map(Audio::Card)
    }

    #[cfg(not(feature = "sound-card"))]
    fn card(_: Engine<Lanes>, _: TapWriter, _: &Arc<AtomicBool>) -> Result<Audio, String> {
        Err("built without a sound card: cargo run --release --features sound-card".into())
    }

    /// A thread that renders at the pace of time and is heard in pages only.
    fn silent(
        mut engine: Engine<Lanes>,
        mut tap: TapWriter,
        shared: &Handle,
        muted: &Arc<AtomicBool>,
        time: RealTime,
    ) -> Audio {
        let (shared, muted) = (shared.clone(), Arc::clone(muted));
        let platform = engine.platform();
        Audio::Silent(thread::spawn(move || {
            let mut block = vec![0.0; platform.block as usize];
            let mut frames = 0u64;
            while !shared.stopped() {
                engine.mute(muted.load(Ordering::Relaxed));
                engine.render(&mut block);
                tap.write(&block);
                engine.report_load(platform.load(engine.spent()));
                frames += u64::from(platform.block);
                let ahead = nanoseconds(frames, platform.rate).saturating_sub(time.now());
                // Sleeping is coarse: a few blocks at a time.
                if ahead > 2_000_000 {
                    time.wait(ahead);
                }
            }
        }))
    }

    fn end(self) {
        match self {
            #[cfg(feature = "sound-card")]
            Audio::Card(card) => drop(card),
            // It ends by itself, now that `stop` is set.
            Audio::Silent(thread) => {
                let _ = thread.join();
            }
        }
    }
}
