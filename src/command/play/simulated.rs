//! `gatebend play` in simulated time, to files.

use std::cell::Cell;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

use gatebend::board::description::Board;
use gatebend::board::desk::{Desk, Recording, Script, Simulation};
use gatebend::runtime::parts::InstrumentParts;
use logicnet::count;
use trill::sim::VirtualTime;

use super::Arguments;
use super::album::Album;
use super::saving::Saving;
use super::track::Track;
use crate::output::keep_out;
use crate::progress::Progress;
use crate::{CommandResult, Failure, print_message};

impl Arguments {
    /// Opens the files for what loudspeakers play, and for the exact samples.
    fn tracks(
        &self,
        rate: u32,
        channels: u16,
        frames: usize,
    ) -> Result<[Option<Track>; 2], Failure> {
        let track = |path: &Option<PathBuf>| {
            let path = path.as_deref();
            path.map(|path| Track::create(path, rate, channels, frames))
                .transpose()
        };
        Ok([track(&self.wav)?, track(&self.tap)?])
    }

    pub(super) fn simulate(
        &self,
        board: Board,
        mut parts: InstrumentParts,
        script: Script,
        saving: &Saving,
        time: VirtualTime,
    ) -> CommandResult {
        let started = Instant::now();
        let rows = board.panel.height.rows();
        let seconds = self.length(&script).unwrap_or(10.0);
        let rate = board.platform.rate;
        let total = (seconds * f64::from(rate)).round() as usize;
        // Opened first, so that nothing is played in vain.
        let folders = &saving.folders;
        for folder in folders.state.iter().chain(&folders.presets) {
            keep_out(folder);
        }
        let recording = self.recording(rate)?;
        let is_stereo = recording.as_ref().is_some_and(Recording::is_stereo)
            || parts.networks[0].output_encoding().channels() == 2;
        let mut tracks = self.tracks(rate, if is_stereo { 2 } else { 1 }, total)?;
        let album = self.oled.as_ref();
        let album = album.map(|folder| Album::create(folder, rows));
        let mut album = album.transpose()?;
        let mut storage = self.restore(&mut parts, saving)?;
        let mut simulation = Simulation::scripted(
            Desk {
                time,
                ..Desk::like(board, parts)
            },
            script,
        )?;
        if let Some(mut recording) = recording {
            simulation.set_sound(move |frames| recording.next(frames));
        }

        let mut most_load = 0;
        let is_written = Cell::new(true);
        let (cost, mut saved) = (simulation.platform().cost, 0.0);

        let mut progress = Progress::new("playing");
        // In steps, to show progress.
        let end = (seconds * 1e9) as u64;
        let steps = (seconds.ceil() as u64).max(1);
        for step in 1..=steps {
            simulation.run(
                (u128::from(end) * u128::from(step) / u128::from(steps)) as u64,
                |block| {
                    most_load = most_load.max(block.load);
                    saved += f64::from(cost.saved(block.spent));
                    for (track, frames) in tracks.iter_mut().zip([block.sound, block.exact]) {
                        let written = track.as_mut().is_none_or(|track| track.add(frames));
                        is_written.set(is_written.get() && written);
                    }
                },
                |simulation| {
                    let done = simulation
                        .panel()
                        .display()
                        .is_done(simulation.panel().picture());
                    if let (Some(album), true) = (&mut album, done) {
                        let written = album.add(simulation.now(), simulation.oled().frame());
                        is_written.set(is_written.get() && written);
                    }
                },
            );
            progress.at(step as f64 / steps as f64);
            if let Some(storage) = &mut storage {
                let notices = storage.poll(simulation.now(), simulation.state());
                simulation.send(notices);
            }
            // A full disk or a closed pipe; what was played is saved all the same.
            if !is_written.get() {
                break;
            }
        }
        drop(progress);
        // The instrument has played, even if the files below cannot be written.
        let stored =
            storage.is_none_or(|storage| storage.finish(simulation.now(), simulation.state()));
        for refusal in simulation.refusals() {
            print_message(&format!("refused: {refusal}"));
        }
        let pictures = album.as_ref().map_or(0, Album::count);
        tracks.into_iter().flatten().try_for_each(Track::finish)?;
        album.map_or(Ok(()), Album::finish)?;
        let counters = simulation.counters();
        let mut report = format!(
            "played {seconds:.1} s in {:.2} s; load at most {:.1} % of a BeagleBone (estimated), \
             {} late, {}",
            started.elapsed().as_secs_f64(),
            f64::from(most_load) / 10.0,
            counters.late(),
            count(counters.swaps() as usize, "change"),
        );
        if simulation.pru().is_some() {
            let part = |of: u32| 100.0 * f64::from(of) / f64::from(counters.groups().max(1));
            let _ = write!(
                report,
                "; the PRU made {:.1} % of all samples, missed {}, and saved {:.1} % of the CPU",
                part(counters.offloaded()),
                counters.missed(),
                saved / seconds / 1e7
            );
        }
        if self.oled.is_some() {
            let _ = write!(report, ", {}", count(pictures, "picture"));
        }
        print_message(&report);
        if !stored {
            return Err(Failure::Failed("not everything was saved".into()));
        }
        Ok(())
    }
}
