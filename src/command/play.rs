//! `gatebend play`: plays the instrument.

mod album;
mod logging;
mod page;
mod saving;
mod simulated;
mod track;

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::{Cost, Platform};
use gatebend::board::description::{Board, Kind};
use gatebend::board::desk::{
    Desk, Recording, Script, Surroundings, has_screen, play_live, sound_card_rate, watch_signals,
};
use gatebend::board::midi;
use gatebend::factory_networks;
use gatebend::link::server::Listener;
use gatebend::logging::real_time;
use gatebend::pru::Choice;
use gatebend::runtime::parts::InstrumentParts;
use gatebend::runtime::session::{Plan, SessionStorage};
use gatebend::storage::{Autosave, Files, Folders};
use instrument::Command;
use instrument::bend_layers::BendLayers;
use instrument::parameters::{KEYS, Parameters};
use instrument::surface::Surface;
use log::LevelFilter;
use logicnet::{Network, Signal, quote};
use trill::sim::{Time, VirtualTime};

use super::boards;
use crate::{CommandResult, Failure, files, print_message};
use page::Page;
use saving::Saving;

#[derive(clap::Args)]
#[command(after_help = parameters_help())]
pub struct Arguments {
    /// Network to play first; the factory networks follow
    network: Option<PathBuf>,
    /// Board to play on: a name that `gatebend boards` lists, or a file
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "desk")]
    board: String,
    /// Script of timed fingers, commands and faults (docs/playing.md)
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Standard MIDI File to play, from the start
    #[arg(long, value_name = "FILE.mid")]
    midi: Option<PathBuf>,
    /// MIDI inputs to hear: those whose names contain a text, all, or none
    #[arg(long, value_name = "NAME|all|none", default_value = "all")]
    midi_in: String,
    /// Processor that evaluates: auto, cpu, or pru wherever it can [default: from the board's file]
    #[arg(long, value_name = "auto|cpu|pru")]
    engine: Option<Choice>,
    /// Length in seconds [default: that of script and MIDI file plus 1 s; without them endless, or 10 s in simulated time]
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<f64>,
    /// WAV file to hear in place of the audio input; it repeats without end
    #[arg(long = "in", value_name = "FILE.wav")]
    input: Option<PathBuf>,
    /// Write the output: a WAV file of 16 bits, or floats to OUT.f32; in simulated time
    #[arg(long, value_name = "OUT.wav")]
    wav: Option<PathBuf>,
    /// Write the network's exact samples, before DC blocker and limiter; in simulated time
    #[arg(long, value_name = "OUT.wav")]
    tap: Option<PathBuf>,
    /// Write each picture of the display and an animation to a folder; in simulated time
    #[arg(long, value_name = "DIR")]
    oled: Option<PathBuf>,
    /// Play in simulated time, as fast as possible; the load is estimated, not measured
    #[arg(long)]
    fast: bool,
    /// Play in real time, but without the sound card; load and late blocks are measured
    #[arg(long)]
    silent: bool,
    /// Take commands as plain lines, also in a terminal
    #[arg(long)]
    plain: bool,
    /// Set a parameter, or a setting of the board (display.size=128x32); may be repeated
    #[arg(long, value_name = "ID=VALUE")]
    set: Vec<String>,
    /// Set a control of the network to a position from 0 to 1 at the start; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = control)]
    control: Vec<(String, f64)>,
    #[command(flatten)]
    page: Page,
    /// Folder to save everything in: state, presets, calibration and log; none saves nothing
    /// [default: this computer's data folder; none with a script or in simulated time; on a board from its file]
    #[arg(long, value_name = "DIR|none")]
    state: Option<PathBuf>,
    /// Folder to save presets in [default: presets in the folder of --state]
    #[arg(long, value_name = "DIR")]
    presets: Option<PathBuf>,
    /// Seed of random networks and mutations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Bela's own options, after `--`: -p 32, --board Batch
    #[arg(last = true, value_name = "BELA OPTION")]
    options: Vec<String>,
}

/// Rough costs of a computer, for real time through a sound card. The load that is
/// shown is measured.
const COMPUTER: Cost = Cost {
    gate_ns: 3.0,
    group_ns: 300.0,
    frame_ns: 20.0,
    callback_ns: 2000.0,
};

/// The value of `--state` that saves nothing.
const NOTHING: &str = "none";

fn seconds(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|seconds| (0.0..=604_800.0).contains(seconds))
        .ok_or_else(|| "seconds, at most a week".to_string())
}

fn control(text: &str) -> Result<(String, f64), String> {
    let wanted = "write NAME=VALUE with a value from 0 to 1, such as cutoff=0.5";
    let (name, value) = text.split_once('=').ok_or(wanted)?;
    let value = value
        .parse()
        .ok()
        .filter(|value| (0.0..=1.0).contains(value));
    Ok((name.into(), value.ok_or(wanted)?))
}

/// Returns the table of parameters for `--help`.
fn parameters_help() -> String {
    let mut help = "Parameters for --set:".to_string();
    for parameter in KEYS.iter().map(|key| key.parameter()) {
        let (id, about, values) = (parameter.id, parameter.about, parameter.values());
        let default = parameter.format(parameter.default);
        // Writing to a string never fails.
        let _ = write!(help, "\n  {id:<14} {about} ({values}; default {default})");
    }
    help
}

/// Longest time to write the log at the end.
const LOGGING: Duration = Duration::from_millis(50);

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let (board, mut parts) = self.board()?;
        let mut script = self.script(&board.panel.surface)?;
        if let Some(path) = &self.midi {
            script.add_midi(&files::read_midi(path)?);
        }
        if let Some(path) = &self.network {
            parts.networks.insert(0, files::load(path)?);
        }
        self.set_controls(&mut script, &parts.networks[0])?;
        match (board.kind, self.simulated()) {
            (Kind::Bela, Some(option)) => Err(Failure::Usage(format!(
                "{option}: a Bela plays in real time; leave out --board to simulate it"
            ))),
            (Kind::Bela, None) => self.bela(board, parts, &script),
            (Kind::Desk, simulated) => self.desk(board, parts, script, simulated.is_some()),
        }
    }

    /// Returns the first option that needs simulated time.
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

    /// Returns the board and the instrument's parts, with all settings applied.
    fn board(&self) -> Result<(Board, InstrumentParts), Failure> {
        let settings = self.set.iter().filter(|set| is_of_board(set));
        let mut board = boards::load(&self.board, settings)?;
        let mut parts = InstrumentParts::new(factory_networks::all());
        parts.seed = self.seed;
        self.assign(&mut parts.parameters)?;
        board.engine = self.engine.unwrap_or(board.engine);
        if board.engine != Choice::Cpu && board.pru_core.is_none() {
            print_message(&format!("{} has no free PRU: the CPU plays", board.name));
            board.engine = Choice::Cpu;
        }
        Ok((board, parts))
    }

    /// Sets the parameters given on the command line.
    fn assign(&self, parameters: &mut Parameters) -> CommandResult {
        for assignment in self.set.iter().filter(|set| !is_of_board(set)) {
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
        Ok(Script::parse(&text, surface)
            .map_err(|problem| format!("{}: {problem}", path.display()))?)
    }

    /// Lets a script begin with the controls given on the command line. If it names a network,
    /// that has them all.
    fn set_controls(&self, script: &mut Script, network: &Network) -> CommandResult {
        let has = |name: &str| {
            let mut sources = network.sources().iter();
            sources.any(|source| {
                matches!(&source.signal, Signal::Control { name: other, .. } if other == name)
            })
        };
        let missing = self.control.iter().find(|(name, _)| !has(name));
        if let (Some((name, _)), true) = (missing, self.network.is_some()) {
            let name = quote(name);
            return Err(Failure::Usage(format!(
                "--control: the network has no control {name}; gatebend info lists them"
            )));
        }
        let commands = self.control.iter().cloned();
        script.begin_with(commands.map(|(name, value)| Command::Control(name, value)));
        Ok(())
    }

    /// Reads the recording to hear at a rate in Hz, if one is given.
    fn recording(&self, rate: u32) -> Result<Option<Recording>, Failure> {
        let read = |path: &PathBuf| {
            let file = files::open(path, "a WAV file")?;
            let recording = Recording::read(file, rate);
            recording.map_err(|problem| Failure::Failed(format!("{}: {problem}", path.display())))
        };
        self.input.as_ref().map(read).transpose()
    }

    /// Returns the length in seconds, which the script decides unless the option is given.
    fn length(&self, script: &Script) -> Option<f64> {
        let is_scripted = self.script.is_some() || self.midi.is_some();
        let scripted = is_scripted.then(|| script.end() as f64 / 1e9 + 1.0);
        self.seconds.or(scripted)
    }

    /// Returns a plan of the script's commands.
    fn plan(
        &self,
        script: &Script,
        seconds: Option<f64>,
        storage: Option<SessionStorage>,
        listener: Option<Listener>,
    ) -> Plan {
        Plan {
            commands: script.commands().collect(),
            end: seconds.map_or(u64::MAX, |seconds| (seconds * 1e9) as u64),
            storage,
            listener,
            midi: match self.midi_in.as_str() {
                "none" => None,
                "all" => midi::ports(None),
                name => midi::ports(Some(name.into())),
            },
        }
    }

    /// Opens the storage and continues from the saved state. The command line takes
    /// precedence: if it names another network than the saved one, the saved state is
    /// set aside as a preset.
    fn restore(
        &self,
        parts: &mut InstrumentParts,
        saving: &Saving,
    ) -> Result<Option<SessionStorage>, Failure> {
        parts.restored.notices.extend(saving.problem.clone());
        if saving.folders.presets.is_none() {
            return Ok(None);
        }
        let (autosave, handle, mut restored) = Autosave::open(&Files, saving.folders.clone());
        parts.storage = Some(handle.clone());
        let storage = SessionStorage::new(autosave, handle);
        if let Some(saved) = restored.saved.as_mut().filter(|_| !restored.is_suspect) {
            let first = &parts.networks[0];
            if self.network.is_some() && *saved.network != *first {
                let is_bent = saved.layers != BendLayers::default();
                let is_lost = is_bent || !parts.networks.contains(&saved.network);
                restored.replaced = is_lost.then(|| saved.clone());
                saved.network = Arc::new(first.clone());
                saved.layers = BendLayers::default();
                saved.controls = first.control_defaults();
                saved.origin = first.name().to_string();
            }
            self.assign(&mut saved.parameters)?;
        }
        restored.notices.append(&mut parts.restored.notices);
        parts.restored = restored;
        Ok(Some(storage))
    }

    /// Returns the folder of the state: the one that is given, or else the default one.
    fn state(&self, default: impl FnOnce() -> Option<PathBuf>) -> Option<PathBuf> {
        match &self.state {
            Some(given) => Some(given.clone()).filter(|given| given.as_os_str() != NOTHING),
            None => default(),
        }
    }

    /// Claims the folders to save in.
    fn claim(&self, state: Option<&Path>) -> Result<Saving, Failure> {
        let mut folders = state.map(Folders::within).unwrap_or_default();
        folders.presets = self.presets.clone().or(folders.presets);
        Saving::claim(folders)
    }

    fn desk(
        &self,
        board: Board,
        parts: InstrumentParts,
        script: Script,
        simulated: bool,
    ) -> CommandResult {
        if let Some(option) = self.options.first() {
            return Err(Failure::Usage(format!(
                "{option}: options after -- are Bela's; this is a desk"
            )));
        }
        // In real time, the display is painted in the terminal.
        let terminal = if simulated {
            LevelFilter::Warn
        } else {
            LevelFilter::Off
        };
        // A play without a player is the same wherever it runs.
        let by_hand = !simulated && self.script.is_none() && self.midi.is_none();
        let state = self.state(|| by_hand.then(saving::data_folder).flatten());
        let saving = self.claim(state.as_deref())?;
        let time = VirtualTime::new();
        let clock = if simulated {
            let time = time.clone();
            Arc::new(move || time.now() / 1_000_000)
        } else {
            real_time()
        };
        let log = logging::start(saving.folders.state.as_deref(), terminal, clock)?;
        let outcome = if simulated {
            self.simulate(board, parts, script, &saving, time)
        } else {
            self.live(board, parts, script, &saving)
        };
        log.end(LOGGING);
        outcome
    }

    #[cfg(target_os = "linux")]
    fn bela(&self, board: Board, mut parts: InstrumentParts, script: &Script) -> CommandResult {
        use gatebend::board::bela;
        use gatebend::board::linux::Signals;
        if self.input.is_some() {
            return Err(Failure::Usage(
                "--in: a Bela hears its audio input; leave out --board to simulate it".into(),
            ));
        }
        if script.is_handled() {
            print_message(
                "the script's fingers, knobs and faults are ignored: a board has its own",
            );
        }
        // First, so that the program ends in time even if something hangs.
        let signals = Signals::watch().map_err(|error| error.to_string())?;
        let state = self.state(|| board.state.as_ref().map(Into::into));
        let _only = boards::claim(state.as_deref())?;
        let saving = self.claim(state.as_deref())?;
        let state = saving.folders.state.as_deref();
        let log = logging::start(state, LevelFilter::Info, real_time())?;
        let perform = || -> CommandResult {
            let everywhere = Ipv4Addr::UNSPECIFIED.into();
            let listener = self
                .page
                .listener(&board.web, everywhere, "bela.local", false)?;
            let storage = self.restore(&mut parts, &saving)?;
            let plan = self.plan(script, self.seconds, storage, listener);
            Ok(bela::play(board, parts, plan, &self.options, signals)?)
        };
        let outcome = perform();
        log.end(LOGGING);
        outcome
    }

    #[cfg(not(target_os = "linux"))]
    fn bela(&self, board: Board, _: InstrumentParts, _: &Script) -> CommandResult {
        Err(Failure::Failed(format!(
            "{} only plays on the board itself: deploy.sh installs the program there; here, leave out --board",
            board.name
        )))
    }

    fn live(
        &self,
        board: Board,
        mut parts: InstrumentParts,
        script: Script,
        saving: &Saving,
    ) -> CommandResult {
        let sound_card = cfg!(feature = "sound-card") && !self.silent;
        let platform = Platform {
            cost: COMPUTER,
            block: 64,
            rate: if sound_card {
                sound_card_rate()?
            } else {
                board.platform.rate
            },
        };
        let name = page::name_in_network();
        let here = Ipv4Addr::LOCALHOST.into();
        let is_painted = !self.plain && has_screen();
        let listener = self.page.listener(&board.web, here, &name, is_painted)?;
        let interrupted = watch_signals().map_err(|error| error.to_string())?;
        let storage = self.restore(&mut parts, saving)?;
        let mut desk = Desk::like(board, parts);
        desk.platform = platform;
        let mut screen = is_painted.then(Vec::new);
        if !sound_card && !self.silent {
            let note = "only the page plays the sound: this gatebend was built without a sound card \
                 (cargo run --release --features sound-card -- play; or play --wav OUT.wav)";
            match &mut screen {
                Some(notes) => notes.push(note.into()),
                None => print_message(note),
            }
        }
        let plan = self.plan(&script, self.length(&script), storage, listener);
        let surroundings = Surroundings {
            sound_card,
            recording: self.recording(platform.rate)?,
            screen,
            interrupted,
        };
        Ok(play_live(desk, plan, script, surroundings)?)
    }
}

/// Returns whether a setting belongs to the board, whose settings are in sections.
fn is_of_board(assignment: &str) -> bool {
    let key = assignment.split('=').next();
    key.is_some_and(|key| key.contains('.'))
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
