//! `gatebend play` in simulated time, to files.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use gatebend::board::description::Board;
use gatebend::board::desk::{Album, Desk, Event, Script, Simulation};
use gatebend::runtime::parts::InstrumentParts;
use logicnet::count;
use trill::sim::VirtualTime;

use super::Arguments;
use super::saving::Saving;
use super::track::Track;
use crate::progress::Progress;
use crate::{CommandResult, Failure, files, print_message};

impl Arguments {
    pub(super) fn simulate(
        &self,
        board: Board,
        mut parts: InstrumentParts,
        script: Script,
        saving: &Saving,
        time: VirtualTime,
    ) -> CommandResult {
        let standard = |path: &Option<PathBuf>| path.as_deref().is_some_and(files::is_standard);
        if standard(&self.wav) && standard(&self.tap) {
            let problem = "--wav and --tap cannot both go to standard output";
            return Err(Failure::Usage(problem.into()));
        }
        let started = Instant::now();
        let rows = board.panel.height.rows();
        let seconds = self.length(&script).unwrap_or(10.0);
        let in_folder = |error: io::Error| {
            let folder = self.oled.as_deref().unwrap_or(Path::new(""));
            format!("{}: {error}", folder.display())
        };
        let album = self.oled.as_ref().map(|folder| Album::new(folder, rows));
        let mut album = album.transpose().map_err(in_folder)?;
        let mut storage = self.restore(&mut parts, saving)?;
        let mut simulation = Simulation::scripted(
            Desk {
                time,
                ..Desk::like(board, parts)
            },
            script,
        )?;

        let rate = simulation.platform().rate;
        let total = (seconds * f64::from(rate)).round() as usize;
        let mut sound = Track::new(self.wav.as_deref(), total);
        let mut exact = Track::new(self.tap.as_deref(), total);
        let (mut most_load, mut album_error) = (0, None);
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
                    sound.add(block.sound);
                    exact.add(block.exact);
                },
                |simulation| {
                    let done = simulation
                        .panel()
                        .display()
                        .is_done(simulation.panel().picture());
                    if let (Some(album), true) = (&mut album, done) {
                        let now = simulation.now();
                        if let Err(error) = album.add(now, simulation.oled().frame()) {
                            album_error.get_or_insert(error);
                        }
                    }
                },
            );
            progress.at(step as f64 / steps as f64);
            if let Some(storage) = &mut storage {
                let now = simulation.now();
                let notices = storage.poll(now, simulation.state());
                let notices = notices
                    .into_iter()
                    .map(|notice| (now, Event::Command(notice)));
                simulation.schedule(notices);
            }
        }
        drop(progress);
        // The instrument has played, even if the files below cannot be written.
        let stored =
            storage.is_none_or(|storage| storage.finish(simulation.now(), simulation.state()));
        for refusal in simulation.refusals() {
            print_message(&format!("refused: {refusal}"));
        }
        sound.save(rate)?;
        exact.save(rate)?;
        let pictures = album.as_ref().map_or(0, Album::count);
        if let Some(album) = album {
            let finished = album_error.map_or_else(|| album.finish(), Err);
            finished.map_err(in_folder)?;
        }
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
