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
use crate::board::linux::{MappedPru, lock_memory};
use crate::pru::Choice;

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

/// Looks whether the PRU can play, as playing does: on a system with this root.
pub fn pru(board: &Board, root: &Path) -> Finding {
    let outcome = match (board.pru_core, board.engine) {
        (None, _) => Ok("not used on this board".into()),
        (_, Choice::Cpu) => Ok("not used: [pru] engine is cpu".into()),
        (Some(core), choice) => match MappedPru::open(root) {
            Ok(pru) => Ok(format!("PRU {core} is there, by {}", pru.way().display())),
            Err(problem) if choice == Choice::Pru => Err(problem),
            Err(problem) => Ok(format!("the CPU plays: {problem}")),
        },
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::board::description;
    use crate::pru::MAPPED_BYTES;

    /// Writes a file of a made system, and its folders.
    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A device of so many zeros.
    fn device(root: &Path, path: &str, bytes: u64) {
        write(root, path, "");
        let file = fs::File::options().write(true).open(root.join(path));
        file.unwrap().set_len(bytes).unwrap();
    }

    #[test]
    fn of_the_pru_it_says_what_playing_says() {
        const MAP: &str = "sys/class/uio/uio0/maps/map0";
        let mapped = |address: &str| {
            let address = address.to_string();
            move |root: &Path| {
                write(root, &format!("{MAP}/addr"), &address);
                write(root, &format!("{MAP}/size"), "0x00080000\n");
            }
        };
        let am335x = |root: &Path| write(root, "proc/device-tree/compatible", "ti,am33xx\0");
        let uio = |root: &Path| device(root, "dev/uio0", MAPPED_BYTES as u64);
        let mem = |root: &Path| device(root, "dev/mem", 0x4a30_0000 + MAPPED_BYTES as u64);
        let (ours, other) = (mapped("0x4a300000\n"), mapped("0x4a400000\n"));
        let cases: [(&[&dyn Fn(&Path)], &str); 7] = [
            (&[], "no PRU to use"),
            // The folder is there, and the PRU is not.
            (&[&other, &uio], "no PRU to use"),
            (&[&ours], "dev/uio0: "),
            (&[&ours, &uio], "is there, by"),
            (&[&am335x], "neither"),
            // Without uio_pruss all the same.
            (&[&am335x, &mem], "is there, by"),
            (&[&other, &am335x, &mem], "is there, by"),
        ];
        let mut board = description::built_in("bela-black")
            .unwrap()
            .board()
            .unwrap();
        for (made, expected) in cases {
            let system = tempfile::tempdir().unwrap();
            let root = system.path();
            made.iter().for_each(|make| make(root));
            let plays = MappedPru::open(root).map(drop);
            for choice in [Choice::Auto, Choice::Pru, Choice::Cpu] {
                board.engine = choice;
                let found = pru(&board, root).outcome;
                if choice == Choice::Cpu {
                    assert_eq!(found, Ok("not used: [pru] engine is cpu".into()));
                    continue;
                }
                // Without the PRU it plays all the same, but not as it was told to.
                let told = match &plays {
                    Ok(()) => found.unwrap(),
                    Err(problem) if choice == Choice::Pru => {
                        assert_eq!(found, Err(problem.clone()));
                        problem.clone()
                    }
                    Err(problem) => {
                        assert_eq!(found, Ok(format!("the CPU plays: {problem}")));
                        problem.clone()
                    }
                };
                assert!(told.contains(expected), "{told}");
            }
        }
    }
}
