//! `gatebend play`: the instrument.

mod keeping;
mod track;

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatebend::board::desk::{Album, BEAGLEBONE, Desk, Live, Script, Simulation, play_live};
use gatebend::engine::{Cost, Platform};
use gatebend::instrument::parameters::{KEYS, Parameters};
use gatebend::library;
use gatebend::panel::Height;

use keeping::Keeper;
use track::Track;

use crate::progress::Progress;
use crate::{Failure, Outcome, files, say};

#[derive(clap::Args)]
#[command(after_help = parameters_help())]
pub struct Arguments {
    /// Network to begin with; the shipped ones follow
    network: Option<PathBuf>,
    /// Where to play: `desk` simulates a board's sensor, display and clocks
    #[arg(long, default_value = "desk", value_parser = ["desk"])]
    board: String,
    /// Timed fingers, commands and faults (docs/playing.md)
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// How long to play [default: the script and a second more, or 10 s in simulated time]
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<f64>,
    /// Write what loudspeakers would get, 16 bits (- is standard output); in simulated time
    #[arg(long, value_name = "OUT.wav")]
    wav: Option<PathBuf>,
    /// Write the network's exact samples, before DC blocker and limiter; in simulated time
    #[arg(long, value_name = "OUT.wav")]
    tap: Option<PathBuf>,
    /// Write each picture of the display, and an animation, to a folder; in simulated time
    #[arg(long, value_name = "DIR")]
    oled: Option<PathBuf>,
    /// The display that is connected
    #[arg(long, default_value = "128x64", value_parser = ["128x64", "128x32", "none"])]
    display: String,
    /// Clocks a second of the I2C bus
    #[arg(long, value_name = "HZ", default_value = "400000", value_parser = clap::value_parser!(u32).range(10_000..=1_000_000))]
    bus: u32,
    /// Simulated time, as fast as it goes
    #[arg(long)]
    fast: bool,
    /// In real time, but without the sound card: to look on
    #[arg(long)]
    silent: bool,
    /// Set a parameter, as often as you like
    #[arg(long, value_name = "ID=VALUE")]
    set: Vec<String>,
    /// Folder to keep everything in: what is played, presets, calibration
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Folder to keep presets in; without it they are forgotten at the end
    #[arg(long, value_name = "DIR")]
    presets: Option<PathBuf>,
    /// Seed of random networks and mutations
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What computers make of it, roughly: for real time through a sound card. The
/// load that is shown is measured.
const COMPUTER: Cost = Cost {
    gate_ns: 3.0,
    group_ns: 300.0,
    frame_ns: 20.0,
    callback_ns: 2000.0,
};

fn seconds(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|seconds| (0.0..=604_800.0).contains(seconds))
        .ok_or_else(|| "seconds, at most a week".to_string())
}

/// The table of parameters, for `--help`.
fn parameters_help() -> String {
    let rows = KEYS.iter().map(|key| {
        let parameter = key.parameter();
        let default = parameter.format(parameter.default);
        format!(
            "  {:<14} {} ({}; default {default})",
            parameter.id,
            parameter.about,
            parameter.values()
        )
    });
    let rows: Vec<String> = rows.collect();
    format!("Parameters for --set:\n{}", rows.join("\n"))
}

/// How long the log may take at the end.
const LOGGING: Duration = Duration::from_secs(1);

impl Arguments {
    pub fn run(&self) -> Outcome {
        let simulated =
            self.fast || self.wav.is_some() || self.tap.is_some() || self.oled.is_some();
        let standard = |path: &Option<PathBuf>| path.as_deref().is_some_and(files::is_standard);
        if standard(&self.wav) && standard(&self.tap) {
            let problem = "--wav and --tap cannot both go to standard output";
            return Err(Failure::Usage(problem.into()));
        }
        let (mut desk, script) = self.desk()?;
        let log = keeping::start_log(self.state.as_deref(), !simulated)?;
        let keeper = self.keep(&mut desk)?;
        let outcome = if simulated {
            self.simulate(desk, script, keeper)
        } else {
            self.live(desk, script, keeper)
        };
        log.end(LOGGING);
        outcome
    }

    fn desk(&self) -> Result<(Desk, Script), Failure> {
        let mut networks = library::shipped();
        if let Some(path) = &self.network {
            networks.insert(0, files::load(path)?);
        }
        let mut desk = Desk::new(networks);
        self.assign(&mut desk.parameters)?;
        desk.model.bus_hz = self.bus;
        desk.has_display = self.display != "none";
        desk.panel.height = match self.display.as_str() {
            "128x32" => Height::Rows32,
            _ => Height::Rows64,
        };
        desk.seed = self.seed;
        let script = match &self.script {
            None => Script::default(),
            Some(path) => {
                let text = files::read_text(path, "a script is text: docs/playing.md")?;
                Script::parse(&text, &desk.panel.surface)
                    .map_err(|problem| Failure::Failed(format!("{}: {problem}", path.display())))?
            }
        };
        Ok((desk, script))
    }

    /// Goes on from what was kept, and keeps on. What the command line says
    /// comes first.
    fn keep(&self, desk: &mut Desk) -> Result<Option<Keeper>, Failure> {
        let Some((keeper, mut memory)) = keeping::open(self.state.as_deref(), self.presets.clone())
        else {
            return Ok(None);
        };
        if let Some(saved) = memory.saved.as_mut().filter(|_| memory.trusted) {
            if self.network.is_some() {
                saved.network = Arc::new(desk.library[0].clone());
                saved.bends.clear();
                saved.place = saved.network.name().to_string();
            }
            self.assign(&mut saved.parameters)?;
        }
        desk.memory = memory;
        desk.keeper = Box::new(keeper.1.clone());
        Ok(Some(keeper))
    }

    fn assign(&self, parameters: &mut Parameters) -> Outcome {
        for assignment in &self.set {
            parameters
                .assign(assignment)
                .map_err(|problem| Failure::Usage(format!("--set {problem}")))?;
        }
        Ok(())
    }

    fn simulate(&self, desk: Desk, script: Script, mut keeper: Option<Keeper>) -> Outcome {
        let started = Instant::now();
        let rate = desk.platform.rate;
        let rows = desk.panel.height.rows();
        let seconds = self.seconds.unwrap_or(match &self.script {
            Some(_) => script.end() as f64 / 1e9 + 1.0,
            None => 10.0,
        });
        let album =
            |folder: &PathBuf| Album::new(folder, rows).map_err(|error| in_folder(folder, &error));
        let mut album = self.oled.as_ref().map(album).transpose()?;
        let events = script.events().to_vec();
        let mut simulation =
            Simulation::new(desk, move |now| script.fingers(now)).map_err(Failure::Failed)?;
        simulation.schedule(events);

        let total = (seconds * f64::from(rate)).round() as usize;
        let mut sound = Track::new(self.wav.as_deref(), total);
        let mut exact = Track::new(self.tap.as_deref(), total);
        let (mut most_load, mut album_error) = (0, None);

        let mut progress = Progress::new("playing");
        // In steps, for the sake of progress.
        let end = (seconds * 1e9) as u64;
        let steps = (seconds.ceil() as u64).max(1);
        for step in 1..=steps {
            simulation.run(
                (u128::from(end) * u128::from(step) / u128::from(steps)) as u64,
                |block| {
                    most_load = most_load.max(block.load);
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
            keeping::turn(&mut keeper, &simulation, step);
        }
        drop(progress);
        for refusal in simulation.refusals() {
            say(&format!("refused: {refusal}"));
        }
        sound.save(rate)?;
        exact.save(rate)?;
        let pictures = album.as_ref().map_or(0, Album::count);
        if let (Some(album), Some(folder)) = (album, &self.oled) {
            let finished = album_error.map_or_else(|| album.finish(), Err);
            finished.map_err(|error| in_folder(folder, &error))?;
        }
        let counters = simulation.counters();
        let mut report = format!(
            "played {seconds:.1} s in {:.2} s; load at most {:.1} % of a BeagleBone (estimated), \
             {} late, {} changes",
            started.elapsed().as_secs_f64(),
            f64::from(most_load) / 10.0,
            counters.late(),
            counters.swaps(),
        );
        if self.oled.is_some() {
            let _ = write!(report, ", {pictures} pictures");
        }
        say(&report);
        keeping::finish(keeper, &simulation)
    }

    fn live(&self, mut desk: Desk, script: Script, keeper: Option<Keeper>) -> Outcome {
        let sound_card = cfg!(feature = "sound-card") && !self.silent;
        let rate = if sound_card {
            card_rate().map_err(Failure::Failed)?
        } else {
            BEAGLEBONE.rate
        };
        desk.platform = Platform {
            cost: COMPUTER,
            block: 64,
            rate,
        };
        if !sound_card && !self.silent {
            say(
                "you will see but not hear it: this gatebend was built without sound card \
                 (cargo run --release --features sound-card -- play; or play --wav OUT.wav)",
            );
        }
        let seconds = self.seconds.or_else(|| {
            self.script
                .as_ref()
                .map(|_| script.end() as f64 / 1e9 + 1.0)
        });
        let live = Live {
            script,
            seconds,
            sound_card,
            terminal: io::IsTerminal::is_terminal(&io::stdout()),
            keeper,
        };
        play_live(desk, live).map_err(Failure::Failed)
    }
}

#[cfg(feature = "sound-card")]
fn card_rate() -> Result<u32, String> {
    gatebend::board::desk::sound_card_rate()
}

#[cfg(not(feature = "sound-card"))]
fn card_rate() -> Result<u32, String> {
    Err("no sound card".into())
}

fn in_folder(folder: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("{}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_parameter() {
        let help = parameters_help();
        for key in KEYS {
            assert!(help.contains(key.parameter().id));
        }
    }
}
