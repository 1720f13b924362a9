//! `gatebend play`: the instrument.

mod keeping;
mod logging;
mod page;
mod simulated;
mod track;

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::{Cost, Platform};
use gatebend::board::description::{Board, Kind};
use gatebend::board::desk::{Desk, Interrupt, Live, Script, play_live};
use gatebend::factory_networks;
use gatebend::pru::Choice;
use gatebend::runtime::parts::Parts;
use instrument::layers::Layers;
use instrument::parameters::{KEYS, Parameters};
use instrument::surface::Surface;
use log::LevelFilter;

use super::boards;
use crate::{CommandResult, Failure, files, print_message as say};
use keeping::Storage;
use page::Page;

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
    /// Who evaluates: auto, cpu, or pru wherever it can [default: as the board's file says]
    #[arg(long, value_name = "auto|cpu|pru")]
    engine: Option<Choice>,
    /// How long to play [default: the script and a second more, or 10 s in simulated time]
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<f64>,
    /// Write what loudspeakers would get, 16 bits, or floats to OUT.f32; in simulated time
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
    #[command(flatten)]
    page: Page,
    /// Folder to keep everything in: what is played, presets, calibration, log
    /// [default: none on a desk, on a board as its file says]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
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

/// How long the log may take at the end.
const LOGGING: Duration = Duration::from_millis(50);

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let (board, mut parts) = self.board()?;
        let script = self.script(&board.panel.surface)?;
        if let Some(path) = &self.network {
            parts.library.insert(0, files::load(path)?);
        }
        match (board.kind, self.simulated()) {
            (Kind::Bela, Some(option)) => Err(Failure::Usage(format!(
                "{option}: a Bela plays in real time; leave --board away to simulate it"
            ))),
            (Kind::Bela, None) => self.bela(board, parts, &script),
            (Kind::Desk, simulated) => self.desk(board, parts, script, simulated.is_some()),
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

    /// The board and the instrument, with what was set of them.
    fn board(&self) -> Result<(Board, Parts), Failure> {
        let mut layer = boards::layer(&self.board)?;
        let mut parts = Parts::new(factory_networks::all());
        parts.seed = self.seed;
        for assignment in self.set.iter().filter(|set| is_boards(set)) {
            layer
                .set(assignment)
                .map_err(|problem| Failure::Usage(format!("--set {problem}")))?;
        }
        self.assign(&mut parts.parameters)?;
        let mut board = layer.board().map_err(Failure::Failed)?;
        board.engine = self.engine.unwrap_or(board.engine);
        if board.engine != Choice::Cpu && board.pru_core.is_none() {
            say(&format!("{} has no PRU for us: the CPU plays", board.name));
            board.engine = Choice::Cpu;
        }
        Ok((board, parts))
    }

    /// Sets the parameters that were given.
    fn assign(&self, parameters: &mut Parameters) -> CommandResult {
        for assignment in self.set.iter().filter(|set| !is_boards(set)) {
            parameters
                .assign(assignment)
                .map_err(|problem| Failure::Usage(format!("--set {problem}")))?;
        }
        Ok(())
    }

    fn script(&self, surface: &Surface) -> Result<Script, Failure> {
        let Some(path) = &self.script else {
            return Ok(Script::default());
        };
        let text = files::read_text(path, "a script is text: docs/playing.md")?;
        Script::parse(&text, surface)
            .map_err(|problem| Failure::Failed(format!("{}: {problem}", path.display())))
    }

    /// Goes on from what was kept, and keeps on. What the command line says
    /// comes first: another network takes the place of what was played, which is
    /// set aside; the one that was played is played on, as it was bent.
    ///
    /// This counts the start: what can fail without it comes before, and what
    /// fails before it plays takes the count back.
    fn keep(&self, parts: &mut Parts, state: Option<&Path>) -> Result<Option<Storage>, Failure> {
        let Some((storage, mut memory)) = keeping::open(state, self.presets.clone()) else {
            return Ok(None);
        };
        if let Some(saved) = memory.saved.as_mut().filter(|_| memory.trusted) {
            let first = &parts.library[0];
            if self.network.is_some() && saved.place != first.name() {
                memory.replaced = Some(saved.clone());
                saved.network = Arc::new(first.clone());
                saved.layers = Layers::default();
                saved.place = first.name().to_string();
            }
            self.assign(&mut saved.parameters)?;
        }
        parts.restored = memory;
        parts.storage = Box::new(storage.1.clone());
        Ok(Some(storage))
    }

    fn desk(&self, board: Board, parts: Parts, script: Script, simulated: bool) -> CommandResult {
        if let Some(option) = self.options.first() {
            return Err(Failure::Usage(format!(
                "{option}: options after -- are Bela's; this is a desk"
            )));
        }
        let terminal = if simulated {
            LevelFilter::Warn
        } else {
            LevelFilter::Off
        };
        let log = logging::start(self.state.as_deref(), terminal)?;
        let outcome = if simulated {
            self.simulate(board, parts, script)
        } else {
            self.live(board, parts, script)
        };
        log.end(LOGGING);
        outcome
    }

    #[cfg(target_os = "linux")]
    fn bela(&self, board: Board, mut parts: Parts, script: &Script) -> CommandResult {
        use gatebend::board::bela::{Performance, play};
        use gatebend::board::linux::Signals;
        if script.is_handled() {
            say("the script's fingers, knobs and faults are left out: a board has its own");
        }
        let state = self.state.as_deref();
        let state = state.or(board.state.as_deref().map(Path::new));
        let state = state.map(Path::to_path_buf);
        let state = state.as_deref();
        // First of all, so that the end comes in time whatever hangs.
        let signals = Signals::watch().map_err(|error| Failure::Failed(error.to_string()))?;
        let _only = boards::claim(state)?;
        let log = logging::start(state, LevelFilter::Info)?;
        let perform = || {
            let everywhere = Ipv4Addr::UNSPECIFIED.into();
            let listener = self.page.listener(&board.web, everywhere, "bela.local")?;
            let storage = self.keep(&mut parts, state)?;
            play(Performance {
                board,
                parts,
                commands: script.commands().collect(),
                options: self.options.clone(),
                seconds: self.seconds,
                signals,
                storage,
                listener,
            })
            .map_err(Failure::Failed)
        };
        let outcome = perform();
        log.end(LOGGING);
        outcome
    }

    #[cfg(not(target_os = "linux"))]
    fn bela(&self, board: Board, _: Parts, _: &Script) -> CommandResult {
        Err(Failure::Failed(format!(
            "{} is a board: deploy.sh brings the program there; here, leave --board away",
            board.name
        )))
    }

    fn live(&self, board: Board, mut parts: Parts, script: Script) -> CommandResult {
        let sound_card = cfg!(feature = "sound-card") && !self.silent;
        let rate = if sound_card {
            Some(card_rate().map_err(Failure::Failed)?)
        } else {
            None
        };
        let name = page::name_in_network();
        let here = Ipv4Addr::LOCALHOST.into();
        let listener = self.page.listener(&board.web, here, &name)?;
        let interrupt = Interrupt::watch().map_err(|error| Failure::Failed(error.to_string()))?;
        let storage = self.keep(&mut parts, self.state.as_deref())?;
        let mut desk = Desk::like(board, parts);
        desk.platform = Platform {
            cost: COMPUTER,
            block: 64,
            rate: rate.unwrap_or(desk.platform.rate),
        };
        if !sound_card && !self.silent {
            say(
                "you hear it in the page only: this gatebend was built without sound card \
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
            storage,
            listener,
            interrupt,
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

/// Whether a setting is of the board's file: those are in sections.
fn is_boards(assignment: &str) -> bool {
    assignment
        .split('=')
        .next()
        .unwrap_or_default()
        .contains('.')
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
