//! `gatebend play`: the instrument.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use gatebend::board::description::{Board, Kind};
use gatebend::board::desk::{Album, Desk, Live, Script, Simulation, play_live};
use gatebend::board::parts::Parts;
use gatebend::conductor::Keeper;
use gatebend::engine::{Cost, Platform};
use gatebend::instrument::Keep;
use gatebend::instrument::parameters::{KEYS, Parameters};
use gatebend::instrument::preset::{Preset, is_name};
use gatebend::instrument::surface::Surface;
use gatebend::library;

use super::boards;
use crate::progress::Progress;
use crate::{Failure, Outcome, files, say};

#[derive(clap::Args)]
#[command(after_help = parameters_help())]
pub struct Arguments {
    /// Network to begin with; the shipped ones follow
    network: Option<PathBuf>,
    /// Where to play: `gatebend boards` names them; or a file that is like one of them
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "desk")]
    board: String,
    /// Timed fingers, commands and faults (docs/playing.md)
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// How long to play [default: the script and a second more, or 10 s in simulated time]
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<f64>,
    /// Write what loudspeakers would get, 16 bits; in simulated time
    #[arg(long, value_name = "OUT.wav")]
    wav: Option<PathBuf>,
    /// Write the network's exact samples, before DC blocker and limiter; in simulated time
    #[arg(long, value_name = "OUT.wav")]
    tap: Option<PathBuf>,
    /// Write each picture of the display, and an animation, to a folder; in simulated time
    #[arg(long, value_name = "DIR")]
    oled: Option<PathBuf>,
    /// Simulated time, as fast as it goes
    #[arg(long)]
    fast: bool,
    /// In real time, but without the sound card: to look on
    #[arg(long)]
    silent: bool,
    /// Set a parameter, or what a board's file says (display.size=128x32), as often as you like
    #[arg(long, value_name = "ID=VALUE")]
    set: Vec<String>,
    /// Folder to keep presets in; without it they are forgotten at the end
    #[arg(long, value_name = "DIR")]
    presets: Option<PathBuf>,
    /// Seed of random networks and mutations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Bela's own options, after `--`: -p 32, --board Batch
    #[arg(last = true, value_name = "BELA OPTION")]
    options: Vec<String>,
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

impl Arguments {
    pub fn run(&self) -> Outcome {
        let (board, parameters) = self.board()?;
        let script = self.script(&board.panel.surface)?;
        let parts = self.parts(parameters)?;
        match board.kind {
            Kind::Bela => self.bela(board, parts, &script),
            Kind::Desk if !self.options.is_empty() => Err(Failure::Usage(format!(
                "{}: options after -- are Bela's; this is a desk",
                self.options[0]
            ))),
            Kind::Desk => {
                let desk = Desk::like(board, parts);
                if self.simulated().is_some() {
                    self.simulate(desk, script)
                } else {
                    self.live(desk, script)
                }
            }
        }
    }

    /// The option that wants simulated time, if one does.
    fn simulated(&self) -> Option<&'static str> {
        [
            (self.fast, "--fast"),
            (self.wav.is_some(), "--wav"),
            (self.tap.is_some(), "--tap"),
            (self.oled.is_some(), "--oled"),
        ]
        .into_iter()
        .find_map(|(given, option)| given.then_some(option))
    }

    #[cfg(target_os = "linux")]
    fn bela(&self, board: Board, parts: Parts, script: &Script) -> Outcome {
        use gatebend::board::bela::{Performance, play};
        if let Some(option) = self.simulated() {
            return Err(Failure::Usage(format!(
                "{option}: a Bela plays in real time; leave --board away to simulate it"
            )));
        }
        if script.is_handled() {
            say("the script's fingers, knobs and faults are left out: a board has its own");
        }
        play(Performance {
            board,
            parts,
            commands: script.commands().collect(),
            options: self.options.clone(),
            seconds: self.seconds,
        })
        .map_err(Failure::Failed)
    }

    #[cfg(not(target_os = "linux"))]
    fn bela(&self, board: Board, _: Parts, _: &Script) -> Outcome {
        Err(Failure::Failed(format!(
            "{} is a board: deploy.sh brings the program there; here, leave --board away",
            board.name
        )))
    }

    /// The board, with what was set of it, and the parameters that were set.
    fn board(&self) -> Result<(Board, Parameters), Failure> {
        let mut layer = boards::layer(&self.board)?;
        let mut parameters = Parameters::default();
        for assignment in &self.set {
            let id = assignment.split('=').next().unwrap_or_default();
            // Keys of a board's file are in sections, parameters are not.
            let set = if id.contains('.') {
                layer.set(assignment)
            } else {
                parameters.assign(assignment)
            };
            set.map_err(|problem| Failure::Usage(format!("--set {problem}")))?;
        }
        Ok((layer.board().map_err(Failure::Failed)?, parameters))
    }

    fn parts(&self, parameters: Parameters) -> Result<Parts, Failure> {
        let mut networks = library::shipped();
        if let Some(path) = &self.network {
            networks.insert(0, files::load(path)?);
        }
        let mut parts = Parts::new(networks);
        parts.parameters = parameters;
        parts.seed = self.seed;
        if let Some(folder) = &self.presets {
            (parts.presets, parts.reserved) = load_presets(folder)?;
            parts.keeper = Box::new(Folder(folder.clone()));
        }
        Ok(parts)
    }

    fn script(&self, surface: &Surface) -> Result<Script, Failure> {
        let Some(path) = &self.script else {
            return Ok(Script::default());
        };
        let text = files::read_text(path)?;
        Script::parse(&text, surface)
            .map_err(|problem| Failure::Failed(format!("{}: {problem}", path.display())))
    }

    fn simulate(&self, desk: Desk, script: Script) -> Outcome {
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
        let mut simulation = Simulation::scripted(desk, script).map_err(Failure::Failed)?;

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
        Ok(())
    }

    fn live(&self, mut desk: Desk, script: Script) -> Outcome {
        let sound_card = cfg!(feature = "sound-card") && !self.silent;
        let rate = if sound_card {
            card_rate().map_err(Failure::Failed)?
        } else {
            desk.platform.rate
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

/// Frames on their way to a WAV file, if one was asked for.
struct Track<'a> {
    path: Option<&'a Path>,
    frames: Vec<f32>,
    total: usize,
}

impl Track<'_> {
    fn new(path: Option<&Path>, total: usize) -> Track<'_> {
        Track {
            path,
            frames: Vec::new(),
            total,
        }
    }

    fn add(&mut self, frames: &[f32]) {
        if self.path.is_some() {
            let room = self.total - self.frames.len();
            self.frames
                .extend_from_slice(&frames[..frames.len().min(room)]);
        }
    }

    fn save(&self, rate: u32) -> Outcome {
        let Some(path) = self.path else {
            return Ok(());
        };
        files::save(path, |file| {
            let spec = hound::WavSpec {
                channels: 1,
                sample_rate: rate,
                bits_per_sample: 16,
                sample_format: hound::SampleFormat::Int,
            };
            let writer = io::BufWriter::new(file);
            let mut writer = hound::WavWriter::new(writer, spec).map_err(io::Error::other)?;
            for frame in &self.frames {
                // Exact samples have 8 bits (or 24, interpolated) and are rounded here.
                let sample = (frame * 32_768.0).round().clamp(-32_768.0, 32_767.0);
                writer
                    .write_sample(sample as i16)
                    .map_err(io::Error::other)?;
            }
            writer.finalize().map_err(io::Error::other)
        })
    }
}

/// Presets as files of a folder.
struct Folder(PathBuf);

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.json"))
    }
}

impl Keeper for Folder {
    fn keep(&mut self, keep: Keep) -> Result<(), String> {
        match keep {
            Keep::Save(preset) => {
                let text = preset.to_json().map_err(|error| error.to_string())?;
                fs::create_dir_all(&self.0)
                    .map_err(|error| format!("{}: {error}", self.0.display()))?;
                match files::save_text(Some(&self.path(&preset.name)), &text) {
                    Ok(()) => Ok(()),
                    Err(
                        Failure::Usage(problem) | Failure::Failed(problem) | Failure::No(problem),
                    ) => Err(problem),
                }
            }
            Keep::Delete(name) => fs::remove_file(self.path(&name))
                .map_err(|error| format!("{}: {error}", self.path(&name).display())),
            // Of this run only.
            Keep::Calibration(_) => Ok(()),
        }
    }
}

/// The presets in a folder, and the names of those that could not be read: they
/// are told, and left alone.
fn load_presets(folder: &Path) -> Result<(Vec<Preset>, Vec<String>), Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Default::default()),
        Err(error) => return Err(in_folder(folder, &error)),
    };
    let (mut presets, mut unread) = (Vec::new(), Vec::new());
    for entry in entries.flatten() {
        let path = entry.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let is_json = path
            .extension()
            .is_some_and(|extension| extension == "json");
        // What is no file, such as a pipe, might never end.
        let readable = is_json && path.is_file();
        let Some(name) = name.filter(|name| readable && is_name(name)) else {
            continue;
        };
        let preset = files::read_text(&path).and_then(|text| {
            Preset::from_json(name.to_string(), &text)
                .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
        });
        match preset {
            Ok(preset) => presets.push(preset),
            Err(Failure::Usage(problem) | Failure::Failed(problem) | Failure::No(problem)) => {
                say(&format!("preset left out: {problem}"));
                unread.push(name.to_string());
            }
        }
    }
    presets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((presets, unread))
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
