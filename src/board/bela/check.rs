//! A Bela's self-test, beside what every board has.

use std::f32::consts::TAU;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::{Block, Format, Library, Player, Session, Settings, Wishes};
use crate::board::check::Finding;
use crate::board::description::Board;
use crate::board::linux::lock_memory;

/// Where the kernel shows the PRUs to programs, by `uio_pruss`.
const UIO: &str = "/sys/class/uio/uio0/maps";
/// How loud the test tone is, of full scale: -26 dB.
const LEVEL: f32 = 0.05;
/// A above middle C.
const TONE_HZ: f32 = 440.0;
const TONE: Duration = Duration::from_secs(2);

/// Looks for Bela's library.
pub fn library() -> (Option<&'static Library>, Finding) {
    match Library::open() {
        Ok(library) => {
            let found = format!("libbela {}, {}", library.version(), library.path());
            (Some(library), Finding::new("Bela", Ok(found)))
        }
        Err(error) => (None, Finding::new("Bela", Err(error.to_string()))),
    }
}

/// Whether memory may be locked.
pub fn real_time() -> Finding {
    let outcome = lock_memory().map(|()| "memory can be locked".to_string());
    Finding::new("real time", outcome)
}

/// Looks whether programs may use the PRUs.
pub fn pru(board: &Board) -> Finding {
    let outcome = match board.pru_core {
        None => Ok("not used on this board".into()),
        Some(core) if Path::new(UIO).exists() => Ok(format!("PRU {core} is there for us")),
        Some(_) => Ok(format!(
            "{UIO} is not there, so the kernel shows no PRU (uio_pruss); the CPU plays all"
        )),
    };
    Finding::new("PRU", outcome)
}

/// Plays a soft tone for two seconds.
pub fn tone(library: &'static Library, board: &Board, options: &[String]) -> Finding {
    Finding::new("audio", play(library, board, options))
}

fn play(library: &'static Library, board: &Board, options: &[String]) -> Result<String, String> {
    let wishes = Wishes {
        period: Some(board.platform.block),
        ..Wishes::default()
    };
    let settings = Settings::new(library, &wishes, options).map_err(|error| error.to_string())?;
    let underruns = Arc::new(AtomicU32::new(0));
    let tone = Tone {
        step: 0.0,
        phase: 0.0,
        left: 0,
        library,
        underruns: Arc::clone(&underruns),
    };
    let mut session = Session::new(settings, Box::new(tone)).map_err(|error| error.to_string())?;
    let format = session.format().ok_or("Bela told no format")?;
    session.start().map_err(|error| error.to_string())?;
    // It ends by itself; the time is for a library that does not call back.
    let (look, mut waited) = (Duration::from_millis(10), Duration::ZERO);
    while !session.stop_requested() {
        if waited > 3 * TONE {
            return Err("Bela does not call back: restart the board".into());
        }
        thread::sleep(look);
        waited += look;
    }
    drop(session);
    match underruns.load(Ordering::Relaxed) {
        0 => Ok(format!(
            "{format}, {} analog inputs; you heard a tone",
            format.analog_inputs
        )),
        missed => Err(format!(
            "{missed} blocks came too late: stop other programs, or use longer periods (-- -p 32)"
        )),
    }
}

/// A sine that fades in and out.
struct Tone {
    /// Phase a frame, and phase.
    step: f32,
    phase: f32,
    left: u32,
    library: &'static Library,
    underruns: Arc<AtomicU32>,
}

impl Player for Tone {
    fn setup(&mut self, format: &Format) -> bool {
        self.step = TONE_HZ / format.rate as f32;
        self.left = format.rate * TONE.as_secs() as u32;
        true
    }

    fn render(&mut self, block: &mut Block<'_>) {
        let mut samples = [0.0; 4096];
        let frames = block.frames().min(samples.len());
        let samples = &mut samples[..frames];
        for sample in samples.iter_mut() {
            let end = (self.left as f32 / 2000.0).min(1.0);
            *sample = LEVEL * end * (TAU * self.phase).sin();
            self.phase = (self.phase + self.step).fract();
            self.left = self.left.saturating_sub(1);
        }
        block.write(samples);
        self.underruns.store(block.underruns(), Ordering::Relaxed);
        if self.left == 0 {
            self.library.request_stop();
        }
    }
}
