//! Self-test of a Bela, in addition to the checks of every board.

use std::f32::consts::TAU;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::{BelaAudio, Block, Format, Library, Player, Settings, SettingsRequest};
use crate::board::check::Finding;
use crate::board::description::Board;
use crate::board::linux::{MappedPru, lock_memory};
use crate::pru::Choice;

/// Amplitude of the test tone, of full scale: -26 dB.
const LEVEL: f32 = 0.05;
/// Frequency of the test tone: A above middle C.
const TONE_HZ: f32 = 440.0;
/// Duration of the test tone.
const TONE: Duration = Duration::from_secs(2);
/// Start of the test tone in which late blocks do not count: threads and caches settle.
const SETTLING: Duration = Duration::from_millis(500);
/// Late blocks that pass, of 4134 at 16 frames a block. Bela's count is pessimistic: it
/// occasionally counts a block that was in time. A system under too much load has hundreds.
const TOLERATED: u32 = 2;

/// Opens Bela's library.
pub fn library() -> (Option<&'static Library>, Finding) {
    match Library::open() {
        Ok(library) => {
            let found = format!("libbela {}, {}", library.version(), library.path());
            (Some(library), Finding::new("Bela", Ok(found)))
        }
        Err(error) => (None, Finding::new("Bela", Err(error.to_string()))),
    }
}

/// Checks whether memory can be locked.
pub fn real_time() -> Finding {
    let outcome = match lock_memory() {
        Ok(()) => Ok("memory can be locked".to_string()),
        Err(error) => Err(error.to_string()),
    };
    Finding::new("real time", outcome)
}

/// Checks whether the PRU can play, as playing does, on a system with this root.
pub fn pru(board: &Board, root: &Path) -> Finding {
    let outcome = match (board.pru_core, board.engine) {
        (None, _) => Ok("not used on this board".into()),
        (_, Choice::Cpu) => Ok("not used: [pru] engine is cpu".into()),
        (Some(core), choice) => match MappedPru::open(root) {
            Ok(pru) => Ok(format!(
                "PRU {core} is there, by {}",
                pru.device().display()
            )),
            Err(error) if choice == Choice::Pru => Err(error.to_string()),
            Err(error) => Ok(format!("the CPU plays: {error}")),
        },
    };
    Finding::new("PRU", outcome)
}

/// Plays a soft tone for 2 s.
pub fn tone(library: &'static Library, board: &Board, options: &[String]) -> Finding {
    Finding::new("audio", play(library, board, options))
}

fn play(library: &'static Library, board: &Board, options: &[String]) -> Result<String, String> {
    let request = SettingsRequest {
        period: Some(board.platform.block),
        ..SettingsRequest::default()
    };
    let settings = Settings::new(library, &request, options).map_err(|error| error.to_string())?;
    let late = Arc::new(AtomicU32::new(0));
    let tone = Tone {
        step: 0.0,
        phase: 0.0,
        left: 0,
        library,
        settled: 0,
        late_before: 0,
        late: Arc::clone(&late),
    };
    let mut audio = BelaAudio::new(settings, Box::new(tone)).map_err(|error| error.to_string())?;
    let format = audio.format().ok_or("Bela reported no format")?;
    audio.start().map_err(|error| error.to_string())?;
    // The tone ends the audio; the time limit is for a library that never calls back.
    let (interval, mut waited) = (Duration::from_millis(10), Duration::ZERO);
    while !audio.stop_requested() {
        if waited > 3 * TONE {
            return Err("Bela does not call back: restart the board".into());
        }
        thread::sleep(interval);
        waited += interval;
    }
    drop(audio);
    let late = late.load(Ordering::Relaxed);
    if late > TOLERATED {
        return Err(format!(
            "{late} blocks came too late in {} s: stop other programs, or use longer periods \
             (-- -p 32)",
            TONE.as_secs_f32() - SETTLING.as_secs_f32()
        ));
    }
    let blocks = match late {
        0 => String::new(),
        late => format!("; {late} of its blocks may have come too late"),
    };
    Ok(format!(
        "{format}, {} analog inputs; it played a tone{blocks}",
        format.analog_inputs
    ))
}

/// A sine that fades out.
struct Tone {
    /// Phase per frame, in cycles.
    step: f32,
    phase: f32,
    /// Frames until the end.
    left: u32,
    library: &'static Library,
    /// First frame at which late blocks count.
    settled: u64,
    /// Late blocks before that frame.
    late_before: u32,
    /// Late blocks from that frame on.
    late: Arc<AtomicU32>,
}

impl Player for Tone {
    fn setup(&mut self, format: &Format) -> bool {
        self.step = TONE_HZ / format.rate as f32;
        self.left = format.rate * TONE.as_secs() as u32;
        self.settled = u64::from(format.rate) * SETTLING.as_millis() as u64 / 1000;
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
        block.write([samples, samples]);
        if block.elapsed() < self.settled {
            self.late_before = block.underruns();
        }
        let late = block.underruns().saturating_sub(self.late_before);
        self.late.store(late, Ordering::Relaxed);
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

    /// Creates a file of the simulated system, with its folders, extended to `bytes` if it
    /// stands for a device.
    fn file(root: &Path, path: &str, text: &str, bytes: Option<u64>) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        if let Some(bytes) = bytes {
            let file = fs::File::options().write(true).open(path);
            file.unwrap().set_len(bytes).unwrap();
        }
    }

    #[test]
    fn the_pru_check_agrees_with_playing() {
        const MAP: &str = "sys/class/uio/uio0/maps/map0";
        const COMPATIBLE: &str = "proc/device-tree/compatible";
        const BYTES: u64 = MAPPED_BYTES as u64;
        let mut board = description::built_in("bela-black")
            .unwrap()
            .board()
            .unwrap();
        // Address that the kernel reports for uio0, if any; devices; BeagleBone Black.
        for (address, devices, black, expected) in [
            (None, "", false, "no PRU to use"),
            // The address is another device's.
            (Some("0x4a400000"), "uio", false, "no PRU to use"),
            (Some("0x4a300000"), "", false, "dev/uio0: "),
            (Some("0x4a300000"), "uio", false, "is there, by"),
            (None, "", true, "neither"),
            // The PRU is found without uio_pruss, too.
            (None, "mem", true, "is there, by"),
            (Some("0x4a400000"), "uio mem", true, "dev/mem"),
        ] {
            let system = tempfile::tempdir().unwrap();
            let root = system.path();
            if let Some(address) = address {
                file(root, &format!("{MAP}/addr"), &format!("{address}\n"), None);
                file(root, &format!("{MAP}/size"), "0x00080000\n", None);
            }
            if devices.contains("uio") {
                file(root, "dev/uio0", "", Some(BYTES));
            }
            if devices.contains("mem") {
                file(root, "dev/mem", "", Some(0x4a30_0000 + BYTES));
            }
            if black {
                file(root, COMPATIBLE, "ti,am335x-bone-black\0ti,am33xx\0", None);
            }
            let opened = MappedPru::open(root).map(drop);
            let mut found = |choice| {
                board.engine = choice;
                pru(&board, root).outcome
            };
            let (required, optional) = (found(Choice::Pru), found(Choice::Auto));
            let message = match opened {
                Ok(()) => {
                    assert_eq!(required, optional);
                    required.unwrap()
                }
                Err(error) => {
                    // A missing PRU is an error only if it is required.
                    let problem = error.to_string();
                    assert_eq!(optional, Ok(format!("the CPU plays: {problem}")));
                    assert_eq!(required, Err(problem.clone()));
                    problem
                }
            };
            assert!(message.contains(expected), "{message}");
            assert!(found(Choice::Cpu).unwrap().contains("engine is cpu"));
        }
    }
}
